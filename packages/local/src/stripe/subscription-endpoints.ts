import type { Books } from './books.ts';
import { DAY } from './calendar.ts';
import { defined, liveCustomer } from './customer-endpoints.ts';
import type { Call, Endpoint } from './endpoint.ts';
import { byVersion, ENDIVE, endpoint } from './endpoint.ts';
import { defaultMethod } from './invoice-collection.ts';
import { withoutEmpty } from './metadata.ts';
import { changeItemsOncePaid } from './pending-update.ts';
import { noSuch, refused, StripeError } from './stripe-error.ts';
import type { ItemFields, Subscription } from './subscription.ts';
import { hasEnded, updateSubscription } from './subscription.ts';
import {
  cancelAtPeriodEnd,
  cancelNow,
  changeItems,
  describeSubscription,
  pauseCollection,
  pauseSubscription,
  resumeSubscription,
} from './subscription-changes.ts';
import { checkCurrencies, checkQuantity, itemChanges, sellable } from './subscription-items.ts';
import type { SubscriptionCreate, SubscriptionResume, SubscriptionUpdate } from './subscription-parameters.ts';
import {
  ANCHOR_BEFORE_ENDIVE,
  SUBSCRIPTION_CANCEL,
  SUBSCRIPTION_CREATE,
  SUBSCRIPTION_PAUSE,
  SUBSCRIPTION_RESUME,
  SUBSCRIPTION_UPDATE,
} from './subscription-parameters.ts';
import { endTrial, planTrial } from './subscription-renewal.ts';
import { startSubscription } from './subscription-start.ts';
import { methodNamed } from './test-payment-methods.ts';

export function subscriptionEndpoints(): readonly Endpoint[] {
  return [
    endpoint('POST', 'subscriptions', SUBSCRIPTION_CREATE, ({ books }, given) => create(books, given)),
    byVersion(
      ENDIVE,
      endpoint('POST', 'subscriptions/:id', { ...SUBSCRIPTION_UPDATE, ...ANCHOR_BEFORE_ENDIVE }, change),
      endpoint('POST', 'subscriptions/:id', SUBSCRIPTION_UPDATE, change),
    ),
    endpoint('DELETE', 'subscriptions/:id', SUBSCRIPTION_CANCEL, ({ books, id }) => {
      const subscription = subscriptionNamed(books, id, 'id', 404);
      if (hasEnded(subscription)) throw noSuch('subscription', id, 'id', 404);
      cancelNow(books, subscription);
      return subscription;
    }),
    endpoint('POST', 'subscriptions/:id/pause', SUBSCRIPTION_PAUSE, ({ books, id }) => {
      const subscription = subscriptionNamed(books, id, 'id', 404);
      if (!['active', 'past_due', 'trialing'].includes(subscription.status)) {
        throw refused(`You cannot pause a subscription with a status of \`${subscription.status}\`.`);
      }
      pauseSubscription(books, subscription);
      return subscription;
    }),
    byVersion(
      ENDIVE,
      endpoint('POST', 'subscriptions/:id/resume', { ...SUBSCRIPTION_RESUME, ...ANCHOR_BEFORE_ENDIVE }, resume),
      endpoint('POST', 'subscriptions/:id/resume', SUBSCRIPTION_RESUME, resume),
    ),
  ];
}

function change({ books, id }: Call, given: SubscriptionUpdate): Subscription {
  const subscription = subscriptionNamed(books, id, 'id', 404);
  update(books, subscription, given);
  return subscription;
}

function resume({ books, id }: Call, given: SubscriptionResume): Subscription {
  const subscription = subscriptionNamed(books, id, 'id', 404);
  if (subscription.status !== 'paused') {
    throw refused(
      `You cannot resume a subscription with a status of \`${subscription.status}\`: it must be \`paused\`.`,
    );
  }
  if (given.billing_cycle_anchor?.type === 'unchanged') {
    throw refused('This local Stripe account resumes with a new period only.', 'billing_cycle_anchor[type]');
  }
  resumeSubscription(books, subscription);
  return subscription;
}

export function subscriptionNamed(books: Books, id: string, param: string, status: 400 | 404 = 400): Subscription {
  const found = books.subscriptions.get(id);
  if (found === undefined) throw noSuch('subscription', id, param, status);
  return found;
}

