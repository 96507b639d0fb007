/**
 * Who saw which event, and how long it took: the demo's counters. An event is accounted for when Stripe was answered 2xx
 * and the event then reached a machine that succeeded, the bulk queue, the unrouted queue or a dead-letter queue.
 */
import { routeOf } from '@payments/core/routes';
import * as v from 'valibot';
import type { Graph } from '../graph/graph.ts';
import type { Arrival } from '../road/arrival.ts';
import type { Execution } from '../states/machines.ts';
import type { DeliveryReport } from '../stripe/delivery.ts';

export type Percentiles = { readonly p50Ms: number; readonly p95Ms: number; readonly p99Ms: number };

type Story = {
  readonly type: string;
  arrivals: number;
  lane: 'realtime' | 'bulk' | 'unrouted';
  settledAt: number | null;
};

export type Tally = {
  readonly onArrival: (arrival: Arrival) => void;
  readonly onExecution: (execution: Execution) => void;
  /** The bulk events, and the key of the row that each is about. */
  bulkEvents(): Iterable<string>;
  laneOf(eventId: string): Story['lane'] | null;
  settledAt(eventId: string): number | null;
  /** Deliveries of events that had arrived before. */
  duplicates(): number;
  unrouted(): number;
  /** Ids of events that Stripe was told are accepted and that nobody has. */
  unaccounted(reports: Iterable<DeliveryReport>): readonly string[];
};

const Input = v.object({ detail: v.object({ event: v.object({ id: v.string() }) }) });

export function createTally(graph: Graph): Tally {
  const stories = new Map<string, Story>();
  const bulkQueues = new Set(graph.mappings.map(({ queueArn }) => queueArn));
  let repeats = 0;
  return {
    onArrival({ eventId, type, targetArn }) {
      const lane = targetArn.includes(':states:') ? 'realtime' : bulkQueues.has(targetArn) ? 'bulk' : 'unrouted';
      const story = stories.get(eventId);
      if (story === undefined) stories.set(eventId, { type, lane, arrivals: 1, settledAt: null });
      else {
        story.arrivals += 1;
        repeats += 1;
      }
    },
    onExecution(execution) {
      if (execution.status !== 'SUCCEEDED') return;
      const input = v.safeParse(Input, JSON.parse(execution.input));
      const story = input.success ? stories.get(input.output.detail.event.id) : undefined;
      if (story !== undefined) story.settledAt ??= execution.stopDate;
    },
    *bulkEvents() {
      for (const [id, { lane }] of stories) if (lane === 'bulk') yield id;
    },
    laneOf: (eventId) => stories.get(eventId)?.lane ?? null,
    settledAt: (eventId) => stories.get(eventId)?.settledAt ?? null,
    duplicates: () => repeats,
    unrouted: () => [...stories.values()].filter(({ type }) => routeOf(type) === null).length,
    unaccounted: (reports) =>
      [...reports].flatMap(({ id, acknowledgedAt }) => {
        const story = stories.get(id);
        const settled = story !== undefined && (story.lane !== 'realtime' || story.settledAt !== null);
        return acknowledgedAt !== null && settled ? [] : [id];
      }),
  };
}

/** Nearest rank; zeros when nothing was measured. */
export function percentiles(values: readonly number[]): Percentiles {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => Math.round(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0);
  return { p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99) };
}
