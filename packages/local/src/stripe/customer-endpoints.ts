import type { JsonObject } from '@payments/core/event';
import * as v from 'valibot';
import type { Books } from './books.ts';
import type { Customer, CustomerFields } from './customer.ts';
import { createCustomer, deleteCustomer, updateCustomer } from './customer.ts';
import type { Endpoint } from './endpoint.ts';
import { endpoint } from './endpoint.ts';
import { clearable, hash, ignored, list, metadata, notImitated, oneOf, text, whole } from './parameters.ts';
import { attachMethod } from './payment-method.ts';
import { searchCustomers } from './search.ts';
import { noSuch, refused } from './stripe-error.ts';
import { hasEnded } from './subscription.ts';
import { endSubscription } from './subscription-end.ts';
import { methodNamed } from './test-payment-methods.ts';

export const addressParameters = {
  city: v.optional(clearable()),
  country: v.optional(clearable()),
  line1: v.optional(clearable()),
  line2: v.optional(clearable()),
  postal_code: v.optional(clearable()),
  state: v.optional(clearable()),
};
const address = hash(addressParameters);
const emptied = v.pipe(
  v.literal(''),
  v.transform(() => null),
);

const COMMON = {
  validate: v.optional(ignored()),
  address: v.optional(v.union([address, emptied], 'Invalid object')),
  balance: v.optional(whole()),
  business_name: v.optional(clearable(150)),
  cash_balance: v.optional(ignored()),
  description: v.optional(clearable()),
  email: v.optional(clearable(512)),
  individual_name: v.optional(clearable(150)),
  invoice_prefix: v.optional(text(12)),
  invoice_settings: v.optional(
    hash({
      custom_fields: v.optional(ignored()),
      default_payment_method: v.optional(clearable()),
      footer: v.optional(clearable()),
      rendering_options: v.optional(ignored()),
    }),
  ),
  metadata: v.optional(metadata()),
  name: v.optional(clearable(256)),
  next_invoice_sequence: v.optional(whole(1)),
  phone: v.optional(clearable(20)),
  preferred_locales: v.optional(list(text())),
  shipping: v.optional(
    v.union([hash({ address, name: text(), phone: v.optional(clearable()) }), emptied], 'Invalid object'),
  ),
  tax: v.optional(ignored()),
  tax_exempt: v.optional(oneOf(['none', 'exempt', 'reverse'])),
};

export const CUSTOMER_CREATE = {
  ...COMMON,
  payment_method: v.optional(text()),
  source: v.optional(notImitated()),
  tax_id_data: v.optional(ignored()),
  test_clock: v.optional(text()),
};

export const CUSTOMER_UPDATE = {
  ...COMMON,
  default_source: v.optional(notImitated()),
  source: v.optional(notImitated()),
};

type Given = v.InferOutput<v.StrictObjectSchema<typeof COMMON, undefined>>;

