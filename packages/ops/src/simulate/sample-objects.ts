import type { JsonObject } from '@payments/core/event';

/** Objects of Stripe as its events carry them today, with what core reads of them and little more. */

export type Ids = { readonly own: string; readonly customer: string; readonly now: number; readonly suffix: string };
type Sample = {
  /** Of the object's id. */
  readonly prefix: string;
  readonly object: (ids: Ids, type: string) => JsonObject;
  /** What had been before, where the type tells it. */
  readonly previous?: (type: string) => JsonObject | null;
};

const MONTH = 30 * 86_400;

/** By the beginning of the event's type; the first that fits, as in core/src/plan.ts. */
const SAMPLES: readonly (readonly [start: string, Sample])[] = [
  ['checkout.session.', { prefix: 'cs_test_', object: session }],
  ['customer.subscription.', { prefix: 'sub_', object: subscription, previous: previousSubscription }],
  ['customer.', { prefix: 'cus_', object: customer, previous: previousCustomer }],
  ['payment_intent.', { prefix: 'pi_', object: paymentIntent }],
  ['invoice_payment.', { prefix: 'inpay_', object: invoicePayment }],
  ['invoice.', { prefix: 'in_', object: invoice }],
  ['charge.dispute.', { prefix: 'dp_', object: dispute }],
  ['charge.refund.', { prefix: 're_', object: refund }],
  ['charge.', { prefix: 'ch_', object: charge }],
  ['refund.', { prefix: 're_', object: refund }],
  ['price.', { prefix: 'price_', object: price }],
  ['product.', { prefix: 'prod_', object: product }],
];

/** A type that is not known has an object of its own name. */
export function sampleOf(type: string): Sample {
  const known = SAMPLES.find(([start]) => type.startsWith(start))?.[1];
  if (known !== undefined) return known;
  const name = type.split('.').slice(0, -1).join('.');
  return { prefix: `${name.slice(0, 4)}_`, object: ({ own }) => ({ id: own, object: name }) };
}

function customer({ own, now, suffix }: Ids, type: string): JsonObject {
  if (type === 'customer.deleted') return { id: own, object: 'customer', deleted: true };
  return {
    id: own,
    object: 'customer',
    created: now,
    email: `${suffix.toLowerCase()}@example.com`,
    invoice_settings: { default_payment_method: null },
    metadata: {},
    name: 'Simulated Customer',
    phone: null,
  };
}

function previousCustomer(type: string): JsonObject | null {
  return type === 'customer.updated' ? { name: 'Earlier Name' } : null;
}

function subscription({ own, customer: of, now, suffix }: Ids, type: string): JsonObject {
  const status = STATUS_OF.get(type) ?? 'active';
  return {
    id: own,
    object: 'subscription',
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: status === 'canceled' ? now : null,
    created: now,
    currency: 'eur',
    customer: of,
    items: {
      object: 'list',
      has_more: false,
      data: [
        {
          id: `si_${suffix}`,
          object: 'subscription_item',
          created: now,
          current_period_start: now,
          current_period_end: now + MONTH,
          price: { ...price({ own: `price_${suffix}`, customer: of, now, suffix }), nickname: 'Simulated Plan' },
          quantity: 1,
        },
      ],
    },
    metadata: {},
    pause_collection: null,
    status,
    trial_end: type.endsWith('trial_will_end') ? now + 3 * 86_400 : null,
  };
}

const STATUS_OF: ReadonlyMap<string, string> = new Map([
  ['customer.subscription.deleted', 'canceled'],
  ['customer.subscription.paused', 'paused'],
  ['customer.subscription.updated', 'past_due'],
  ['customer.subscription.trial_will_end', 'trialing'],
]);

function previousSubscription(type: string): JsonObject | null {
  return type === 'customer.subscription.updated' ? { status: 'active' } : null;
}

