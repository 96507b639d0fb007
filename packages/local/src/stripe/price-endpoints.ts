import * as v from 'valibot';
import type { Books } from './books.ts';
import { defined } from './customer-endpoints.ts';
import type { Endpoint } from './endpoint.ts';
import { endpoint } from './endpoint.ts';
import { withoutEmpty } from './metadata.ts';
import {
  clearable,
  currency,
  decimal,
  flag,
  hash,
  ignored,
  list,
  metadata,
  notImitated,
  oneOf,
  text,
  whole,
} from './parameters.ts';
import type { PriceFields } from './price.ts';
import { createPrice, updatePrice } from './price.ts';
import { createProduct } from './product.ts';
import { noSuch, refused } from './stripe-error.ts';

const RECURRING = hash({
  interval: oneOf(['day', 'month', 'week', 'year']),
  interval_count: v.optional(whole(1)),
  meter: v.optional(text()),
  trial_period_days: v.optional(whole(1)),
  usage_type: v.optional(oneOf(['licensed', 'metered'])),
});

export const PRICE_DATA = {
  currency: currency(),
  recurring: v.optional(RECURRING),
  tax_behavior: v.optional(oneOf(['exclusive', 'inclusive', 'unspecified'])),
  unit_amount: v.optional(whole(0)),
  unit_amount_decimal: v.optional(decimal()),
};

const TIER = hash({
  flat_amount: v.optional(whole(0)),
  flat_amount_decimal: v.optional(decimal()),
  unit_amount: v.optional(whole(0)),
  unit_amount_decimal: v.optional(decimal()),
  up_to: text(),
});

export const PRICE_CREATE = {
  custom_unit_amount: v.optional(notImitated()),
  ...PRICE_DATA,
  active: v.optional(flag()),
  billing_scheme: v.optional(oneOf(['per_unit', 'tiered'])),
  currency_options: v.optional(notImitated()),
  lookup_key: v.optional(text(200)),
  metadata: v.optional(metadata()),
  nickname: v.optional(text()),
  product: v.optional(text()),
  product_data: v.optional(
    hash({
      active: v.optional(flag()),
      id: v.optional(text()),
      metadata: v.optional(metadata()),
      name: text(),
      statement_descriptor: v.optional(text(22)),
      tax_code: v.optional(text()),
      unit_label: v.optional(text(12)),
    }),
  ),
  tiers: v.optional(list(TIER)),
  tiers_mode: v.optional(oneOf(['graduated', 'volume'])),
  transfer_lookup_key: v.optional(flag()),
  transform_quantity: v.optional(hash({ divide_by: whole(1), round: oneOf(['down', 'up']) })),
};

export const PRICE_UPDATE = {
  active: v.optional(flag()),
  currency_options: v.optional(ignored()),
  lookup_key: v.optional(text(200)),
  metadata: v.optional(metadata()),
  nickname: v.optional(clearable()),
  tax_behavior: v.optional(oneOf(['exclusive', 'inclusive', 'unspecified'])),
  transfer_lookup_key: v.optional(flag()),
};

type GivenPrice = v.InferOutput<v.StrictObjectSchema<typeof PRICE_CREATE, undefined>>;

export function priceEndpoints(): readonly Endpoint[] {
  return [
    endpoint('POST', 'prices', PRICE_CREATE, ({ books }, given) => createPrice(books, newPrice(books, given))),
    endpoint('POST', 'prices/:id', PRICE_UPDATE, ({ books, id }, given) => {
      const price = books.prices.get(id);
      if (price === undefined || books.deleted.has(id)) throw noSuch('price', id, 'id', 404);
      claimLookupKey(books, given.lookup_key, given.transfer_lookup_key === true, id);
      updatePrice(books, price, {
        ...defined('active', given.active),
        ...defined('nickname', given.nickname),
        ...defined('lookupKey', given.lookup_key),
        ...defined('metadata', given.metadata),
      });
      return price;
    }),
  ];
}

export function liveProduct(books: Books, id: string, param: string, status: 400 | 404 = 400) {
  const found = books.products.get(id);
  if (found === undefined || books.deleted.has(id)) throw noSuch('product', id, param, status);
  return found;
}

