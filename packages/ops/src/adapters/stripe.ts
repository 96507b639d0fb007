import { STRIPE_API_VERSION } from '@payments/core/api-versions';
import { type StripeReader, stripeReader } from '@payments/functions/adapters/stripe';
import type { Deployment } from '../deployment/deployment.ts';
import { readSecret } from './secrets.ts';

/** Reads from the deployment's Stripe account, with the pinned API version. */
export function connectStripe(deployment: Deployment): StripeReader {
  let key: ReturnType<typeof read> | null = null;
  const read = () => readSecret(deployment, 'StripeApiKey');
  return stripeReader({
    apiKey: () => {
      key ??= read();
      return key;
    },
    version: STRIPE_API_VERSION,
    nowMs: () => Date.now(),
  });
}
