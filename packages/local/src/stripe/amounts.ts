import type { Price, Tier } from './price.ts';

/** Decimal amounts have at most twelve places; sums are whole numbers of 10⁻¹² minor units. */
const PLACES = 12;
const SCALE = 10n ** BigInt(PLACES);
/** Stripe wants the last digit of three-decimal currencies to be 0. */
const THREE_DECIMALS = new Set(['bhd', 'jod', 'kwd', 'omr', 'tnd']);
/** Written with two decimals, which must be 00. */
const WHOLE_HUNDREDS = new Set(['isk', 'ugx']);

/** Every amount that is charged is a multiple of this. */
export function stepOf(currency: string): number {
  if (THREE_DECIMALS.has(currency)) return 10;
  return WHOLE_HUNDREDS.has(currency) ? 100 : 1;
}

/** What `quantity` units of a price cost, in whole minor units, rounded half away from zero as an invoice line is. */
export function amountOf(price: Price, tiers: readonly Tier[], quantity: number): number {
  const exact =
    price.billing_scheme === 'tiered'
      ? tieredAmount(tiers, price.tiers_mode ?? 'graduated', quantity)
      : scaled(price.unit_amount_decimal) * BigInt(transformed(price, quantity));
  return rounded(exact, THREE_DECIMALS.has(price.currency) ? 10n : 1n);
}

/** `numerator/denominator` of an amount, as prorations are: half away from zero. */
export function shareOf(amount: number, numerator: number, denominator: number, currency: string): number {
  const exact = (BigInt(amount) * SCALE * BigInt(numerator)) / BigInt(denominator);
  return rounded(exact, THREE_DECIMALS.has(currency) ? 10n : 1n);
}

function transformed(price: Price, quantity: number): number {
  const rule = price.transform_quantity;
  if (rule === null) return quantity;
  return rule.round === 'up' ? Math.ceil(quantity / rule.divide_by) : Math.floor(quantity / rule.divide_by);
}

function tieredAmount(tiers: readonly Tier[], mode: 'graduated' | 'volume', quantity: number): bigint {
  let total = 0n;
  let from = 0;
  for (const tier of tiers) {
    const upTo = tier.up_to ?? Number.POSITIVE_INFINITY;
    const units = mode === 'volume' ? quantity : Math.min(quantity, upTo) - from;
    const reached = mode === 'volume' ? quantity <= upTo : units > 0 || (from === 0 && quantity === 0);
    if (reached) {
      total += scaled(tier.unit_amount_decimal) * BigInt(units) + scaled(tier.flat_amount_decimal);
      if (mode === 'volume') return total;
    }
    from = upTo;
  }
  return total;
}

/** A decimal string as 10⁻¹² units; null counts as nothing. */
function scaled(decimal: string | null): bigint {
  if (decimal === null) return 0n;
  const negative = decimal.startsWith('-');
  const [whole = '0', fraction = ''] = decimal.replace('-', '').split('.');
  const value = BigInt(whole) * SCALE + BigInt(fraction.padEnd(PLACES, '0').slice(0, PLACES));
  return negative ? -value : value;
}

function rounded(exact: bigint, step: bigint): number {
  const unit = SCALE * step;
  const size = exact < 0n ? -exact : exact;
  const units = (2n * size + unit) / (2n * unit);
  return Number((exact < 0n ? -units : units) * step);
}
