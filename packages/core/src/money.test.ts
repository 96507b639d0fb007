import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NeverRetry } from './failure.ts';
import { exponentOf, majorToMinor, minorToMajor, parseDecimal, priceOf, printDecimal, roundTo } from './money.ts';

const CURRENCIES = ['usd', 'eur', 'jpy', 'isk', 'ugx', 'kwd', 'mga', 'huf', 'twd', 'clp'];

describe('minor to major', () => {
  test.each([
    ['500', 'jpy', '500'],
    ['500', 'isk', '5'],
    ['500', 'ugx', '5'],
    ['80045', 'twd', '800.45'],
    ['5120', 'kwd', '5.12'],
    ['1', 'bhd', '0.001'],
    ['2500', 'mga', '2500'],
    ['0.5', 'usd', '0.005'],
    ['-250', 'usd', '-2.5'],
    ['1000.123456789012', 'usd', '10.00123456789012'],
    [115, 'USD', '1.15'],
    [0, 'usd', '0'],
  ])('%s %s is %s', (minor, currency, major) => expect(minorToMajor(minor, currency)).toBe(major));

  test.each([
    [Number.NaN],
    [1.5],
    [1e21],
    ['1e3'],
    ['NaN'],
    [''],
    [null],
    [{}],
    [{ toString: 1 }],
    [['1']],
    ['1'.repeat(31)],
  ])('%j is no amount', (amount) => expect(minorToMajor(amount, 'usd')).toBeNull());

  test('an unknown kind of currency has no exponent', () => {
    expect(exponentOf('usdc')).toBeNull();
    expect(minorToMajor(100, '')).toBeNull();
  });

  test('the Decimal object of the SDK is read by what it prints', () => {
    class Printed {
      toString() {
        return '12.5';
      }
    }
    expect(minorToMajor(new Printed(), 'usd')).toBe('0.125');
  });
});

describe('major to minor', () => {
  test.each([
    ['10.99', 'usd', '1099'],
    ['10.990', 'usd', '1099'],
    ['500', 'jpy', '500'],
    ['5', 'isk', '500'],
    ['5.12', 'kwd', '5120'],
  ])('%s %s is %s', (major, currency, minor) => expect(majorToMinor(major, currency)).toBe(minor));

  test.each([
    ['10.999', 'usd'],
    ['1.5', 'jpy'],
    ['5.5', 'isk'],
    ['5.124', 'kwd'],
    ['ten', 'usd'],
    ['1', 'u$d'],
  ])('%s %s is refused', (major, currency) => expect(() => majorToMinor(major, currency)).toThrow(NeverRetry));
});

test('to major and back is the same figure, whatever the currency', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(10n ** 14n), max: 10n ** 14n }),
      fc.constantFrom(...CURRENCIES),
      (hundreds, currency) => {
        const minor = (hundreds * 100n).toString();
        expect(majorToMinor(minorToMajor(minor, currency) ?? '', currency)).toBe(minor);
      },
    ),
  );
});

test('any text is either read exactly or not at all', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^-?\d{1,30}(\.\d{1,30})?$/)), (text) => {
      const read = parseDecimal(text);
      if (read !== null) expect(Number(printDecimal(read))).toBe(Number(text) + 0);
    }),
  );
});

test('rounding is half away from zero', () => {
  const rounded = (text: string) => printDecimal(roundTo(parseDecimal(text) ?? { digits: 0n, scale: 0 }, 2));
  expect(['1.005', '-1.005', '1.0049', '1'].map(rounded)).toEqual(['1.01', '-1.01', '1', '1']);
});

test('a package price counts whole packages', () => {
  const unit = { digits: 500n, scale: 0 };
  expect(priceOf(unit, 11, { divideBy: 10, round: 'up' })?.digits).toBe(1000n);
  expect(priceOf(unit, 11, { divideBy: 10, round: 'down' })?.digits).toBe(500n);
  expect(priceOf(unit, 3, null)?.digits).toBe(1500n);
  expect(priceOf(unit, -1, null)).toBeNull();
  expect(priceOf(unit, 1, { divideBy: 0, round: 'up' })).toBeNull();
});
