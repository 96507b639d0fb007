import { EnvelopeSchema, isThin } from '@payments/core/event';
import { readLetter } from '@payments/functions/bulk/parked-letter';
import { ExecutionNotice } from '@payments/functions/operations/execution-notice';
import { readCrossing } from '@payments/functions/realtime/crossing';
import * as v from 'valibot';
import type { Message } from '../adapters/queues.ts';
import { DEAD_LETTER_QUEUES, type DeadLetterQueue, type LetterKind } from '../deployment/places.ts';

/** What a message of a dead-letter queue is about, without the event's content. */
export type Letter = {
  readonly queue: DeadLetterQueue;
  readonly kind: LetterKind | 'unreadable';
  /** One word, by which letters are grouped: an error code, or the type of an event that no lane takes. */
  readonly reason: string;
  readonly messageId: string;
  readonly sentAt: number;
  readonly eventId: string | null;
  readonly type: string | null;
  readonly objectId: string | null;
  /** Of a notice. */
  readonly executionArn: string | null;
  /** Of an undelivered event: the rule that could not deliver it, by its name after the prefix. */
  readonly rule: string | null;
  /** Failure_Key__c of the rows that list it in Salesforce. */
  readonly failures: readonly string[];
};

const BusEvent = v.pipe(v.string(), v.parseJson(), v.looseObject({ detail: EnvelopeSchema }));

export function letterOf(queue: DeadLetterQueue, message: Message, prefix: string): Letter {
  const { kind } = DEAD_LETTER_QUEUES[queue];
  const unknown = {
    ...{ queue, kind, messageId: message.id, sentAt: message.sentAt },
    ...{ eventId: null, type: null, objectId: null, executionArn: null, rule: ruleOf(message, prefix), failures: [] },
  };
  if (kind === 'row') {
    const parked = readLetter(message.body);
    if (parked === null) return { ...unknown, kind: 'unreadable', reason: 'UNREADABLE' };
    const { row, key, code, failures } = parked;
    return { ...unknown, reason: code, eventId: row.eventId, objectId: key, failures };
  }
  if (kind === 'start') return { ...unknown, reason: message.attributes.ERROR_CODE ?? 'UNSTARTED' };
  if (kind === 'notice') {
    const notice = v.safeParse(ExecutionNotice, message.body);
    if (!notice.success) return { ...unknown, kind: 'unreadable', reason: 'UNREADABLE' };
    const { error, cause, input, executionArn, status } = notice.output.detail;
    const { code } = readCrossing({ Error: error ?? status, Cause: cause ?? '' });
    const about = identifiersIn(input);
    // Park lists a failed event under this key.
    const failures = about.eventId === null ? [] : [`stripe.webhook:${about.eventId}`];
    return { ...unknown, reason: code, executionArn, ...about, failures };
  }
  const about = identifiersIn(message.body);
  if (about.eventId === null) return { ...unknown, kind: 'unreadable', reason: 'UNREADABLE' };
  // Redrive lists what it finds there.
  const failures = queue === 'BulkPoisoned' ? [`stripe.webhook:${about.eventId}`] : [];
  return { ...unknown, ...about, failures, reason: reasonOf(queue, message, about.type) };
}

function reasonOf(queue: DeadLetterQueue, { attributes }: Message, type: string | null): string {
  if (queue === 'Unrouted' || queue === 'UnroutedUndelivered') return type ?? 'UNKNOWN';
  // The aggregator's own reason is in its log, by the message's id.
  return attributes.ERROR_CODE ?? (queue === 'BulkPoisoned' ? 'FAILED_TOO_OFTEN' : 'UNKNOWN');
}

/** `arn:…:rule/payments-dev-bus/payments-dev-bulk` → `bulk`. */
function ruleOf({ attributes }: Message, prefix: string): string | null {
  const name = attributes.RULE_ARN?.split('/').at(-1);
  return name?.startsWith(`${prefix}-`) ? name.slice(prefix.length + 1) : null;
}

function identifiersIn(text: string | null): Pick<Letter, 'eventId' | 'type' | 'objectId'> {
  const parsed = v.safeParse(BusEvent, text ?? '');
  if (!parsed.success) return { eventId: null, type: null, objectId: null };
  const { event } = parsed.output.detail;
  const objectId = isThin(event) ? event.objectId : event.data.object.id;
  return { eventId: event.id, type: event.type, objectId: typeof objectId === 'string' ? objectId : null };
}

/** Which letters an operator means. */
export type Chosen = { readonly reason?: string | undefined; readonly event?: string | undefined };

export function isChosen(letter: Pick<Letter, 'reason' | 'eventId'>, { reason, event }: Chosen): boolean {
  return (reason === undefined || letter.reason === reason) && (event === undefined || letter.eventId === event);
}
