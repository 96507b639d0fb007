import { describe, expect, it, test } from 'vitest';
import { REDRIVE_MINUTES, redriveName, redriveRoom, redrivesOf, redriveVerdict } from './redrive.ts';

const ENDED = 1_790_000_000_000;
const MINUTE = 60_000;
const givenUp = { category: 'Network', redrives: 0, givenUpAt: ENDED } as const;

describe('what is tried again by itself', () => {
  it('is what the road failed, at once', () => {
    expect(redriveVerdict(givenUp, ENDED)).toBe('now');
  });

  it.each(['Business', 'Data'] as const)('is not what has a reason of its own: %s', (category) => {
    expect(redriveVerdict({ ...givenUp, category }, ENDED + 86_400_000)).toBe('never');
  });

  it('waits longer each time, and goes to a person in the end', () => {
    for (const [redrives, minutes] of REDRIVE_MINUTES.entries()) {
      const due = ENDED + minutes * MINUTE;
      expect(redriveVerdict({ ...givenUp, redrives }, due)).toBe('now');
      if (minutes > 0) expect(redriveVerdict({ ...givenUp, redrives }, due - 1)).toBe('later');
    }
    expect(redriveVerdict({ ...givenUp, redrives: REDRIVE_MINUTES.length }, ENDED + 86_400_000)).toBe('never');
  });
});

describe('the name of the next try', () => {
  it('is the same for the same execution, and counts', () => {
    expect(redriveName('run-1')).toBe('run-1.redrive-1');
    expect(redriveName(redriveName('run-1'))).toBe('run-1.redrive-2');
    expect(['run-1', 'run-1.redrive-1', 'run-1.redrive-12'].map(redrivesOf)).toEqual([0, 1, 12]);
  });

  it('fits into the eighty characters of Step Functions and stays one of its own', () => {
    const long = `${'e'.repeat(36)}_${'t'.repeat(43)}`;
    expect(long).toHaveLength(80);
    const names = [redriveName(long), redriveName(redriveName(long))];
    for (const name of names) expect(name.length).toBeLessThanOrEqual(80);
    expect(new Set([long, ...names]).size).toBe(3);
  });
});

test('of the free calls half is used, two for each execution', () => {
  expect([400, 43, 3, 0, -5].map(redriveRoom)).toEqual([100, 10, 0, 0, 0]);
});
