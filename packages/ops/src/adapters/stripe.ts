import { setTimeout as sleep } from 'node:timers/promises';
import { STRIPE_API_VERSION } from '@payments/core/api-versions';
import { STRIPE_LIMITS } from '@payments/core/stripe-limits';
import { type StripeReader, stripeReader } from '@payments/functions/adapters/stripe';
import { localStripeLimiter } from '@payments/functions/adapters/stripe-limiter';
import type { Deployment } from '../deployment/deployment.ts';
import { NotReached } from '../frame/problem.ts';
import { readSecret } from './secrets.ts';

/** Reads from the deployment's Stripe account, with the pinned API version. */
export function connectStripe(deployment: Deployment): StripeReader {
  let key: ReturnType<typeof read> | null = null;
  const read = () => readSecret(deployment, 'StripeApiKey');
  return stripeWith(deployment, () => {
    key ??= read();
    return key;
  });
}

type StripeKey = { readonly apiKey: string; readonly apiBase?: string | undefined };

export type MayRead = 'yes' | 'no' | 'key refused';

/** What a key may do with a list, by the status of the answer alone. Throws NotReached when Stripe says neither yes nor no. */
export async function mayRead(
  { apiKey, apiBase = 'https://api.stripe.com' }: StripeKey,
  path: string,
): Promise<MayRead> {
  const response = await fetch(`${apiBase}${path}?limit=1`, {
    headers: { authorization: `Bearer ${apiKey}`, 'stripe-version': STRIPE_API_VERSION },
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await response.body?.cancel();
  if (response.ok) return 'yes';
  if (response.status === 401) return 'key refused';
  if (response.status === 403) return 'no';
  throw new NotReached(`Stripe answered ${response.status} to GET ${path}`);
}

const TIMEOUT_MS = 10_000;

/** The same with a key that is not the stored one. */
export function stripeWith(deployment: Pick<Deployment, 'stage'>, apiKey: () => Promise<StripeKey>): StripeReader {
  const nowMs = () => Date.now();
  return stripeReader({
    apiKey,
    version: STRIPE_API_VERSION,
    nowMs,
    limiter: localStripeLimiter({
      limits: STRIPE_LIMITS[deployment.stage === 'production' ? 'live' : 'sandbox'],
      nowMs,
    }),
    sleep,
  });
}
