import type { NeverRetry, RetryLater } from '@payments/core/failure';
import { classifySalesforce } from '@payments/core/failure-table';
import { SalesforceFailure } from '../adapters/salesforce-failure.ts';
import { failureOf } from '../realtime/salesforce-refusal.ts';

/** Of sObject Collections: `No such column 'Amount__c' on sobject of type Payment_Transaction__c`. */
const NO_COLUMN = /^No such column /;

/** A call of several rows that failed as a whole, because of some of them. */
export type RefusedCall = {
  readonly failure: RetryLater | NeverRetry;
  /**
   * `column`: the org lacks one of the columns, so all rows with the same columns share the fault. `row`: it cannot read
   * a row, or not so many. `perhaps`: it broke over the call, which may be a row's fault.
   */
  readonly why: 'column' | 'row' | 'perhaps';
};

/** Throws what the machine should do when the failure is not about the rows. */
export function refusedCall(error: unknown): RefusedCall {
  if (!(error instanceof SalesforceFailure)) throw error;
  const failure = failureOf(error);
  const { status, errorCode, text } = error;
  if (failure.name === 'BudgetWait') throw failure;
  if (failure.name === 'RetryLater') {
    if (status === 0 || classifySalesforce({ status, errorCode, message: text }).road) throw failure;
    return { failure, why: 'perhaps' };
  }
  if (status !== 400 && status !== 413) throw failure;
  return { failure, why: errorCode === 'INVALID_FIELD' && NO_COLUMN.test(text.trim()) ? 'column' : 'row' };
}
