import { describe, expect, it } from 'vitest';
import { keyFinding, READ_LISTS, readingFindings } from './key.ts';

describe('keyFinding', () => {
  it.each([
    ['a live secret key', 'sk_live_0123', true],
    ['a live restricted key', 'rk_live_0123', true],
    ['a test secret key', 'sk_test_0123', false],
    ['a test restricted key', 'rk_test_0123', false],
  ])('takes %s where it belongs', (_, key, live) => {
    expect(keyFinding(key, live)).toMatchObject({
      state: 'good',
      what: `the key is of ${live ? 'live' : 'test'} mode`,
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

describe('readingFindings', () => {
  it('finds a key that reads everything, after asking for everything', async () => {
    const asked: string[] = [];
    const found = await readingFindings(async (path) => {
      asked.push(path);
      return 'yes';
    });
    expect(found).toEqual([{ part: 'stripe', state: 'good', what: 'the key reads all 13 kinds of objects' }]);
    expect(asked).toEqual(READ_LISTS);
  });

  it.each(READ_LISTS)('finds that a restricted key may not read %s, and where that is given', async (path) => {
    expect(await readingFindings(async (each) => (each === path ? 'no' : 'yes'))).toEqual([
      {
        part: 'stripe',
        state: 'bad',
        what: `the key may not read ${path.replace('/v1/', '')}`,
        mend: expect.stringContaining('API keys'),
      },
    ]);
  });

  it('finds a key that Stripe does not know, once', async () => {
    expect(await readingFindings(async () => 'key refused')).toEqual([
      {
        part: 'stripe',
        state: 'bad',
        what: expect.stringContaining('does not know the key'),
        mend: 'secrets set StripeApiKey',
      },
    ]);
  });

  it('calls what Stripe does not answer neither readable nor not', async () => {
    const found = await readingFindings(async (path) => {
      if (path === '/v1/refunds' || path === '/v1/prices') throw new Error('Stripe answered 500');
      return path === '/v1/disputes' ? 'no' : 'yes';
    });
    expect(found).toEqual([
      expect.objectContaining({ state: 'bad', what: 'the key may not read disputes' }),
      {
        part: 'stripe',
        state: 'unknown',
        what: 'whether the key may read prices, refunds is not known (Stripe answered 500)',
        mend: expect.stringContaining('run doctor again'),
      },
    ]);
  });
});
