import { BudgetWait, RetryLater } from '@payments/core/failure';
import { classifySalesforce } from '@payments/core/failure-table';
import type { Budget } from './budget.ts';
import type { Circuit } from './circuit.ts';
import type { Salesforce, SalesforceRequest } from './salesforce.ts';
import { SalesforceFailure } from './salesforce-failure.ts';

/**
 * Salesforce behind the circuit. While it is open nothing is sent and BudgetWait is thrown, which uses up no attempt; nor
 * does the failure that opens it, nor that of a probe: somebody has to find out for the others.
 */
export function guardedSalesforce(
  send: Salesforce,
  world: {
    readonly circuit: Circuit;
    /** An answer that takes longer is a bad one. */
    readonly slowMs: number;
    readonly nowMs: () => number;
  },
): Salesforce {
  const { circuit, slowMs, nowMs } = world;
  return async (request) => {
    const permit = await circuit.permit();
    if (permit.kind === 'wait') throw circuitOpen(permit.retryAfterMs);
    const startedAt = nowMs();
    // What came of the call stands whether or not Redis can be told.
    const tell = (why: string | null) =>
      circuit.report(permit, { good: why === null, why: why ?? '' }).catch(() => 'none' as const);
    try {
      const answer = await send(request);
      await tell(isTimed(request) && nowMs() - startedAt >= slowMs ? 'SLOW' : null);
      return answer;
    } catch (error) {
      // Nobody asked Salesforce, so nobody can say how it is; a probe that says nothing is lost, and another one goes.
      if (!isAnswer(error)) throw error;
      const away = awayCode(error);
      const change = await tell(away);
      if (away === null || (change === 'none' && permit.kind === 'pass')) throw error;
      const { retryAfterMs } = await circuit.look().catch(() => ({ retryAfterMs: 0 }));
      throw new BudgetWait(`Salesforce is away (${away}): it is asked again when the circuit lets a probe through`, {
        ...{ code: away, retryAfterMs, cause: error },
      });
    }
  };
}

/** Looks before it books: calls that an open circuit would not let through must not use up the budget. */
export function guardedBudget<Some extends Pick<Budget, 'acquire'>>(
  budget: Some,
  circuit: Pick<Circuit, 'look'>,
): Some {
  return {
    ...budget,
    acquire: async (ask) => {
      const { retryAfterMs } = await circuit.look();
      if (retryAfterMs > 0) throw circuitOpen(retryAfterMs);
      return budget.acquire(ask);
    },
  };
}

function circuitOpen(retryAfterMs: number): BudgetWait {
  const seconds = Math.ceil(retryAfterMs / 1_000);
  return new BudgetWait(`Salesforce is away: nothing is sent before a probe in ${seconds} s has gone through`, {
    code: 'CIRCUIT_OPEN',
    retryAfterMs,
  });
}

/** How long an upload of up to a hundred megabytes takes says nothing about the org. */
function isTimed({ method }: SalesforceRequest): boolean {
  return method !== 'PUT';
}

/** Salesforce's own, or a login that failed: RetryLater. Redis may fail besides, or another function be logging in. */
function isAnswer(error: unknown): error is SalesforceFailure | RetryLater {
  return error instanceof SalesforceFailure || error instanceof RetryLater;
}

/** The code of a failure that says nobody gets through; `null` for any other, which is somebody's answer. */
function awayCode(error: SalesforceFailure | RetryLater): string | null {
  if (error instanceof RetryLater) return error.code;
  const { status, errorCode, text } = error;
  return classifySalesforce({ status, errorCode, message: text }).road ? errorCode : null;
}
