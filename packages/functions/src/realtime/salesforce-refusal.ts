import { BudgetWait, NeverRetry, RetryLater } from '@payments/core/failure';
import { classifySalesforce } from '@payments/core/failure-table';
import type { SalesforceFailure } from '../adapters/salesforce-failure.ts';
import type { Culprit } from './composite-answer.ts';

/** How long a caller should leave the org alone when it says that its calls are used up. The machine waits by itself. */
const LIMIT_WAIT_MS = 60_000;

type Said = { readonly status: number; readonly errorCode: string; readonly text: string };

/** What the machine should do about an answer of Salesforce: the one place of this lane that asks core's table. */
function verdict(said: Said, what: string, cause?: unknown): RetryLater | NeverRetry | BudgetWait {
  const advice = classifySalesforce({ status: said.status, errorCode: said.errorCode, message: said.text });
  const details = { code: said.errorCode, category: advice.category, ...(cause === undefined ? {} : { cause }) };
  if (advice.verdict === 'never')
    return new NeverRetry(`${what}: it will fail again, so correct the cause first`, details);
  if (advice.verdict === 'wait') return new BudgetWait(what, { ...details, retryAfterMs: LIMIT_WAIT_MS });
  return new RetryLater(what, details);
}

/** A request that failed whole, or was not answered. */
export function failureOf(failure: SalesforceFailure): RetryLater | NeverRetry | BudgetWait {
  return verdict(failure, failure.message, failure);
}

/** The part of a composite call for which the org rolled all of it back. */
export function failureOfPart(culprit: Culprit): RetryLater | NeverRetry | BudgetWait {
  const { record, errorCode, status } = culprit;
  const subject = record === null ? 'Payment_Failed__e' : `${record.object} ${record.externalId ?? record.rowId}`;
  return verdict(culprit, `Salesforce refused ${subject}: ${errorCode} (${status})`);
}
