import type { Count } from '@payments/core/metrics';
import type { DoneMarks } from '../adapters/claims.ts';
import type { LetterBox, LetterSink } from '../adapters/queues.ts';
import { withLetters } from './letters.ts';
import { poisonedKey } from './list-poisoned.ts';
import { type Change, openAgain, RESOLVED, type SyncFailure } from './sync-failure.ts';

export type MessagesWorld = {
  /** The queue BulkPoisoned. */
  readonly poisoned: LetterBox;
  /** The bulk queue. */
  readonly bulk: LetterSink;
  readonly claims: DoneMarks;
  readonly nowMs: () => number;
  readonly count: Count;
};

/** Longer than a message takes through the bulk lane, and than another reader hides it. */
const SOUGHT_MS = 20 * 60_000;

/** Whether it is about a message that the bulk lane gave up before it was a row (list-poisoned.ts). */
export function isOfMessage({
  Source__c: source,
  Failure_Key__c: key,
  Stripe_Event_ID__c: eventId,
}: SyncFailure): boolean {
  return source === 'bulk' && (key === `stripe.webhook:${eventId}` || key.startsWith('stripe.webhook:unreadable:'));
}

/**
 * Messages in BulkPoisoned that somebody wants tried again go into the bulk queue once more. Their row stays as it is until the
 * event is done, by whatever road; given up again, it is opened again by list-poisoned.ts. Gives what is to be written to the rows.
 */
export async function retryMessages(
  failures: readonly SyncFailure[],
  world: MessagesWorld,
): Promise<ReadonlyMap<SyncFailure, Change>> {
  const changes = new Map<SyncFailure, Change>();
  for (const failure of failures) {
    if (await world.claims.isDone(failure.Stripe_Event_ID__c)) changes.set(failure, RESOLVED);
  }
  const retrying = failures.filter((failure) => failure.Status__c === 'Retrying' && !changes.has(failure));
  if (retrying.length === 0) return changes;
  const sought = new Set(retrying.map(({ Failure_Key__c: key }) => key));
  const found = new Set<string>();
  await withLetters(world.poisoned, async (letters, done) => {
    for (const letter of letters) {
      const key = poisonedKey(letter.body);
      if (!sought.has(key)) continue;
      found.add(key);
      await world.bulk.send([letter.body]);
      await done(letter);
      world.count('Redriven', 1);
    }
  });
  for (const failure of retrying) {
    if (found.has(failure.Failure_Key__c) || world.nowMs() - failure.LastModifiedDate < SOUGHT_MS) continue;
    changes.set(
      failure,
      openAgain({
        Message__c: 'Its message is not kept any more: replay the event, or reconcile.',
      }),
    );
  }
  return changes;
}
