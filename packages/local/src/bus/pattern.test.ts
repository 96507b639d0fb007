import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { InvalidEventPatternException, matches, parsePattern } from './pattern.ts';
import { PatternIndex } from './pattern-index.ts';

/** One field `k` with a list of matchers, the values of `k` that match, and those that do not. */
const LISTS: readonly [list: string, matching: readonly unknown[], others: readonly unknown[]][] = [
  ['["paid", "open"]', ['paid', 'open', ['x', 'open']], ['Paid', 'void', [], null, { paid: 1 }]],
  ['[null]', [null, [null]], ['null', 0, false, '']],
  ['[true, 1]', [true, 1, 1.0], ['true', '1', false, 1.5]],
  ['[300]', [300, 3e2], ['300', 301]],
  ['[{"prefix": "pay"}]', ['pay', 'payment'], ['Payment', 'repay', 1, null]],
  ['[{"prefix": {"equals-ignore-case": "PAY"}}]', ['payment', 'PAYMENT'], ['pa', 'repay', 5]],
  ['[{"suffix": ".failed"}]', ['charge.failed'], ['charge.failed.', true]],
  ['[{"suffix": {"equals-ignore-case": ".Failed"}}]', ['charge.FAILED'], ['failed', 'charge.fail']],
  ['[{"equals-ignore-case": "Été"}]', ['été', 'ÉTÉ'], ['ete', 'étés']],
  ['[{"wildcard": "inv*.p*d"}]', ['invoice.paid', 'inv.pd', 'inv.p.paid'], ['invoice.paid!', 'invoice.p', 1]],
  ['[{"wildcard": "a\\\\*b\\\\\\\\*"}]', ['a*b\\', 'a*b\\c'], ['axb\\', 'a*b']],
  ['[{"wildcard": "*aba*aba*"}]', ['abaaba', 'xabaxabax'], ['ababa', 'aba']],
  ['[{"numeric": [">", 0, "<=", 5]}]', [0.1, 5, [9, 5]], [0, 5.1, '3', null]],
  ['[{"numeric": ["=", 5]}]', [5, 5.0], [4.999999, '5']],
  ['[{"numeric": ["<", 0]}, {"numeric": [">=", 10]}]', [-1, 10], [0, 9.99]],
  ['[{"exists": true}]', ['', null, 0, [false]], [[], {}, { x: 1 }, [{ x: 1 }]]],
  ['[{"exists": false}]', [[], {}, { x: 1 }, [[]]], ['', null, [0]]],
  ['[{"anything-but": "x"}]', ['y', null, true, 7, ['x', 'y']], ['x', ['x'], [], {}]],
  ['[{"anything-but": [1, 2]}]', [3, '1', null], [1, 2, [1, 2]]],
  ['[{"anything-but": {"prefix": ["a", "b"]}}]', ['c', 5, ''], ['ab', 'b']],
  ['[{"anything-but": {"suffix": "z"}}]', ['za', null], ['az']],
  ['[{"anything-but": {"equals-ignore-case": ["void"]}}]', ['open'], ['VOID']],
  ['[{"anything-but": {"wildcard": "*.tmp"}}]', ['a.txt', 1], ['a.tmp']],
  ['[{"cidr": "10.1.2.77/24"}]', ['10.1.2.0', '10.1.2.255'], ['10.1.3.0', '10.1.2', 'host', 10, '::1']],
  ['[{"cidr": "2001:db8::/33"}]', ['2001:DB8::1', '2001:db8:7fff::'], ['2001:db8:8000::', '10.0.0.1']],
  ['["2001:db8::1"]', ['2001:0db8:0:0:0:0:0:1'], ['2001:db8::2', 'x']],
  ['["10.0.0.1"]', ['10.0.0.1', '::ffff:a00:1'], ['10.0.0.10']],
];

