import { describe, expect, it } from 'vitest';
import { keyFinding } from './key.ts';

describe('keyFinding', () => {
  it.each([
    ['a live secret key', 'sk_live_0123', true],
    ['a live restricted key', 'rk_live_0123', true],
    ['a test secret key', 'sk_test_0123', false],
    ['a test restricted key', 'rk_test_0123', false],
  ])('takes %s where it belongs', (_, key, live) => {
    expect(keyFinding(key, live)).toMatchObject({
      state: 'good',
      what: `the key reads, in ${live ? 'live' : 'test'} mode`,
    });
  });

  it.each([
    ['a test key on the live stage', 'rk_test_0123', true],
    ['a live key on another stage', 'rk_live_0123', false],
    ['a test key that has _live_ in its random part', 'sk_test_0_live_1', true],
    ['what is no key of Stripe', 'whsec_0123', false],
  ])('refuses %s, without quoting it', (_, key, live) => {
    const found = keyFinding(key, live);
    expect(found).toMatchObject({ part: 'stripe', state: 'bad', mend: 'secrets set StripeApiKey' });
    expect(JSON.stringify(found)).not.toContain(key);
  });
});