export function customerEndpoints(): readonly Endpoint[] {
  return [
    endpoint('POST', 'customers', CUSTOMER_CREATE, ({ books }, given) => {
      checkEmail(given.email);
      const method = given.payment_method;
      const attached = method === undefined ? undefined : methodNamed(books, method, 'payment_method');
      const preferred = given.invoice_settings?.default_payment_method;
      if (preferred != null && preferred !== method && preferred !== attached?.id) {
        throw refused(
          'The customer does not have a payment method with this ID. The payment method must be attached to the customer.',
          'invoice_settings[default_payment_method]',
          'resource_missing',
        );
      }
      const customer = createCustomer(books, {
        ...fieldsOf(given),
        ...(preferred == null || attached === undefined ? {} : { defaultPaymentMethod: attached.id }),
      });
      if (attached !== undefined) attachMethod(books, attached, customer.id);
      return customer;
    }),
    endpoint('POST', 'customers/:id', CUSTOMER_UPDATE, ({ books, id }, given) => {
      const customer = liveCustomer(books, id, 'id', 404);
      checkEmail(given.email);
      const preferred = given.invoice_settings?.default_payment_method;
      const method = preferred == null ? preferred : attachedMethod(books, customer, preferred);
      updateCustomer(books, customer, {
        ...fieldsOf(given),
        ...(method === undefined ? {} : { defaultPaymentMethod: method }),
      });
      return customer;
    }),
    endpoint('DELETE', 'customers/:id', {}, ({ books, id }) => {
      const customer = liveCustomer(books, id, 'id', 404);
      for (const subscription of books.subscriptions.values()) {
        if (subscription.customer === id && !hasEnded(subscription)) {
          endSubscription(books, subscription, 'cancellation_requested');
        }
      }
      deleteCustomer(books, customer);
      return { id, object: 'customer', deleted: true };
    }),
    endpoint(
      'GET',
      'customers/search',
      { query: text(), limit: v.optional(whole(1, 100)), page: v.optional(text()) },
      ({ books }, given): JsonObject => searchCustomers(books, given.query, given.limit ?? 10, given.page ?? null),
    ),
    endpoint('POST', 'billing_portal/sessions', PORTAL_CREATE, ({ books }, given): JsonObject => {
      if (given.customer === undefined) {
        throw refused('Must provide customer or customer_account.', 'customer', 'parameter_missing');
      }
      liveCustomer(books, given.customer, 'customer');
      return {
        id: books.ids.timed('bps', books.now()),
        object: 'billing_portal.session',
        configuration: given.configuration ?? books.ids.timed('bpc', books.now()),
        created: books.now(),
        customer: given.customer,
        customer_account: null,
        flow: null,
        livemode: books.livemode,
        locale: given.locale ?? null,
        on_behalf_of: null,
        return_url: given.return_url ?? null,
        url: `https://billing.stripe.example/p/session/${books.ids.long('test_', 120)}`,
      };
    }),
  ];
}

export const PORTAL_CREATE = {
  configuration: v.optional(text()),
  customer: v.optional(text()),
  customer_account: v.optional(text()),
  after_expiration: v.optional(ignored()),
  flow_data: v.optional(ignored()),
  locale: v.optional(text()),
  on_behalf_of: v.optional(text()),
  return_url: v.optional(text()),
};

/** A deleted customer is as good as none, with Stripe's words for it. */
export function liveCustomer(books: Books, id: string, param: string, status: 400 | 404 = 400): Customer {
  const found = books.customers.get(id);
  if (found === undefined || books.deleted.has(id)) throw noSuch('customer', id, param, status);
  return found;
}

function attachedMethod(books: Books, customer: Customer, id: string): string {
  const method = methodNamed(books, id, 'invoice_settings[default_payment_method]');
  if (method.customer === null && method.id !== id) attachMethod(books, method, customer.id);
  if (method.customer === customer.id) return method.id;
  throw refused(
    'The customer does not have a payment method with the ID ' +
      `${id}. The payment method must be attached to the customer.`,
    'invoice_settings[default_payment_method]',
    'resource_missing',
  );
}

function checkEmail(email: string | null | undefined): void {
  if (email == null || /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) return;
  throw refused(`Invalid email address: ${email}`, 'email', 'email_invalid');
}

function fieldsOf(given: Given): CustomerFields {
  const hashOf = (value: object | null | undefined): JsonObject | null | undefined =>
    value == null ? value : { ...NO_ADDRESS_LINES, ...value };
  const { shipping } = given;
  return {
    ...defined('email', given.email),
    ...defined('name', given.name),
    ...defined('phone', given.phone),
    ...defined('description', given.description),
    ...defined('balance', given.balance),
    ...defined('preferredLocales', given.preferred_locales),
    ...defined('taxExempt', given.tax_exempt),
    ...defined('metadata', given.metadata),
    ...defined('address', hashOf(given.address)),
    ...defined(
      'shipping',
      shipping == null
        ? shipping
        : { address: hashOf(shipping.address) ?? null, name: shipping.name, phone: shipping.phone ?? null },
    ),
  };
}

const NO_ADDRESS_LINES = { city: null, country: null, line1: null, line2: null, postal_code: null, state: null };

/** `{ key: value }`, or nothing where a request didn't name the parameter. */
export function defined<K extends string, T>(key: K, value: T | undefined): { readonly [P in K]?: T } {
  const entry: { [P in K]?: T } = {};
  if (value !== undefined) entry[key] = value;
  return entry;
}