describe('a list of matchers', () => {
  it.each(LISTS)('%s', (list, matching, others) => {
    const pattern = parsePattern(`{"d": {"k": ${list}}}`);
    for (const k of matching) expect(matches(pattern, { d: { k } }), JSON.stringify(k)).toBe(true);
    for (const k of others) expect(matches(pattern, { d: { k } }), JSON.stringify(k)).toBe(false);
  });

  it('needs the field to be there, but for exists: false', () => {
    for (const [list] of LISTS) {
      const missing = matches(parsePattern(`{"d": {"k": ${list}}}`), { d: { other: 1 } });
      expect(missing, list).toBe(list.includes('"exists": false'));
    }
  });
});

describe('arrays of objects', () => {
  const lines = [
    { sku: 'A', qty: 1, tags: ['eu'] },
    { sku: 'B', qty: 2, tags: ['us', 'vip'] },
  ];

  it('are matched within one element', () => {
    expect(matches({ lines: { sku: ['B'], qty: [2], tags: ['vip'] } }, { lines })).toBe(true);
    expect(matches({ lines: { sku: ['A'], qty: [2] } }, { lines })).toBe(false);
  });

  it('are matched within one element at every depth', () => {
    const orders = [
      { id: 1, lines },
      { id: 2, lines: [{ sku: 'C', qty: 1 }] },
    ];
    expect(matches({ orders: { id: [1], lines: { sku: ['B'], qty: [2] } } }, { orders })).toBe(true);
    expect(matches({ orders: { id: [2], lines: { sku: ['B'] } } }, { orders })).toBe(false);
    expect(matches({ orders: { id: [1], lines: { sku: ['A'], qty: [2] } } }, { orders })).toBe(false);
  });

  it('let absence count in the element of the other fields', () => {
    const users = [{ name: 'al' }, { name: 'bob', left: true }];
    expect(matches({ users: { name: ['al'], zone: [{ exists: false }] } }, { users })).toBe(true);
    const pattern = (name: string) => ({ users: { name: [name], zone: [{ exists: false }] } });
    const zoned = [{ name: 'al' }, { name: 'bob', zone: 'eu' }];
    expect(matches(pattern('al'), { users: zoned })).toBe(true);
    expect(matches(pattern('bob'), { users: zoned })).toBe(false);
  });

  it('may be large: the search does not multiply unrelated arrays, nor elements with one another', () => {
    const many = Array.from({ length: 3000 }, () => ({ x: 1, y: 1, z: 1 }));
    const event = { a: many, b: [...many], c: [...many], d: 0 };
    expect(matches({ a: { x: [1] }, b: { x: [1] }, c: { x: [1] }, d: [1] }, event)).toBe(false);
    expect(matches({ a: { x: [1], y: [1], z: [2] } }, event)).toBe(false);
  });
});

describe('a path', () => {
  it('is the same dotted and nested, in patterns and in events', () => {
    for (const pattern of [{ 'a.b': { c: [1] } }, { a: { 'b.c': [1] } }, { 'a.b.c': [1] }, { a: { b: { c: [1] } } }]) {
      expect(matches(pattern, { a: { b: { c: 1 } } })).toBe(true);
      expect(matches(pattern, { 'a.b': { c: 1 } })).toBe(true);
      expect(matches(pattern, { a: { 'b.c': 1 } })).toBe(true);
      expect(matches(pattern, { a: { b: { d: 1 } } })).toBe(false);
    }
  });

  it('sees own fields only', () => {
    expect(matches({ constructor: { name: ['Object'] } }, {})).toBe(false);
    expect(matches(parsePattern('{"__proto__":{"k":[1]}}'), JSON.parse('{"__proto__":{"k":1}}'))).toBe(true);
  });

  it('does not lead into anything but an object at the top', () => {
    for (const event of [null, 'x', 1, [{ a: 1 }], undefined]) expect(matches({ a: [1] }, event)).toBe(false);
    expect(matches({ a: [{ exists: false }] }, [])).toBe(false);
  });
});

