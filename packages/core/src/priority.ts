import { isObject, type StripeEvent } from './event.ts';
import { type Lane, type Priority, routeOf } from './routes.ts';

/**
 * What a person who watches a subscription has to know at once: its status, its pause, and an end that was set or
 * taken back. `status_details` carries the pause since 2026-09-30.endive.
 */
const URGENT_SUBSCRIPTION_CHANGES = [
  'status',
  'pause_collection',
  'status_details',
  'cancel_at_period_end',
  'cancel_at',
] as const;

/** Of an event as delivered. A type that is not in the table is `low`: nobody waits for it. */
export function priorityOf(event: StripeEvent): Priority {
  const route = routeOf(event.type);
  if (route === null) return 'low';
  if (route.priority !== 'by-content') return route.priority;
  return event.type === 'customer.subscription.updated' ? ofSubscriptionUpdate(event) : ofPaidInvoice(event);
}

/** `null` for a type that is not in the table. */
export function laneOf(event: StripeEvent): Lane | null {
  if (routeOf(event.type) === null) return null;
  return priorityOf(event) === 'high' ? 'realtime' : 'bulk';
}

function ofSubscriptionUpdate(event: StripeEvent): Priority {
  const changed = event.data.previous_attributes;
  if (!isObject(changed)) return 'low';
  return URGENT_SUBSCRIPTION_CHANGES.some((key) => Object.hasOwn(changed, key)) ? 'high' : 'low';
}

/** The first attempt counts as one, so two mean that one failed: the payment ends dunning. */
function ofPaidInvoice(event: StripeEvent): Priority {
  const attempts = event.data.object.attempt_count;
  return typeof attempts === 'number' && attempts > 1 ? 'high' : 'low';
}
