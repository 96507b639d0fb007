import type { AuditRow } from '@payments/core/audit-columns';
import { isThin } from '@payments/core/event';
import type { Category } from '@payments/core/failure';
import { hashOf } from '@payments/core/hash';
import * as v from 'valibot';
import { chunks } from '../adapters/batches.ts';
import type { Budget } from '../adapters/budget.ts';
import type { Letter } from '../adapters/queues.ts';
import type { Salesforce } from '../adapters/salesforce.ts';
import type { ToldLetters } from '../adapters/told-letters.ts';
import { reasonOf } from '../bulk/poisoned-letter.ts';
import { MessageBody } from '../bulk/queue-message.ts';
import type { BusEvent } from '../realtime/machine-input.ts';

export type PoisonedWorld = {
  readonly salesforce: Salesforce;
  readonly budget: Pick<Budget, 'acquire'>;
  readonly told: ToldLetters;
};

/** One collection is one call. */
const ROWS_PER_CALL = 200;

const Saved = v.array(v.object({ success: v.boolean() }));

/**
 * Messages that lie in BulkPoisoned become rows of Sync_Failure__c, so that people see in Salesforce what the bulk lane gave up
 * before it was a row, each letter once. What is not written, for want of a call or because the org refused it, is written by a
 * later run. Letters of one message are one row, the latest one's: the org refuses a key that a call has twice. Gives how many
 * rows were written.
 */
export async function listPoisoned(letters: readonly Letter[], world: PoisonedWorld): Promise<number> {
  const ids = letters.map(idOf);
  const told = await world.told.areTold(ids);
  const untold = letters.filter((_, index) => told[index] === false);
  const rows = [...Map.groupBy(untold, ({ body }) => poisonedKey(body)).values()];
  let listed = 0;
  for (const some of chunks(rows, ROWS_PER_CALL)) {
    if (!(await world.budget.acquire({ lane: 'bulk', calls: 1 })).granted) break;
    const records = some.map((same) => {
      const latest = same.reduce((known, letter) => (letter.sentAt > known.sentAt ? letter : known));
      return { attributes: { type: 'Sync_Failure__c' }, ...poisonedRow(latest) };
    });
    const { body } = await world.salesforce({
      method: 'PATCH',
      path: '/composite/sobjects/Sync_Failure__c/Failure_Key__c',
      body: { allOrNone: false, records },
    });
    const results = v.parse(Saved, body);
    const written = some.filter((_, index) => results[index]?.success === true);
    await world.told.remember(written.flat().map(idOf));
    listed += written.length;
  }
  return listed;
}

/** The event's, as Park names its rows; of a message that is no event, one of its text. */
export function poisonedKey(body: string): string {
  const event = eventIn(body);
  return `stripe.webhook:${event === null ? `unreadable:${hashOf(body)}` : event.detail.event.id}`;
}

/** Given up once more, it is another letter. */
function idOf({ body, sentAt }: Letter): string {
  return `${poisonedKey(body)}@${sentAt}`;
}

export function poisonedRow(letter: Letter): AuditRow<'Sync_Failure__c'> {
  const { code, category } = reasonOf(letter.attributes);
  const at = new Date(letter.sentAt).toISOString();
  return {
    Failure_Key__c: poisonedKey(letter.body),
    Source__c: 'bulk',
    ...identifiersOf(eventIn(letter.body)),
    Category__c: category,
    Code__c: code.slice(0, 255),
    Message__c: messageOf(code, category),
    Last_Failed_At__c: at,
    Status__c: 'Open',
  };
}

function messageOf(code: string, category: Category): string {
  if (category !== 'Network') {
    return `The bulk lane can never read this event: ${code}. Correct the cause, then set this to Retrying.`;
  }
  return 'The bulk lane failed to read this event for hours. It is tried again by itself, five times in four hours.';
}

function identifiersOf(event: BusEvent | null): AuditRow<'Sync_Failure__c'> {
  if (event === null) return {};
  const { event: told, correlationId } = event.detail;
  const objectId = isThin(told) ? told.objectId : told.data.object.id;
  return {
    Event_Type__c: told.type,
    Stripe_Event_ID__c: told.id,
    Stripe_Object_ID__c: typeof objectId === 'string' ? objectId.slice(0, 255) : null,
    Correlation_ID__c: correlationId,
    Event_Created_At__c: new Date(told.created * 1_000).toISOString(),
  };
}

function eventIn(body: string): BusEvent | null {
  const event = v.safeParse(MessageBody, body);
  return event.success ? event.output : null;
}
