import { bad, type Finding, good } from './finding.ts';

/**
 * Whether the Stripe key is of the stage's mode: `sk_live_…` and `rk_live_…` on the live stage, `…_test_…` elsewhere
 * (docs.stripe.com/keys). Pure; the key itself is in no finding.
 */
export function keyFinding(apiKey: string, live: boolean): Finding {
  const mode = live ? 'live' : 'test';
  if (/^[rs]k_(live|test)_/.exec(apiKey)?.[1] === mode) return good('stripe', `the key reads, in ${mode} mode`);
  return bad('stripe', `the key is not of ${mode} mode, which the stage is`, 'secrets set StripeApiKey');
}
