import type { Books, Metadata } from './books.ts';
import type { Interval } from './calendar.ts';
import { mergeMetadata } from './metadata.ts';

export type Recurring = {
  interval: Interval;
  interval_count: number;
  meter: string | null;
  trial_period_days: null;
  usage_type: 'licensed' | 'metered';
};

export type Price = {
  id: string;
  object: 'price';
  active: boolean;
  billing_scheme: 'per_unit' | 'tiered';
  created: number;
  currency: string;
  custom_unit_amount: null;
  livemode: boolean;
  lookup_key: string | null;
  metadata: Metadata;
  nickname: string | null;
  product: string;
  recurring: Recurring | null;
  tax_behavior: 'unspecified';
  tiers_mode: 'graduated' | 'volume' | null;
  transform_quantity: { divide_by: number; round: 'up' | 'down' } | null;
  type: 'recurring' | 'one_time';
  /** Null for tiered prices and for amounts below a minor unit. */
  unit_amount: number | null;
  unit_amount_decimal: string | null;
};

/** `up_to` null is unlimited. Amounts in minor units; the decimals are the exact ones. */
export type Tier = {
  flat_amount: number | null;
  flat_amount_decimal: string | null;
  unit_amount: number | null;
  unit_amount_decimal: string | null;
  up_to: number | null;
};

/** The elder form of a price, still sent beside it. */
export type Plan = {
  id: string;
  object: 'plan';
  active: boolean;
  amount: number | null;
  amount_decimal: string | null;
  billing_scheme: 'per_unit' | 'tiered';
  created: number;
  currency: string;
  interval: Interval;
  interval_count: number;
  livemode: boolean;
  metadata: Metadata;
  meter: string | null;
  nickname: string | null;
  product: string;
  tiers_mode: 'graduated' | 'volume' | null;
  transform_usage: null;
  trial_period_days: null;
  usage_type: 'licensed' | 'metered';
};

export type PriceFields = {
  readonly id?: string;
  readonly product: string;
  readonly currency: string;
  /** Minor units as a decimal string; null for tiered prices. */
  readonly unitAmount: string | null;
  readonly recurring?: { readonly interval: Interval; readonly count?: number; readonly metered?: boolean };
  readonly tiers?: {
    readonly mode: 'graduated' | 'volume';
    readonly steps: readonly { readonly upTo: number | null; readonly unit?: string; readonly flat?: string }[];
  };
  readonly transform?: { readonly divide_by: number; readonly round: 'up' | 'down' };
  readonly nickname?: string | null;
  readonly lookupKey?: string | null;
  readonly metadata?: Metadata;
  readonly active?: boolean;
};

export function createPrice(books: Books, fields: PriceFields): Price {
  const recurring = fields.recurring;
  const price: Price = {
    id: fields.id ?? books.ids.timed('price', books.now()),
    object: 'price',
    active: fields.active ?? true,
    billing_scheme: fields.tiers === undefined ? 'per_unit' : 'tiered',
    created: books.now(),
    currency: fields.currency,
    custom_unit_amount: null,
    livemode: books.livemode,
    lookup_key: fields.lookupKey ?? null,
    metadata: fields.metadata ?? {},
    nickname: fields.nickname ?? null,
    product: fields.product,
    recurring:
      recurring === undefined
        ? null
        : {
            interval: recurring.interval,
            interval_count: recurring.count ?? 1,
            meter: recurring.metered === true ? books.ids.long('mtr_test_', 24) : null,
            trial_period_days: null,
            usage_type: recurring.metered === true ? 'metered' : 'licensed',
          },
    tax_behavior: 'unspecified',
    tiers_mode: fields.tiers?.mode ?? null,
    transform_quantity: fields.transform ?? null,
    type: recurring === undefined ? 'one_time' : 'recurring',
    unit_amount: wholeOrNull(fields.unitAmount),
    unit_amount_decimal: fields.unitAmount,
  };
  if (fields.tiers !== undefined) {
    books.tiers.set(
      price.id,
      fields.tiers.steps.map((step) => ({
        flat_amount: wholeOrNull(step.flat ?? null),
        flat_amount_decimal: step.flat ?? null,
        unit_amount: wholeOrNull(step.unit ?? null),
        unit_amount_decimal: step.unit ?? null,
        up_to: step.upTo,
      })),
    );
  }
  books.prices.add(price);
  books.emit('price.created', price);
  return price;
}

export function updatePrice(
  books: Books,
  price: Price,
  fields: {
    readonly active?: boolean;
    readonly nickname?: string | null;
    readonly lookupKey?: string | null;
    readonly metadata?: Metadata | null;
  },
): void {
  books.change(
    price,
    (it) => {
      if (fields.active !== undefined) it.active = fields.active;
      if (fields.nickname !== undefined) it.nickname = fields.nickname;
      if (fields.lookupKey !== undefined) it.lookup_key = fields.lookupKey;
      if (fields.metadata !== undefined) it.metadata = mergeMetadata(it.metadata, fields.metadata);
    },
    'price.updated',
  );
}

/** Stripe's API deletes no price; the Dashboard deletes one that was never used, and the event tells of it. */
export function deletePrice(books: Books, price: Price): void {
  if (books.deleted.has(price.id)) return;
  books.deleted.add(price.id);
  books.emit('price.deleted', price);
}

export function planOf(price: Price): Plan {
  return {
    id: price.id,
    object: 'plan',
    active: price.active,
    amount: price.unit_amount,
    amount_decimal: price.unit_amount_decimal,
    billing_scheme: price.billing_scheme,
    created: price.created,
    currency: price.currency,
    interval: price.recurring?.interval ?? 'month',
    interval_count: price.recurring?.interval_count ?? 1,
    livemode: price.livemode,
    metadata: price.metadata,
    meter: price.recurring?.meter ?? null,
    nickname: price.nickname,
    product: price.product,
    tiers_mode: price.tiers_mode,
    transform_usage: null,
    trial_period_days: null,
    usage_type: price.recurring?.usage_type ?? 'licensed',
  };
}

/** `unit_amount` shows whole minor units only: for 0.5 cents it is null. */
function wholeOrNull(decimal: string | null): number | null {
  return decimal !== null && /^-?\d+$/.test(decimal) ? Number(decimal) : null;
}
