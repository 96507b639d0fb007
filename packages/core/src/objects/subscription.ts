import { add, type Decimal, parseDecimal, priceOf } from '../money.ts';
import type { Need, ObjectReader, Reading, Told } from '../need.ts';
import { Row } from '../row.ts';
import { morePages, pagesOf } from './pages.ts';
import { subPeriod } from './period.ts';
import { at, currencyOf, hasMore, idOf, listed, salesforceRowId, textAt } from './reference.ts';
import { rankOfType, spoken } from './spoken.ts';
import { customerParent, customerStub, present } from './stub.ts';
import { itemPlans, priceOfItem } from './subscription-item.ts';

type Item = { readonly [key: string]: unknown };

const FINISHED: ReadonlySet<unknown> = new Set(['canceled', 'incomplete_expired']);

export const subscription: ObjectReader = { needs, tell };

/**
 * `items` is a page of a list: the amount needs all of them. They are listed from the beginning, since the last one that the
 * event carries may have been taken out meanwhile, and Stripe refuses a cursor that is gone.
 */
function needs(reading: Reading): readonly Need[] {
  const id = idOf(reading.object);
  if (id === null || !hasMore(reading.object.items)) return [];
  return morePages(itemPages(id, reading));
}

function itemPages(id: string, { fetched }: Reading) {
  return {
    key: `subscription_items:${id}`,
    path: '/v1/subscription_items',
    query: [['subscription', id] as const],
    why: `${id} has more items than the event carries; its amount is their sum`,
    first: [],
    fetched,
  };
}

function tell(reading: Reading): Told {
  const { event, object } = reading;
  const id = idOf(object);
  if (id === null) return { records: [], notes: ['the subscription has no id: nothing is written'] };
  const notes: string[] = [];
  const pages = itemsOf(id, reading);
  const items = pages.rows;
  const currency = subCurrency(reading, items);
  const period = subPeriod(object, items);
  const deleted = event.type === 'customer.subscription.deleted';
  const ended = deleted || FINISHED.has(object.status);
  const row = new Row('Stripe_Subscription__c', id, notes)
    // Of a large event, Stripe may have neither the event nor the object any more: that it ended is known all the same.
    .pick('Status__c', object.status ?? (deleted ? 'canceled' : undefined))
    .instant('Current_Period_Start__c', period.start)
    .instant('Current_Period_End__c', period.end)
    .currency('Currency__c', currency)
    .flag('Cancel_At_Period_End__c', object.cancel_at_period_end)
    .instant('Trial_End__c', object.trial_end, 'nullable');
  describePrice(row, primaryPrice(object, items, notes, id));
  const amount = pages.complete ? amountOf(object, items, notes, id) : incomplete(notes, id);
  if (amount === 'not fixed') row.set('Amount__c', null);
  else if (amount !== null) row.money('Amount__c', amount, currency);
  const version = spoken(reading, ended ? 'terminal' : rankOfType(reading));
  const record = row.record(id, {
    rowId: salesforceRowId(at(object, 'metadata', 'sf_subscription_id')),
    owners: { subscription: version },
    parents: [customerParent(object.customer)],
  });
  const plans = itemPlans(reading, { id, version }, pages, notes);
  return { records: [...present(customerStub(object.customer, notes), record), ...plans], notes };
}

/** Until they are listed, those that the event carries. */
function itemsOf(id: string, reading: Reading): { readonly rows: readonly Item[]; readonly complete: boolean } {
  const carried = listed(reading.object.items);
  if (!hasMore(reading.object.items)) return { rows: carried, complete: true };
  const { rows, complete } = pagesOf(itemPages(id, reading));
  return { rows: rows.length > 0 ? rows : carried, complete };
}

function incomplete(notes: string[], id: string): null {
  notes.push(`${id}: not all of its items were read: Amount__c is left alone`);
  return null;
}

