import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_GUESSES } from './guesses.ts';
import { idAt, parseId, prefixAt, to18 } from './ids.ts';
import { field } from './schema.ts';
import { checkValue, parseDateTime, readValue, roundDecimal, wireDateTime } from './values.ts';

describe('ids', () => {
  test.each(['0015500001QdZPKAA3', '0035500001H9kZuAAJ', '750cW0000081hKrQAI', '0055e000006PQdLAAW'])(
    '%s, recorded from a real org, is its own checksum',
    (id) => {
      expect(to18(id.slice(0, 15))).toBe(id);
      expect(parseId(id.slice(0, 15))).toBe(id);
    },
  );

  test('wrong lengths, characters and checksums are no ids', () => {
    for (const text of ['', '0015500001QdZP', '0015500001QdZPKAA4', '0015500001Qd-PK', '0015500001QdZPKAA3x']) {
      expect(parseId(text)).toBeNull();
    }
  });

  test('ids and prefixes are distinct and keep their prefix', () => {
    const ids = Array.from({ length: 5000 }, (_, n) => idAt('a00', n));
    expect(new Set(ids).size).toBe(5000);
    expect(ids.every((id) => parseId(id) === id && id.startsWith('a00'))).toBe(true);
    expect([0, 10, 61, 62].map((n) => prefixAt('a', n))).toEqual(['a00', 'a0A', 'a0z', 'a10']);
  });
});

describe('decimals', () => {
  test.each([
    ['1.005', 2, 1.01],
    ['-1.005', 2, -1.01],
    ['0.000000005', 8, 0.00000001],
    ['10', 2, 10],
    ['.5', 0, 1],
    ['-0.4', 0, 0],
    ['1e-7', 8, 1e-7],
  ])('%s at scale %i is %d', (text, scale, value) => {
    expect(roundDecimal(text, scale).value).toBe(value);
  });

  test('rounding is what integers say, for any digits and scale', () => {
    const digits = fc.integer({ min: 0, max: 999_999_999 });
    fc.assert(
      fc.property(digits, fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 6 }), (n, places, scale) => {
        const text = `${Math.floor(n / 10 ** places)}.${String(n % 10 ** places).padStart(places, '0')}`;
        const cut = 10 ** Math.max(0, places - scale);
        const expected = places <= scale ? Number(text) : Math.floor((n + cut / 2) / cut) / 10 ** scale;
        expect(roundDecimal(text, scale).value).toBe(expected);
      }),
    );
  });
});

describe('what clients send', () => {
  const amount = field({ name: 'Amount__c', label: 'Amount', type: 'currency', precision: 5, scale: 2 });
  const flag = field({ name: 'Flag__c', type: 'boolean' });
  const when = field({ name: 'When__c', type: 'datetime' });
  const day = field({ name: 'Day__c', type: 'date' });
  const mail = field({ name: 'Mail__c', label: 'Mail', type: 'email', length: 80 });
  const read = (target: typeof amount, raw: unknown, spelling: 'json' | 'csv' = 'json') =>
    readValue(target, raw, spelling, DEFAULT_GUESSES);

  test('times in every documented spelling are one instant', () => {
    const spellings = [
      '2026-11-23T07:24:10Z',
      '2026-11-23T07:24:10.000Z',
      '2026-11-23T07:24:10+00:00',
      '2026-11-23T08:24:10+0100',
    ];
    for (const text of spellings) expect(read(when, text)).toBe('2026-11-23T07:24:10.000+0000');
    expect(wireDateTime(parseDateTime('2026-11-23T07:24:10.395Z') ?? 0)).toBe('2026-11-23T07:24:10.395+0000');
  });

  test.each([
    ['a day that is none', when, '2026-02-30T00:00:00Z'],
    ['a time without zone', when, '2026-11-23T07:24:10'],
    ['seconds since 1970', when, 1_763_884_800],
    ['a day that is none', day, '2026-13-01'],
    ['text for a number', amount, 'ten'],
    ['an empty word for a flag', flag, ''],
    ['hexadecimal', amount, '0x10'],
    ['an array', amount, [1]],
  ])('%s is refused', (_, target, raw) => {
    expect(() => read(target, raw)).toThrow(expect.objectContaining({ errorCode: 'JSON_PARSER_ERROR' }));
  });

  test('CSV has its own code for a wrong type and its own words for true', () => {
    expect(() => read(amount, 'ten', 'csv')).toThrow(
      expect.objectContaining({ errorCode: 'INVALID_TYPE_ON_FIELD_IN_RECORD' }),
    );
    expect([read(flag, '1', 'csv'), read(flag, 'FALSE', 'csv')]).toEqual([true, false]);
  });

  test('a number too large for its field is refused, a decimal too long only when switched', () => {
    expect(() => read(amount, '1000')).toThrow(expect.objectContaining({ errorCode: 'NUMBER_OUTSIDE_VALID_RANGE' }));
    expect(read(amount, '999.994')).toBe(999.99);
    expect(() => read(amount, '999.995')).toThrow();
    expect(() => readValue(amount, '1.001', 'json', { ...DEFAULT_GUESSES, beyondScale: 'reject' })).toThrow();
  });

  test('null empties, empty text is null, a flag is never empty', () => {
    expect([read(amount, null), read(mail, '')]).toEqual([null, null]);
    for (const spelling of ['json', 'csv'] as const) {
      expect(() => read(flag, null, spelling)).toThrow(
        expect.objectContaining({ errorCode: 'INVALID_TYPE_ON_FIELD_IN_RECORD', fields: ['Flag__c'] }),
      );
    }
    expect(readValue(flag, null, 'json', { ...DEFAULT_GUESSES, nullCheckbox: 'false' })).toBe(false);
    expect(readValue(mail, ' a@b.co ', 'json', { ...DEFAULT_GUESSES, trimText: true })).toBe('a@b.co');
  });

  test.each(['a@b', 'a b@c.de', '@b.co', 'a@b..co', 'a@b.co,'])('%s is no e-mail address', (text) => {
    expect(() => checkValue(mail, text)).toThrow('Mail: invalid email address');
  });
});
