/** What the caller should do about a failure. The machines' Retry and Catch name these classes by `name`, so the names are literals. */

export type Category = 'Network' | 'Business' | 'Data';

type Details = {
  /** The system's own code: a Salesforce errorCode, a Stripe code, a Node error code. Never a message with personal data. */
  readonly code: string;
  readonly category: Category;
  readonly cause?: unknown;
};

abstract class SortedFailure extends Error {
  readonly code: string;
  readonly category: Category;
  constructor(message: string, { code, category, cause }: Details) {
    super(message, cause === undefined ? {} : { cause });
    this.code = code;
    this.category = category;
  }
}

/** The same may succeed later. */
export class RetryLater extends SortedFailure {
  override readonly name = 'RetryLater';
}

/** It cannot succeed as it is: a person has to change something first. */
export class NeverRetry extends SortedFailure {
  override readonly name = 'NeverRetry';
}

/** The row it belongs to is not in Salesforce, and cannot be made for now: its own event, or a person, will. */
export class ParentWait extends SortedFailure {
  override readonly name = 'ParentWait';
}

/** No API budget left, the road closed for everyone, or another execution at it: wait without using up attempts. */
export class BudgetWait extends SortedFailure {
  override readonly name = 'BudgetWait';
  /** When asking again makes sense; the machines wait by their own clock. */
  readonly retryAfterMs: number;
  constructor(message: string, { retryAfterMs, ...details }: Omit<Details, 'category'> & { retryAfterMs: number }) {
    super(message, { ...details, category: 'Network' });
    this.retryAfterMs = retryAfterMs;
  }
}
