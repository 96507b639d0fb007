import type { JsonObject } from '@payments/core/event';
import * as v from 'valibot';
import { amountOf } from './amounts.ts';
import type { Books } from './books.ts';
import { DAY, MINUTE } from './calendar.ts';
import type { GivenSession } from './checkout-parameters.ts';
import { CREATE_BEFORE_ENDIVE, SESSION_CREATE } from './checkout-parameters.ts';
import type { CheckoutSession, SessionFields } from './checkout-session.ts';
import { completeSession, expireSession, openSession } from './checkout-session.ts';
import { defined, liveCustomer } from './customer-endpoints.ts';
import type { Call, Endpoint } from './endpoint.ts';
import { byVersion, ENDIVE, endpoint } from './endpoint.ts';
import { stripeOrdered } from './json.ts';
import { withoutEmpty } from './metadata.ts';
import { text, whole } from './parameters.ts';
import { noSuch, refused, StripeError } from './stripe-error.ts';
import type { ItemFields } from './subscription.ts';
import { methodNamed } from './test-payment-methods.ts';

export function checkoutEndpoints(): readonly Endpoint[] {
  const create = ({ books }: Call, given: GivenSession): CheckoutSession =>
    openSession(books, sessionFields(books, given));
  return [
    byVersion(
      ENDIVE,
      endpoint('POST', 'checkout/sessions', CREATE_BEFORE_ENDIVE, create),
      endpoint('POST', 'checkout/sessions', SESSION_CREATE, create),
    ),
    endpoint('POST', 'checkout/sessions/:id/expire', {}, ({ books, id }) => {
      const session = sessionOf(books, id);
      if (!expireSession(books, session)) {
        throw refused(
          `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of \`${session.status}\`.`,
        );
      }
      return session;
    }),
    endpoint(
      'GET',
      'checkout/sessions/:id/line_items',
      { limit: v.optional(whole(1, 100)), starting_after: v.optional(text()), ending_before: v.optional(text()) },
      ({ books, id }) => lineItems(books, sessionOf(books, id)),
    ),
    ...payingPage(),
  ];
}

/** The private pages behind Checkout's form, which `stripe trigger` fills in. */
function payingPage(): readonly Endpoint[] {
  return [
    endpoint('GET', 'payment_pages/:id', {}, ({ books, id }): JsonObject => {
      const session = sessionOf(books, id);
      return { id: session.id, object: 'checkout.session', total_summary: { due: session.amount_total } };
    }),
    endpoint(
      'POST',
      'payment_pages/:id/confirm',
      { payment_method: text(), expected_amount: v.optional(whole(0)) },
      ({ books, id }, given) => {
        const session = sessionOf(books, id);
        const method = methodNamed(books, given.payment_method, 'payment_method');
        if (given.expected_amount !== undefined && given.expected_amount !== session.amount_total) {
          throw refused('The amount of this session has changed.', 'expected_amount');
        }
        const behaviour = books.behaviours.get(method.id) ?? 'pays';
        const payer = { type: method.type, behaviour, email: 'stripe@example.com', name: 'Jenny Rosen', method };
        if (completeSession(books, session, payer)) return session;
        if (session.status !== 'open') throw refused(`This Checkout Session has a status of \`${session.status}\`.`);
        throw new StripeError(402, 'Your card was declined.', { type: 'card_error', code: 'card_declined' });
      },
    ),
  ];
}

function sessionOf(books: Books, id: string): CheckoutSession {
  const found = books.sessions.get(id);
  if (found === undefined) throw noSuch('checkout.session', id, 'session', 404);
  return found;
}

