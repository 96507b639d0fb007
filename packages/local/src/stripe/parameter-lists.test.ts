import type Stripe from 'stripe';
import type * as v from 'valibot';
import { expect, test } from 'vitest';
import type { SESSION_CREATE } from './checkout-parameters.ts';
import type { CUSTOMER_CREATE, CUSTOMER_UPDATE, PORTAL_CREATE } from './customer-endpoints.ts';
import type { INVOICE_PREVIEW } from './invoice-endpoints.ts';
import type { INTENT_CANCEL, INTENT_CONFIRM, INTENT_CREATE } from './payment-intent-endpoints.ts';
import type { PRICE_CREATE, PRICE_UPDATE } from './price-endpoints.ts';
import type { PRODUCT_CREATE, PRODUCT_UPDATE } from './product-endpoints.ts';
import type { REFUND_CREATE } from './refund-endpoints.ts';
import type {
  SUBSCRIPTION_CANCEL,
  SUBSCRIPTION_CREATE,
  SUBSCRIPTION_PAUSE,
  SUBSCRIPTION_RESUME,
  SUBSCRIPTION_UPDATE,
} from './subscription-parameters.ts';
import type { WEBHOOK_CREATE, WEBHOOK_UPDATE } from './webhook-endpoints.ts';

type Kind<T> = T extends readonly unknown[]
  ? 'list'
  : T extends string | number | boolean | Stripe.Decimal
    ? 'scalar'
    : 'hash';
type Shape<T> = unknown extends T ? 'any' : Kind<Exclude<NonNullable<T>, ''>>;
/** Keys that are a hash, a list or a scalar there and something else here; what we don't look into is anything. */
type Odd<Sdk, Ours> = {
  [K in keyof Sdk & keyof Ours]: Shape<Ours[K]> extends 'any'
    ? never
    : Extract<Shape<Sdk[K]>, Shape<Ours[K]>> extends never
      ? K
      : never;
}[keyof Sdk & keyof Ours];
/** `true` where both have the same keys of the same kinds; else names those that are missing, too many or odd. */
type Compare<Sdk, Ours> = [
  Exclude<keyof Sdk, keyof Ours | 'expand'>,
  Exclude<keyof Ours, keyof Sdk>,
  Odd<Required<Sdk>, Required<Ours>>,
] extends [never, never, never]
  ? true
  : {
      missing: Exclude<keyof Sdk, keyof Ours | 'expand'>;
      extra: Exclude<keyof Ours, keyof Sdk>;
      odd: Odd<Required<Sdk>, Required<Ours>>;
    };
type Same<Sdk, E extends v.ObjectEntries> = Compare<Sdk, v.InferOutput<v.StrictObjectSchema<E, undefined>>>;
type Inside<E extends v.ObjectEntries, K extends keyof E> = NonNullable<v.InferOutput<E[K]>>;
type Item<T> = T extends readonly (infer I)[] ? I : never;

/** The type checker is the judge: `true` is no value for a list that differs from the types of stripe@23.1.0. */
const lists: {
  customerCreate: Same<Stripe.CustomerCreateParams, typeof CUSTOMER_CREATE>;
  customerUpdate: Same<Stripe.CustomerUpdateParams, typeof CUSTOMER_UPDATE>;
  portal: Same<Stripe.BillingPortal.SessionCreateParams, typeof PORTAL_CREATE>;
  checkout: Same<Stripe.Checkout.SessionCreateParams, typeof SESSION_CREATE>;
  checkoutSubscription: Compare<
    NonNullable<Stripe.Checkout.SessionCreateParams['subscription_data']>,
    Inside<typeof SESSION_CREATE, 'subscription_data'>
  >;
  checkoutPayment: Compare<
    NonNullable<Stripe.Checkout.SessionCreateParams['payment_intent_data']>,
    Inside<typeof SESSION_CREATE, 'payment_intent_data'>
  >;
  checkoutItem: Compare<
    Item<NonNullable<Stripe.Checkout.SessionCreateParams['line_items']>>,
    Item<Inside<typeof SESSION_CREATE, 'line_items'>>
  >;
  subscriptionCreate: Same<Stripe.SubscriptionCreateParams, typeof SUBSCRIPTION_CREATE>;
  subscriptionUpdate: Same<Stripe.SubscriptionUpdateParams, typeof SUBSCRIPTION_UPDATE>;
  subscriptionItem: Compare<
    Item<NonNullable<Stripe.SubscriptionUpdateParams['items']>>,
    Item<Inside<typeof SUBSCRIPTION_UPDATE, 'items'>>
  >;
  subscriptionCancel: Same<Stripe.SubscriptionCancelParams, typeof SUBSCRIPTION_CANCEL>;
  preview: Same<Stripe.InvoiceCreatePreviewParams, typeof INVOICE_PREVIEW>;
  previewSubscription: Compare<
    NonNullable<Stripe.InvoiceCreatePreviewParams['subscription_details']>,
    Inside<typeof INVOICE_PREVIEW, 'subscription_details'>
  >;
  price: Same<Stripe.PriceCreateParams, typeof PRICE_CREATE>;
  intentCreate: Same<Stripe.PaymentIntentCreateParams, typeof INTENT_CREATE>;
  intentConfirm: Same<Stripe.PaymentIntentConfirmParams, typeof INTENT_CONFIRM>;
  pause: Same<Stripe.SubscriptionPauseParams, typeof SUBSCRIPTION_PAUSE>;
  resume: Same<Stripe.SubscriptionResumeParams, typeof SUBSCRIPTION_RESUME>;
  productCreate: Same<Stripe.ProductCreateParams, typeof PRODUCT_CREATE>;
  productUpdate: Same<Stripe.ProductUpdateParams, typeof PRODUCT_UPDATE>;
  priceUpdate: Same<Stripe.PriceUpdateParams, typeof PRICE_UPDATE>;
  refund: Same<Stripe.RefundCreateParams, typeof REFUND_CREATE>;
  intentCancel: Same<Stripe.PaymentIntentCancelParams, typeof INTENT_CANCEL>;
  webhookCreate: Same<Stripe.WebhookEndpointCreateParams, typeof WEBHOOK_CREATE>;
  webhookUpdate: Same<Stripe.WebhookEndpointUpdateParams, typeof WEBHOOK_UPDATE>;
} = {
  pause: true,
  resume: true,
  productCreate: true,
  productUpdate: true,
  priceUpdate: true,
  refund: true,
  intentCancel: true,
  webhookCreate: true,
  webhookUpdate: true,
  customerCreate: true,
  customerUpdate: true,
  portal: true,
  checkout: true,
  checkoutSubscription: true,
  checkoutPayment: true,
  checkoutItem: true,
  subscriptionCreate: true,
  subscriptionUpdate: true,
  subscriptionItem: true,
  subscriptionCancel: true,
  preview: true,
  previewSubscription: true,
  price: true,
  intentCreate: true,
  intentConfirm: true,
};

test('the parameter lists are those of the SDK, as the type checker found', () => {
  expect(Object.values(lists)).not.toContain(false);
});
