import type * as v from 'valibot';
import type { Books } from './books.ts';
import { defined } from './customer-endpoints.ts';
import type { Price } from './price.ts';
import { noSuch, refused } from './stripe-error.ts';
import type { Subscription } from './subscription.ts';
import type { ItemChange } from './subscription-changes.ts';
import type { ITEM_CHANGES } from './subscription-parameters.ts';

/** What `items` asks for, checked. `param` is the path of the list. */
export function itemChanges(
  books: Books,
  subscription: Subscription,
  given: v.InferOutput<typeof ITEM_CHANGES>,
  param: string,
): readonly ItemChange[] {
  const changes = given.map((change, at): ItemChange => {
    const path = `${param}[${at}]`;
    const item = subscription.items.data.find((it) => it.id === change.id);
    if (change.id !== undefined && item === undefined) {
      throw noSuch('subscription item', change.id, `${path}[id]`);
    }
    const price = change.price === undefined ? undefined : sellable(books, change.price, path);
    if (item === undefined && price === undefined) {
      throw refused(`Missing required param: ${path}[price].`, `${path}[price]`, 'parameter_missing');
    }
    const charged = price ?? item?.price;
    if (charged !== undefined) checkQuantity(charged, change.quantity, path);
    return {
      ...defined('item', item),
      ...defined('price', price),
      ...defined('quantity', change.quantity),
      ...defined('remove', change.deleted),
    };
  });
  const removed = changes.filter((change) => change.remove === true).length;
  const added = changes.filter((change) => change.item === undefined).length;
  if (removed > 0 && removed >= subscription.items.data.length + added) {
    throw refused('A subscription must have at least one active plan.', param);
  }
  checkCurrencies(
    changes.flatMap(({ price }) => (price === undefined ? [] : [price])),
    subscription.currency,
  );
  return changes;
}

/** A live, recurring price. Throws the StripeError that names it at `path`. */
export function sellable(books: Books, id: string, path: string): Price {
  const price = books.prices.get(id);
  if (price === undefined || books.deleted.has(id)) throw noSuch('price', id, `${path}[price]`);
  if (!price.active) {
    throw refused(
      'The price specified is inactive. This field only accepts active prices.',
      `${path}[price]`,
      'price_inactive',
    );
  }
  if (price.type === 'one_time') {
    throw refused(
      'The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`.',
      `${path}[price]`,
    );
  }
  return price;
}

export function checkQuantity(price: Price, quantity: number | undefined, path: string): void {
  if (quantity === undefined || price.recurring?.usage_type !== 'metered') return;
  throw refused(
    `You cannot set the quantity for metered plans. Remove quantity from \`${path}\`.`,
    `${path}[quantity]`,
  );
}

export function checkCurrencies(prices: readonly Price[], expected: string | null): void {
  const currency = expected ?? prices[0]?.currency;
  const other = prices.find((price) => price.currency !== currency);
  if (other === undefined) return;
  throw refused(
    `The price specified only supports \`${other.currency}\`. This doesn't match the expected currency: \`${currency}\`.`,
    'items',
  );
}
