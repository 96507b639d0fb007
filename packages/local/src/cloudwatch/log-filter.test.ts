import { describe, expect, it } from 'vitest';
import { parseFilter } from './log-filter.ts';

const LINE = JSON.stringify({ level: 'ERROR', ms: 120, user: { ids: ['a-1', 'b-2'] }, gone: null, ok: true });

describe('a filter pattern', () => {
  it.each([
    ['', true],
    ['ERROR', true],
    ['ERROR health', false],
    ['ERROR -health', true],
    ['ERROR -level', false],
    ['?health ?ERROR', true],
    ['?health ?nothing', false],
    ['"\\"level\\":\\"ERROR\\""', true],
    ['{ $.level = "ERROR" }', true],
    ['{ $.level = "ERR*" }', true],
    ['{ $.level = "*RO*OR" }', false],
    ['{ $.level != "ERROR" }', false],
    ['{ $.nothing != "x" }', false],
    ['{ $.ms > 100 && $.ms <= 120 }', true],
    ['{ $.ms = 120 }', true],
    ['{ $.ms < 100 || ($.level = "ERROR" && $.ok IS TRUE) }', true],
    ['{ $.user.ids[1] = "b-2" }', true],
    ['{ $.user.ids[7] = "b-2" }', false],
    ['{ $.gone IS NULL }', true],
    ['{ $.nothing NOT EXISTS }', true],
    ['{ $.constructor NOT EXISTS }', true],
  ])('%s', (pattern, matches) => {
    expect(parseFilter(pattern)(LINE)).toBe(matches);
  });

  it('in JSON matches no line that is not JSON', () => {
    expect(parseFilter('{ $.level NOT EXISTS }')('plain text')).toBe(false);
    expect(parseFilter('{ $.level NOT EXISTS }')('{broken')).toBe(false);
  });

  it.each(['{ $.a = }', '{ $.a = 1', '{ ($.a = 1 }', '{ $.a > x }', '{ $.a = 1 $.b = 2 }', '[a, b]', '%x%', '"open'])(
    'is refused when it is %s',
    (pattern) => {
      expect(() => parseFilter(pattern)).toThrow(expect.objectContaining({ name: 'FilterPatternError' }));
    },
  );

  it('takes time in proportion to the line, however many stars it has', () => {
    const filter = parseFilter(`{ $.a = "${'a*'.repeat(200)}b" }`);
    const before = performance.now();
    expect(filter(JSON.stringify({ a: 'a'.repeat(200_000) }))).toBe(false);
    expect(performance.now() - before).toBeLessThan(500);
  });
});
