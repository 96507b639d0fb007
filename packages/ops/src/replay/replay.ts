import { routeOf } from '@payments/core/routes';
import * as v from 'valibot';
import type { Replay } from '../adapters/archive.ts';
import { type Context, command, type Report } from '../frame/command.ts';
import { InstantSchema, instantMs } from '../frame/instant.ts';
import type { Paint } from '../frame/paint.ts';
import { WrongUsage } from '../frame/problem.ts';
import { table } from '../frame/table.ts';
import { isNarrow, rulesFor } from './filter.ts';
import type { Outcome } from './outcome.ts';
import type { Preview } from './preview.ts';
import type { Asked, ReplayWorld } from './run-replay.ts';

const Input = v.object({
  from: v.string(),
  to: v.optional(v.string(), 'now'),
  type: v.optional(v.array(v.pipe(v.string(), v.regex(/^[a-z0-9_]+(\.[a-z0-9_]+)+$/, 'takes event types'))), []),
  object: v.optional(v.array(v.pipe(v.string(), v.regex(/^[A-Za-z0-9_]{3,255}$/, 'takes ids of Stripe'))), []),
  lane: v.optional(v.picklist(['realtime', 'bulk'], 'takes realtime or bulk')),
  wait: v.optional(InstantSchema),
  preview: v.optional(v.boolean(), false),
  cancel: v.optional(v.boolean(), false),
});
type Input = v.InferOutput<typeof Input>;

export const replayCommand = command({
  name: 'replay',
  summary: 'Sends accepted events of a time through the lanes again, from the archive',
  detail:
    'Counts first, then asks, then shows how far it is and what became of the events. It is safe at any time and in any order:\nan event that is done already ends as duplicate, and a state that is older than what Salesforce has is never written\n(each owner of columns has a version). It does cost Salesforce calls.\n\n' +
    'The same arguments once more find a replay that still runs and go on watching it, also after this program was killed.\nCtrl-C stops watching, not the replay: --cancel does. An event reaches the archive up to ten minutes after it came.',
  options: [
    { flags: '--from <time>', description: 'when the first of them was received: a time, a day or an age' },
    { flags: '--to <time>', description: 'when the last of them was received (now)' },
    { flags: '--type <types...>', description: 'only events of these types' },
    { flags: '--object <ids...>', description: 'only events about these objects, or that refer to them' },
    { flags: '--lane <name>', description: 'realtime or bulk' },
    { flags: '--wait <time>', description: 'how long to wait for the lanes afterwards (60s)' },
    { flags: '--preview', description: 'count and stop' },
    { flags: '--cancel', description: 'stop the running replay of these arguments' },
  ],
  changesData: true,
  examples: [
    ['replay --stage production --from 2026-11-25T10:00:00Z --to 2026-11-25T11:00:00Z', 'An hour, all of it.'],
    ['replay --stage production --from 3h --type customer.subscription.updated', 'One type of the last three hours.'],
    ['replay --stage production --from 2d --object sub_123 --preview', 'What would be touched?'],
    ['replay --local --from 10m --yes', 'npm start, without a question.'],
  ],
  input: Input,
  run: replay,
});

const DAY_MS = 86_400_000;
const ARCHIVE_LAG_MS = 10 * 60_000;

async function replay(input: Input, context: Context): Promise<Report> {
  const asked = askedFor(input, context.io.nowMs());
  const deployment = await context.deployment();
  const [{ archiveOf }, { logsOf }, steps, { previewOf }] = await Promise.all([
    import('../adapters/archive.ts'),
    import('../adapters/logs.ts'),
    import('./run-replay.ts'),
    import('./preview.ts'),
  ]);
  const world: ReplayWorld = { archive: archiveOf(deployment), logs: logsOf(deployment), deployment };
  const { retentionDays } = await world.archive.describe();
  if (asked.to < context.io.nowMs() - retentionDays * DAY_MS) {
    throw new WrongUsage(`--to is before what the archive keeps (${retentionDays} days)`);
  }
  const earlier = await steps.foundReplay(asked, world);
  if (input.cancel) return cancelled(await steps.cancelReplay(earlier, world));

  const attached = earlier !== null && steps.isActive(earlier);
  const preview = attached ? null : await previewOf(world.logs, asked, asked);
  if (input.preview) return previewReport(asked, preview, earlier, context.io.nowMs());
  if (attached) context.io.err(`goes on watching ${earlier.name}, started ${iso(earlier.startedAt)}\n`);
  else {
    await context.confirm({
      preview: previewText(asked, preview, earlier, context.io.nowMs()),
      question: 'Replay them?',
    });
  }
  const started = attached ? earlier : await steps.startReplay(asked, world, context.io.nowMs());
  const ended = await steps.followReplay(started, world, context);
  if (steps.isActive(ended)) return left(ended);
  const outcome = await steps.awaitOutcome(ended, world, context, {
    expected: preview === null || bound(asked, preview) !== '' ? null : preview.events,
    patienceMs: input.wait === undefined ? 60_000 : -instantMs(input.wait, 0),
  });
  await steps.removeLeftRules(world);
  return endReport(ended, { attached, preview, outcome });
}

