import * as v from 'valibot';
import { command, type Report } from '../frame/command.ts';
import { folded } from '../frame/fold.ts';
import { InstantSchema, instantMs } from '../frame/instant.ts';
import { Interrupted, WrongUsage } from '../frame/problem.ts';
import { printStanding } from './print-standing.ts';
import { concerns, type Standing } from './standing.ts';

const FASTEST_MS = 2_000;

export const statusCommand = command({
  name: 'status',
  summary: 'Shows the health of a deployment in one screen',
  detail:
    'Last event, lanes with age and depth, circuit, API budget, open failures, last batches, sync lag. Exit code 1: something is\nwrong. A figure that nobody has reported in the last ten minutes is shown as –.',
  options: [
    { flags: '--watch', description: 'look again and again, until Ctrl-C' },
    { flags: '--every <time>', description: 'with --watch: how often, e.g. 30s (10s)' },
  ],
  examples: [
    ['status --stage production', 'How is it?'],
    ['status --local --watch', 'Stay and watch npm start.'],
    ['status --stage production --json | jq .concerns', 'For scripts.'],
  ],
  input: v.object({ watch: v.optional(v.boolean(), false), every: v.optional(InstantSchema) }),
  run: async ({ watch, every }, context) => {
    const { io } = context;
    const everyMs = every === undefined ? 10_000 : -instantMs(every, 0);
    if (every !== undefined && (every.kind !== 'ago' || everyMs < FASTEST_MS)) {
      throw new WrongUsage('--every takes how often to look, 2s or more');
    }
    const { eyesOn, look } = await import('./look.ts');
    const eyes = eyesOn(await context.deployment());
    if (!watch) return reportOf(await look(eyes, io.nowMs()));
    if (context.json) throw new WrongUsage('--watch is for people: with --json, ask again yourself');
    while (!io.signal.aborted) {
      // A whole screen each time, from its top.
      const top = io.redraws === null ? '' : '\u001B[2J\u001B[H';
      io.out(top + folded(printStanding(await look(eyes, io.nowMs()), io.paint), io.columns));
      await io.sleep(everyMs);
    }
    throw new Interrupted('watched until Ctrl-C');
  },
});

function reportOf(standing: Standing): Report {
  const found = concerns(standing);
  return {
    data: { ...standing, concerns: found },
    text: (paint) => printStanding(standing, paint),
    wrong: found.some(({ level }) => level === 'bad'),
  };
}
