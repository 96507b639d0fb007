import type { Advice } from './advice.ts';
import { SALESFORCE_FAILURES } from './salesforce-failures.ts';
import { STRIPE_FAILURES } from './stripe-failures.ts';

/** A failure is sorted here and nowhere else: salesforce-failures.ts and stripe-failures.ts are the tables. */

/** A parent that is not there yet is written by its own event or by the next try of the whole plan. */
const PARENT_MISSING = /^Foreign key external ID: /;

const SALESFORCE: ReadonlyMap<string, Advice> = new Map(Object.entries(SALESFORCE_FAILURES));
const STRIPE: ReadonlyMap<string, Advice> = new Map(Object.entries(STRIPE_FAILURES));

export type Failed = {
  /** HTTP status. 0: no answer came, whatever code the network gives it. `null`: a row of an answer that was a success. */
  readonly status: number | null;
  readonly errorCode: string | null;
  readonly message?: string | null;
};

/** Of one Salesforce answer, part or row. What the table does not know is decided by the status. */
export function classifySalesforce({ status, errorCode, message }: Failed): Advice {
  if (errorCode === 'INVALID_FIELD' && PARENT_MISSING.test(message ?? '')) {
    return { verdict: 'retry', category: 'Data', road: false };
  }
  return adviceOf(errorCode === null ? undefined : SALESFORCE.get(errorCode), status);
}

/** Of one Stripe answer: `errorCode` is `error.code`, else `error.type`. */
export function classifyStripe({ status, errorCode }: Failed): Advice {
  const row = errorCode === null ? undefined : STRIPE.get(errorCode);
  // 429 says more than the type it comes with; a lock is one object's.
  if (status === 429 && errorCode !== 'lock_timeout') return CLOSED;
  return adviceOf(row, status);
}

const CLOSED: Advice = { verdict: 'wait', category: 'Network', road: true };
const AWAY: Advice = { verdict: 'retry', category: 'Network', road: true };
const AGAIN: Advice = { verdict: 'retry', category: 'Network', road: false };

/** Without a status or a known code nothing says that trying again is useless. */
function adviceOf(row: Advice | undefined, status: number | null): Advice {
  if (row !== undefined) return { verdict: row.verdict, category: row.category, road: row.road };
  if (status === null) return AGAIN;
  if (status === 429 || status === 503) return CLOSED;
  if (status === 0 || status === 401 || status === 502 || status === 504) return AWAY;
  if (status === 403) return { verdict: 'never', category: 'Business', road: false };
  if (status < 400 || status >= 500 || [408, 409, 420, 425, 428].includes(status)) return AGAIN;
  return { verdict: 'never', category: 'Data', road: false };
}
