import { describe, expect, it } from 'vitest';
import { REDRIVE_MINUTES, redriveName, redriveVerdict } from './redrive.ts';

const ENDED = 1_790_000_000_000;
const MINUTE = 60_000;
const failed = { name: 'run-1', status: 'FAILED', category: 'Network', failedAt: ENDED } as const;

describe('what is started anew by itself', () => {
  it('is what the road failed, at once', () => {
    expect(redriveVerdict(failed, ENDED)).toBe('now');
    expect(redriveVerdict({ ...failed, status: 'TIMED_OUT' }, ENDED)).toBe('now');
  });

  it.each(['Business', 'Data'] as const)('is not what has a reason of its own: %s', (category) => {
    expect(redriveVerdict({ ...failed, category }, ENDED + 86_400_000)).toBe('never');
  });

  it('is not what a person has stopped', () => {
    expect(redriveVerdict({ ...failed, status: 'ABORTED' }, ENDED + 86_400_000)).toBe('never');
  });

  it('waits longer each time, and goes to a person in the end', () => {
    let name: string = failed.name;
    for (const minutes of REDRIVE_MINUTES) {
      const due = ENDED + minutes * MINUTE;
      expect(redriveVerdict({ ...failed, name }, due)).toBe('now');
      if (minutes > 0) expect(redriveVerdict({ ...failed, name }, due - 1)).toBe('later');
      name = redriveName(name);
    }
    expect(redriveVerdict({ ...failed, name }, ENDED + 86_400_000)).toBe('never');
  });
});

describe('the name of the next try', () => {
  it('is the same for the same execution, and counts', () => {
    expect(redriveName('run-1')).toBe('run-1.redrive-1');
    expect(redriveName(redriveName('run-1'))).toBe('run-1.redrive-2');
  });

  it('fits into the eighty characters of Step Functions and stays one of its own', () => {
    const long = `${'e'.repeat(36)}_${'t'.repeat(43)}`;
    expect(long).toHaveLength(80);
    const names = [redriveName(long), redriveName(redriveName(long))];
    for (const name of names) expect(name.length).toBeLessThanOrEqual(80);
    expect(new Set([long, ...names]).size).toBe(3);
  });
});
