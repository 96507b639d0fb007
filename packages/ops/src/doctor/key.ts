import type { MayRead } from '../adapters/stripe.ts';
import { some } from './differences.ts';
import { bad, type Finding, good, unknown } from './finding.ts';

/**
 * Whether the Stripe key is of the stage's mode: `sk_live_…` and `rk_live_…` on the live stage, `…_test_…` elsewhere
 * (docs.stripe.com/keys). Pure; the key itself is in no finding.
 */
export function keyFinding(apiKey: string, live: boolean): Finding {
  const mode = live ? 'live' : 'test';
  if (/^[rs]k_(live|test)_/.exec(apiKey)?.[1] === mode) return good('stripe', `the key is of ${mode} mode`);
  return bad('stripe', `the key is not of ${mode} mode, which the stage is`, SET);
}

const SET = 'secrets set StripeApiKey';

/** What the functions and the operator read, as docs/deployment.md asks it of a restricted key; items come with subscriptions. */
export const READ_LISTS = [
  '/v1/charges',
  '/v1/checkout/sessions',
  '/v1/customers',
  '/v1/disputes',
  '/v1/events',
  '/v1/invoice_payments',
  '/v1/invoices',
  '/v1/payment_intents',
  '/v1/prices',
  '/v1/products',
  '/v1/refunds',
  '/v1/subscriptions',
  '/v1/webhook_endpoints',
] as const;

/** Asks for one object of each list, one after the other: thirteen at once are half of what Stripe takes in a second. */
export async function readingFindings(may: (path: string) => Promise<MayRead>): Promise<readonly Finding[]> {
  const refused: string[] = [];
  const untold: string[] = [];
  const reasons = new Set<string>();
  for (const path of READ_LISTS) {
    const name = path.replace('/v1/', '');
    try {
      const answer = await may(path);
      if (answer === 'key refused')
        return [bad('stripe', 'Stripe does not know the key: rolled, expired or deleted', SET)];
      if (answer === 'no') refused.push(name);
    } catch (error) {
      untold.push(name);
      reasons.add(error instanceof Error ? error.message : String(error));
    }
  }
  const findings = [
    ...(refused.length === 0 ? [] : [bad('stripe', `the key may not read ${refused.join(', ')}`, GRANT)]),
    ...(untold.length === 0
      ? []
      : [
          unknown(
            'stripe',
            `whether the key may read ${untold.join(', ')} is not known (${some([...reasons], '; ')})`,
            'run doctor again; status.stripe.com says how Stripe is',
          ),
        ]),
  ];
  return findings.length > 0 ? findings : [good('stripe', `the key reads all ${READ_LISTS.length} kinds of objects`)];
}

const GRANT = 'Dashboard, Developers, API keys: give the restricted key read access to them (docs/deployment.md)';
