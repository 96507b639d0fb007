import type { Json, JsonObject } from '@payments/core/event';
import type { StripeAccount } from './account.ts';
import { lineItems } from './checkout-endpoints.ts';
import { isHash, isList, stripeOrdered } from './json.ts';
import { StripeError } from './stripe-error.ts';

const MOST_LEVELS = 4;

/** Refuses paths that go too deep, before anything is done. `data.` of a list counts. */
export function checkDepth(paths: readonly string[]): void {
  const deep = paths.find((path) => path.split('.').length > MOST_LEVELS);
  if (deep === undefined) return;
  const message = `You cannot expand more than ${MOST_LEVELS} levels of a property. Property: ${deep}`;
  throw new StripeError(400, message, { code: 'property_expansion_max_depth' }, false);
}

/**
 * Replaces ids along `expand[]` paths by their objects (`latest_charge`, `data.invoice`, `tiers`). When `strict`, a path that
 * leads to nothing is refused: what is there shows what can be expanded, so a list without rows takes any path.
 */
export function expandIn(
  account: StripeAccount,
  object: JsonObject,
  paths: readonly string[],
  render: Render = (it) => it,
  strict = false,
): JsonObject {
  return paths.reduce((whole, path) => {
    const deadEnd = strict ? () => notExpandable(object, path) : null;
    return walk({ account, render, deadEnd }, whole, path.split('.'));
  }, object);
}

function notExpandable(object: JsonObject, path: string): StripeError {
  const inList = (object.object === 'list' || object.object === 'search_result') && !path.startsWith('data');
  const advice = inList ? ` You may want to try expanding 'data.${path}' instead.` : '';
  return new StripeError(400, `This property cannot be expanded (${path}).${advice}`);
}

/** How a version shows an object that was found. */
type Render = (object: JsonObject) => JsonObject;
type Finder = {
  readonly account: StripeAccount;
  readonly render: Render;
  /** What to say of a path that leads nowhere; null: nothing. */
  readonly deadEnd: (() => StripeError) | null;
};

function walk(finder: Finder, object: JsonObject, path: readonly string[]): JsonObject {
  const [key, ...rest] = path;
  if (key === undefined) return object;
  // Of what is deleted only the id is left, whatever could be expanded before.
  if (object.deleted === true) return object;
  const value = included(finder, object, key);
  if (value !== undefined) return { ...object, [key]: open(finder, value, rest) };
  if (finder.deadEnd !== null) throw finder.deadEnd();
  return object;
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
  if (found !== undefined) return walk(finder, found, rest);
  // An id of something that is gone or not kept here stays an id.
  const mayBeId = value === null || (typeof value === 'string' && /^[a-z]+_\w{8,}$/.test(value));
  if (!mayBeId && finder.deadEnd !== null) throw finder.deadEnd();
  return value;
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
