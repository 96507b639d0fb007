import { EnvelopeSchema, isThin } from '@payments/core/event';
import * as v from 'valibot';

/** What the machine hands each step: the bus event whole, and the execution that a claim belongs to. */
export const BusEventSchema = v.object({
  id: v.string(),
  'detail-type': v.string(),
  source: v.string(),
  time: v.string(),
  /** The bus puts it on what comes out of the archive. */
  'replay-name': v.optional(v.string()),
  detail: EnvelopeSchema,
});

export function isReplayed(event: v.InferOutput<typeof BusEventSchema>): boolean {
  return event['replay-name'] !== undefined;
}

export const StepInputSchema = v.object({
  event: BusEventSchema,
  /** Execution ARN. */
  execution: v.pipe(v.string(), v.minLength(1), v.maxLength(2048)),
});

export const SyncResultSchema = v.object({
  /** `dropped`: Salesforce already has a newer state. `nothing`: the event changes nothing there. */
  outcome: v.picklist(['written', 'dropped', 'nothing']),
  /** Rows in the write, parents included. */
  rows: v.number(),
  /** Salesforce API calls used. */
  calls: v.number(),
  /** Whether Stripe was asked for the object's present state, because two events share a second. */
  refetched: v.boolean(),
  /** Of the row that the event is about (composite-answer.ts); `null` when nothing was written. */
  salesforceId: v.optional(v.nullable(v.string()), null),
});

/** `sync` is what the Sync step answered. */
export const SettleInputSchema = v.object({ ...StepInputSchema.entries, sync: SyncResultSchema });

export type BusEvent = v.InferOutput<typeof BusEventSchema>;
export type StepInput = v.InferOutput<typeof StepInputSchema>;
export type SyncResult = v.InferOutput<typeof SyncResultSchema>;
export type SettleInput = v.InferOutput<typeof SettleInputSchema>;

/** The identifiers by which one search finds an event's whole path. */
export type Identifiers = {
  readonly correlationId: string;
  readonly stripeEventId: string;
  readonly stripeObjectId: string | null;
  readonly executionName: string;
  readonly type: string;
};

export function identifiersOf({ event, execution }: StepInput): Identifiers {
  const stripe = event.detail.event;
  const objectId = isThin(stripe) ? stripe.objectId : stripe.data.object.id;
  return {
    correlationId: event.detail.correlationId,
    stripeEventId: stripe.id,
    stripeObjectId: typeof objectId === 'string' ? objectId : null,
    executionName: execution.split(':').at(-1) ?? execution,
    type: stripe.type,
  };
}
