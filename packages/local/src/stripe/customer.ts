import type { JsonObject } from '@payments/core/event';
import type { Books, Metadata } from './books.ts';
import { mergeMetadata } from './metadata.ts';

export type Customer = {
  id: string;
  object: 'customer';
  address: JsonObject | null;
  balance: number;
  created: number;
  currency: string | null;
  default_source: null;
  delinquent: boolean;
  description: string | null;
  discount: null;
  email: string | null;
  invoice_prefix: string;
  invoice_settings: {
    custom_fields: null;
    default_payment_method: string | null;
    footer: null;
    rendering_options: null;
  };
  livemode: boolean;
  metadata: Metadata;
  name: string | null;
  next_invoice_sequence: number;
  phone: string | null;
  preferred_locales: string[];
  shipping: JsonObject | null;
  tax_exempt: TaxExempt;
  test_clock: null;
};

export type TaxExempt = 'none' | 'exempt' | 'reverse';

export type CustomerFields = {
  readonly email?: string | null;
  readonly name?: string | null;
  readonly phone?: string | null;
  readonly description?: string | null;
  readonly address?: JsonObject | null;
  readonly shipping?: JsonObject | null;
  /** Minor units; negative is a credit. */
  readonly balance?: number;
  readonly preferredLocales?: readonly string[];
  readonly taxExempt?: TaxExempt;
  /** An empty value removes its key, as in a request; null removes them all. */
  readonly metadata?: Metadata | null;
  readonly defaultPaymentMethod?: string | null;
};

export function createCustomer(books: Books, fields: CustomerFields): Customer {
  const customer: Customer = {
    id: books.ids.short('cus'),
    object: 'customer',
    address: null,
    balance: 0,
    created: books.now(),
    currency: null,
    default_source: null,
    delinquent: false,
    description: null,
    discount: null,
    email: null,
    invoice_prefix: books.random.text(8, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'),
    invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null },
    livemode: books.livemode,
    metadata: {},
    name: null,
    next_invoice_sequence: 1,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
  };
  fill(customer, fields);
  books.customers.add(customer);
  books.emit('customer.created', customer);
  return customer;
}

export function updateCustomer(books: Books, customer: Customer, fields: CustomerFields): void {
  books.change(customer, (it) => fill(it, fields), 'customer.updated');
}

/** The event carries the full last object, without a `deleted` flag; only the API shows that. */
export function deleteCustomer(books: Books, customer: Customer): void {
  if (books.deleted.has(customer.id)) return;
  books.deleted.add(customer.id);
  books.emit('customer.deleted', customer);
}

/** Fixed by the first subscription or invoice, as Stripe does. */
export function settleCurrency(books: Books, customer: Customer, currency: string): void {
  if (customer.currency !== null) return;
  books.change(
    customer,
    (it) => {
      it.currency = currency;
    },
    'customer.updated',
  );
}

export function setDelinquent(books: Books, customer: Customer, delinquent: boolean): void {
  if (books.deleted.has(customer.id)) return;
  books.change(
    customer,
    (it) => {
      it.delinquent = delinquent;
    },
    'customer.updated',
  );
}

function fill(customer: Customer, fields: CustomerFields): void {
  if (fields.email !== undefined) customer.email = fields.email;
  if (fields.name !== undefined) customer.name = fields.name;
  if (fields.phone !== undefined) customer.phone = fields.phone;
  if (fields.description !== undefined) customer.description = fields.description;
  if (fields.address !== undefined) customer.address = fields.address;
  if (fields.shipping !== undefined) customer.shipping = fields.shipping;
  if (fields.balance !== undefined) customer.balance = fields.balance;
  if (fields.preferredLocales !== undefined) customer.preferred_locales = [...fields.preferredLocales];
  if (fields.taxExempt !== undefined) customer.tax_exempt = fields.taxExempt;
  if (fields.metadata !== undefined) customer.metadata = mergeMetadata(customer.metadata, fields.metadata);
  if (fields.defaultPaymentMethod !== undefined) {
    customer.invoice_settings.default_payment_method = fields.defaultPaymentMethod;
  }
}
