import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { InstantSchema, instantMs, span } from './instant.ts';

const now = Date.parse('2026-11-25T12:00:00Z');
const read = (text: string) => new Date(instantMs(v.parse(InstantSchema, text), now)).toISOString();

describe('a time on the command line', () => {
  it.each([
    ['2026-11-25T10:00:00Z', '2026-11-25T10:00:00.000Z'],
    ['2026-11-25T10:00+02:00', '2026-11-25T08:00:00.000Z'],
    ['2026-11-25', '2026-11-25T00:00:00.000Z'],
    ['90m', '2026-11-25T10:30:00.000Z'],
    ['2h', '2026-11-25T10:00:00.000Z'],
    ['3d', '2026-11-22T12:00:00.000Z'],
    ['now', '2026-11-25T12:00:00.000Z'],
  ])('%s is %s', (text, iso) => expect(read(text)).toBe(iso));

  it.each(['2026-11-25T10:00:00', '2026-13-01', '2026-02-31', 'yesterday', '-1h', '1w', '', '25.11.2026'])(
    '%j is none: no guess, no local time',
    (text) => expect(v.safeParse(InstantSchema, text).success).toBe(false),
  );
});

describe('a span', () => {
  it.each([
    [0, '0 s'],
    [25.4, '25 ms'],
    [119_000, '119 s'],
    [150_000, '3 min'],
    [7_200_000, '2 h'],
    [200_000_000, '2 d'],
  ])('%i ms is %s', (ms, text) => expect(span(ms)).toBe(text));
});
