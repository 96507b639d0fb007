import { ROUTES } from './routes.ts';

/**
 * What a sweep asks Stripe for, and where it goes on. Stripe answers `/v1/events` for thirty days, newest first, and takes
 * twenty names in `types[]` at most (docs.stripe.com/api/events/list). Two questions, because either alone has a hole:
 *
 * - `delivery_success=false`: events that some endpoint of the account has not taken. It says nothing about which endpoint,
 *   and nothing of events that were sent to no endpoint at all (one that was disabled, or not subscribed to the type).
 * - all events of a time: what is in no log of ours is a gap, whatever Stripe believes.
 */
const MOST_TYPES = 20;

/** Every routed type, in lists that one request takes. */
export function typeLists(types: readonly string[] = Object.keys(ROUTES)): readonly (readonly string[])[] {
  return Array.from({ length: Math.ceil(types.length / MOST_TYPES) }, (_, index) =>
    types.slice(index * MOST_TYPES, (index + 1) * MOST_TYPES),
  );
}

const DAY_SECONDS = 86_400;
/** Stripe keeps events for thirty days; a second more would be asked for in vain. */
export const OLDEST_SECONDS = 30 * DAY_SECONDS;
/** Stripe tries to deliver for three days (docs.stripe.com/webhooks). */
export const RETRIED_SECONDS = 3 * DAY_SECONDS;

/** Seconds since 1970 by Stripe's clock, both included. */
export type Interval = { readonly from: number; readonly to: number };

/**
 * What has to be looked through: from where the last sweep ended (`place`, a second that is done), or from the beginning. That
 * is the second in which the archive was made: what is older was never ours to accept. `null`: nothing is old enough.
 */
export function intervalToSweep(said: {
  readonly place: number | null;
  readonly madeAt: number;
  readonly now: number;
  readonly graceSeconds: number;
}): Interval | null {
  const { place, madeAt, now, graceSeconds } = said;
  const from = Math.max(place === null ? madeAt : place + 1, now - OLDEST_SECONDS);
  const to = now - graceSeconds;
  return from > to ? null : { from, to };
}

/** Few enough to hold: some 4 KB each. */
export const EVENTS_AT_ONCE = 2_000;

/** The seconds to take next: half as many where too many events were found in them, twice as many where few were. */
export function nextWidth(width: number, found: number): number {
  if (found > EVENTS_AT_ONCE) return Math.max(1, Math.floor(width / 2));
  return found < EVENTS_AT_ONCE / 4 ? width * 2 : width;
}
