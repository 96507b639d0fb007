/** What the caller should do about a failure. The machines' Retry and Catch name these classes by `name`, so the names are literals. */

export type Category = 'Network' | 'Business' | 'Data';

type Details = {
  /** The system's own code: a Salesforce errorCode, a Stripe code, a Node error code. Never a message with personal data. */
  readonly code: string;
  readonly category: Category;
  readonly cause?: unknown;
};

export class RetryLater extends Error {
  override readonly name = 'RetryLater';
  readonly code: string;
  readonly category: Category;
  constructor(message: string, details: Details) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.code = details.code;
    this.category = details.category;
  }
}

export class NeverRetry extends Error {
  override readonly name = 'NeverRetry';
  readonly code: string;
  readonly category: Category;
  constructor(message: string, details: Details) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.code = details.code;
    this.category = details.category;
  }
}

/** No API budget left or the circuit is open: wait without using up attempts. */
export class BudgetWait extends Error {
  override readonly name = 'BudgetWait';
  readonly code: string;
  readonly category: Category = 'Network';
  readonly retryAfterMs: number;
  constructor(
    message: string,
    details: { readonly code: string; readonly retryAfterMs: number; readonly cause?: unknown },
  ) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.code = details.code;
    this.retryAfterMs = details.retryAfterMs;
  }
}