describe('$or', () => {
  it('holds if one branch holds together with the fields around it', () => {
    const pattern = { source: ['s'], $or: [{ a: [1] }, { b: [2], c: [3] }] };
    expect(matches(pattern, { source: 's', a: 1 })).toBe(true);
    expect(matches(pattern, { source: 's', b: 2, c: 3 })).toBe(true);
    expect(matches(pattern, { source: 's', b: 2 })).toBe(false);
    expect(matches(pattern, { a: 1 })).toBe(false);
  });

  it('nests, and stays within an array element', () => {
    const pattern = { items: { sku: ['A'], $or: [{ qty: [9] }, { $or: [{ vip: [true] }, { vip: ['yes'] }] }] } };
    expect(matches(pattern, { items: [{ sku: 'A', vip: 'yes' }] })).toBe(true);
    expect(matches(pattern, { items: [{ sku: 'A' }, { sku: 'B', vip: true }] })).toBe(false);
  });

  it('may not multiply to more than 1,000 combinations', () => {
    const or = (n: number) => ({ $or: Array.from({ length: n }, (_, i) => ({ k: [i] })) });
    const level = (n: number, m: number) => JSON.stringify({ a: or(n), b: or(m) });
    expect(() => parsePattern(level(10, 100))).not.toThrow();
    expect(() => parsePattern(level(10, 101))).toThrow('more than 1000 combinations');
  });
});

describe('an invalid pattern is refused with the reason', () => {
  it.each([
    ['{', 'Invalid JSON'],
    ['[]', 'Filter is not an object'],
    ['{}', 'Empty objects are not allowed'],
    ['{"a":{}}', 'Empty objects are not allowed'],
    ['{"a":"b"}', '"a" must be an object or an array'],
    ['{"a":[]}', 'Empty arrays are not allowed'],
    ['{"a":[[1]]}', 'Match value must be String, number, true, false, or null'],
    ['{"a":[{}]}', 'Match expression name not found'],
    ['{"a":[{"regex":"b"}]}', 'Unrecognized match type regex'],
    ['{"a":[{"prefix":"b","suffix":"c"}]}', 'Only one key allowed in match expression'],
    ['{"a":[{"prefix":{"suffix":"c"}}]}', 'Unsupported prefix pattern: suffix'],
    ['{"a":[{"suffix":{}}]}', 'Suffix expression name not found'],
    ['{"a":[{"exists":1}]}', 'exists match pattern must be either true or false.'],
    ['{"a":[{"wildcard":"é**"}]}', 'Consecutive wildcard characters at pos 3'],
    ['{"a":[{"wildcard":"a\\\\b"}]}', 'Invalid escape character at pos 2'],
    ['{"a":[{"numeric":5}]}', 'Value of numeric must be an array.'],
    ['{"a":[{"numeric":["=","5"]}]}', 'Value of equals must be numeric'],
    ['{"a":[{"numeric":["=",5,"<",6]}]}', 'Too many elements in numeric expression'],
    ['{"a":[{"numeric":[">",0,">",0]}]}', 'Bad numeric range operator: >'],
    ['{"a":[{"numeric":[">",5,"<",5]}]}', 'Bottom must be less than top'],
    ['{"a":[{"cidr":"10.0.0.0"}]}', "Malformed CIDR, one '/' required"],
    ['{"a":[{"cidr":"10.0.0.0/x"}]}', 'Malformed CIDR, mask bits must be an integer'],
    ['{"a":[{"cidr":"10.0.0.0/32"}]}', 'IPv4 mask bits must be < 32'],
    ['{"a":[{"cidr":"::/128"}]}', 'IPv6 mask bits must be < 128'],
    ['{"a":[{"cidr":"300.0.0.0/8"}]}', 'Invalid IP address: 300.0.0.0'],
    ['{"a":[{"cidr":"host/8"}]}', 'Nonstandard IP address: host'],
    ['{"a":[{"anything-but":null}]}', 'Value of anything-but must be an array or single string/number value.'],
    ['{"a":[{"anything-but":[true]}]}', 'Inside anything but list, start|null|boolean is not supported.'],
    ['{"a":[{"anything-but":["a",1]}]}', 'Inside anything but list, either all values are number or string'],
    ['{"a":[{"anything-but":{"exists":true}}]}', 'Unsupported anything-but pattern: exists'],
    ['{"a":[{"anything-but":{"prefix":""}}]}', 'Null prefix/suffix not allowed'],
    ['{"$or":[{"a":[1]}]}', 'There must have at least 2 Objects in $or relationship.'],
    ['{"$or":{"a":[1]}}', 'It must be an Array followed with $or.'],
    ['{"$or":[{"a":[1]},1]}', 'Only JSON object is allowed in array of $or relationship.'],
    ['{"$or":[{"a":[1]},{"b":{"cidr":[2]}}]}', 'cidr is Ruler reserved fieldName which cannot be used inside $or.'],
  ])('%s', (text, reason) => {
    expect(() => parsePattern(text)).toThrow(InvalidEventPatternException);
    expect(() => parsePattern(text)).toThrow(`Event pattern is not valid. Reason: ${reason}`);
    expect(() => matches(text, {})).toThrow(reason);
  });
});

