import type { JsonObject } from '@payments/core/event';
import type { AccountEvent } from './books.ts';
import { DEFAULT_GUESSES, type StripeGuesses } from './guesses.ts';

/** An EventBridge destination as AWS sees it. `region` and `awsAccount` are the customer's. */
export type EventBridgeDestination = {
  /** `ed_test_…` in a sandbox, `ed_…` live. */
  readonly id: string;
  readonly awsAccount: string;
  readonly region: string;
};

/** The whole event inside EventBridge's envelope, unsigned: the partner bus is the trust. */
export function eventBridgeEnvelope(
  event: AccountEvent,
  destination: EventBridgeDestination,
  { partnerResources }: Pick<StripeGuesses, 'partnerResources'> = DEFAULT_GUESSES,
): JsonObject {
  const source = `aws.partner/stripe.com/${destination.id}`;
  return {
    version: '0',
    id: uuidFrom(event.id),
    'detail-type': event.type,
    source,
    account: destination.awsAccount,
    time: new Date(event.created * 1000).toISOString().replace('.000Z', 'Z'),
    region: destination.region,
    resources: partnerResources === 'none' ? [] : [`arn:aws:events:${destination.region}::event-source/${source}`],
    detail: event,
  };
}

/**
 * A thin notification (`v1.` before the type, no data): what changed is fetched by `related_object`. It is an event of
 * its own, so its id is another than its twin's.
 */
export function thinNotification(
  event: AccountEvent,
  { thinReason }: Pick<StripeGuesses, 'thinReason'> = DEFAULT_GUESSES,
): JsonObject {
  const object = event.data.object;
  const id = typeof object.id === 'string' ? object.id : '';
  const type = typeof object.object === 'string' ? object.object : '';
  const { request } = event;
  return {
    id: `evt_${event.livemode ? '' : 'test_'}65${event.id.replace('evt_', '')}`,
    object: 'v2.core.event',
    type: `v1.${event.type}`,
    livemode: event.livemode,
    created: new Date(event.created * 1000 + millisecondsFrom(event.id)).toISOString(),
    related_object: { id, type, url: `/v1/${pathOf(type)}/${id}` },
    ...(request.id === null || thinReason === 'never'
      ? {}
      : {
          reason: { type: 'request', request: { id: request.id, idempotency_key: request.idempotency_key ?? '' } },
        }),
  };
}

/** Thin events tell milliseconds, which this account doesn't have: any that stay the same will do. */
function millisecondsFrom(id: string): number {
  let sum = 0;
  for (let at = 0; at < id.length; at += 1) sum += id.charCodeAt(at) * (at + 1);
  return sum % 1000;
}

/** `charge` lives under `charges`; some names are no plain plural. */
function pathOf(type: string): string {
  if (type === 'checkout.session') return 'checkout/sessions';
  return `${type}s`;
}

/** The same event has the same envelope id at every attempt, as a hash would give. */
function uuidFrom(id: string): string {
  let state = 0x811c9dc5;
  const hex: string[] = [];
  for (let at = 0; at < 32; at += 1) {
    state = Math.imul(state ^ id.charCodeAt(at % id.length) ^ at, 0x01000193) >>> 0;
    hex.push(((state >>> 13) & 15).toString(16));
  }
  hex[12] = '4';
  hex[16] = '8';
  const text = hex.join('');
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join('-');
}