/** Checks what one parameter says about another, as Stripe does once work began. */
function sessionFields(books: Books, given: GivenSession): SessionFields {
  const { mode, customer, subscription_data: data } = given;
  if (mode === 'setup') throw refused('This stand-in opens no setup sessions.', 'mode');
  if (given.success_url === undefined && hosted(given.ui_mode)) {
    throw refused('Missing required param: success_url.', 'success_url', 'parameter_missing');
  }
  if (customer !== undefined && given.customer_email !== undefined) {
    throw refused('You may only specify one of these parameters: customer, customer_email.', 'customer');
  }
  if (customer !== undefined) liveCustomer(books, customer, 'customer');
  if (given.customer_update !== undefined && customer === undefined) {
    throw refused('`customer_update` can only be used with `customer`.', 'customer_update');
  }
  if (mode === 'subscription' && given.customer_creation !== undefined) {
    throw refused('`customer_creation` can only be used in `payment` and `setup` mode.', 'customer_creation');
  }
  if (mode === 'subscription' && given.payment_intent_data !== undefined) {
    throw refused('You can not pass `payment_intent_data` in `subscription` mode.', 'payment_intent_data');
  }
  if (mode === 'payment' && data !== undefined) {
    throw refused('You can not pass `subscription_data` in `payment` mode.', 'subscription_data');
  }
  checkExpiry(books, given.expires_at);
  const trialDays =
    data?.trial_period_days ??
    (data?.trial_end === undefined ? 0 : Math.max(0, Math.ceil((data.trial_end - books.now()) / DAY)));
  const types = given.allowed_payment_method_types ?? given.payment_method_types;
  return {
    mode,
    items: itemsOf(books, given),
    customer: customer ?? null,
    customerEmail: given.customer_email ?? null,
    clientReferenceId: given.client_reference_id ?? null,
    metadata: withoutEmpty(given.metadata),
    subscriptionMetadata: withoutEmpty(data?.metadata),
    paymentMetadata: withoutEmpty(given.payment_intent_data?.metadata),
    trialDays,
    successUrl: given.success_url ?? null,
    cancelUrl: given.cancel_url ?? null,
    ...defined('missingPaymentMethod', data?.trial_settings?.end_behavior.missing_payment_method),
    ...defined('methodCollection', given.payment_method_collection),
    ...defined('expiresAt', given.expires_at),
    ...defined('methodTypes', types),
    ...defined('allowPromotionCodes', given.allow_promotion_codes),
  };
}

const hosted = (mode: string | undefined): boolean => mode === undefined || mode.startsWith('hosted');

function checkExpiry(books: Books, expiresAt: number | undefined): void {
  if (expiresAt === undefined) return;
  const ahead = expiresAt - books.now();
  if (ahead < 30 * MINUTE) {
    throw refused(
      'The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.',
      'expires_at',
    );
  }
  if (ahead > DAY) {
    throw refused(
      'The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.',
      'expires_at',
    );
  }
}

function itemsOf(books: Books, given: GivenSession): readonly ItemFields[] {
  const items = given.line_items ?? [];
  if (items.length === 0) throw refused('Missing required param: line_items.', 'line_items', 'parameter_missing');
  const fields = items.map((item, at): ItemFields => {
    const param = `line_items[${at}]`;
    if (item.price === undefined) {
      throw refused('You must specify either `price` or `price_data` when using prices.', `${param}[price]`);
    }
    const price = books.prices.get(item.price);
    if (price === undefined || books.deleted.has(item.price)) throw noSuch('price', item.price, `${param}[price]`);
    if (!price.active) {
      throw refused(
        `The price specified is inactive. This field only accepts active prices.`,
        `${param}[price]`,
        'price_inactive',
      );
    }
    if (given.mode === 'payment' && price.type === 'recurring') {
      throw refused(
        'You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only one-time prices.',
        param,
      );
    }
    const metered = price.recurring?.usage_type === 'metered';
    if (metered && item.quantity !== undefined) {
      throw refused(
        `Quantity should not be specified where usage_type is \`metered\`. Remove quantity from \`${param}\`.`,
        `${param}[quantity]`,
      );
    }
    if (!metered && item.quantity === undefined) {
      throw refused('Quantity is required. Add `quantity` to `line_items`.', `${param}[quantity]`);
    }
    return { price, ...defined('quantity', item.quantity) };
  });
  if (given.mode === 'subscription' && !fields.some(({ price }) => price.type === 'recurring')) {
    throw refused(
      'You must provide at least one recurring price in `subscription` mode when using prices.',
      'line_items',
    );
  }
  if (new Set(fields.map(({ price }) => price.currency)).size > 1) {
    throw refused('All prices on a Checkout Session must use the same currency.', 'line_items');
  }
  return fields;
}

/** What is bought, as a list object. */
export function lineItems(books: Books, session: CheckoutSession): JsonObject {
  const items = books.orders.get(session.id)?.items ?? [];
  const data = items.map(({ price, quantity = 1 }, at): JsonObject => {
    const amount =
      price.recurring?.usage_type === 'metered' ? 0 : amountOf(price, books.tiers.get(price.id) ?? [], quantity);
    return stripeOrdered({
      id: `li_${session.id.slice(-14)}${at}`,
      object: 'item',
      amount_discount: 0,
      amount_subtotal: amount,
      amount_tax: 0,
      amount_total: amount,
      currency: price.currency,
      description: books.products.get(price.product)?.name ?? null,
      price,
      quantity,
    });
  });
  return { object: 'list', data, has_more: false, url: `/v1/checkout/sessions/${session.id}/line_items` };
}
