import { StripeError } from './stripe-error.ts';

/** Requests in any one second. Stripe's own: 25 for an endpoint, 100 live or 25 in a sandbox for the account. */
export type RateLimits = { readonly perEndpoint: number; readonly perAccount: number };

export const STRIPES_LIMITS: RateLimits = { perEndpoint: 25, perAccount: 100 };
/** High enough never to slow a demo, low enough to stop a loop that has lost its brakes. */
export const WIDE_LIMITS: RateLimits = { perEndpoint: 2_000, perAccount: 5_000 };

/** `Stripe-Rate-Limited-Reason`. */
export type RateLimitedReason = 'endpoint-rate' | 'global-rate';

export type RateLimiter = {
  limits(): RateLimits;
  set(limits: RateLimits): void;
  /** Counts a request; null lets it pass. Refused ones don't count. */
  admit(endpoint: string): RateLimitedReason | null;
};

const ACCOUNT = '';

/** Sliding windows of one second on `clock` (milliseconds). */
export function openRateLimiter(clock: () => number, initial: RateLimits): RateLimiter {
  let limits = initial;
  const windows = new Map<string, number[]>();
  const recent = (name: string, now: number): number[] => {
    const times = windows.get(name) ?? [];
    windows.set(name, times);
    while (times[0] !== undefined && times[0] <= now - 1_000) times.shift();
    return times;
  };
  return {
    limits: () => limits,
    set: (changed) => {
      limits = changed;
    },
    admit: (endpoint) => {
      const now = clock();
      const own = recent(endpoint, now);
      const all = recent(ACCOUNT, now);
      if (own.length >= limits.perEndpoint) return 'endpoint-rate';
      if (all.length >= limits.perAccount) return 'global-rate';
      own.push(now);
      all.push(now);
      return null;
    },
  };
}

export function tooManyRequests(reason: RateLimitedReason): StripeError {
  return new StripeError(
    429,
    'Request rate limit exceeded. You can learn more about rate limits here https://stripe.com/docs/rate-limits.',
    { code: 'rate_limit', headers: { 'stripe-rate-limited-reason': reason } },
    false,
  );
}
