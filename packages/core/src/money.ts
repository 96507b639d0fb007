import { isObject } from './event.ts';
import { NeverRetry } from './failure.ts';

/**
 * Stripe counts money in minor units; Salesforce takes decimal amounts. Going from minor to major only moves the
 * point, so nothing is ever rounded there. All figures are digit strings or BigInt: floating point turns 1.15 × 100
 * into 114.99999999999999.
 *
 * The exponents are Stripe's, which are neither ISO 4217's (MGA: 2 there, 0 here) nor those of Intl.NumberFormat
 * (0 for HUF, ISK, UGX and a dozen others that Stripe counts in hundredths): docs.stripe.com/currencies.
 */

/** `digits` / 10^`scale`. */
export type Decimal = { readonly digits: bigint; readonly scale: number };

const ZERO_DECIMAL: ReadonlySet<string> = new Set(
  'bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf'.split(' '),
);
/** Counted in thousandths, the last digit zero; read, but never written. */
const THREE_DECIMAL: ReadonlySet<string> = new Set('bhd jod kwd omr tnd'.split(' '));
/** Counted in hundredths although no hundredth can be paid: to charge 5, send 500. */
const WHOLE_HUNDREDS: ReadonlySet<string> = new Set(['isk', 'ugx']);

/** Longer figures are no money: Stripe's largest has 12 digits, and its decimals at most 12 places. */
const FIGURE = /^(-?)(\d{1,30})(?:\.(\d{1,30}))?$/;

/** How many digits of a minor amount stand behind the point. Any code but three letters → `null`. */
export function exponentOf(currency: string): 0 | 2 | 3 | null {
  const code = currency.toLowerCase();
  if (!/^[a-z]{3}$/.test(code)) return null;
  if (ZERO_DECIMAL.has(code)) return 0;
  return THREE_DECIMAL.has(code) ? 3 : 2;
}

/**
 * Reads a Stripe figure: a whole number (`unit_amount`) or a decimal string (`unit_amount_decimal`). The Stripe SDK's
 * Decimal object is read by what it prints. Anything else, a number with a fraction or beyond 2^53 included → `null`.
 */
export function parseDecimal(value: unknown): Decimal | null {
  const text = typeof value === 'number' ? (Number.isSafeInteger(value) ? String(value) : '') : printed(value);
  const match = FIGURE.exec(text);
  if (match === null) return null;
  const [, sign = '', whole = '', fraction = ''] = match;
  return { digits: BigInt(`${sign}${whole}${fraction}`), scale: fraction.length };
}

function printed(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint') return value.toString();
  // The SDK's Decimal; an object from JSON prints itself as [object Object], or has a `toString` that is no function.
  return isObject(value) && typeof value.toString === 'function' ? String(value) : '';
}

/** Without trailing zeros behind the point: `"10.9"`, `"5"`, `"-2.5"`, `"0"`. */
export function printDecimal({ digits, scale }: Decimal): string {
  const negative = digits < 0n;
  const all = (negative ? -digits : digits).toString().padStart(scale + 1, '0');
  const whole = all.slice(0, all.length - scale);
  const fraction = all.slice(all.length - scale).replace(/0+$/, '');
  const text = fraction === '' ? whole : `${whole}.${fraction}`;
  return negative && text !== '0' ? `-${text}` : text;
}

export function add(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  return { digits: atScale(a, scale) + atScale(b, scale), scale };
}

export function times(a: Decimal, factor: bigint): Decimal {
  return { digits: a.digits * factor, scale: a.scale };
}

function atScale({ digits, scale }: Decimal, wanted: number): bigint {
  return digits * 10n ** BigInt(wanted - scale);
}

/** Half away from zero, the rounding people expect of a bill. A figure that fits is returned as it is. */
export function roundTo(value: Decimal, scale: number): Decimal {
  if (value.scale <= scale) return value;
  const divisor = 10n ** BigInt(value.scale - scale);
  const negative = value.digits < 0n;
  const magnitude = negative ? -value.digits : value.digits;
  const rounded = (magnitude + divisor / 2n) / divisor;
  return { digits: negative ? -rounded : rounded, scale };
}

/** Only moves the point, hence exact. `null` when either is not what it should be. */
export function shiftToMajor(minor: Decimal, currency: string): Decimal | null {
  const exponent = exponentOf(currency);
  return exponent === null ? null : { digits: minor.digits, scale: minor.scale + exponent };
}

/**
 * A Stripe amount in minor units (whole, or with decimals) as a decimal string in major units:
 * `('1099', 'usd')` → `"10.99"`, `(500, 'jpy')` → `"500"`. `null` when amount or currency cannot be read.
 */
export function minorToMajor(amount: unknown, currency: string): string | null {
  const minor = parseDecimal(amount);
  const major = minor === null ? null : shiftToMajor(minor, currency);
  return major === null ? null : printDecimal(major);
}

/**
 * A decimal amount in major units as Stripe's whole minor units: `('10.99', 'usd')` → `"1099"`.
 * @throws NeverRetry when Stripe would refuse it or take it for another sum: more decimals than the currency has, a
 * fraction of ISK or UGX, a three-decimal amount that does not end in 0. Round a derived figure with {@link roundTo}
 * first.
 */
export function majorToMinor(amount: string, currency: string): string {
  const major = parseDecimal(amount);
  const exponent = exponentOf(currency);
  if (major === null) throw refused('amount_invalid', 'an amount is a decimal number such as 10.99');
  if (exponent === null) throw refused('currency_invalid', 'a currency is a code of three letters');
  const exact = parseDecimal(printDecimal(major)) ?? major;
  if (exact.scale > exponent) {
    throw refused('amount_too_precise', `${currency.toUpperCase()} has ${exponent} decimals; round the amount first`);
  }
  const minor = atScale(exact, exponent);
  const code = currency.toLowerCase();
  if (WHOLE_HUNDREDS.has(code) && minor % 100n !== 0n) {
    throw refused('amount_too_precise', `${currency.toUpperCase()} is charged in whole units; round the amount first`);
  }
  if (THREE_DECIMAL.has(code) && minor % 10n !== 0n) {
    throw refused(
      'amount_too_precise',
      `${currency.toUpperCase()} is charged in hundredths (5.12, not 5.124); round the amount first`,
    );
  }
  return minor.toString();
}

function refused(code: string, message: string): NeverRetry {
  return new NeverRetry(message, { code, category: 'Data' });
}

/**
 * A price for a quantity: `transform_quantity` divides the quantity first, rounded up or down to a whole number.
 * `null` when the quantity or the division is not in whole positive numbers.
 */
export function priceOf(
  unit: Decimal,
  quantity: number,
  transform: { readonly divideBy: number; readonly round: 'up' | 'down' } | null,
): Decimal | null {
  if (!Number.isSafeInteger(quantity) || quantity < 0) return null;
  if (transform === null) return times(unit, BigInt(quantity));
  if (!Number.isSafeInteger(transform.divideBy) || transform.divideBy < 1) return null;
  const by = BigInt(transform.divideBy);
  const packages = (BigInt(quantity) + (transform.round === 'up' ? by - 1n : 0n)) / by;
  return times(unit, packages);
}