function paymentIntent({ own, customer: of, now, suffix }: Ids, type: string): JsonObject {
  const failed = type === 'payment_intent.payment_failed';
  const status = failed ? 'requires_payment_method' : (type.split('.').at(-1) ?? 'processing');
  return {
    id: own,
    object: 'payment_intent',
    amount: 1_999,
    amount_received: status === 'succeeded' ? 1_999 : 0,
    canceled_at: status === 'canceled' ? now : null,
    created: now,
    currency: 'eur',
    customer: of,
    last_payment_error: failed
      ? { code: 'card_declined', message: 'Your card was declined.', type: 'card_error' }
      : null,
    latest_charge: `ch_${suffix}`,
    payment_method_types: ['card'],
    status,
  };
}

function charge({ own, customer: of, now, suffix }: Ids, type: string): JsonObject {
  return {
    id: own,
    object: 'charge',
    amount: 1_999,
    amount_refunded: type === 'charge.refunded' ? 1_999 : 0,
    created: now,
    currency: 'eur',
    customer: of,
    payment_intent: `pi_${suffix}`,
    payment_method_details: { type: 'card' },
    status: 'succeeded',
  };
}

function refund({ own, now, suffix }: Ids, type: string): JsonObject {
  return {
    id: own,
    object: 'refund',
    amount: 1_999,
    charge: `ch_${suffix}`,
    created: now,
    currency: 'eur',
    payment_intent: `pi_${suffix}`,
    status: type === 'refund.failed' ? 'failed' : 'succeeded',
  };
}

function dispute({ own, now, suffix }: Ids, type: string): JsonObject {
  return {
    id: own,
    object: 'dispute',
    amount: 1_999,
    charge: `ch_${suffix}`,
    created: now,
    currency: 'eur',
    payment_intent: `pi_${suffix}`,
    reason: 'fraudulent',
    status: type === 'charge.dispute.closed' ? 'lost' : 'needs_response',
  };
}

function invoice({ own, customer: of, now, suffix }: Ids, type: string): JsonObject {
  const failed = type === 'invoice.payment_failed';
  return {
    id: own,
    object: 'invoice',
    amount_due: 1_999,
    amount_paid: failed ? 0 : 1_999,
    amount_remaining: failed ? 1_999 : 0,
    attempt_count: 1,
    attempted: true,
    billing_reason: 'subscription_cycle',
    created: now,
    currency: 'eur',
    customer: of,
    lines: { object: 'list', data: [], has_more: false },
    next_payment_attempt: failed ? now + 3 * 86_400 : null,
    parent: {
      type: 'subscription_details',
      subscription_details: { subscription: `sub_${suffix}`, metadata: {} },
    },
    status: failed ? 'open' : 'paid',
  };
}

function invoicePayment({ own, now, suffix }: Ids): JsonObject {
  return {
    id: own,
    object: 'invoice_payment',
    amount_paid: 1_999,
    created: now,
    currency: 'eur',
    invoice: `in_${suffix}`,
    payment: { type: 'payment_intent', payment_intent: `pi_${suffix}` },
    status: 'paid',
  };
}

function session({ own, customer: of, now, suffix }: Ids, type: string): JsonObject {
  const expired = type === 'checkout.session.expired';
  const failed = type === 'checkout.session.async_payment_failed';
  return {
    id: own,
    object: 'checkout.session',
    client_reference_id: null,
    created: now,
    customer: expired ? null : of,
    metadata: {},
    mode: 'subscription',
    payment_status: expired || failed ? 'unpaid' : 'paid',
    status: expired ? 'expired' : 'complete',
    subscription: expired ? null : `sub_${suffix}`,
    url: null,
  };
}

function price({ own, now, suffix }: Ids): JsonObject {
  return {
    id: own,
    object: 'price',
    active: true,
    billing_scheme: 'per_unit',
    created: now,
    currency: 'eur',
    nickname: null,
    product: `prod_${suffix}`,
    recurring: { interval: 'month', interval_count: 1, usage_type: 'licensed' },
    type: 'recurring',
    unit_amount: 1_999,
    unit_amount_decimal: '1999',
  };
}

function product({ own, now }: Ids, type: string): JsonObject {
  return {
    id: own,
    object: 'product',
    active: type !== 'product.deleted',
    created: now,
    description: null,
    name: 'Simulated Product',
  };
}
