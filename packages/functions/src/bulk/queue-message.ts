import { isThin } from '@payments/core/event';
import * as v from 'valibot';
import { type BusEvent, BusEventSchema, isReplayed } from '../realtime/machine-input.ts';

/** A message of the bulk queue, as the mapping hands it over. */
export type QueueMessage = { readonly messageId: string; readonly body: string };

export type Parsed = { readonly message: QueueMessage; readonly event: BusEvent };
export type Failed = { readonly message: QueueMessage; readonly error: unknown; readonly event?: BusEvent };

/** The text of a message of the bulk queue, and of its dead letters. */
export const MessageBody = v.pipe(v.string(), v.parseJson(), BusEventSchema);

export function parsed(messages: readonly QueueMessage[], failures: Failed[]): readonly Parsed[] {
  return messages.flatMap((message) => {
    const body = v.safeParse(MessageBody, message.body);
    if (body.success) return [{ message, event: body.output }];
    failures.push({ message, error: new v.ValiError(body.issues) });
    return [];
  });
}

/** By which a search finds it. */
export type MessageLine = {
  readonly messageId?: string;
  readonly stripeEventId?: string;
  readonly stripeObjectId?: string;
  readonly correlationId?: string;
  readonly type?: string;
  readonly replayed?: true;
};

export function lineOf(message: QueueMessage, event: BusEvent | undefined): MessageLine {
  return {
    messageId: message.messageId,
    ...(event === undefined
      ? {}
      : {
          stripeEventId: event.detail.event.id,
          ...stripeObjectOf(event),
          correlationId: event.detail.correlationId,
          type: event.detail.event.type,
          ...(isReplayed(event) ? { replayed: true } : {}),
        }),
  };
}

function stripeObjectOf({ detail: { event } }: BusEvent): { readonly stripeObjectId?: string } {
  const id = isThin(event) ? event.objectId : event.data.object.id;
  return typeof id === 'string' ? { stripeObjectId: id } : {};
}
