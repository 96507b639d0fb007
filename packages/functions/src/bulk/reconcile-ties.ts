import { keyOf } from '@payments/core/batch';
import { StripeEventSchema } from '@payments/core/event';
import type { SObjectName } from '@payments/core/record';
import * as v from 'valibot';
import type { Buffer } from '../adapters/buffer.ts';
import type { StripeReader } from '../adapters/stripe.ts';
import type { Tie, TieList } from '../adapters/tie-list.ts';
import { incomingFrom } from './row.ts';
import { isFetched, readFrom, refetched } from './statement.ts';

export type TieWorld = {
  readonly ties: TieList;
  readonly stripe: StripeReader;
  readonly buffer: Pick<Buffer, 'put'>;
};

/** A few per flush: each costs two reads of Stripe. */
const AT_ONCE = 50;

/**
 * Asks Stripe for the present state of objects whose write the org refused as an equal second, and buffers that as
 * fetched. Gives the ties that stay on the list: Stripe did not answer, or has neither event nor object any more.
 */
export async function reconcileTies(object: SObjectName, world: TieWorld): Promise<readonly Tie[]> {
  const ties = await world.ties.some(object, AT_ONCE);
  const left: Tie[] = [];
  for (const [eventId, same] of Map.groupBy(ties, (tie) => tie.eventId)) {
    try {
      if (await bufferPresentState(eventId, world)) await world.ties.remove(object, same);
      else left.push(...same);
    } catch {
      left.push(...same);
    }
  }
  return left;
}

async function bufferPresentState(eventId: string, world: TieWorld): Promise<boolean> {
  const { body } = await world.stripe({ path: `/v1/events/${encodeURIComponent(eventId)}`, query: [] });
  const event = v.safeParse(StripeEventSchema, body);
  if (!event.success) return false;
  const statement = await refetched(await readFrom(event.output, world.stripe), world.stripe);
  if (!isFetched(statement)) return false;
  const atSecond = statement.source.fetchedAt ?? event.output.created;
  for (const [object, records] of Map.groupBy(statement.records, (record) => record.object)) {
    await world.buffer.put(
      object,
      records.map((record) => ({
        key: keyOf(record),
        incoming: incomingFrom(record, { eventId, atSecond, fetched: true, correlationId: 'tie', settle: true }),
      })),
    );
  }
  return true;
}
