import { randomUUID } from 'node:crypto';
import { type Envelope, type StripeEvent, StripeEventSchema } from '@payments/core/event';
import { laneOf, priorityOf } from '@payments/core/priority';
import { routeOf } from '@payments/core/routes';
import type { StripeReader } from '@payments/functions/adapters/stripe';
import { MAX_WHOLE_EVENT_BYTES } from '@payments/functions/ingress/webhook';
import * as v from 'valibot';
import type { BusEntry } from '../adapters/bus.ts';
import type { Logs } from '../adapters/logs.ts';
import { type Range, readRanges } from '../backfill/ranges.ts';
import { pageReader } from '../backfill/read-list.ts';
import { NotReached } from '../frame/problem.ts';

export type Missed = {
  readonly event: StripeEvent;
  /** Stripe still has a delivery of it to make, or gave up: the others were delivered elsewhere, or never sent. */
  readonly undelivered: boolean;
};

const WORKERS = 8;
/** Lines of as many events as a busy month has. */
const MOST_LINES = 1_000_000;

const Named = v.looseObject({ stripeEventId: v.string() });
const Pending = v.looseObject({ pending_webhooks: v.optional(v.number(), 0) });

/**
 * Events of a routed type that Stripe made in the interval (seconds, both included) and that neither the ingress nor a lane has
 * logged. `receivedFrom` is where the logs are read from, ms; an event is received after it was made, so they are read to now.
 */
export async function missedEvents(
  interval: { readonly from: number; readonly to: number; readonly receivedFrom: number; readonly nowMs: number },
  world: {
    readonly stripe: StripeReader;
    readonly logs: Logs;
    readonly sleep: (ms: number) => Promise<unknown>;
    readonly stopped: () => boolean;
    readonly onProgress: (read: number) => void;
  },
): Promise<{ readonly listed: number; readonly missed: readonly Missed[] }> {
  const all: Missed[] = [];
  let listed = 0;
  const ranges: Range[] = [{ from: interval.from, to: interval.to, left: interval.to }];
  await readRanges(ranges, {
    workers: WORKERS,
    readPage: pageReader({ path: '/v1/events', query: [] }, { ...world, onRequest: () => {} }),
    onPage: async ({ objects }) => {
      for (const { object } of objects) {
        if (!v.is(StripeEventSchema, object) || routeOf(object.type) === null) continue;
        listed += 1;
        all.push({ event: object, undelivered: v.parse(Pending, object).pending_webhooks > 0 });
      }
      world.onProgress(listed);
    },
    stopped: world.stopped,
  });
  const known = all.length === 0 ? new Set<string>() : await idsLogged(interval, world.logs);
  return { listed, missed: all.filter(({ event }) => !known.has(event.id)) };
}

/** Of what was accepted, and of what came by another road: a replay, or an earlier sweep. */
async function idsLogged(
  { receivedFrom, nowMs }: { readonly receivedFrom: number; readonly nowMs: number },
  logs: Logs,
): Promise<ReadonlySet<string>> {
  const about = { from: receivedFrom, to: nowMs, most: MOST_LINES };
  const found = await Promise.all([
    logs.search({ functions: ['Ingress'], pattern: '{ $.message = "webhook" && $.outcome = "published" }', ...about }),
    logs.search({ functions: ['Claim', 'Aggregate'], pattern: '{ $.stripeEventId = "evt_*" }', ...about }),
  ]);
  if (found.some(({ more }) => more))
    throw new NotReached('there are more log lines than can be read: take a shorter time');
  return new Set(
    found.flatMap(({ lines }) =>
      lines.flatMap(({ said }) => {
        const line = v.safeParse(Named, said);
        return line.success ? [line.output.stripeEventId] : [];
      }),
    ),
  );
}

/** What the ingress would have published for it. */
export function entryOf(event: StripeEvent, now: Date): BusEntry {
  const { id, type, created, livemode } = event;
  const api_version = event.api_version ?? null;
  const large = Buffer.byteLength(JSON.stringify(event)) > MAX_WHOLE_EVENT_BYTES;
  const objectId = typeof event.data.object.id === 'string' ? event.data.object.id : id;
  const detail: Envelope = {
    ...{ priority: priorityOf(event), lane: laneOf(event), receivedAt: now.toISOString(), correlationId: randomUUID() },
    event: large ? { thin: true, id, type, created, livemode, api_version, objectId } : event,
  };
  return { detailType: type, detail: JSON.stringify(detail), time: now };
}
