// biome-ignore lint/style/noRestrictedImports: the real client, which only tests use.
import Stripe from 'stripe';
import type { StripeAccount } from './account.ts';
import { openAccount } from './account.ts';
import type { ApiOptions } from './answers.ts';
import type { StripeServer } from './api.ts';
import { serveStripe } from './api.ts';
import type { AccountOptions } from './books.ts';

export type Served = {
  readonly account: StripeAccount;
  readonly server: StripeServer;
  readonly url: string;
  readonly stripe: Stripe;
  /** Types of the events made since the last call. */
  told(): readonly string[];
};

/** An empty account behind the real SDK, which never retries: what Stripe says is what the test sees. */
export async function withStripe(
  run: (served: Served) => Promise<void>,
  options: ApiOptions & { readonly account?: Partial<AccountOptions> } = {},
): Promise<void> {
  const { account: settings, ...api } = options;
  const account = openAccount({ seed: 11, ...settings });
  const server = await serveStripe(account, { ...api, port: 0 });
  let seen = 0;
  try {
    await run({
      account,
      server,
      url: `http://127.0.0.1:${server.port}`,
      stripe: sdkFor(server.port),
      told: () => {
        const types = account
          .events()
          .slice(seen)
          .map((event) => event.type);
        seen = account.events().length;
        return types;
      },
    });
  } finally {
    await server.close();
  }
}

export function sdkFor(port: number): Stripe {
  return new Stripe('sk_test_123456789012', {
    host: '127.0.0.1',
    port,
    protocol: 'http',
    maxNetworkRetries: 0,
    telemetry: false,
  });
}

/** A customer with a card that pays, and a monthly price. */
export async function customerAndPrice(stripe: Stripe, card = 'pm_card_visa') {
  const customer = await stripe.customers.create({
    email: 'ada@example.com',
    payment_method: card,
    invoice_settings: { default_payment_method: card },
  });
  const product = await stripe.products.create({ name: 'Suite' });
  const price = (amount: number) =>
    stripe.prices.create({
      product: product.id,
      currency: 'usd',
      unit_amount: amount,
      recurring: { interval: 'month' },
    });
  return { customer, product, basic: await price(1900), pro: await price(4900) };
}
