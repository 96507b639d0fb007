import { SalesforceError } from './salesforce-error.ts';

export type CallKind =
  | 'sobject'
  | 'composite'
  | 'collections'
  | 'graph'
  | 'tree'
  | 'query'
  | 'describe'
  | 'bulkIngest'
  | 'bulkQuery'
  | 'limits'
  | 'metadata'
  | 'other';

const DAY_SECONDS = 86_400;

/**
 * API calls of the last 24 hours, counted true: one bucket per second, the oldest falling out as time passes. Salesforce's
 * own number lags; a client that corrects itself by this one has no excuse.
 */
export class ApiUsage {
  limit: number;
  readonly #ownLimit: number;
  readonly #now: () => number;
  readonly #buckets: { second: number; calls: number }[] = [];
  #sum = 0;
  #total = 0;
  readonly #byKind = new Map<CallKind, number>();

  constructor(limit: number, now: () => number) {
    this.limit = limit;
    this.#ownLimit = limit;
    this.#now = now;
  }

  /** The limit that the org was started with, after it was lowered. */
  restoreLimit(): void {
    this.limit = this.#ownLimit;
  }

  /** Calls in the last 24 hours. */
  used(): number {
    const oldest = Math.floor(this.#now() / 1000) - DAY_SECONDS;
    while (this.#buckets[0] !== undefined && this.#buckets[0].second <= oldest) {
      this.#sum -= this.#buckets.shift()?.calls ?? 0;
    }
    return this.#sum;
  }

  /** Counts one call; throws when the 24 hours are used up. */
  count(kind: CallKind): void {
    if (this.used() >= this.limit) {
      throw new SalesforceError(403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.');
    }
    this.seen(kind, 1);
  }

  /** As if `calls` had just been made, by this or another app of the org. */
  seen(kind: CallKind, calls: number): void {
    const second = Math.floor(this.#now() / 1000);
    const last = this.#buckets.at(-1);
    if (last?.second === second) last.calls += calls;
    else this.#buckets.push({ second, calls });
    this.#sum += calls;
    this.#total += calls;
    this.#byKind.set(kind, (this.#byKind.get(kind) ?? 0) + calls);
  }

  /** Everything since the org started, by kind. */
  totals(): { readonly total: number; readonly byKind: Readonly<Partial<Record<CallKind, number>>> } {
    return { total: this.#total, byKind: Object.fromEntries(this.#byKind) };
  }

  header(): string {
    return `api-usage=${this.used()}/${this.limit}`;
  }
}
