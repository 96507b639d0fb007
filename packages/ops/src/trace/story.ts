import * as v from 'valibot';
import type { Line } from '../adapters/logs.ts';
import { span } from '../frame/instant.ts';

/** One thing that happened to an event, as a function told it. */
export type Scene = {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The function. */
  readonly where: string;
  readonly what: string;
};

/** What became of one event so far. */
export type Ending = 'written' | 'dropped' | 'nothing' | 'duplicate' | 'parked' | 'waiting' | 'unknown';

export type EventStory = {
  readonly eventId: string;
  readonly type: string | null;
  readonly objectId: string | null;
  readonly correlationId: string | null;
  /** Of the realtime lane, the newest last. */
  readonly executions: readonly string[];
  /** Of the bulk lane, the newest last. */
  readonly batches: readonly string[];
  readonly salesforceIds: readonly string[];
  readonly scenes: readonly Scene[];
  readonly ending: Ending;
};

const text = v.optional(v.string());
const Said = v.looseObject({
  message: v.optional(v.string(), ''),
  outcome: text,
  stripeEventId: text,
  stripeEventIds: v.optional(v.array(v.string()), []),
  stripeObjectId: text,
  correlationId: text,
  type: text,
  executionName: text,
  batchId: text,
  salesforceId: text,
});
type Said = v.InferOutput<typeof Said>;

/** Lines that are about a batch as a whole name no event. */
function eventsOf(said: Said): readonly string[] {
  const named = said.stripeEventIds;
  return said.stripeEventId === undefined ? named : [...new Set([said.stripeEventId, ...named])];
}

/** The stories in log lines, oldest event first. `only`: of these events. */
export function storiesIn(lines: readonly Line[], only: ReadonlySet<string> | null = null): readonly EventStory[] {
  const byEvent = new Map<string, Told[]>();
  for (const line of lines) {
    const parsed = v.safeParse(Said, line.said);
    if (!parsed.success || !TELLING.has(parsed.output.message)) continue;
    for (const eventId of eventsOf(parsed.output)) {
      if (only !== null && !only.has(eventId)) continue;
      const list = byEvent.get(eventId) ?? [];
      list.push({ line, said: parsed.output });
      byEvent.set(eventId, list);
    }
  }
  return [...byEvent].map(([eventId, told]) => storyOf(eventId, told));
}

/** The messages of core's table of log lines that say something about an event. */
const TELLING: ReadonlySet<string> = new Set([
  'webhook',
  'claim',
  'sync',
  'settled',
  'parked',
  'waiting',
  'step failed',
  'aggregate',
  'settle',
]);

function storyOf(eventId: string, told: readonly Told[]): EventStory {
  const sorted = inOrder(told);
  const first = (key: 'type' | 'stripeObjectId' | 'correlationId') =>
    sorted
      .map(({ said }) => (said.stripeEventId === eventId ? said[key] : undefined))
      .find((value) => value !== undefined) ?? null;
  const bulk = sorted.filter(({ line }) => line.from === 'SettleBatch');
  return {
    eventId,
    type: first('type'),
    objectId: first('stripeObjectId'),
    correlationId: first('correlationId'),
    executions: [
      ...new Set(sorted.flatMap(({ line, said }) => (REALTIME.has(line.from) ? (said.executionName ?? []) : []))),
    ],
    batches: [...new Set(bulk.flatMap(({ said }) => said.batchId ?? []))],
    salesforceIds: [...new Set(sorted.flatMap(({ said }) => said.salesforceId ?? []))],
    scenes: sorted.map(({ line, said }) => ({ at: line.at, where: line.from, what: whatOf(line, said) })),
    ending: endingOf(sorted),
  };
}

type Told = { readonly line: Line; readonly said: Said };

/** By time. The ingress logs after it has published, so that whoever is started by the event may be the first to speak. */
function inOrder(told: readonly Told[]): readonly Told[] {
  const first = Math.min(...told.map(({ line }) => line.at));
  const time = ({ line: { from, at } }: Told) => (from === 'Ingress' && at - first < 1_000 ? first - 1 : at);
  return [...told].sort((a, b) => time(a) - time(b));
}

const REALTIME: ReadonlySet<string> = new Set(['Claim', 'Sync', 'Settle', 'Park']);

/** Fields that are told elsewhere, or to everybody. */
const PLAIN: ReadonlySet<string> = new Set([
  ...['level', 'message', 'service', 'timestamp', 'sampling_rate', 'xray_trace_id', 'outcome', 'step'],
  ...['stripeEventId', 'stripeEventIds', 'stripeObjectId', 'correlationId', 'type', 'executionName', 'messageId'],
  ...['object', 'batchId', 'token'],
]);

function whatOf(line: Line, said: Said): string {
  const head = said.outcome ?? said.message;
  const rest = Object.entries(line.said).flatMap(([key, value]) => {
    if (PLAIN.has(key) || value === null || typeof value === 'object') {
      return Array.isArray(value) && key === 'notes' ? value.map(String) : [];
    }
    // Times are told as such: `pathMs 25` is `path 25 ms`.
    return key.endsWith('Ms') ? [`${key.slice(0, -2)} ${span(Number(value))}`] : [`${key} ${String(value)}`];
  });
  const row = line.from === 'SettleBatch' ? [`row ${said.stripeObjectId ?? ''}`] : [];
  return [head, ...row, ...rest].join(', ');
}

/**
 * The last word counts: an event that was parked may have been written since. In a batch each of its rows has an outcome of
 * its own, and the worst of them is the event's.
 */
function endingOf(sorted: readonly Told[]): Ending {
  let ending: Ending = 'unknown';
  const rows = new Map<string, Ending>();
  for (const { line, said } of sorted) {
    const outcome = said.outcome ?? '';
    const known = ENDINGS.get(outcome);
    // Later deliveries of what was handled change nothing about how it ended.
    const again: boolean = ending !== 'unknown' && ending !== 'waiting';
    if (said.message === 'webhook') ending = again ? ending : outcome === 'published' ? 'waiting' : 'unknown';
    else if (said.message === 'parked') ending = 'parked';
    else if (line.from === 'Claim')
      ending = outcome === 'mine' ? 'waiting' : again ? ending : outcome === 'shed' ? 'waiting' : 'duplicate';
    else if (said.message === 'settled') ending = known ?? ending;
    else if (said.message === 'aggregate' && (outcome === 'buffered' || !again)) {
      ending = known ?? ending;
      rows.clear();
    } else if (said.message === 'settle' && known !== undefined) {
      rows.set(said.stripeObjectId ?? '', known);
      ending = WORST.find((each) => [...rows.values()].includes(each)) ?? known;
    }
  }
  return ending;
}

const WORST: readonly Ending[] = ['parked', 'waiting', 'written', 'dropped'];

const ENDINGS: ReadonlyMap<string, Ending> = new Map<string, Ending>([
  ['written', 'written'],
  ['unchanged', 'written'],
  ['refused', 'dropped'],
  ['dropped', 'dropped'],
  ['nothing', 'nothing'],
  ['duplicate', 'duplicate'],
  ['parked', 'parked'],
  ['buffered', 'waiting'],
  ['given back', 'waiting'],
  ['failed', 'waiting'],
]);
