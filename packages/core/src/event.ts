import * as v from 'valibot';
import type { Lane, Priority } from './routes.ts';

/**
 * What is accepted from Stripe, and what travels on the bus. Events of every API version since 2018 fit: only the
 * envelope is checked here; objects are read by shape (objects/), since a webhook's shape follows its endpoint's
 * version, not ours (docs.stripe.com/webhooks).
 *
 * Checked by reference: valibot's looseObject copies every key of a 4 KB event and costs seven times as much.
 */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export type StripeEvent = {
  readonly id: string;
  readonly object: 'event';
  readonly type: string;
  /** Seconds since 1970, whole. */
  readonly created: number;
  readonly livemode: boolean;
  readonly api_version: string | null;
  readonly data: { readonly object: JsonObject; readonly previous_attributes?: JsonObject | null };
};

/** An event too large for a machine's input: fetched again from Stripe by whoever handles it. */
export type ThinEvent = {
  readonly thin: true;
  readonly id: string;
  readonly type: string;
  readonly created: number;
  readonly livemode: boolean;
  readonly api_version: string | null;
  readonly objectId: string;
};

/** `detail` of the bus entry; `detail-type` is the event's type, `source` is routes.ts SOURCE. */
export type Envelope = {
  readonly priority: Priority;
  /** `null`: a type that is not in the table. */
  readonly lane: Lane | null;
  /** ISO-8601 UTC with milliseconds. */
  readonly receivedAt: string;
  readonly correlationId: string;
  readonly event: StripeEvent | ThinEvent;
};

export function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const MAX_ID = 255;
const isId = (value: unknown): value is string =>
  typeof value === 'string' && /^[A-Za-z0-9_-]+$/.test(value) && value.length <= MAX_ID;
const isType = (value: unknown): value is string =>
  typeof value === 'string' && /^[a-z0-9_]+(\.[a-z0-9_]+)+$/.test(value) && value.length <= 100;
const isSeconds = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
const isVersion = (value: unknown): value is string | null =>
  value === null || (typeof value === 'string' && value.length <= 64);

function isStripeEvent(value: unknown): value is StripeEvent {
  return (
    isObject(value) &&
    value.object === 'event' &&
    isId(value.id) &&
    isType(value.type) &&
    isSeconds(value.created) &&
    typeof value.livemode === 'boolean' &&
    isVersion(value.api_version ?? null) &&
    isObject(value.data) &&
    isObject(value.data.object) &&
    ((value.data.previous_attributes ?? null) === null || isObject(value.data.previous_attributes))
  );
}

function isThinEvent(value: unknown): value is ThinEvent {
  return (
    isObject(value) &&
    value.thin === true &&
    isId(value.id) &&
    isType(value.type) &&
    isSeconds(value.created) &&
    typeof value.livemode === 'boolean' &&
    isVersion(value.api_version ?? null) &&
    isId(value.objectId)
  );
}

export const StripeEventSchema = v.custom<StripeEvent>(
  isStripeEvent,
  'not a Stripe event: id, object "event", type, created, livemode and data.object are required',
);

export const EnvelopeSchema = v.object({
  priority: v.picklist(['high', 'low']),
  lane: v.nullable(v.picklist(['realtime', 'bulk'])),
  receivedAt: v.pipe(v.string(), v.isoTimestamp()),
  correlationId: v.pipe(v.string(), v.regex(/^[A-Za-z0-9-]{1,64}$/)),
  event: v.custom<StripeEvent | ThinEvent>(
    (value) => isStripeEvent(value) || isThinEvent(value),
    'neither a Stripe event nor a thin entry',
  ),
});

export function isThin(event: StripeEvent | ThinEvent): event is ThinEvent {
  return 'thin' in event;
}
