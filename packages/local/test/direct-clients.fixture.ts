/** The product's own clients, without a limiter and a budget, for tests that stand between a reading and a writing. */
import { SALESFORCE_API_VERSION, STRIPE_API_VERSION } from '@payments/core/api-versions';
import { type Salesforce, salesforce } from '@payments/functions/adapters/salesforce';
import { type StripeReader, stripeReader } from '@payments/functions/adapters/stripe';

export function directSalesforce(instanceUrl: string, accessToken: string): Salesforce {
  const token = { accessToken, instanceUrl };
  return salesforce({
    tokens: { current: async () => token, renewed: async () => token },
    version: SALESFORCE_API_VERSION,
    observe: async () => {},
  });
}

export function directStripe(apiBase: string, apiKey: string): StripeReader {
  return stripeReader({
    apiKey: async () => ({ apiKey, apiBase }),
    version: STRIPE_API_VERSION,
    nowMs: () => Date.now(),
    limiter: { admit: async () => 0, refused: async () => null },
    sleep: async () => {},
  });
}
