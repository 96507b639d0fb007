import type { Json, JsonObject } from '@payments/core/event';
import type { StripeAccount } from './account.ts';
import { lineItems } from './checkout-endpoints.ts';
import { isHash, isList, stripeOrdered } from './json.ts';

/** Replaces ids along `expand[]` paths by their objects (`latest_charge`, `data.invoice`, `tiers`). */
export function expandIn(
  account: StripeAccount,
  object: JsonObject,
  paths: readonly string[],
  render: Render = (it) => it,
): JsonObject {
  return paths.reduce((whole, path) => walk({ account, render }, whole, path.split('.')), object);
}

/** How a version shows an object that was found. */
type Render = (object: JsonObject) => JsonObject;
type Finder = { readonly account: StripeAccount; readonly render: Render };

function walk(finder: Finder, object: JsonObject, path: readonly string[]): JsonObject {
  const [key, ...rest] = path;
  if (key === undefined) return object;
  const value = included(finder, object, key);
  return value === undefined ? object : { ...object, [key]: open(finder, value, rest) };
}

/** What is only shown when it is asked for. */
function included({ account }: Finder, object: JsonObject, key: string): Json | undefined {
  if (key === 'tiers' && object.object === 'price') return tiersOf(account, object);
  if (key === 'line_items' && object.object === 'checkout.session') {
    const session = account.books.sessions.get(String(object.id));
    return session === undefined ? undefined : lineItems(account.books, session);
  }
  if (key === 'payments' && object.object === 'invoice') {
    const data = account.books.invoicePayments.having('invoice', String(object.id));
    return {
      object: 'list',
      data: [...data],
      has_more: false,
      url: `/v1/invoice_payments?invoice=${String(object.id)}`,
    };
  }
  return object[key];
}

function open(finder: Finder, value: Json, rest: readonly string[]): Json {
  if (isList(value)) return value.map((item) => open(finder, item, rest));
  const found = typeof value === 'string' ? find(finder, value) : isHash(value) ? value : undefined;
  return found === undefined ? value : walk(finder, found, rest);
}

function tiersOf(account: StripeAccount, price: JsonObject): Json {
  return [...(account.books.tiers.get(String(price.id)) ?? [])];
}

function find({ account, render }: Finder, id: string): JsonObject | undefined {
  const { books } = account;
  const shelves: readonly { peek(id: string): JsonObject | undefined }[] = [
    books.charges,
    books.invoices,
    books.paymentIntents,
    books.customers,
    books.subscriptions,
    books.products,
    books.prices,
    books.paymentMethods,
    books.disputes,
    books.refunds,
    books.sessions,
  ];
  for (const shelf of shelves) {
    const found = shelf.peek(id);
    if (found !== undefined) return render(stripeOrdered(found));
  }
  return undefined;
}
