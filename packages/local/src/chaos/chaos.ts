/**
 * `npm run chaos`: a demo with trouble on the way. What goes wrong, and when, is decided by the seed; the judge is the
 * local Stripe account's true state. Exits 1 when a row differs or an event is unaccounted for, poison aside.
 */
import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import type { Graph } from '../graph/graph.ts';
import { synthesise } from '../graph/synth.ts';
import { CATALOGUE, faultsNamed } from './catalogue.ts';
import type { Fault, Injection } from './injection.ts';
import { openProgress } from './progress.ts';
import { reportOf, type StormReport, told } from './report.ts';
import { scheduleOf, toldOf } from './schedule.ts';
import { type Candidate, shrink } from './shrink.ts';
import { runStorm, type StormResult } from './storm.ts';
import { storyOf } from './story.ts';

const root = path.resolve(import.meta.dirname, '../../../..');

const Whole = v.pipe(v.string(), v.regex(/^\d{1,9}$/, 'takes a whole number'), v.transform(Number));
const Positive = v.pipe(Whole, v.minValue(1, 'takes a whole number from 1'));
const Options = v.object({
  seed: v.optional(Whole, '1'),
  seeds: v.optional(Positive, '1'),
  customers: v.optional(Positive, '10'),
  faults: v.optional(
    v.pipe(
      v.string(),
      v.rawTransform(({ dataset, addIssue, NEVER }) => {
        try {
          return faultsNamed(dataset.value);
        } catch (error) {
          addIssue({ message: error instanceof Error ? error.message : String(error) });
          return NEVER;
        }
      }),
    ),
    'all',
  ),
  only: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d+(,\d+)*$/, 'takes numbers of the schedule, 3,14'),
      v.transform((text) => new Set(text.split(',').map(Number))),
    ),
  ),
  'at-once': v.optional(Positive, '1'),
  'shrink-for': v.optional(Whole, '300'),
  log: v.optional(v.string()),
  schedule: v.optional(v.boolean(), false),
  json: v.optional(v.boolean(), false),
  help: v.optional(v.boolean(), false),
});
type Options = v.InferOutput<typeof Options>;

const HELP = `npm run chaos -- [options]

  --seed N          the same seed gives the same schedule of the same faults (1)
  --seeds N         so many seeds, from --seed on (1)
  --customers N     how many customers live through a month (10)
  --faults LIST     all, or names with commas between them (all)
  --only LIST       only these numbers of the schedule: what a failing run prints
  --at-once N       so many storms at a time (1)
  --shrink-for N    how many seconds a failing storm is shrunk; 0: not at all (300)
  --log FILE        append every line that the functions print to FILE
  --schedule        print what would happen, and end
  --json            one JSON object a line for each seed instead of the table
  --help

Faults:
${CATALOGUE.map(({ name, what }) => `  ${name.padEnd(20)} ${what}`).join('\n')}

Examples:
  npm run chaos -- --seed 7 --customers 20 --faults all
  npm run chaos -- --seed 7 --faults deaths,redis-failover --schedule
  npm run chaos -- --seeds 50 --customers 4 --at-once 2 --json > storms.jsonl
  npm run chaos -- --seed 7 --customers 2 --only 12,31

Exit codes: 0 every storm passed, 1 a row differs or an event is unaccounted for, 2 wrong usage.
`;

const FLAGS = {
  seed: { type: 'string' },
  seeds: { type: 'string' },
  customers: { type: 'string' },
  faults: { type: 'string' },
  only: { type: 'string' },
  'at-once': { type: 'string' },
  'shrink-for': { type: 'string' },
  log: { type: 'string' },
  schedule: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

async function main(): Promise<number> {
  const options = readOptions();
  if (typeof options === 'string') {
    console.error(`chaos: ${options}\n\n${HELP}`);
    return 2;
  }
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  const graph = await synthesise({ root, stage: 'local', say: (line) => console.error(line) });
  const seeds = Array.from({ length: options.seeds }, (_, n) => options.seed + n);
  if (options.schedule) {
    for (const seed of seeds) for (const one of chosen(graph, seed, options)) console.log(toldOf(one));
    return 0;
  }
  let allPassed = true;
  const waiting = seeds.values();
  const worker = async (): Promise<void> => {
    for (const seed of waiting) {
      const report = await storm(graph, seed, options);
      allPassed &&= report.passed;
      console.log(options.json ? JSON.stringify(report) : told(report));
    }
  };
  await Promise.all(Array.from({ length: Math.min(options['at-once'], seeds.length) }, worker));
  return allPassed ? 0 : 1;
}

/** What is wrong with them, when something is. */
function readOptions(): Options | string {
  try {
    const { values } = parseArgs({ options: FLAGS });
    const parsed = v.safeParse(Options, values);
    if (parsed.success) return parsed.output;
    const [issue] = parsed.issues;
    return `--${v.getDotPath(issue)}: ${issue.message}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

type Choice = Pick<Options, 'customers' | 'only'> & { readonly faults: readonly Fault[] };

function chosen(graph: Graph, seed: number, { customers, faults, only }: Choice): readonly Injection[] {
  const schedule = scheduleOf(storyOf({ seed, customers, graph }), seed, faults);
  return only === undefined ? schedule : schedule.filter(({ number }) => only.has(number));
}

async function storm(graph: Graph, seed: number, options: Options): Promise<StormReport> {
  const { customers, faults } = options;
  const injections = chosen(graph, seed, options);
  const progress = openProgress(`seed ${seed}`, injections.length);
  try {
    const { log } = options;
    const result = await runStorm({
      ...{ root, seed, customers, injections, onProgress: progress.show },
      ...(log === undefined ? {} : { onLog: ({ line }) => appendFileSync(log, `${line}\n`) }),
    });
    const report = reportOf({ seed, customers }, result);
    if (result.passed || options['shrink-for'] === 0) return report;
    return {
      ...report,
      shortest: await shortest(graph, { seed, customers, faults, injections, result }, options, progress.say),
    };
  } finally {
    progress.close();
  }
}

type Failed = {
  readonly seed: number;
  readonly customers: number;
  readonly faults: readonly Fault[];
  readonly injections: readonly Injection[];
  readonly result: StormResult;
};

async function shortest(
  graph: Graph,
  { seed, customers, faults, injections, result }: Failed,
  options: Options,
  say: (line: string) => void,
): Promise<NonNullable<StormReport['shortest']>> {
  const until = Date.now() + options['shrink-for'] * 1_000;
  let last = result;
  const schedule = (count: number) => chosen(graph, seed, { customers: count, faults, only: undefined });
  const picked = (candidate: Candidate) => {
    const only = new Set(candidate.only);
    return schedule(candidate.customers).filter(({ number }) => only.has(number));
  };
  const best = await shrink(
    { customers, only: injections.map(({ number }) => number) },
    {
      scheduleOf: schedule,
      timeIsUp: () => Date.now() > until,
      fails: async (candidate) => {
        say(`shrinking: ${candidate.customers} customers, ${candidate.only.length} injections`);
        const tried = await runStorm({ root, seed, customers: candidate.customers, injections: picked(candidate) });
        if (!tried.passed) last = tried;
        return !tried.passed;
      },
    },
  );
  const named = faults.length === CATALOGUE.length ? '' : ` --faults ${faults.map(({ name }) => name).join(',')}`;
  return {
    command: `npm run chaos -- --seed ${seed} --customers ${best.customers}${named} --only ${best.only.join(',')}`,
    injections: picked(best).map(toldOf),
    histories: last.histories,
  };
}

process.exitCode = await main();
