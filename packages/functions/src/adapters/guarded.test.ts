import type { Change, Permit } from '@payments/core/circuit';
import { CLOSED } from '@payments/core/circuit';
import { BudgetWait, RetryLater } from '@payments/core/failure';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Budget } from './budget.ts';
import type { Circuit } from './circuit.ts';
import { guardedBudget, guardedSalesforce } from './guarded.ts';
import type { SalesforceRequest } from './salesforce.ts';
import { SalesforceFailure } from './salesforce-failure.ts';

const failure = (status: number, errorCode: string) =>
  new SalesforceFailure({ what: 'POST /composite', status, errorCode, text: '' });

describe('Salesforce behind the circuit', () => {
  let given: Permit;
  let change: Change;
  let reported: { good: boolean; why: string }[];
  let sent: SalesforceRequest[];
  let now: number;
  let answer: () => Promise<{ status: number; body: unknown }>;
  let circuit: Circuit;

  beforeEach(() => {
    given = { kind: 'pass', epoch: 3 };
    change = 'none';
    reported = [];
    sent = [];
    now = 0;
    answer = async () => ({ status: 200, body: null });
    circuit = {
      look: async () => ({ ...CLOSED, retryAfterMs: 7_000 }),
      permit: async () => given,
      report: async (_permit, said) => {
        reported.push(said);
        return change;
      },
    };
  });

  const call = (method: SalesforceRequest['method'] = 'POST') =>
    guardedSalesforce(
      (request) => {
        sent.push(request);
        return answer();
      },
      { circuit, slowMs: 20_000, nowMs: () => now },
    )({ method, path: '/composite' });

  it('sends nothing while it is open, and asks to be waited for', async () => {
    given = { kind: 'wait', retryAfterMs: 4_000 };
    await expect(call()).rejects.toMatchObject({ name: 'BudgetWait', code: 'CIRCUIT_OPEN', retryAfterMs: 4_000 });
    expect([sent, reported]).toEqual([[], []]);
  });

  it('reports a good answer, a refusal among them: somebody was there to refuse', async () => {
    await call();
    for (const [status, code] of [
      [400, 'INVALID_FIELD'],
      [404, 'NOT_FOUND'],
      [500, 'UNABLE_TO_LOCK_ROW'],
      [500, 'UNKNOWN_EXCEPTION'],
    ] as const) {
      answer = () => Promise.reject(failure(status, code));
      await expect(call()).rejects.toMatchObject({ name: 'SalesforceFailure', errorCode: code });
    }
    expect(reported).toEqual(Array.from({ length: 5 }, () => ({ good: true, why: '' })));
  });

  it.each([
    [0, 'ECONNREFUSED'],
    [0, 'TIMEOUT'],
    [503, 'SERVER_UNAVAILABLE'],
    [503, 'ERROR_HTTP_503'],
    [502, 'ERROR_HTTP_502'],
    [403, 'REQUEST_LIMIT_EXCEEDED'],
    [401, 'INVALID_SESSION_ID'],
  ])('reports as bad that nobody gets through: %s %s', async (status, code) => {
    answer = () => Promise.reject(failure(status, code));
    await expect(call()).rejects.toMatchObject({ name: 'SalesforceFailure' });
    expect(reported).toEqual([{ good: false, why: code }]);
  });

  it('reports a login that failed as bad', async () => {
    answer = () => Promise.reject(new RetryLater('the login failed', { code: 'invalid_client', category: 'Network' }));
    await expect(call()).rejects.toThrow(RetryLater);
    expect(reported).toEqual([{ good: false, why: 'invalid_client' }]);
  });

  it.each([
    ['another function is logging in', new BudgetWait('wait', { code: 'LOGIN_IN_PROGRESS', retryAfterMs: 1_000 })],
    ['Redis does not give the token', new Error('Connection is closed.')],
  ])('reports nothing of a call that was not made: %s', async (_, thrown) => {
    answer = () => Promise.reject(thrown);
    for (const kind of ['pass', 'probe'] as const) {
      given = { kind, epoch: 4 };
      await expect(call()).rejects.toBe(thrown);
    }
    expect(reported).toEqual([]);
  });

  it.each(['opened', 'reopened'] as const)('uses up no attempt of the call that finds out: %s', async (became) => {
    change = became;
    if (became === 'reopened') given = { kind: 'probe', epoch: 4 };
    answer = () => Promise.reject(failure(0, 'ECONNRESET'));
    const thrown = await call().catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(BudgetWait);
    expect(thrown).toMatchObject({ code: 'ECONNRESET', retryAfterMs: 7_000, cause: { errorCode: 'ECONNRESET' } });
  });

  it('takes a slow answer for a bad one, and gives it to the caller all the same', async () => {
    answer = async () => {
      now += 20_000;
      return { status: 200, body: 'late' };
    };
    expect(await call()).toEqual({ status: 200, body: 'late' });
    expect(reported).toEqual([{ good: false, why: 'SLOW' }]);
  });

  it('does not time an upload', async () => {
    answer = async () => {
      now += 24_000;
      return { status: 201, body: null };
    };
    await call('PUT');
    expect(reported).toEqual([{ good: true, why: '' }]);
  });

  it('gives the answer when Redis cannot be told of it', async () => {
    circuit = { ...circuit, report: () => Promise.reject(new Error('Redis is gone')) };
    expect(await call()).toEqual({ status: 200, body: null });
    answer = () => Promise.reject(failure(503, 'SERVER_UNAVAILABLE'));
    await expect(call()).rejects.toMatchObject({ name: 'SalesforceFailure' });
  });
});

describe('the budget behind the circuit', () => {
  const booking = (retryAfterMs: number) => {
    let booked = 0;
    const budget = guardedBudget<Pick<Budget, 'acquire'>>(
      {
        acquire: async ({ calls }) => {
          booked += calls;
          return { granted: true, retryAfterMs: 0 };
        },
      },
      { look: async () => ({ ...CLOSED, retryAfterMs }) },
    );
    return { acquire: () => budget.acquire({ lane: 'realtime', calls: 1 }), booked: () => booked };
  };

  it('books nothing while the circuit is open: an outage must not use up the calls', async () => {
    const { acquire, booked } = booking(9_500);
    await expect(acquire()).rejects.toMatchObject({ name: 'BudgetWait', code: 'CIRCUIT_OPEN', retryAfterMs: 9_500 });
    expect(booked()).toBe(0);
  });

  it('books as ever when a call may be made', async () => {
    const { acquire, booked } = booking(0);
    expect(await acquire()).toEqual({ granted: true, retryAfterMs: 0 });
    expect(booked()).toBe(1);
  });
});
