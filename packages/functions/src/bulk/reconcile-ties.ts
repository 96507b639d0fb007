import { keyOf } from '@payments/core/batch';
import { StripeEventSchema } from '@payments/core/event';
import type { SObjectName } from '@payments/core/record';
import * as v from 'valibot';
import type { Buffer } from '../adapters/buffer.ts';
import type { Claims } from '../adapters/claims.ts';
import type { Tie, TieList } from '../adapters/tie-list.ts';
import { incomingFrom } from './row.ts';
import { type Reads, readFrom, refetched, wasRead } from './statement.ts';

export type TieWorld = Reads & {
  readonly ties: TieList;
  readonly buffer: Pick<Buffer, 'put'>;
  readonly claims: Pick<Claims, 'done'>;
  readonly nowMs: () => number;
};

export type Reconciled = {
  /** Stripe did not answer, or said another state of a second that waits in the buffer: asked again by the next flush. */
  readonly left: readonly Tie[];
  /** Stripe has neither the event nor its object any more: what the org has stands. */
  readonly givenUp: readonly Tie[];
};

/** A few per flush: each costs two reads of Stripe. */
const AT_ONCE = 50;
/** Until which a further question is asked; Take may take two minutes, and a batch waits behind it. */
const ASKING_MS = 20_000;

/**
 * Asks Stripe for the present state of objects of which the org kept another state of the same second, and buffers that.
 * Should it be of that very second once more, the org refuses it once more, and the next flush asks again. The first question
 * that Stripe does not answer is the last: fifty of them would take longer than Take may.
 */
export async function reconcileTies(object: SObjectName, world: TieWorld): Promise<Reconciled> {
  const ties = await world.ties.some(object, AT_ONCE);
  const left: Tie[] = [];
  const givenUp: Tie[] = [];
  const until = world.nowMs() + ASKING_MS;
  let answers = true;
  for (const [eventId, same] of Map.groupBy(ties, (tie) => tie.eventId)) {
    const receivedAt = Math.min(...same.map((tie) => tie.receivedAt));
    // Where it is not known, the event's own id is what a search begins with.
    const correlationId = same.find((tie) => tie.correlationId !== null)?.correlationId ?? eventId;
    const outcome =
      !answers || world.nowMs() > until
        ? 'undecided'
        : await bufferPresentState({ eventId, receivedAt, correlationId }, world).catch(() => {
            answers = false;
            return 'undecided' as const;
          });
    if (outcome === 'undecided') {
      left.push(...same);
      continue;
    }
    if (outcome === 'gone') {
      await world.claims.done(eventId);
      givenUp.push(...same);
    }
    await world.ties.remove(object, same);
  }
  return { left, givenUp };
}

async function bufferPresentState(
  { eventId, receivedAt, correlationId }: Pick<Tie, 'eventId' | 'receivedAt'> & { readonly correlationId: string },
  world: TieWorld,
): Promise<'buffered' | 'undecided' | 'gone'> {
  const { body } = await world.stripe({ path: `/v1/events/${encodeURIComponent(eventId)}`, query: [] });
  const event = v.safeParse(StripeEventSchema, body);
  if (!event.success) return 'gone';
  const statement = await refetched(await readFrom(event.output, world), world);
  if (!wasRead(statement)) return 'gone';
  const atSecond = statement.source.fetchedAt ?? event.output.created;
  let decided = true;
  for (const [object, records] of Map.groupBy(statement.records, (record) => record.object)) {
    const said = { eventId, atSecond, receivedAt, fetched: true, correlationId };
    const { outcomes } = await world.buffer.put(
      object,
      records.map((record) => ({ key: keyOf(record), incoming: incomingFrom(record, said) })),
    );
    if (outcomes.some((each) => each === 'tie' || each === 'broken' || each === 'late')) decided = false;
  }
  return decided ? 'buffered' : 'undecided';
}