function create(books: Books, given: SubscriptionCreate): Subscription {
  const customer = liveCustomer(books, given.customer, 'customer');
  if (given.items.length === 0) throw refused('Missing required param: items.', 'items', 'parameter_missing');
  const items = given.items.map((item, at): ItemFields => {
    if (item.price === undefined) {
      throw refused(`Missing required param: items[${at}][price].`, `items[${at}][price]`, 'parameter_missing');
    }
    const price = sellable(books, item.price, `items[${at}]`);
    checkQuantity(price, item.quantity, `items[${at}]`);
    return { price, ...defined('quantity', item.quantity) };
  });
  checkCurrencies(
    items.map(({ price }) => price),
    customer.currency,
  );
  refuseUnknownWays({ collection_method: given.collection_method });
  if (given.payment_behavior === 'pending_if_incomplete') {
    throw refused('`pending_if_incomplete` can only be used when a subscription is updated.', 'payment_behavior');
  }
  const trialEnd = trialEndOf(books, given.trial_end, given.trial_period_days);
  const own = given.default_payment_method;
  const method = own == null ? null : methodNamed(books, own, 'default_payment_method');
  const later = given.payment_behavior === 'default_incomplete';
  const chosen = method?.id ?? customer.invoice_settings.default_payment_method;
  if (chosen === null && trialEnd === null && !later) {
    throw refused(
      'This customer has no attached payment source or default payment method. Please consider adding a default payment method. For more information, visit https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-priority.',
      undefined,
      'resource_missing',
    );
  }
  if (given.payment_behavior === 'error_if_incomplete' && books.behaviours.get(chosen ?? '') === 'declines') {
    throw new StripeError(402, 'Your card was declined.', { type: 'card_error', code: 'card_declined' });
  }
  const { subscription } = startSubscription(
    books,
    {
      customer: customer.id,
      items,
      metadata: withoutEmpty(given.metadata),
      defaultPaymentMethod: method?.id ?? null,
      trialEnd,
      ...defined('missingPaymentMethod', given.trial_settings?.end_behavior.missing_payment_method),
    },
    'incomplete',
    later ? 'later' : 'now',
  );
  if (given.cancel_at_period_end === true) cancelAtPeriodEnd(books, subscription, true);
  return subscription;
}

/** Epoch seconds in the future, or null. */
function trialEndOf(books: Books, moment: string | undefined, days: number | undefined): number | null {
  if (moment !== undefined && days !== undefined) {
    throw refused('You may only specify one of these parameters: trial_end, trial_period_days.', 'trial_end');
  }
  if (days !== undefined) return books.now() + days * DAY;
  if (moment === undefined || moment === 'now') return null;
  if (Number(moment) <= books.now()) {
    throw refused('Invalid timestamp: can be no earlier than now', 'trial_end');
  }
  return Number(moment);
}

/** Checks all before it changes anything: a refused update leaves the subscription as it was. */
function update(books: Books, subscription: Subscription, given: SubscriptionUpdate): void {
  if (hasEnded(subscription)) {
    throw refused(
      'A canceled subscription can only update its cancellation_details and metadata.',
      undefined,
      'invalid_canceled_subscription_fields',
    );
  }
  if (given.cancel_at_period_end === true && given.cancel_at != null) {
    throw refused('You may only specify one of these parameters: cancel_at, cancel_at_period_end.', 'cancel_at');
  }
  const changes = itemChanges(books, subscription, given.items ?? [], 'items');
  const proration = given.proration_behavior ?? 'create_prorations';
  const moment = prorationMoment(subscription, given.proration_date, 'proration_date');
  refuseUnknownWays(given);
  if (given.payment_behavior === 'default_incomplete' && changes.length > 0) {
    throw refused('This local Stripe account does not imitate that value of payment_behavior.', 'payment_behavior');
  }
  checkPending(given);
  const own = given.default_payment_method;
  const method = own == null ? own : methodNamed(books, own, 'default_payment_method').id;
  const cancelAt = given.cancel_at === undefined ? undefined : cancelTime(books, subscription, given.cancel_at);
  if (given.payment_behavior === 'error_if_incomplete' && changes.length > 0 && proration === 'always_invoice') {
    const paying = method ?? defaultMethod(books, subscription)?.id ?? '';
    if (books.behaviours.get(paying) === 'declines') {
      throw new StripeError(402, 'Your card was declined.', { type: 'card_error', code: 'card_declined' });
    }
  }
  describeSubscription(books, subscription, {
    ...defined('metadata', given.metadata),
    ...defined('defaultPaymentMethod', method),
  });
  if (given.trial_settings !== undefined) {
    const behaviour = given.trial_settings.end_behavior;
    updateSubscription(books, subscription, (it) => {
      it.trial_settings = { end_behavior: behaviour };
    });
  }
  if (changes.length > 0) {
    const changeThem = given.payment_behavior === 'pending_if_incomplete' ? changeItemsOncePaid : changeItems;
    changeThem(books, subscription, changes, proration, moment);
  }
  if (given.cancel_at_period_end !== undefined) cancelAtPeriodEnd(books, subscription, given.cancel_at_period_end);
  if (cancelAt !== undefined) scheduleEnd(books, subscription, cancelAt);
  if (given.pause_collection !== undefined) {
    const pause = given.pause_collection;
    pauseCollection(
      books,
      subscription,
      pause === null ? null : { behavior: pause.behavior, resumes_at: pause.resumes_at ?? null },
    );
  }
  if (given.trial_end !== undefined) changeTrial(books, subscription, given.trial_end);
}

