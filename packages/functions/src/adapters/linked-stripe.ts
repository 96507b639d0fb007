import { setTimeout as sleep } from 'node:timers/promises';
import type { Count } from '@payments/core/metrics';
import type { Lane } from '@payments/core/routes';
import { type Called, measuredStripe } from './measured.ts';
import type { Redis } from './redis.ts';
import type { link } from './resources.ts';
import { cachedFor, type SecretReader, StripeApiKey } from './secrets.ts';
import { sharedReads } from './shared-reads.ts';
import { type StripeReader, stripeReader } from './stripe.ts';
import { redisStripeLimiter } from './stripe-limiter.ts';

const API_KEY_CACHE_MS = 5 * 60_000;

/** Stripe as every function reads it: readings and limiter are shared by all of them, the key is read anew every five minutes. */
export function linkedStripe(world: {
  readonly redis: Redis;
  readonly settings: ReturnType<typeof link<'Settings'>>;
  readonly apiKeyArn: string;
  readonly readSecret: SecretReader;
  readonly lane: Lane;
  readonly nowMs: () => number;
  readonly count: Count;
  readonly called: Called;
}): StripeReader {
  const { redis, settings, lane, nowMs, count, called } = world;
  const limits = { perSecond: settings.stripeCallsPerSecond, perEndpoint: settings.stripeCallsPerEndpoint };
  const apiKey = cachedFor(API_KEY_CACHE_MS, {
    nowMs,
    read: () => world.readSecret(world.apiKeyArn, StripeApiKey),
  });
  const read = stripeReader({
    apiKey: apiKey.get,
    renewedKey: () => {
      apiKey.forget();
      return apiKey.get();
    },
    ...{ version: settings.stripeApiVersion, nowMs },
    limiter: redisStripeLimiter(redis, { limits, lane, nowMs }),
    sleep: (ms) => {
      count('RateLimitWaits', 1, { System: 'stripe' });
      return sleep(ms);
    },
  });
  return sharedReads(redis, measuredStripe(read, { count, called, nowMs }), { nowMs, sleep });
}
