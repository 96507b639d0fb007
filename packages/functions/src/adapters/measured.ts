import { BudgetWait, ParentWait, RetryLater } from '@payments/core/failure';
import type { Count } from '@payments/core/metrics';
import type { Lane } from '@payments/core/routes';
import type { Budget } from './budget.ts';
import type { Salesforce } from './salesforce.ts';
import { SalesforceFailure } from './salesforce-failure.ts';
import type { StripeReader } from './stripe.ts';

/** A call of another system. The path is without its query, which may hold what was asked for. */
export type Called = (call: {
  readonly system: 'salesforce' | 'stripe';
  readonly method: string;
  readonly path: string;
  readonly outcome: string;
  readonly ms: number;
}) => void;

/** The clients with a count around each call. What they do, and what they throw, stays as it is. */
type Measure = { readonly count: Count; readonly called: Called; readonly nowMs: () => number };

export function measuredSalesforce(
  send: Salesforce,
  { lane: Lane, count, called, nowMs }: Measure & { readonly lane: Lane },
): Salesforce {
  return async (request) => {
    const startedAt = nowMs();
    const told = (Outcome: 'ok' | 'refused' | 'unanswered') => {
      const ms = nowMs() - startedAt;
      count('SalesforceCalls', 1, { Lane, Outcome });
      count('SalesforceTime', ms, { Lane });
      const { method, path } = request;
      called({ system: 'salesforce', method, path: withoutQuery(path), outcome: Outcome, ms });
    };
    try {
      const answer = await send(request);
      told('ok');
      return answer;
    } catch (error) {
      // Anything else was thrown before a request was sent: a login, for one.
      if (error instanceof SalesforceFailure) {
        told(error.status === 0 ? 'unanswered' : 'refused');
        if (error.errorCode === 'REQUEST_LIMIT_EXCEEDED') count('RateLimitWaits', 1, { System: 'salesforce' });
      }
      throw error;
    }
  };
}

export function measuredStripe(read: StripeReader, { count, called, nowMs }: Measure): StripeReader {
  return async (need) => {
    const startedAt = nowMs();
    let Outcome: 'ok' | 'missing' | 'refused' | 'unanswered' = 'refused';
    try {
      const answer = await read(need);
      Outcome = answer.body === null ? 'missing' : 'ok';
      return answer;
    } catch (error) {
      if (error instanceof RetryLater && UNANSWERED.has(error.code)) Outcome = 'unanswered';
      if (error instanceof BudgetWait) count('RateLimitWaits', 1, { System: 'stripe' });
      throw error;
    } finally {
      const ms = nowMs() - startedAt;
      count('StripeReads', 1, { Outcome });
      count('StripeTime', ms);
      called({ system: 'stripe', method: 'GET', path: need.path, outcome: Outcome, ms });
    }
  };
}

/** stripe.ts' own codes for a request without an answer. */
const UNANSWERED: ReadonlySet<string> = new Set(['TIMEOUT', 'NETWORK']);

export function measuredBudget<Some extends Pick<Budget, 'acquire'>>(
  budget: Some,
  { count }: Pick<Measure, 'count'>,
): Some {
  return {
    ...budget,
    acquire: async (ask) => {
      const verdict = await budget.acquire(ask);
      if (!verdict.granted) count('BudgetRefused', 1, { Lane: ask.lane });
      return verdict;
    },
  };
}

/** `logIn` of salesforce-login.ts. */
export function measuredLogin<Result>(
  logIn: () => Promise<Result>,
  { count }: Pick<Measure, 'count'>,
): () => Promise<Result> {
  return async () => {
    let Outcome: 'ok' | 'failed' = 'failed';
    try {
      const token = await logIn();
      Outcome = 'ok';
      return token;
    } finally {
      count('OAuthRefreshes', 1, { Outcome });
    }
  };
}

/** Lambda counts an invocation that asks to be waited for as an error, since only an error makes a machine wait. */
export function measuredHandler<Result>(
  handle: (input: unknown) => Promise<Result>,
  { name, count }: Pick<Measure, 'count'> & { readonly name: string },
): (input: unknown) => Promise<Result> {
  return async (input) => {
    try {
      return await handle(input);
    } catch (error) {
      if (error instanceof BudgetWait || error instanceof ParentWait) count('Waits', 1, { Function: name });
      throw error;
    }
  };
}

function withoutQuery(path: string): string {
  return path.split('?')[0] ?? path;
}
