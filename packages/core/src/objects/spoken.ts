import { type Rank, versionOf } from '../freshness.ts';
import type { Reading } from '../need.ts';
import type { OwnerVersion } from '../record.ts';

/** The version of a state: the second of the event, or the one in which Stripe was asked for it. */
export function spoken(reading: Reading, rank: Rank): OwnerVersion {
  const { event, fetchedAt } = reading;
  return fetchedAt === null
    ? { version: versionOf(event.created, rank), fetched: false }
    : readAt(reading, fetchedAt, rank);
}

/**
 * The version of what was read from Stripe's API for the sake of an event. Whoever asked knew the event already, so the
 * reading is never older than it: an answer's second is a lower bound, and may lie before the event's.
 */
export function readAt({ event }: Pick<Reading, 'event'>, second: number, rank: Rank): OwnerVersion {
  return { version: versionOf(Math.max(second, event.created), rank), fetched: true };
}

/** `*.created` says the first state, unless it was replaced by what the API says now. */
export function rankOfType(reading: Reading): Rank {
  return reading.fetchedAt === null && reading.event.type.endsWith('.created') ? 'created' : 'updated';
}
