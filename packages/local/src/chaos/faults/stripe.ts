/** Stripe's API refuses or fails. */
import type { Fault } from '../injection.ts';
import { often, throughout, times } from '../places.ts';

export const stripeLimits: Fault = {
  name: 'stripe-429',
  what: 'Stripe answers 429: too many calls, or another call holds the object',
  plan: (story, random) =>
    throughout(story, random, often(story, 1, 120), (at) => {
      const count = random.between(1, 3);
      const locked = random.chance(0.3);
      const reason = locked
        ? 'resource-specific'
        : random.pick(['endpoint-rate', 'global-rate', 'endpoint-concurrency']);
      const code = locked ? 'lock_timeout' : 'rate_limit';
      return {
        at,
        what: `429 ${reason} ${times(count)}`,
        strike: (storm) =>
          storm.stripe({
            status: 429,
            code,
            type: 'invalid_request_error',
            times: count,
            headers: { 'stripe-rate-limited-reason': reason },
          }),
      };
    }),
};

export const stripeErrors: Fault = {
  name: 'stripe-500',
  what: 'Stripe answers 500, or cuts the connection',
  plan: (story, random) =>
    throughout(story, random, often(story, 1, 120), (at) => {
      const count = random.between(1, 3);
      const cut = random.chance(0.3);
      return {
        at,
        what: `${cut ? 'cut' : '500'} ${times(count)}`,
        strike: (storm) =>
          storm.stripe({ ...(cut ? { reset: true } : { status: 500, type: 'api_error' }), times: count }),
      };
    }),
};
