/**
 * THE TABLE: which road a Stripe event takes, and why. Plain data that imports nothing: the stacks make the bus
 * rules from it, the ingress decides by it, the README's event table is printed from it.
 *
 * One key per event type, so no event can take two roads. `priority`:
 *   high  a person waits for it or must act on it → the machine writes it to Salesforce at once
 *   low   the rest → the queue, the buffer, the bulk write
 *   by-content  the event's content decides (priority.ts); the bus has a rule for either
 *
 * `payment_intent.failed` is not here because Stripe has no such type: the failure of a PaymentIntent is
 * `payment_intent.payment_failed`.
 */
export type Machine = 'payments' | 'subscriptions' | 'checkout';
export type Priority = 'high' | 'low';
export type Lane = 'realtime' | 'bulk';
export type Route = { readonly machine: Machine; readonly priority: Priority | 'by-content'; readonly reason: string };

export const ROUTES = {
  'checkout.session.completed': {
    machine: 'checkout',
    priority: 'high',
    reason: 'the customer is back from Checkout; Stripe holds the redirect for our answer',
  },
  'checkout.session.async_payment_succeeded': {
    machine: 'checkout',
    priority: 'high',
    reason: 'a delayed payment arrived: access can begin',
  },
  'checkout.session.async_payment_failed': {
    machine: 'checkout',
    priority: 'high',
    reason: 'a delayed payment failed: someone must ask for another',
  },
  'checkout.session.expired': {
    machine: 'checkout',
    priority: 'high',
    reason: 'the link is dead: a salesperson sends a new one',
  },

  'customer.subscription.created': {
    machine: 'subscriptions',
    priority: 'high',
    reason: 'a new subscription: access begins',
  },
  'customer.subscription.deleted': {
    machine: 'subscriptions',
    priority: 'high',
    reason: 'a cancellation took effect: access ends',
  },
  'customer.subscription.paused': {
    machine: 'subscriptions',
    priority: 'high',
    reason: 'status change: the trial ended without a payment method',
  },
  'customer.subscription.resumed': {
    machine: 'subscriptions',
    priority: 'high',
    reason: 'status change: access returns',
  },
  'customer.subscription.updated': {
    machine: 'subscriptions',
    priority: 'by-content',
    reason: 'high when status, pause or scheduled cancellation changed; else low',
  },
  'customer.subscription.trial_will_end': {
    machine: 'subscriptions',
    priority: 'low',
    reason: 'three days of notice; the status is as before',
  },

  'payment_intent.succeeded': { machine: 'payments', priority: 'high', reason: 'money arrived' },
  'payment_intent.payment_failed': {
    machine: 'payments',
    priority: 'high',
    reason: 'money did not arrive: dunning starts',
  },
  'payment_intent.requires_action': {
    machine: 'payments',
    priority: 'low',
    reason: 'the customer is at it in the browser',
  },
  'payment_intent.processing': { machine: 'payments', priority: 'low', reason: 'a step on the way' },
  'payment_intent.canceled': { machine: 'payments', priority: 'low', reason: 'nothing will be charged; nobody waits' },
  'invoice.payment_failed': {
    machine: 'payments',
    priority: 'high',
    reason: 'a recurring payment failed: dunning starts',
  },
  'invoice.paid': {
    machine: 'payments',
    priority: 'by-content',
    reason: 'high after a failed attempt: dunning ends; else the payment itself already told',
  },
  'invoice.payment_succeeded': {
    machine: 'payments',
    priority: 'by-content',
    reason: 'as invoice.paid, whose subset it is',
  },
  'invoice_payment.paid': {
    machine: 'payments',
    priority: 'low',
    reason: 'joins a payment to its invoice and subscription',
  },
  'charge.succeeded': { machine: 'payments', priority: 'low', reason: 'knows the payment method type' },
  'charge.refunded': { machine: 'payments', priority: 'low', reason: 'the refunded total of a payment' },
  'charge.refund.updated': {
    machine: 'payments',
    priority: 'low',
    reason: 'a refund changed or failed (older API versions)',
  },
  'refund.created': { machine: 'payments', priority: 'low', reason: 'the refunded total of a payment' },
  'refund.updated': { machine: 'payments', priority: 'low', reason: 'a refund changed' },
  'refund.failed': { machine: 'payments', priority: 'low', reason: 'a refund came back: the total shrinks' },
  'charge.dispute.created': { machine: 'payments', priority: 'high', reason: 'evidence is due: someone must act' },
  'charge.dispute.updated': { machine: 'payments', priority: 'low', reason: 'a step of an open dispute' },
  'charge.dispute.closed': { machine: 'payments', priority: 'low', reason: 'the outcome of a dispute' },
  'charge.dispute.funds_withdrawn': { machine: 'payments', priority: 'low', reason: 'a step of an open dispute' },
  'charge.dispute.funds_reinstated': { machine: 'payments', priority: 'low', reason: 'a step of a won dispute' },

  'customer.created': {
    machine: 'subscriptions',
    priority: 'low',
    reason: 'whoever needs the row at once brings it along as a parent',
  },
  'customer.updated': { machine: 'subscriptions', priority: 'low', reason: 'contact data' },
  'customer.deleted': { machine: 'subscriptions', priority: 'low', reason: 'the row is kept and marked' },

  'price.created': { machine: 'subscriptions', priority: 'low', reason: 'catalogue' },
  'price.updated': { machine: 'subscriptions', priority: 'low', reason: 'catalogue' },
  'price.deleted': { machine: 'subscriptions', priority: 'low', reason: 'catalogue: the plan is marked inactive' },
  'product.created': { machine: 'subscriptions', priority: 'low', reason: 'catalogue' },
  'product.updated': {
    machine: 'subscriptions',
    priority: 'low',
    reason: 'catalogue: names and activity of its plans',
  },
  'product.deleted': { machine: 'subscriptions', priority: 'low', reason: 'catalogue: its plans are marked inactive' },
} as const satisfies Record<string, Route>;

export type RoutedType = keyof typeof ROUTES;

/** The `source` of every event that the ingress publishes. */
export const SOURCE = 'stripe.webhook';

const TABLE: ReadonlyMap<string, Route> = new Map(Object.entries(ROUTES));

/** `null` for a type that is not routed: it lands in the `unrouted` queue. */
export function routeOf(type: string): Route | null {
  return TABLE.get(type) ?? null;
}

/** The event types that may travel a lane; with a machine, only that machine's. In the table's order. */
export function typesIn(lane: Lane, machine?: Machine): readonly string[] {
  const excluded: Priority = lane === 'realtime' ? 'low' : 'high';
  return [...TABLE]
    .filter(([, route]) => route.priority !== excluded && (machine === undefined || route.machine === machine))
    .map(([type]) => type);
}