function newPrice(books: Books, given: GivenPrice): PriceFields {
  const { product, product_data: data } = given;
  if (product === undefined && data === undefined) {
    throw refused('Must provide either `product` or `product_data`.', 'product', 'parameter_missing');
  }
  if (product !== undefined && data !== undefined) {
    throw refused('You may only specify one of these parameters: product, product_data.', 'product');
  }
  if (product !== undefined) liveProduct(books, product, 'product');
  const fields = priceFields(given);
  claimLookupKey(books, given.lookup_key, given.transfer_lookup_key === true);
  return {
    ...fields,
    ...tiersOf(given),
    ...defined('active', given.active),
    ...defined('nickname', given.nickname),
    ...defined('lookupKey', given.lookup_key),
    ...defined('transform', given.transform_quantity),
    metadata: withoutEmpty(given.metadata),
    product:
      product ??
      createProduct(books, {
        name: data?.name ?? '',
        ...defined('id', data?.id),
        ...defined('active', data?.active),
        ...defined('unitLabel', data?.unit_label),
        ...defined('metadata', data?.metadata),
      }).id,
  };
}

/** Currency, amount and interval; the product is filled in by the caller. */
export function priceFields(
  given: v.InferOutput<v.StrictObjectSchema<typeof PRICE_DATA, undefined>> & {
    readonly billing_scheme?: string | undefined;
  },
): PriceFields {
  const amount = given.unit_amount_decimal ?? (given.unit_amount === undefined ? null : String(given.unit_amount));
  if (given.unit_amount !== undefined && given.unit_amount_decimal !== undefined) {
    throw refused('You may only specify one of these parameters: unit_amount, unit_amount_decimal.', 'unit_amount');
  }
  if (amount === null && given.billing_scheme !== 'tiered') {
    throw refused(
      'Prices require an `unit_amount` or `unit_amount_decimal` parameter to be set.',
      'unit_amount',
      'parameter_missing',
    );
  }
  const { recurring } = given;
  return {
    product: '',
    currency: given.currency,
    unitAmount: given.billing_scheme === 'tiered' ? null : amount,
    ...(recurring === undefined
      ? {}
      : {
          recurring: {
            interval: recurring.interval,
            count: recurring.interval_count ?? 1,
            metered: recurring.usage_type === 'metered',
          },
        }),
  };
}

function tiersOf(given: GivenPrice): Pick<PriceFields, 'tiers'> {
  if (given.billing_scheme !== 'tiered') {
    if (given.tiers !== undefined) {
      throw refused('The `tiers` parameter can only be used with `billing_scheme=tiered`.', 'tiers');
    }
    return {};
  }
  if (given.tiers === undefined || given.tiers_mode === undefined) {
    const param = given.tiers === undefined ? 'tiers' : 'tiers_mode';
    throw refused(`Missing required param: ${param}.`, param, 'parameter_missing');
  }
  if (given.tiers.at(-1)?.up_to !== 'inf') {
    throw refused('The last tier must have an `up_to` of `inf`.', 'tiers');
  }
  const decimalOf = (exact: string | undefined, amount: number | undefined): string | undefined =>
    exact ?? (amount === undefined ? undefined : String(amount));
  const steps = given.tiers.map((tier, at) => {
    if (tier.up_to !== 'inf' && !/^[1-9]\d*$/.test(tier.up_to)) {
      throw refused(`Invalid integer: ${tier.up_to}`, `tiers[${at}][up_to]`, 'parameter_invalid_integer');
    }
    return {
      upTo: tier.up_to === 'inf' ? null : Number(tier.up_to),
      ...defined('unit', decimalOf(tier.unit_amount_decimal, tier.unit_amount)),
      ...defined('flat', decimalOf(tier.flat_amount_decimal, tier.flat_amount)),
    };
  });
  const odd = steps.findIndex(({ upTo }, at) =>
    upTo === null ? at < steps.length - 1 : upTo <= (steps[at - 1]?.upTo ?? 0),
  );
  if (odd >= 0)
    throw refused('The `up_to` of each tier must be greater than that of the one before.', `tiers[${odd}][up_to]`);
  return { tiers: { mode: given.tiers_mode, steps } };
}

/** A lookup key belongs to one active price; `transfer` takes it from the one that has it. */
function claimLookupKey(books: Books, key: string | undefined, transfer: boolean, self?: string): void {
  if (key === undefined) return;
  const holder = [...books.prices.values()].find((price) => price.lookup_key === key && price.id !== self);
  if (holder === undefined) return;
  if (!transfer) {
    throw refused(`A price (\`${holder.id}\`) already uses that lookup key.`, 'lookup_key');
  }
  updatePrice(books, holder, { lookupKey: null });
}
