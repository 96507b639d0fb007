import { describe, expect, it, vi } from 'vitest';
import { rateMs, startSchedules } from './schedule.ts';

describe('a schedule', () => {
  it.each([
    ['rate(1 minute)', 60_000],
    ['rate(5 minutes)', 300_000],
    ['rate(1 hour)', 3_600_000],
    ['cron(0 3 * * ? *)', null],
    ['rate(one minute)', null],
  ])('reads %s', (expression, expected) => expect(rateMs(expression)).toBe(expected));

  it('starts at its rate, divided by the speed, until it is stopped', () => {
    vi.useFakeTimers();
    let starts = 0;
    const stop = startSchedules([{ name: 'flush', expression: 'rate(1 minute)', start: () => (starts += 1) }], 6);
    vi.advanceTimersByTime(30_000);
    expect(starts).toBe(3);
    stop();
    vi.advanceTimersByTime(60_000);
    expect(starts).toBe(3);
    vi.useRealTimers();
  });
});
