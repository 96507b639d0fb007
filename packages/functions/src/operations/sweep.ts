import { randomUUID } from 'node:crypto';
import { BudgetWait, RetryLater } from '@payments/core/failure';
import type { Count } from '@payments/core/metrics';
import { EVENTS_AT_ONCE, type Interval, intervalToSweep, nextWidth, RETRIED_SECONDS } from '@payments/core/sweep';
import type { AcceptedLog } from '../adapters/accepted-log.ts';
import type { BusEntry } from '../adapters/bus.ts';
import type { StripeReader } from '../adapters/stripe.ts';
import type { SweepPlace } from '../adapters/sweep-place.ts';
import { busEntry, objectIdOf } from '../ingress/bus-entry.ts';
import { type ListedEvent, listEvents } from './stripe-events.ts';
import { unaccepted } from './unaccepted.ts';

export type SweepWorld = {
  readonly stripe: StripeReader;
  readonly accepted: AcceptedLog;
  readonly place: SweepPlace;
  /** When this deployment began to accept events: ms since 1970. */
  readonly madeAtMs: () => Promise<number>;
  /** Resolves only when the entry is on the bus. */
  readonly publish: (entry: BusEntry) => Promise<void>;
  readonly livemode: boolean;
  /** What is younger may be on its way. */
  readonly graceSeconds: number;
  /** A line may take a while into the log: what was not found is looked for once more after this. */
  readonly secondLookMs: number;
  readonly nowMs: () => number;
  readonly stopAtMs: number;
  readonly sleep: (ms: number) => Promise<unknown>;
  readonly count: Count;
  readonly log: (level: 'info' | 'warn', line: SweepLine) => void;
};

export type SweepLine =
  | {
      readonly outcome: 'fed';
      /** Which question found it. */
      readonly found: Found;
      readonly stripeEventId: string;
      readonly stripeObjectId: string;
      readonly type: string;
      readonly correlationId: string;
    }
  | ({ readonly outcome: 'swept' | 'unfinished' } & Swept)
  | { readonly outcome: 'put off'; readonly why: string };

type Found = 'undelivered' | 'gap';
export type Swept = {
  /** ISO-8601, by Stripe's clock; `null`: nothing was old enough. */
  readonly from: string | null;
  readonly to: string | null;
  readonly listed: number;
  readonly fed: number;
  /** Seconds that are old enough and not looked at yet. */
  readonly behind: number;
};

/**
 * The story of `Sweep`, each hour: which events did Stripe make that nobody here has accepted? They are published as the
 * ingress would have done it; one that Stripe delivers later after all is a duplicate. First what Stripe itself says is not
 * delivered, of the three days in which it tries; then all events since the last sweep, in pieces, oldest first. Each piece
 * that is done moves the place on, so that a run may end anywhere and the next goes on there.
 */
export async function sweep(world: SweepWorld): Promise<Swept> {
  try {
    return await sweepAll(world);
  } catch (error) {
    if (!(error instanceof RetryLater || error instanceof BudgetWait)) throw error;
    world.log('warn', { outcome: 'put off', why: error.code });
    return { from: null, to: null, listed: 0, fed: 0, behind: 0 };
  }
}

async function sweepAll(world: SweepWorld): Promise<Swept> {
  const { place, graceSeconds } = world;
  // Stripe's clock decides what is old.
  const { at: now } = await world.stripe({ path: '/v1/events', query: [['limit', '1']] });
  const aheadMs = now * 1_000 - world.nowMs();
  const madeAt = Math.floor(((await world.madeAtMs()) + aheadMs) / 1_000);
  const interval = intervalToSweep({ place: await place.read(), madeAt, now, graceSeconds });
  const to = now - graceSeconds;
  const undelivered = await sweepUndelivered({ from: Math.max(madeAt, to - RETRIED_SECONDS), to }, aheadMs, world);
  const gaps = interval === null ? { listed: 0, fed: 0, to } : await sweepGaps(interval, aheadMs, world);
  const behind = to - gaps.to;
  world.count('SweepBehind', behind);
  const swept: Swept = {
    from: interval === null ? null : iso(interval.from),
    to: interval === null ? null : iso(gaps.to),
    ...{ listed: undelivered.listed + gaps.listed, fed: undelivered.fed + gaps.fed, behind },
  };
  world.log('info', { outcome: behind === 0 ? 'swept' : 'unfinished', ...swept });
  return swept;
}

/** Of one application's events among all that some endpoint has not taken: so many are looked at, the newest of each list. */
const MOST_UNDELIVERED = 2_000;

