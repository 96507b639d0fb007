/**
 * Where each event is: under way, settled, parked. Told from what can be seen from outside the functions (rules' arrivals,
 * ends of executions, the aggregator's lines) and from the rows in Redis. Times are the wall's, in ms since 1970.
 */
import * as v from 'valibot';
import type { LogLine } from '../lambda/function.ts';
import type { Arrival } from '../road/arrival.ts';
import type { Execution } from '../states/machines.ts';

export type Lane = 'realtime' | 'bulk' | 'unrouted';

type Seen = {
  lane: Lane;
  readonly arrivedAt: number;
  settledAt: number | null;
  /** When the aggregator had put it into the buffer; null before, and after Redis was lost. */
  bufferedAt: number | null;
  /** The code of an execution that ended in Park, until another one succeeds. */
  parked: string | null;
};

export type Watch = {
  readonly onArrival: (arrival: Arrival) => void;
  readonly onExecution: (execution: Execution) => void;
  readonly onLog: (line: LogLine) => void;
  /** Compares with the buffer, as read from Redis from `askedAt` on. */
  buffered(events: ReadonlySet<string>, askedAt: number): void;
  /**
   * Redis is about to forget rows: what was in them has to come again. Nothing that is read from it counts until what this
   * gives is called.
   */
  bufferLoses(): () => void;
  underWay(): readonly string[];
  /** Those of them that wait in the bulk lane. */
  inBulk(): readonly string[];
  laneOf(id: string): Lane | null;
  settledAt(id: string): number | null;
  parkedWith(id: string): string | null;
};

const Input = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ detail: v.object({ event: v.object({ id: v.string() }) }) }),
);
const Aggregated = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    message: v.literal('aggregate'),
    outcome: v.picklist(['buffered', 'dropped', 'nothing']),
    stripeEventId: v.string(),
  }),
);

/** `graph`: which queues have a consumer. `now`: the wall's time, ms since 1970. */
export function createWatch(
  graph: { readonly mappings: readonly { readonly queueArn: string }[] },
  now: () => number = Date.now,
): Watch {
  const seen = new Map<string, Seen>();
  const bulkQueues = new Set(graph.mappings.map(({ queueArn }) => queueArn));
  let losses = 0;
  let lostAt = Number.NEGATIVE_INFINITY;

  const settle = (event: Seen, at: number): void => {
    event.settledAt ??= at;
    event.parked = null;
  };
  const open = (): [string, Seen][] =>
    [...seen].filter(([, { lane, settledAt, parked }]) => lane !== 'unrouted' && settledAt === null && parked === null);

  return {
    onArrival({ eventId, targetArn }) {
      const at = now();
      if (seen.has(eventId)) return;
      const lane = targetArn.includes(':states:') ? 'realtime' : bulkQueues.has(targetArn) ? 'bulk' : 'unrouted';
      const settledAt = lane === 'unrouted' ? at : null;
      seen.set(eventId, { lane, arrivedAt: at, settledAt, bufferedAt: null, parked: null });
    },
    onExecution({ status, input, error }) {
      if (status === 'RUNNING') return;
      const parsed = v.safeParse(Input, input);
      const event = parsed.success ? seen.get(parsed.output.detail.event.id) : undefined;
      if (event === undefined) return;
      if (status === 'SUCCEEDED') settle(event, now());
      else if (event.settledAt === null) event.parked = error ?? status;
    },
    onLog({ line, at }) {
      if (!line.includes('"aggregate"')) return;
      const parsed = v.safeParse(Aggregated, line);
      const event = parsed.success ? seen.get(parsed.output.stripeEventId) : undefined;
      if (!parsed.success || event === undefined) return;
      if (parsed.output.outcome === 'buffered') event.bufferedAt = at;
      else settle(event, at);
    },
    buffered(events, askedAt) {
      if (losses > 0 || askedAt < lostAt) return;
      for (const [id, event] of open()) {
        if (event.bufferedAt !== null && event.bufferedAt < askedAt && !events.has(id)) settle(event, askedAt);
      }
    },
    bufferLoses() {
      losses += 1;
      return () => {
        losses -= 1;
        lostAt = now();
        for (const [, event] of open()) event.bufferedAt = null;
      };
    },
    underWay: () => open().map(([id]) => id),
    inBulk: () => open().flatMap(([id, { lane }]) => (lane === 'bulk' ? [id] : [])),
    laneOf: (id) => seen.get(id)?.lane ?? null,
    settledAt: (id) => seen.get(id)?.settledAt ?? null,
    parkedWith: (id) => seen.get(id)?.parked ?? null,
  };
}
