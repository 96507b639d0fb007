import type { Need, ObjectReader, Reading, Told } from '../need.ts';
import { EXTERNAL_ID_FIELD, type OwnerVersion, type SalesforceRecord } from '../record.ts';
import { Row } from '../row.ts';
import { asJsonObject, at, currencyOf, expanded, hasMore, idOf, textAt } from './reference.ts';
import { rankOfType, readAt, spoken } from './spoken.ts';
import { STUB } from './stub.ts';

type JsonLike = { readonly [key: string]: unknown };

export const price: ObjectReader = { needs, tell };

/** Neither tiers nor the product's name are ever in a price event. A deleted price can no longer be read. */
function needs({ event, object, fetchedAt }: Reading): readonly Need[] {
  const id = idOf(object);
  if (id === null || event.type === 'price.deleted' || (fetchedAt !== null && expanded(object.product))) return [];
  return [priceNeed(id)];
}

export function priceNeed(id: string): Need {
  return {
    key: `price:${id}`,
    path: `/v1/prices/${encodeURIComponent(id)}`,
    query: [
      ['expand[]', 'tiers'],
      ['expand[]', 'product'],
    ],
    why: `the tiers and the product of ${id}`,
  };
}

function tell(reading: Reading): Told {
  const { event, object, fetched } = reading;
  const id = idOf(object);
  if (id === null) return { records: [], notes: ['the price has no id: nothing is written'] };
  if (event.type === 'price.deleted') {
    return tellPrice(object, { price: spoken(reading, 'terminal'), product: STUB, gone: true });
  }
  const answer = fetched.get(`price:${id}`);
  const now = asJsonObject(answer?.body);
  if (answer !== undefined && now !== null && idOf(now) === id) {
    const version = readAt(reading, answer.at, 'updated');
    return tellPrice(now, { price: version, product: version, gone: now.deleted === true });
  }
  if (answer !== undefined) {
    return tellPrice(object, { price: readAt(reading, answer.at, 'updated'), product: STUB, gone: true });
  }
  const version = spoken(reading, rankOfType(reading));
  const told = tellPrice(object, { price: version, product: version, gone: false });
  const missing = reading.fetchedAt === null ? [`${id}: its tiers and product have to be read from Stripe`] : [];
  return { ...told, notes: [...told.notes, ...missing] };
}

export type PriceSaid = {
  readonly price: OwnerVersion;
  /** Of what an expanded product says. */
  readonly product: OwnerVersion;
  /** Deleted in Stripe: the plan is kept and inactive. */
  readonly gone: boolean;
};

/** A plan and its tiers. `object.product`, when expanded, names the plan and can make it inactive. */
export function tellPrice(object: JsonLike, said: PriceSaid): Told {
  const id = idOf(object);
  if (id === null) return { records: [], notes: ['a price has no id: it is left out'] };
  const notes: string[] = [];
  const product = expanded(object.product);
  const currency = currencyOf(object.currency);
  const row = new Row('Pricing_Plan__c', id, notes);
  describePlan(row, object, notes, id);
  row.text('Name', planName(object) ?? id).text('Description__c', at(product, 'description'), 'nullable');
  activity(row, object, product, said.gone);
  const plan = row.record(id, { owners: { price: said.price, product: product === null ? STUB : said.product } });
  return { records: [plan, ...tiersOf(object, id, currency, notes)], notes };
}

/** What a price says of a plan that has it, be it the catalogue's or that of one subscription's item. `label` names it in notes. */
export function describePlan(row: Row<'Pricing_Plan__c'>, price: JsonLike, notes: string[], label: string): void {
  const currency = currencyOf(price.currency);
  row
    .text('Stripe_Price_ID__c', idOf(price))
    .currency('Currency__c', currency)
    .pick('Tiers_Mode__c', price.tiers_mode, 'nullable')
    .pick('Usage_Type__c', at(price, 'recurring', 'usage_type') ?? price.usage_type)
    .text('Stripe_Product_ID__c', idOf(price.product))
    .amount('Amount__c', unitAmount(price), currency, 'nullable');
  recurrency(row, price, notes, label);
}

