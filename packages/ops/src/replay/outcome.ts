import * as v from 'valibot';
import type { Line, Logs } from '../adapters/logs.ts';

/** What became of replayed events, from what the lanes have logged. Events by outcome; outcomes that did not occur are left out. */
export type Outcome = {
  /** Executions that a replay started. */
  readonly realtime: Readonly<Record<string, number>>;
  /** Events of a replay that the aggregator read. */
  readonly bulk: Readonly<Record<string, number>>;
  /** Executions that have not ended yet. */
  readonly underWay: number;
  readonly handled: number;
  readonly more: boolean;
};

const MOST_LINES = 100_000;
const Claimed = v.looseObject({ executionName: v.string(), outcome: v.picklist(['mine', 'duplicate', 'shed']) });
const Ended = v.looseObject({ executionName: v.string(), outcome: v.optional(v.string()) });
const Aggregated = v.looseObject({ outcome: v.string(), stripeEventId: v.string() });

/** Realtime: Claim says that an event came out of the archive; its execution's name finds what Settle or Park said. */
export async function outcomeOf(logs: Logs, since: { readonly from: number; readonly to: number }): Promise<Outcome> {
  const search = (functions: readonly string[], pattern: string) =>
    logs.search({ functions, pattern, ...since, most: MOST_LINES });
  const [claims, ends, parks, messages] = await Promise.all([
    search(['Claim'], '{ $.replayed IS TRUE }'),
    search(['Settle'], '{ $.message = "settled" }'),
    search(['Park'], '{ $.message = "parked" }'),
    search(['Aggregate'], '{ $.replayed IS TRUE }'),
  ]);
  const started = new Map<string, v.InferOutput<typeof Claimed>['outcome']>();
  for (const { executionName, outcome } of parsed(claims.lines, Claimed)) started.set(executionName, outcome);
  const ended = new Map<string, string>();
  for (const { executionName, outcome } of parsed(ends.lines, Ended)) ended.set(executionName, outcome ?? 'written');
  for (const { executionName } of parsed(parks.lines, Ended)) ended.set(executionName, 'parked');

  const realtime = new Map<string, number>();
  let underWay = 0;
  for (const [name, claimed] of started) {
    const outcome = claimed === 'mine' ? ended.get(name) : claimed;
    if (outcome === undefined) underWay += 1;
    else realtime.set(outcome, (realtime.get(outcome) ?? 0) + 1);
  }
  // A message that failed comes again: its last word counts.
  const read = new Map<string, string>();
  for (const { stripeEventId, outcome } of parsed(messages.lines, Aggregated)) read.set(stripeEventId, outcome);
  const bulk = new Map<string, number>();
  for (const outcome of read.values()) bulk.set(outcome, (bulk.get(outcome) ?? 0) + 1);
  const total = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((sum, count) => sum + count, 0);
  return {
    realtime: Object.fromEntries(realtime),
    bulk: Object.fromEntries(bulk),
    underWay,
    handled: total(realtime) + total(bulk),
    more: [claims, ends, parks, messages].some(({ more }) => more),
  };
}

function parsed<Schema extends v.GenericSchema>(lines: readonly Line[], schema: Schema): v.InferOutput<Schema>[] {
  return lines.flatMap(({ said }) => {
    const line = v.safeParse(schema, said);
    return line.success ? [line.output] : [];
  });
}
