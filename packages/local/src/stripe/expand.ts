import type { Json, JsonObject } from '@payments/core/event';
import type { StripeAccount } from './account.ts';
import { isHash, isList, stripeOrdered } from './json.ts';

/** Replaces ids along `expand[]` paths by their objects (`latest_charge`, `data.invoice`, `tiers`). */
export function expandIn(account: StripeAccount, object: JsonObject, paths: readonly string[]): JsonObject {
  return paths.reduce((whole, path) => walk(account, whole, path.split('.')), object);
}

function walk(account: StripeAccount, object: JsonObject, path: readonly string[]): JsonObject {
  const [key, ...rest] = path;
  if (key === undefined) return object;
  const value = key === 'tiers' && object.object === 'price' ? tiersOf(account, object) : object[key];
  return value === undefined ? object : { ...object, [key]: open(account, value, rest) };
}

function open(account: StripeAccount, value: Json, rest: readonly string[]): Json {
  if (isList(value)) return value.map((item) => open(account, item, rest));
  const found = typeof value === 'string' ? find(account, value) : isHash(value) ? value : undefined;
  return found === undefined ? value : walk(account, found, rest);
}

function tiersOf(account: StripeAccount, price: JsonObject): Json {
  return [...(account.books.tiers.get(String(price.id)) ?? [])];
}

function find(account: StripeAccount, id: string): JsonObject | undefined {
  const { books } = account;
  const maps: readonly ReadonlyMap<string, JsonObject>[] = [
    books.charges,
    books.invoices,
    books.paymentIntents,
    books.customers,
    books.subscriptions,
    books.products,
    books.prices,
    books.paymentMethods,
  ];
  for (const map of maps) {
    const found = map.get(id);
    if (found !== undefined) return stripeOrdered(found);
  }
  return undefined;
}
