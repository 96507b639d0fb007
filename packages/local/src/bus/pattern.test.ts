import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { InvalidEventPatternException, matches, parsePattern } from './pattern.ts';

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
  });
  const Invalid = v.object({
    name: v.string(),
    patternText: v.string(),
    valid: v.boolean(),
    error: v.optional(v.string()),
  });

  it.each(corpus === undefined ? [] : v.parse(v.array(Case), read('pattern-cases.json')))('$name', (one) => {
    const pattern = parsePattern(one.patternText ?? JSON.stringify(one.pattern));
    const event: unknown = one.eventText === undefined ? one.event : JSON.parse(one.eventText);
    expect(matches(pattern, event)).toBe(one.matches);
  });

  it.each(corpus === undefined ? [] : v.parse(v.array(Invalid), read('invalid-patterns.json')))(
    'invalid: $name',
    (one) => {
      if (one.valid) expect(() => parsePattern(one.patternText)).not.toThrow();
      else expect(() => parsePattern(one.patternText)).toThrow(`Event pattern is not valid. Reason: ${one.error}`);
    },
  );
});