describe('many patterns at once', () => {
  it('give the same answer, in order, as one after the other', () => {
    const texts = [
      '{"source":[{"prefix":""}]}',
      '{"detail-type":["a","b"]}',
      '{"detail-type":["b"],"detail":{"n":[{"numeric":[">",1]}]}}',
      '{"$or":[{"detail-type":["a"]},{"source":["t"]}]}',
      '{"source":["s","t"]}',
      '{"detail-type":["c"]}',
      '{"detail-type":[{"exists":false}, "a"]}',
      '{"detail":{"list":{"x":[1],"y":[2]}}}',
    ];
    const index = new PatternIndex(texts.map((text) => [parsePattern(text), text] as const));
    for (const event of [
      { source: 's', 'detail-type': 'a', detail: { n: 2 } },
      { source: 't', 'detail-type': 'b', detail: { n: 2, list: [{ x: 1, y: 2 }] } },
      { source: 5, 'detail-type': ['a'], detail: { list: [{ x: 1 }, { y: 2 }] } },
      {},
      'no event',
    ]) {
      expect(index.matching(event)).toEqual(texts.filter((text) => matches(text, event)));
    }
  });
});

const corpus = process.env.PATTERN_CASES;

describe.skipIf(corpus === undefined)('the pattern corpus', () => {
  const read = (file: string): unknown => JSON.parse(readFileSync(path.join(corpus ?? '', file), 'utf8'));
  const Case = v.object({
    name: v.string(),
    pattern: v.unknown(),
    event: v.unknown(),
    matches: v.boolean(),
    patternText: v.optional(v.string()),
    eventText: v.optional(v.string()),
    textOnly: v.optional(v.boolean()),
  });
  const Invalid = v.object({
    name: v.string(),
    patternText: v.string(),
    valid: v.boolean(),
    error: v.optional(v.string()),
  });
  const cases = corpus === undefined ? [] : v.parse(v.array(Case), read('pattern-cases.json'));
  const invalid = corpus === undefined ? [] : v.parse(v.array(Invalid), read('invalid-patterns.json'));

  it.each(cases.filter(({ textOnly }) => !textOnly))('$name', (one) => {
    const pattern = parsePattern(one.patternText ?? JSON.stringify(one.pattern));
    const event: unknown = one.eventText === undefined ? one.event : JSON.parse(one.eventText);
    expect(matches(pattern, event)).toBe(one.matches);
  });

  it.each(invalid)('$name', (one) => {
    if (one.valid) expect(() => parsePattern(one.patternText)).not.toThrow();
    else expect(() => parsePattern(one.patternText)).toThrow(`Event pattern is not valid. Reason: ${one.error}`);
  });
});