/** At the top only since about 2020-08-27. */
function subCurrency({ object }: Reading, items: readonly Item[]): string | null {
  return (
    currencyOf(object.currency) ??
    items.map((item) => currencyOf(at(priceOfItem(item), 'currency'))).find((code) => code !== null) ??
    currencyOf(at(object.plan, 'currency'))
  );
}

const usageOf = (price: unknown): unknown => at(price, 'recurring', 'usage_type') ?? at(price, 'usage_type');
const isRecurring = (price: unknown): boolean =>
  at(price, 'type') !== 'one_time' && (at(price, 'recurring') ?? at(price, 'interval')) !== undefined;

/** The price a person would name: the oldest recurring licensed item's, else the oldest item's. */
function primaryPrice(object: Reading['object'], items: readonly Item[], notes: string[], id: string): unknown {
  const byAge = [...items].sort((a, b) => ageOf(a) - ageOf(b));
  if (byAge.length > 1) notes.push(`${id}: the price of ${byAge.length} items is named after the oldest licensed one`);
  const primary =
    byAge.find((item) => isRecurring(priceOfItem(item)) && usageOf(priceOfItem(item)) !== 'metered') ?? byAge[0];
  return primary === undefined ? object.plan : priceOfItem(primary);
}

function ageOf(item: Item): number {
  return typeof item.created === 'number' ? item.created : Number.MAX_SAFE_INTEGER;
}

/** The name of the product is never in an event, unless somebody expanded it. */
function describePrice(row: Row<'Stripe_Subscription__c'>, price: unknown): void {
  const name = textAt(price, 'nickname') ?? textAt(price, 'product', 'name');
  row.text('Stripe_Price_ID__c', idOf(price)).text('Product_Plan_Name__c', name);
}

/**
 * Sum of what the items cost per period, before discounts and tax, in minor units; `null` when there are none. When a
 * part has no fixed price, the amount of the price that was there before must not stay.
 */
function amountOf(
  object: Reading['object'],
  items: readonly Item[],
  notes: string[],
  id: string,
): Decimal | 'not fixed' | null {
  const lines = items.length > 0 ? items : planOf(object);
  let sum: Decimal | null = null;
  for (const item of lines) {
    const line = itemAmount(item);
    if (line === null) {
      notes.push(`${id}: an item is tiered, metered or has no fixed price: Amount__c is empty`);
      return 'not fixed';
    }
    sum = sum === null ? line : add(sum, line);
  }
  return sum;
}

/** The oldest shape: one plan and its quantity, no items. */
function planOf(object: Reading['object']): readonly Item[] {
  return at(object.plan, 'id') === undefined ? [] : [{ plan: object.plan, quantity: object.quantity }];
}

function itemAmount(item: Item): Decimal | null {
  const price = priceOfItem(item);
  if (usageOf(price) === 'metered' || at(price, 'billing_scheme') === 'tiered') return null;
  if ((at(price, 'custom_unit_amount') ?? null) !== null) return null;
  const unit = parseDecimal(
    at(price, 'unit_amount_decimal') ?? at(price, 'unit_amount') ?? at(price, 'amount_decimal') ?? at(price, 'amount'),
  );
  const quantity = item.quantity ?? 1;
  const transform = transformOf(price);
  if (unit === null || typeof quantity !== 'number' || transform === undefined) return null;
  return priceOf(unit, quantity, transform);
}

/** `undefined` when a division is there that cannot be read. Plans called it `transform_usage`. */
function transformOf(price: unknown): { divideBy: number; round: 'up' | 'down' } | null | undefined {
  const transform = at(price, 'transform_quantity') ?? at(price, 'transform_usage') ?? null;
  if (transform === null) return null;
  const divideBy = at(transform, 'divide_by');
  const round = at(transform, 'round');
  if (typeof divideBy !== 'number' || (round !== 'up' && round !== 'down')) return undefined;
  return { divideBy, round };
}