/** `null`: the price has no nickname, and its product is not expanded. */
export function planName(price: JsonLike): string | null {
  return textAt(price, 'nickname') ?? textAt(price.product, 'name');
}

/** Stripe's two forms of one figure; a tiered price and one that the customer sets have none. */
function unitAmount(object: JsonLike): unknown {
  if (object.billing_scheme === 'tiered') return null;
  return (
    object.unit_amount ?? object.unit_amount_decimal ?? object.amount ?? object.amount_decimal ?? object.unit_amount
  );
}

function activity(row: Row<'Pricing_Plan__c'>, object: JsonLike, product: JsonLike | null, gone: boolean): void {
  if (gone) row.set('Active__c', false);
  else if (object.active !== undefined)
    row.set('Active__c', object.active === true && (product?.active ?? true) === true);
}

const BY_INTERVAL: ReadonlyMap<string, string> = new Map([
  ['day:1', 'Daily'],
  ['week:1', 'Weekly'],
  ['month:1', 'Monthly'],
  ['month:3', 'Quarterly'],
  ['month:6', 'Semiannual'],
  ['month:12', 'Yearly'],
  ['year:1', 'Yearly'],
]);
const BY_UNIT: ReadonlyMap<string, string> = new Map([
  ['day', 'Daily'],
  ['week', 'Weekly'],
  ['month', 'Monthly'],
  ['year', 'Yearly'],
]);

/**
 * Stripe: a unit and how many of them; Salesforce: a value set and Interval_Count__c, which counts Stripe's units
 * (3 for a quarterly price). A rhythm without a name of its own takes that of its unit: every 2 weeks is Weekly, 2.
 */
function recurrency(row: Row<'Pricing_Plan__c'>, object: JsonLike, notes: string[], id: string): void {
  const rhythm = object.recurring ?? (object.interval === undefined ? object.recurring : object);
  if (rhythm === null || object.type === 'one_time') {
    row.set('Recurrency_Type__c', 'One-time').set('Interval_Count__c', null);
    return;
  }
  const interval = textAt(rhythm, 'interval');
  if (interval === null) return;
  const count = at(rhythm, 'interval_count') ?? 1;
  const named = typeof count === 'number' ? BY_INTERVAL.get(`${interval}:${count}`) : undefined;
  const value = named ?? BY_UNIT.get(interval);
  if (named === undefined) notes.push(`${id}: its rhythm has no name of its own; Interval_Count__c tells`);
  row.pick('Recurrency_Type__c', value ?? interval).count('Interval_Count__c', count);
}

/** Tiers never change in Stripe, so there is nothing to remove. `up_to: null` means: and all above. */
function tiersOf(object: JsonLike, id: string, currency: string | null, notes: string[]): readonly SalesforceRecord[] {
  const tiers = Array.isArray(object.tiers) ? object.tiers : [];
  if (hasMore(object.tiers)) notes.push(`${id}: not all of its tiers were read`);
  let from = 1;
  return tiers.map((tier: unknown, index) => {
    const upTo = at(tier, 'up_to') ?? null;
    const key = `${id}:${index + 1}`;
    const record = new Row('Pricing_Tier__c', key, notes)
      .set('Name', `Tier ${index + 1}`)
      .count('Tier_Number__c', index + 1)
      .count('From_Quantity__c', from)
      .count('To_Quantity__c', upTo, 'nullable')
      .amount('Unit_Price__c', at(tier, 'unit_amount_decimal') ?? at(tier, 'unit_amount'), currency, 'nullable')
      .amount('Flat_Amount__c', at(tier, 'flat_amount_decimal') ?? at(tier, 'flat_amount'), currency, 'nullable')
      .record(key, {
        owners: {},
        parents: [
          {
            field: 'Pricing_Plan__c',
            object: 'Pricing_Plan__c',
            externalIdField: EXTERNAL_ID_FIELD.Pricing_Plan__c,
            externalId: id,
          },
        ],
      });
    if (typeof upTo === 'number') from = upTo + 1;
    return record;
  });
}