function askedFor(input: Input, nowMs: number): Asked {
  const read = (flag: 'from' | 'to') => {
    const instant = v.safeParse(InstantSchema, input[flag]);
    if (!instant.success) throw new WrongUsage(`--${flag} ${instant.issues[0].message}`);
    return instantMs(instant.output, nowMs);
  };
  const [from, to] = [read('from'), read('to')];
  if (from >= to) throw new WrongUsage('--from has to be before --to');
  if (to > nowMs) throw new WrongUsage('--to is in the future');
  if (input.wait?.kind === 'at') throw new WrongUsage('--wait takes how long, e.g. 5m');
  const { type: types, object: objects, lane = null } = input;
  const wanted = { lane, types, objects };
  rulesFor(wanted);
  return { ...wanted, from, to, fromText: input.from, toText: input.to };
}

const iso = (ms: number) => new Date(ms).toISOString();

function previewText(asked: Asked, preview: Preview | null, earlier: Replay | null, nowMs: number): string {
  const { events = 0, types = [] } = preview ?? {};
  const lines = [
    `${bound(asked, preview)}${events} events, received ${iso(asked.from)} to ${iso(asked.to)}`,
    ...(types.length === 0
      ? []
      : [
          table([
            ['events', 'objects', 'type'],
            ...types.map((row) => [String(row.events).padStart(6), String(row.objects).padStart(7), row.type]),
          ]),
        ]),
    ...(asked.objects.length > 0 ? ['and whatever refers to them, which cannot be counted before.'] : []),
    ...(isNarrow(asked) ? ['Rules of its own choose them; they are removed at the end.'] : []),
    ...(nowMs - asked.to < ARCHIVE_LAG_MS ? ['The last ten minutes may not be in the archive yet.'] : []),
    ...(earlier === null
      ? []
      : [`The same was replayed at ${iso(earlier.startedAt)} (${earlier.state.toLowerCase()}).`]),
    'Nothing older than what Salesforce has is written, whatever the order; what is done already ends as duplicate.',
  ];
  return lines.join('\n');
}

/**
 * Objects: what only refers to them is not counted. A lane: the log does not tell on which road an event went whose content
 * decides.
 */
function bound(asked: Asked, preview: Preview | null): '' | 'at least ' | 'at most ' {
  if (preview?.more === true || asked.objects.length > 0) return 'at least ';
  const byContent = preview?.types.some(({ type }) => routeOf(type)?.priority === 'by-content') ?? false;
  return asked.lane !== null && byContent ? 'at most ' : '';
}

function previewReport(asked: Asked, preview: Preview | null, earlier: Replay | null, nowMs: number): Report {
  const { from, to, types, objects, lane } = asked;
  const running = preview === null ? (earlier?.name ?? null) : null;
  const text =
    running === null
      ? previewText(asked, preview, earlier, nowMs)
      : `${running} is running: run this without --preview`;
  return {
    data: { preview, running, from: iso(from), to: iso(to), types, objects, lane },
    text: () => `${text}\n`,
  };
}

function cancelled({ name, state }: Replay): Report {
  return {
    data: { replay: name, state },
    text: () => `${name} is ${state.toLowerCase()}: what was sent stays sent\n`,
  };
}

function left({ name, state, reached }: Replay): Report {
  const upTo = reached === null ? null : iso(reached);
  return {
    data: { replay: name, state, reached: upTo },
    text: () =>
      `${name} goes on in AWS (${state.toLowerCase()}, events up to ${upTo ?? 'none yet'}).\n` +
      'The same command goes on watching it; with --cancel it is stopped.\n',
  };
}

function endReport(
  ended: Replay,
  said: { readonly attached: boolean; readonly preview: Preview | null; readonly outcome: Outcome },
): Report {
  const { name, state, reason, startedAt, endedAt } = ended;
  const { attached, preview, outcome } = said;
  const parked = outcome.realtime.parked ?? 0;
  return {
    data: {
      replay: name,
      state,
      reason,
      attached,
      startedAt: iso(startedAt),
      endedAt: endedAt === null ? null : iso(endedAt),
      expected: preview?.events ?? null,
      ...outcome,
    },
    text: (paint) => endText(ended, outcome, paint),
    wrong: state !== 'COMPLETED' || parked > 0,
  };
}

const MEANS: Readonly<Record<string, string>> = {
  written: 'written to Salesforce',
  dropped: 'a newer state stands: not written',
  duplicate: 'done before',
  shed: 'calls are short: handed to the bulk lane',
  nothing: 'changes nothing in Salesforce',
  parked: 'failed: see dlq list',
  buffered: 'waits for the next flush, which leaves out rows that are equal',
  failed: 'failed for now: comes again',
  'put off': 'has to wait for others: comes again',
  'given up': 'cannot be read: see dlq list',
};

function endText({ name, state, reason }: Replay, outcome: Outcome, paint: Paint): string {
  const rows = [
    ...Object.entries(outcome.realtime).map((entry) => ['realtime', ...entry] as const),
    ...Object.entries(outcome.bulk).map((entry) => ['bulk', ...entry] as const),
  ];
  const head = `${name} ${paint(state === 'COMPLETED' ? 'good' : 'bad', state.toLowerCase())}${reason === null ? '' : `: ${reason}`}`;
  const body =
    rows.length === 0
      ? '  no event of it was handled so far'
      : table(
          rows.map(([lane, what, count]) => [String(count).padStart(6), lane, what, paint('dim', MEANS[what] ?? '')]),
        );
  const rest = outcome.underWay > 0 ? [`  ${outcome.underWay} executions are still under way`] : [];
  const more = outcome.more ? ['  more was logged than was read: these are lower bounds'] : [];
  return `${[head, body, ...rest, ...more].join('\n')}\n`;
}
