import { describe, expect, it } from 'vitest';
import {
  aslRetry,
  delaysOf,
  FLUSH_RETRIERS,
  ORPHAN_SECONDS,
  REALTIME_RETRIERS,
  RETRY_SECONDS,
  triesOf,
} from './retry-policy.ts';

const sum = (seconds: readonly number[]) => seconds.reduce((total, each) => total + each, 0);
const HOUR = 3_600;

describe('a step of a realtime machine', () => {
  it('is tried again after 2, 4, 8, 16 and 32 seconds, whatever it failed with', () => {
    for (const error of ['RetryLater', 'Lambda.Unknown', 'States.Timeout', 'TypeError']) {
      expect(delaysOf(REALTIME_RETRIERS, error)).toEqual([2, 4, 8, 16, 32]);
      expect(triesOf(REALTIME_RETRIERS, error)).toBe(6);
    }
  });

  it('is not tried again when that is useless', () => {
    expect(triesOf(REALTIME_RETRIERS, 'NeverRetry')).toBe(1);
  });

  it('waits longer than a two-hour outage, and looks at least once a minute', () => {
    for (const error of ['BudgetWait', 'Lambda.TooManyRequestsException']) {
      const delays = delaysOf(REALTIME_RETRIERS, error);
      expect(sum(delays)).toBeGreaterThan(3 * HOUR);
      expect(Math.max(...delays)).toBe(60);
      expect(delays.slice(0, 6)).toEqual([2, 4, 8, 16, 32, 60]);
    }
  });
});

describe('what waits for its parent', () => {
  it('waits for an hour in either lane: the execution looks once a minute, the row is woken by the parent', () => {
    const delays = delaysOf(REALTIME_RETRIERS, 'ParentWait');
    expect(Math.abs(sum(delays) - HOUR)).toBeLessThan(120);
    expect(Math.max(...delays)).toBe(60);
    expect(Math.abs(sum(ORPHAN_SECONDS) - HOUR)).toBeLessThan(120);
    expect(ORPHAN_SECONDS).toHaveLength(RETRY_SECONDS.length);
  });
});

describe('a step of the flush', () => {
  it('gives way soon: the next minute has its own', () => {
    expect(sum(delaysOf(FLUSH_RETRIERS, 'BudgetWait'))).toBe(75);
    expect(delaysOf(FLUSH_RETRIERS, 'RetryLater')).toEqual([...RETRY_SECONDS]);
  });
});

it('is written in the Amazon States Language without jitter', () => {
  expect(aslRetry(REALTIME_RETRIERS)).toEqual([
    { ErrorEquals: ['NeverRetry'], MaxAttempts: 0 },
    {
      ErrorEquals: ['BudgetWait', 'Lambda.TooManyRequestsException'],
      IntervalSeconds: 2,
      BackoffRate: 2,
      MaxDelaySeconds: 60,
      MaxAttempts: 200,
      JitterStrategy: 'NONE',
    },
    {
      ErrorEquals: ['ParentWait'],
      IntervalSeconds: 2,
      BackoffRate: 2,
      MaxDelaySeconds: 60,
      MaxAttempts: 64,
      JitterStrategy: 'NONE',
    },
    { ErrorEquals: ['States.ALL'], IntervalSeconds: 2, BackoffRate: 2, MaxAttempts: 5, JitterStrategy: 'NONE' },
  ]);
});
