import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { compareVersions, guard, isTerminal, judge, RANK, secondOf, versionOf } from './freshness.ts';

const Cases = v.array(
  v.object({
    name: v.string(),
    stored: v.nullable(v.number()),
    incoming: v.number(),
    changes: v.boolean(),
    guard: v.picklist(['apply', 'refuse', 'keep']),
  }),
);
const cases = v.parse(Cases, JSON.parse(readFileSync(new URL('./freshness.cases.json', import.meta.url), 'utf8')));

describe('the guard of the org', () => {
  test.each(cases)('$name: $guard', ({ stored, incoming, changes, guard: expected }) =>
    expect(guard(stored, { version: incoming, changes })).toBe(expected),
  );
});

describe('the lanes', () => {
  const known = { version: versionOf(1_700_000_000, 'updated'), eventId: 'evt_a' };
  const incoming = (version: number, eventId = 'evt_b') => ({ version, eventId });

  test('nothing known: apply', () => expect(judge(null, incoming(1))).toBe('apply'));
  test('a stub on something known: stale', () => expect(judge(known, incoming(0))).toBe('stale'));
  test('newer: apply', () => expect(judge(known, incoming(known.version + 100))).toBe('apply'));
  test('older: stale', () => expect(judge(known, incoming(known.version - 100))).toBe('stale'));
  test('the same event again: apply', () => expect(judge(known, incoming(known.version, 'evt_a'))).toBe('apply'));
  test('another event in the same second: tie', () => expect(judge(known, incoming(known.version))).toBe('tie'));
  test('another event in the same second that says the same: apply', () => {
    const says = (content?: string) => ({ ...incoming(known.version), content });
    expect(judge({ ...known, content: 'a' }, says('a'))).toBe('apply');
    expect(judge({ ...known, content: 'a' }, says('b'))).toBe('tie');
    expect(judge({ ...known, content: 'a' }, says())).toBe('tie');
    expect(judge(known, says('a'))).toBe('tie');
    expect(judge(known, says())).toBe('tie');
  });
  test('the same event, of which another state was read since: tie', () =>
    expect(judge({ ...known, content: 'read' }, { ...known, content: 'as delivered' })).toBe('tie'));
  test('a terminal state wins over a newer one', () => {
    const old = versionOf(1_600_000_000, 'terminal');
    expect(judge(known, incoming(old))).toBe('apply');
    expect(compareVersions(old, known.version)).toBe('known');
  });
});

test('a version tells its second and its rank', () => {
  const version = versionOf(1_700_000_000.9, 'terminal');
  expect([secondOf(version), isTerminal(version), version % 100]).toEqual([1_700_000_000, true, RANK.terminal]);
  expect(versionOf(1_700_000_000, 'stub')).toBe(0);
});
