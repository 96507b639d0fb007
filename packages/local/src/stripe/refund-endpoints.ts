import * as v from 'valibot';
import type { Books } from './books.ts';
import { defined } from './customer-endpoints.ts';
import type { Endpoint } from './endpoint.ts';
import { endpoint } from './endpoint.ts';
import { mergeMetadata, withoutEmpty } from './metadata.ts';
import { flag, metadata, notImitated, oneOf, text, whole } from './parameters.ts';
import { refundCharge } from './refund.ts';
import { noSuch, refused } from './stripe-error.ts';

export const REFUND_CREATE = {
  amount: v.optional(whole(1)),
  charge: v.optional(text()),
  currency: v.optional(notImitated()),
  customer: v.optional(notImitated()),
  origin: v.optional(notImitated()),
  instructions_email: v.optional(text()),
  metadata: v.optional(metadata()),
  payment_intent: v.optional(text()),
  reason: v.optional(oneOf(['duplicate', 'fraudulent', 'requested_by_customer'])),
  refund_application_fee: v.optional(flag()),
  reverse_transfer: v.optional(flag()),
};

export function refundEndpoints(): readonly Endpoint[] {
  return [
    endpoint('POST', 'refunds', REFUND_CREATE, ({ books }, given) => {
      const charge = chargeToRefund(books, given.charge, given.payment_intent);
      if (charge.refunded) {
        throw refused(`Charge ${charge.id} has already been refunded.`, undefined, 'charge_already_refunded');
      }
      const left = charge.amount - charge.amount_refunded;
      if (given.amount !== undefined && given.amount > left) {
        const shown = (minor: number): string => `${(minor / 100).toFixed(2)} ${charge.currency}`;
        throw refused(
          `Refund amount (${shown(given.amount)}) is greater than unrefunded amount on charge (${shown(left)})`,
          'amount',
        );
      }
      return refundCharge(books, charge, {
        ...defined('amount', given.amount),
        ...defined('reason', given.reason),
        metadata: withoutEmpty(given.metadata),
      });
    }),
    endpoint('POST', 'refunds/:id', { metadata: v.optional(metadata()) }, ({ books, id }, given) => {
      const refund = books.refunds.get(id);
      if (refund === undefined) throw noSuch('refund', id, 'id', 404);
      books.change(
        refund,
        (it) => {
          if (given.metadata !== undefined) it.metadata = mergeMetadata(it.metadata, given.metadata);
        },
        'charge.refund.updated',
        'refund.updated',
      );
      return refund;
    }),
  ];
}

function chargeToRefund(books: Books, charge: string | undefined, intent: string | undefined) {
  if (charge === undefined && intent === undefined) {
    throw refused(
      'One of the following params should be provided for this request: payment_intent or charge.',
      undefined,
      'parameter_missing',
    );
  }
  if (charge !== undefined) {
    const found = books.charges.get(charge);
    if (found === undefined) throw noSuch('charge', charge, 'charge');
    return found;
  }
  const paid = books.paymentIntents.get(intent ?? '');
  if (paid === undefined) throw noSuch('payment_intent', intent ?? '', 'payment_intent');
  const found = books.charges.get(paid.latest_charge ?? '');
  if (found?.status !== 'succeeded') {
    throw refused(
      `This PaymentIntent (${paid.id}) does not have a successful charge to refund.`,
      'payment_intent',
      'payment_intent_unexpected_state',
    );
  }
  return found;
}
