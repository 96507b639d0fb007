/** How many of each kind; places count from 0. */
export type Counts = { readonly customers: number; readonly subscriptions: number; readonly payments: number };

/** Every tenth payment is one of its own; the others pay the invoice of a subscription. */
const LONE_EVERY = 10;

/**
 * Who belongs to whom, as arithmetic on places: nobody is made to answer it. The place of an owner never falls as the
 * place of what it owns grows, so nobody is younger than what belongs to it.
 */
export type Family = {
  readonly counts: Counts;
  readonly invoices: number;
  customerOfSubscription(subscription: number): number;
  subscriptionsOfCustomer(customer: number): readonly number[];
  /** Null for a payment without an invoice. */
  subscriptionOfPayment(payment: number): number | null;
  customerOfPayment(payment: number): number;
  paymentsOfCustomer(customer: number): readonly number[];
  paymentsOfSubscription(subscription: number): readonly number[];
  paymentOfInvoice(invoice: number): number;
  /** Null for a payment without an invoice. */
  invoiceOfPayment(payment: number): number | null;
};

export function familyOf(counts: Counts): Family {
  const { customers, subscriptions, payments } = counts;
  const isLone = (payment: number): boolean => subscriptions === 0 || payment % LONE_EVERY === LONE_EVERY - 1;
  const customerOfSubscription = (subscription: number): number => owner(subscription, subscriptions, customers);
  const subscriptionOfPayment = (payment: number): number | null =>
    isLone(payment) ? null : owner(payment, payments, subscriptions);
  const customerOfPayment = (payment: number): number => {
    const subscription = subscriptionOfPayment(payment);
    return subscription === null ? owner(payment, payments, customers) : customerOfSubscription(subscription);
  };
  const subscriptionsOfCustomer = (customer: number): readonly number[] => owned(customer, subscriptions, customers);
  const paymentsOfSubscription = (subscription: number): readonly number[] =>
    owned(subscription, payments, subscriptions).filter((payment) => !isLone(payment));
  return {
    counts,
    invoices: subscriptions === 0 ? 0 : payments - Math.floor(payments / LONE_EVERY),
    customerOfSubscription,
    subscriptionsOfCustomer,
    subscriptionOfPayment,
    customerOfPayment,
    paymentsOfCustomer: (customer) =>
      [
        ...new Set([
          ...subscriptionsOfCustomer(customer).flatMap(paymentsOfSubscription),
          ...owned(customer, payments, customers).filter(isLone),
        ]),
      ].sort((left, right) => left - right),
    paymentsOfSubscription,
    paymentOfInvoice: (invoice) => invoice + Math.floor(invoice / (LONE_EVERY - 1)),
    invoiceOfPayment: (payment) => (isLone(payment) ? null : payment - Math.floor((payment + 1) / LONE_EVERY)),
  };
}

/** Whose the thing at `place` is, when `things` are shared among `owners` in order. */
function owner(place: number, things: number, owners: number): number {
  return Math.floor((place * owners) / things);
}

function owned(place: number, things: number, owners: number): readonly number[] {
  const first = Math.ceil((place * things) / owners);
  const next = Math.ceil(((place + 1) * things) / owners);
  return Array.from({ length: Math.max(0, next - first) }, (_, index) => first + index);
}