/** A second look at what the pieces have passed already, as Stripe sees it: bounded, because those find the rest. */
async function sweepUndelivered(interval: Interval, aheadMs: number, world: SweepWorld) {
  if (interval.from > interval.to) return { listed: 0, fed: 0 };
  // Half of the time is the pieces', which alone are complete.
  const half = { ...world, stopAtMs: (world.nowMs() + world.stopAtMs) / 2 };
  const candidates: ListedEvent[] = [];
  for await (const page of listEvents(interval, 'undelivered', world.stripe)) {
    candidates.push(...page.filter(({ event }) => event.livemode === world.livemode));
    if (candidates.length >= MOST_UNDELIVERED || stopped(half)) break;
  }
  const result = await feedMissed(candidates, 'undelivered', aheadMs, half);
  return { listed: candidates.length, fed: result ?? 0 };
}

const FIRST_WIDTH_SECONDS = 3_600;

/** Returns the second up to which it came. */
async function sweepGaps(interval: Interval, aheadMs: number, world: SweepWorld) {
  let done = interval.from - 1;
  let [listed, fed] = [0, 0];
  let width = FIRST_WIDTH_SECONDS;
  const halfway = (world.nowMs() + world.stopAtMs) / 2;
  while (done < interval.to && !stopped(world)) {
    const early = world.nowMs() < halfway;
    const piece = { from: done + 1, to: Math.min(interval.to, done + width) };
    const events = await eventsIn(piece, world);
    if (events === 'no time') break;
    if (events === 'too many') {
      width = nextWidth(piece.to - piece.from + 1, Number.POSITIVE_INFINITY);
      continue;
    }
    // A piece that took this time alone would take it again in the next run: what could not be told is fed.
    const result = await feedMissed(events, 'gap', aheadMs, world, early);
    if (result === null) break;
    fed += result;
    listed += events.length;
    done = piece.to;
    await world.place.write(done);
    width = nextWidth(width, events.length);
  }
  return { listed, fed, to: done };
}

async function eventsIn(piece: Interval, world: SweepWorld): Promise<readonly ListedEvent[] | 'too many' | 'no time'> {
  const events: ListedEvent[] = [];
  for await (const page of listEvents(piece, 'all', world.stripe)) {
    events.push(...page.filter(({ event }) => event.livemode === world.livemode));
    if (events.length > EVENTS_AT_ONCE && piece.from < piece.to) return 'too many';
    if (stopped(world)) return 'no time';
  }
  return events;
}

/** Clocks differ a little, and an event is received in the second that it names. */
const MARGIN_MS = 60_000;
/** What was being accepted during the first look, or was still on its way into the log. */
const LATE_LINES_MS = 10 * 60_000;

/** How many were fed; `null`: there was no time to find out which ones were missed, and `anyway` was not said. */
async function feedMissed(
  listed: readonly ListedEvent[],
  found: Found,
  aheadMs: number,
  world: SweepWorld,
  anyway = false,
): Promise<number | null> {
  const { accepted, nowMs, place } = world;
  const known = await place.known(listed.map(({ event }) => event.id));
  const events = listed.map(({ event }) => event).filter(({ id }) => !known.has(id));
  if (events.length === 0) return 0;
  const look = (ids: readonly string[], fromMs: number) =>
    unaccepted(ids, fromMs, { accepted, nowMs, stopped: () => stopped(world) });
  const oldest = events.reduce((second, { created }) => Math.min(second, created), Number.POSITIVE_INFINITY);
  let { left, read } = await look(
    events.map(({ id }) => id),
    oldest * 1_000 - aheadMs - MARGIN_MS,
  );
  if (!read && !anyway) return null;
  if (read && left.size > 0) {
    await world.sleep(world.secondLookMs);
    ({ left } = await look([...left], nowMs() - LATE_LINES_MS));
  }
  if (found === 'undelivered') {
    const seen = events.filter(({ id }) => !left.has(id)).map(({ id }) => id);
    await place.remember(seen, nowMs());
  }
  // The eldest first, as they would have come.
  const missed = events.filter(({ id }) => left.has(id)).sort((a, b) => a.created - b.created);
  for (const event of missed) {
    const correlationId = randomUUID();
    await world.publish(busEntry(event, JSON.stringify(event), { receivedAt: new Date(nowMs()), correlationId }).entry);
    const ids = { stripeEventId: event.id, stripeObjectId: objectIdOf(event), type: event.type };
    world.log('warn', { outcome: 'fed', found, ...ids, correlationId });
    world.count('MissedEvents', 1, { Found: found });
    await place.remember([event.id], nowMs());
  }
  return missed.length;
}

const stopped = ({ nowMs, stopAtMs }: Pick<SweepWorld, 'nowMs' | 'stopAtMs'>): boolean => nowMs() >= stopAtMs;
const iso = (seconds: number): string => new Date(seconds * 1_000).toISOString();
