import { isThin, type StripeEvent, type ThinEvent } from './event.ts';
import { hashOf } from './hash.ts';

/**
 * Names the change that an event tells of. Stripe sometimes makes two Event objects of one change, which differ in their ids
 * alone (docs.stripe.com/webhooks): the second is a duplicate as well. Two changes of one object in one second that begin
 * and end alike have one name too; what lies between them has an event of its own.
 *
 * `null`: a thin entry does not carry the change.
 */
export function changeName(event: StripeEvent | ThinEvent): string | null {
  if (isThin(event)) return null;
  const { type, created, livemode, data } = event;
  return `twin_${hashOf(JSON.stringify([type, created, livemode, data.object, data.previous_attributes ?? null]))}`;
}