/** Within the current period, or undefined. */
export function prorationMoment(
  subscription: Subscription,
  date: number | undefined,
  param: string,
): number | undefined {
  if (date === undefined) return undefined;
  const within = subscription.items.data.some(
    (item) => item.current_period_start <= date && date <= item.current_period_end,
  );
  if (within) return date;
  throw refused('Cannot specify `proration_date` outside of current subscription period.', param);
}

/** What may go with a change that waits for its payment: the rest could not wait. */
const MAY_WAIT = new Set([
  'items',
  'off_session',
  'payment_behavior',
  'proration_behavior',
  'proration_date',
  'trial_end',
]);

function checkPending(given: SubscriptionUpdate): void {
  if (given.payment_behavior !== 'pending_if_incomplete') return;
  const [other] = Object.keys(given).filter((name) => !MAY_WAIT.has(name));
  if (other === undefined) return;
  throw refused(
    `The \`${other}\` parameter can't be updated while \`payment_behavior\` is \`pending_if_incomplete\`.`,
    other,
  );
}

/** What Stripe does and this account doesn't, where a listed value asks for it. */
function refuseUnknownWays(given: Pick<SubscriptionUpdate, 'billing_cycle_anchor' | 'collection_method'>): void {
  const refuse = (param: string): never => {
    throw refused(`This local Stripe account does not imitate that value of ${param}.`, param);
  };
  if (given.billing_cycle_anchor?.type === 'now') refuse('billing_cycle_anchor');
  if (given.collection_method === 'send_invoice') refuse('collection_method');
}

/** Epoch seconds; null: no end. `min_period_end`, `max_period_end` name the items' own. */
function cancelTime(books: Books, subscription: Subscription, given: string | null): number | null {
  if (given === null) return null;
  const ends = subscription.items.data.map((item) => item.current_period_end);
  if (given === 'min_period_end') return Math.min(...ends);
  if (given === 'max_period_end') return Math.max(...ends);
  if (/^\d{1,12}$/.test(given) && Number(given) > books.now()) return Number(given);
  throw refused(`Invalid timestamp: ${given} must be a future Unix timestamp`, 'cancel_at');
}

function scheduleEnd(books: Books, subscription: Subscription, at: number | null): void {
  updateSubscription(books, subscription, (it) => {
    it.cancel_at = at;
    it.canceled_at = at === null ? null : books.now();
    it.cancellation_details.reason = at === null ? null : 'cancellation_requested';
    it.cancel_at_period_end = false;
  });
  if (at === null) return;
  books.after(at - books.now(), 'scheduled end', () => {
    if (subscription.cancel_at === at && !subscription.cancel_at_period_end) cancelNow(books, subscription);
  });
}

function changeTrial(books: Books, subscription: Subscription, moment: string): void {
  const end = trialEndOf(books, moment, undefined);
  if (end === null && subscription.status !== 'trialing') return;
  updateSubscription(books, subscription, (it) => {
    it.trial_end = end ?? books.now();
    if (end !== null) it.status = 'trialing';
    for (const item of it.items.data) item.current_period_end = it.trial_end;
    it.billing_cycle_anchor = it.trial_end;
  });
  if (end === null) endTrial(books, subscription);
  else planTrial(books, subscription, end);
}
