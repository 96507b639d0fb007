import { type Rank, versionOf } from '../freshness.ts';
import type { Reading } from '../need.ts';
import type { OwnerVersion } from '../record.ts';

/** The version of a state: the second of Stripe's answer for a fetched one, else the second of the event. */
export function spoken(reading: Reading, rank: Rank): OwnerVersion {
  const { event, fetchedAt } = reading;
  return { version: versionOf(fetchedAt ?? event.created, rank), fetched: fetchedAt !== null };
}

/** The version of what was read from Stripe's API at `second`, beside the event. */
export function readAt(second: number, rank: Rank): OwnerVersion {
  return { version: versionOf(second, rank), fetched: true };
}

/** `*.created` says the first state, unless it was replaced by what the API says now. */
export function rankOfType(reading: Reading): Rank {
  return reading.fetchedAt === null && reading.event.type.endsWith('.created') ? 'created' : 'updated';
}
