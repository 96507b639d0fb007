import { STRIPE_API_VERSION } from '@payments/core/api-versions';
import type { Json, JsonObject } from '@payments/core/event';
import { type Ids, sampleOf } from './sample-objects.ts';

/** What a sample is made of. Ids are of Stripe's form and name nothing that exists. */
export type SampleWorld = {
  /** Seconds since 1970, whole. */
  readonly now: number;
  /** Letters and digits, at the end of every id. */
  readonly suffix: string;
  readonly livemode: boolean;
  /** Of an existing object, to make the event about it. */
  readonly objectId?: string | undefined;
  readonly customerId?: string | undefined;
};

/** A plausible event of the type as Stripe sends it today, of test data. */
export function sampleEvent(type: string, world: SampleWorld): JsonObject {
  const { now, suffix, livemode } = world;
  const sample = sampleOf(type);
  const ids: Ids = {
    own: world.objectId ?? `${sample.prefix}${suffix}`,
    customer: world.customerId ?? `cus_${suffix}`,
    now,
    suffix,
  };
  const previous = sample.previous?.(type) ?? null;
  return {
    id: `evt_${suffix}`,
    object: 'event',
    api_version: STRIPE_API_VERSION,
    created: now,
    data: { object: sample.object(ids, type), ...(previous === null ? {} : { previous_attributes: previous }) },
    livemode,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
  };
}

/** Sets a value deep in an event: `data.object.status`. What is missing on the way is made. */
export function withValue(target: JsonObject, path: readonly string[], value: Json): JsonObject {
  const [key, ...rest] = path;
  if (key === undefined) return target;
  const inner = target[key];
  const next = typeof inner === 'object' && inner !== null && !isList(inner) ? inner : {};
  return { ...target, [key]: rest.length === 0 ? value : withValue(next, rest, value) };
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
