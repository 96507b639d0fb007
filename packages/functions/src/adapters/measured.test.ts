import { BudgetWait, NeverRetry, ParentWait, RetryLater } from '@payments/core/failure';
import { describe, expect, it } from 'vitest';
import { counting } from '../../test/counted.ts';
import type { Budget } from './budget.ts';
import {
  type Called,
  measuredBudget,
  measuredHandler,
  measuredLogin,
  measuredSalesforce,
  measuredStripe,
} from './measured.ts';
import { SalesforceFailure } from './salesforce-failure.ts';

/** A clock that moves by 40 ms at each look. */
function measuring() {
  let now = 0;
  const nowMs = () => {
    now += 40;
    return now;
  };
  const calls: Parameters<Called>[0][] = [];
  return { nowMs, calls, called: (call: Parameters<Called>[0]) => calls.push(call), ...counting() };
}

const failure = (status: number, errorCode: string) =>
  new SalesforceFailure({ what: 'a test', status, errorCode, text: '' });

describe('a measured call of Salesforce', () => {
  const GET = { method: 'GET', path: '/query?q=SELECT%20Email' } as const;
  const measured = (thrown: Error | null) => {
    const { count, called, nowMs, calls, counted, sum, valuesOf } = measuring();
    const send = async () => {
      if (thrown !== null) throw thrown;
      return { status: 200, body: null };
    };
    return { send: measuredSalesforce(send, { lane: 'bulk', count, called, nowMs }), calls, counted, sum, valuesOf };
  };

  it.each([
    [null, 'ok'],
    [failure(400, 'INVALID_FIELD'), 'refused'],
    [failure(0, 'TIMEOUT'), 'unanswered'],
  ])('counts it once, with the time it took: %s is %s', async (thrown, Outcome) => {
    const { send, calls, counted, valuesOf } = measured(thrown);
    if (thrown === null) await send(GET);
    else await expect(send(GET)).rejects.toBe(thrown);
    expect(counted).toContainEqual({ metric: 'SalesforceCalls', value: 1, dimensions: { Lane: 'bulk', Outcome } });
    expect(valuesOf('SalesforceTime', { Lane: 'bulk' })).toEqual([40]);
    expect(counted).toHaveLength(2);
    expect(calls).toEqual([{ system: 'salesforce', method: 'GET', path: '/query', outcome: Outcome, ms: 40 }]);
  });

  it('says so when the org has no calls left', async () => {
    const { send, sum } = measured(failure(403, 'REQUEST_LIMIT_EXCEEDED'));
    await expect(send(GET)).rejects.toThrow();
    expect(sum('RateLimitWaits', { System: 'salesforce' })).toBe(1);
  });

  it('counts no call when none was made: no token, or the circuit is open', async () => {
    const { send, counted } = measured(new RetryLater('no token', { code: 'invalid_client', category: 'Network' }));
    await expect(send(GET)).rejects.toThrow('no token');
    expect(counted).toEqual([]);
  });
});

describe('a measured read of Stripe', () => {
  it.each([
    [{ body: {}, at: 1 }, 'ok'],
    [{ body: null, at: 1 }, 'missing'],
    [new RetryLater('x', { code: 'TIMEOUT', category: 'Network' }), 'unanswered'],
    [new RetryLater('x', { code: 'api_error', category: 'Network' }), 'refused'],
    [new NeverRetry('x', { code: 'permission_error', category: 'Business' }), 'refused'],
  ] as const)('is counted by what came of it: %s is %s', async (answer, Outcome) => {
    const { count, called, nowMs, calls, sum, valuesOf } = measuring();
    const read = measuredStripe(
      async () => {
        if (answer instanceof Error) throw answer;
        return answer;
      },
      { count, called, nowMs },
    );
    const asked = read({ path: '/v1/prices/price_1', query: [] });
    if (answer instanceof Error) await expect(asked).rejects.toBe(answer);
    else expect(await asked).toBe(answer);
    expect(sum('StripeReads', { Outcome })).toBe(1);
    expect(valuesOf('StripeTime')).toEqual([40]);
    expect(calls).toEqual([{ system: 'stripe', method: 'GET', path: '/v1/prices/price_1', outcome: Outcome, ms: 40 }]);
    expect(sum('RateLimitWaits')).toBe(0);
  });

  it('says so when Stripe takes no more calls', async () => {
    const { count, called, nowMs, sum } = measuring();
    const tooMany = new BudgetWait('x', { code: 'rate_limit', retryAfterMs: 1_000 });
    const read = measuredStripe(() => Promise.reject(tooMany), { count, called, nowMs });
    await expect(read({ path: '/v1/prices/price_1', query: [] })).rejects.toBe(tooMany);
    expect(sum('RateLimitWaits', { System: 'stripe' })).toBe(1);
  });
});

it('an ask for calls that was told to wait is counted by its lane, a granted one is not', async () => {
  const { count, counted } = counting();
  const verdicts = [true, false].map((granted) => ({ granted, retryAfterMs: granted ? 0 : 5 }));
  const budget: Pick<Budget, 'acquire'> = measuredBudget(
    { acquire: async () => verdicts.shift() ?? { granted: true, retryAfterMs: 0 } },
    { count },
  );
  expect(await budget.acquire({ lane: 'bulk', calls: 1 })).toEqual({ granted: true, retryAfterMs: 0 });
  expect(await budget.acquire({ lane: 'bulk', calls: 1 })).toEqual({ granted: false, retryAfterMs: 5 });
  expect(counted).toEqual([{ metric: 'BudgetRefused', value: 1, dimensions: { Lane: 'bulk' } }]);
});

it('a login is counted, whether it succeeds or not', async () => {
  const { count, counted } = counting();
  expect(await measuredLogin(async () => 'token', { count })()).toBe('token');
  await expect(measuredLogin(() => Promise.reject(new Error('no')), { count })()).rejects.toThrow('no');
  expect(counted.map(({ dimensions }) => dimensions)).toEqual([{ Outcome: 'ok' }, { Outcome: 'failed' }]);
});

it('an invocation that puts its work off is counted as one that waits, and no other failure is', async () => {
  const { count, counted } = counting();
  const wait = new BudgetWait('wait', { code: 'CIRCUIT_OPEN', retryAfterMs: 1 });
  const orphan = new ParentWait('wait', { code: 'PARENT_MISSING', category: 'Data' });
  const failed = new RetryLater('failed', { code: 'X', category: 'Network' });
  for (const thrown of [wait, orphan, failed, new Error('crash')]) {
    const handler = measuredHandler(() => Promise.reject(thrown), { name: 'Sync', count });
    await expect(handler({})).rejects.toBe(thrown);
  }
  expect(await measuredHandler(async (input) => input, { name: 'Sync', count })('in')).toBe('in');
  expect(counted).toEqual([1, 2].map(() => ({ metric: 'Waits', value: 1, dimensions: { Function: 'Sync' } })));
});
