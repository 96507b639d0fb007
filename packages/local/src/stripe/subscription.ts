import type { JsonObject } from '@payments/core/event';
import type { Books, Metadata } from './books.ts';
import type { Invoice } from './invoice.ts';
import type { Plan, Price } from './price.ts';
import { planOf } from './price.ts';

export type SubscriptionStatus =
  | 'active'
  | 'canceled'
  | 'incomplete'
  | 'incomplete_expired'
  | 'past_due'
  | 'trialing'
  | 'unpaid'
  | 'paused';

export type SubscriptionItem = {
  id: string;
  object: 'subscription_item';
  billing_thresholds: null;
  created: number;
  current_period_end: number;
  current_period_start: number;
  discounts: never[];
  metadata: Metadata;
  plan: Plan;
  price: Price;
  /** Absent for metered prices, as in Stripe's answers. */
  quantity?: number;
  subscription: string;
  tax_rates: never[];
};

export type Subscription = {
  id: string;
  object: 'subscription';
  billing_cycle_anchor: number;
  billing_mode: JsonObject;
  cancel_at: number | null;
  cancel_at_period_end: boolean;
  canceled_at: number | null;
  cancellation_details: { comment: null; feedback: null; reason: string | null };
  collection_method: 'charge_automatically';
  created: number;
  currency: string;
  customer: string;
  default_payment_method: string | null;
  ended_at: number | null;
  items: { object: 'list'; data: SubscriptionItem[]; has_more: boolean; total_count: number; url: string };
  latest_invoice: string | null;
  livemode: boolean;
  metadata: Metadata;
  pause_collection: null | { behavior: 'keep_as_draft' | 'mark_uncollectible' | 'void'; resumes_at: number | null };
  pending_update: JsonObject | null;
  /** Null as soon as there are several items, as is `quantity`. */
  plan: Plan | null;
  quantity: number | null;
  start_date: number;
  status: SubscriptionStatus;
  status_details: null | { paused: { reason: string; paused_at: number } };
  trial_end: number | null;
  trial_settings: { end_behavior: { missing_payment_method: TrialEndBehaviour } };
  trial_start: number | null;
} & typeof EMPTY;

export type TrialEndBehaviour = 'create_invoice' | 'pause' | 'cancel';

const EMPTY = {
  application: null,
  application_fee_percent: null,
  automatic_tax: { disabled_reason: null, enabled: false, liability: null },
  billing_cycle_anchor_config: null,
  billing_schedules: [],
  billing_thresholds: null,
  customer_account: null,
  days_until_due: null,
  default_source: null,
  default_tax_rates: [],
  description: null,
  discounts: [],
  invoice_settings: { account_tax_ids: null, issuer: { type: 'self' } },
  managed_payments: null,
  next_pending_invoice_item_invoice: null,
  on_behalf_of: null,
  payment_settings: {
    payment_method_options: null,
    payment_method_types: null,
    save_default_payment_method: 'off',
  },
  pending_invoice_item_interval: null,
  pending_setup_intent: null,
  schedule: null,
  test_clock: null,
  transfer_data: null,
} as const satisfies JsonObject;

export type ItemFields = { readonly price: Price; readonly quantity?: number };

export type SubscriptionFields = {
  readonly customer: string;
  readonly items: readonly ItemFields[];
  readonly metadata?: Metadata;
  readonly defaultPaymentMethod?: string | null;
  /** Epoch seconds; the first invoice is then of nothing. */
  readonly trialEnd?: number | null;
  readonly missingPaymentMethod?: TrialEndBehaviour;
};

/** The object alone, in the books but not yet announced: its first invoice comes before customer.subscription.created. */
export function buildSubscription(
  books: Books,
  fields: SubscriptionFields,
  status: SubscriptionStatus,
  periodEnd: (price: Price) => number,
): Subscription {
  const now = books.now();
  const id = books.ids.timed('sub', now);
  const trialEnd = fields.trialEnd ?? null;
  const [first] = fields.items;
  if (first === undefined) throw new RangeError('a subscription needs an item');
  const subscription: Subscription = {
    ...EMPTY,
    id,
    object: 'subscription',
    billing_cycle_anchor: trialEnd ?? now,
    billing_mode: { flexible: { proration_discounts: 'included' }, type: 'flexible', updated_at: now },
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: null,
    cancellation_details: { comment: null, feedback: null, reason: null },
    collection_method: 'charge_automatically',
    created: now,
    currency: first.price.currency,
    customer: fields.customer,
    default_payment_method: fields.defaultPaymentMethod ?? null,
    ended_at: null,
    items: {
      object: 'list',
      data: [],
      has_more: false,
      total_count: 0,
      url: `/v1/subscription_items?subscription=${id}`,
    },
    latest_invoice: null,
    livemode: books.livemode,
    metadata: fields.metadata ?? {},
    pause_collection: null,
    pending_update: null,
    plan: null,
    quantity: null,
    start_date: now,
    status,
    status_details: null,
    trial_end: trialEnd,
    trial_settings: { end_behavior: { missing_payment_method: fields.missingPaymentMethod ?? 'create_invoice' } },
    trial_start: trialEnd === null ? null : now,
  };
  for (const item of fields.items) addItem(books, subscription, item, now, periodEnd(item.price));
  books.subscriptions.add(subscription);
  return subscription;
}

export function addItem(
  books: Books,
  subscription: Subscription,
  fields: ItemFields,
  start: number,
  end: number,
): void {
  const metered = fields.price.recurring?.usage_type === 'metered';
  const id = books.ids.short('si');
  books.subscriptionOfItem.set(id, subscription.id);
  subscription.items.data.push({
    id,
    object: 'subscription_item',
    billing_thresholds: null,
    created: books.now(),
    current_period_end: end,
    current_period_start: start,
    discounts: [],
    metadata: {},
    plan: planOf(fields.price),
    price: structuredClone(fields.price),
    ...(metered ? {} : { quantity: fields.quantity ?? 1 }),
    subscription: subscription.id,
    tax_rates: [],
  });
  summarize(subscription);
}

/** Puts the top-level `plan`, `quantity` and the count in step with the items. */
export function summarize(subscription: Subscription): void {
  const [only, ...others] = subscription.items.data;
  const single = others.length === 0 ? only : undefined;
  subscription.plan = single?.plan ?? null;
  subscription.quantity = single?.quantity ?? null;
  subscription.items.total_count = subscription.items.data.length;
}

/** The end of the item that renews next. */
export function nextRenewal(subscription: Subscription): number {
  return Math.min(...subscription.items.data.map((item) => item.current_period_end));
}

export function hasEnded(subscription: Subscription): boolean {
  return subscription.status === 'canceled' || subscription.status === 'incomplete_expired';
}

/** Changes a subscription and says so: customer.subscription.updated, unless other types are named. */
export function updateSubscription(
  books: Books,
  subscription: Subscription,
  mutate: (subscription: Subscription) => void,
  ...types: readonly string[]
): void {
  books.change(subscription, mutate, ...(types.length > 0 ? types : ['customer.subscription.updated']));
}

export function invoicesOf(books: Books, subscription: Subscription): readonly Invoice[] {
  const invoices = books.invoices.having('customer', subscription.customer);
  return invoices.filter((invoice) => invoice.parent?.subscription_details.subscription === subscription.id);
}

/** An ended subscription keeps its status. */
export function setStatus(books: Books, subscription: Subscription, status: SubscriptionStatus): void {
  if (hasEnded(subscription)) return;
  updateSubscription(books, subscription, (it) => {
    it.status = status;
  });
}
