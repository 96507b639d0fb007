import { randomUUID } from 'node:crypto';
import { type StripeEvent, StripeEventSchema } from '@payments/core/event';
import { typeLists } from '@payments/core/sweep';
import type { AcceptedLog } from '@payments/functions/adapters/accepted-log';
import type { StripeReader } from '@payments/functions/adapters/stripe';
import { busEntry } from '@payments/functions/ingress/bus-entry';
import { type Range, readRanges } from '@payments/functions/operations/reading/ranges';
import { pageReader } from '@payments/functions/operations/reading/read-list';
import { unaccepted } from '@payments/functions/operations/unaccepted';
import * as v from 'valibot';
import type { BusEntry } from '../adapters/bus.ts';

export type Missed = {
  readonly event: StripeEvent;
  /** Stripe still has a delivery of it to make, or gave up: the others were delivered elsewhere, or never sent. */
  readonly undelivered: boolean;
};

const WORKERS = 8;

const Pending = v.looseObject({ pending_webhooks: v.optional(v.number(), 0) });

/**
 * Events of a routed type that Stripe made in the interval (seconds, both included) and that neither the ingress nor a lane has
 * logged. `receivedFrom` is where the logs are read from, ms; an event is received after it was made, so they are read to now.
 * With `onlyUndelivered` Stripe is asked for those alone that some endpoint has not taken.
 */
export async function missedEvents(
  interval: {
    readonly from: number;
    readonly to: number;
    readonly receivedFrom: number;
    readonly onlyUndelivered: boolean;
  },
  world: {
    readonly stripe: StripeReader;
    readonly accepted: AcceptedLog;
    readonly nowMs: () => number;
    readonly sleep: (ms: number) => Promise<unknown>;
    readonly stopped: () => boolean;
    readonly onProgress: (read: number) => void;
  },
): Promise<{ readonly listed: number; readonly missed: readonly Missed[] }> {
  const all: Missed[] = [];
  for (const types of typeLists()) {
    const ranges: Range[] = [{ from: interval.from, to: interval.to, left: interval.to }];
    const query = [
      ...types.map((type) => ['types[]', type] as const),
      ...(interval.onlyUndelivered ? [['delivery_success', 'false'] as const] : []),
    ];
    await readRanges(ranges, {
      workers: WORKERS,
      readPage: pageReader({ path: '/v1/events', query }, { ...world, onRequest: () => {} }),
      onPage: async ({ objects }) => {
        for (const { object } of objects) {
          if (!v.is(StripeEventSchema, object)) continue;
          all.push({ event: object, undelivered: v.parse(Pending, object).pending_webhooks > 0 });
        }
        world.onProgress(all.length);
      },
      stopped: world.stopped,
    });
  }
  const { left } = await unaccepted(
    all.map(({ event }) => event.id),
    interval.receivedFrom,
    world,
  );
  return { listed: all.length, missed: all.filter(({ event }) => left.has(event.id)) };
}

/** What the ingress would have published for it. */
export function entryOf(event: StripeEvent, now: Date): BusEntry {
  return busEntry(event, JSON.stringify(event), { receivedAt: now, correlationId: randomUUID() }).entry;
}
