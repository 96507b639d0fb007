import type { SObjectName } from '@payments/core/record';
import type { Buffer, PutOutcome } from '../adapters/buffer.ts';
import type { Tie, TieList } from '../adapters/tie-list.ts';
import { incomingAgain, type ParkedLetter } from '../bulk/parked-letter.ts';

/**
 * `back`: the row waits for the next flush, alone or merged into a newer state; its Sync_Failure__c rows are resolved with it.
 * `later`: it was received so long ago that a replay after a loss of Redis would miss it until the next status, a minute from
 * now, covers it; keep the letter and ask again. `unreadable`: keep it for people.
 */
export type PutBack = 'back' | 'later' | 'unreadable';

const MEANS: Readonly<Record<PutOutcome, PutBack>> = {
  stored: 'back',
  stale: 'back',
  tie: 'back',
  late: 'later',
  broken: 'unreadable',
};

export type PutBackWorld = { readonly buffer: Pick<Buffer, 'put'>; readonly ties: Pick<TieList, 'add'> };

/**
 * Puts rows that were given up into the buffer again, as if they had just come in. In the order of the letters. A row that
 * shares its second with another state that waits goes on the list of those that Stripe is asked about.
 */
export async function putBack(
  letters: readonly ParkedLetter[],
  { buffer, ties }: PutBackWorld,
): Promise<readonly PutBack[]> {
  const byObject = Map.groupBy(letters, ({ object }): SObjectName => object);
  const became = new Map<ParkedLetter, PutBack>();
  for (const [object, some] of byObject) {
    const rows = some.map((letter) => ({ key: letter.key, incoming: incomingAgain(letter) }));
    const { outcomes } = await buffer.put(object, rows);
    some.forEach((letter, index) => {
      became.set(letter, MEANS[outcomes[index] ?? 'broken']);
    });
    const tied = some.filter((_, index) => outcomes[index] === 'tie');
    await ties.add(object, tied.flatMap(tiesOf));
  }
  return letters.map((letter) => became.get(letter) ?? 'unreadable');
}

function tiesOf({ key, row }: ParkedLetter): readonly Tie[] {
  return Object.entries(row.owners).map(([owner, { e: eventId }]) => ({
    ...{ key, owner, eventId, receivedAt: row.receivedAt },
    correlationId: eventId === row.eventId ? row.correlationId : null,
  }));
}
