import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REDIS_USER } from '../src/road/road.ts';
import { life } from '../src/stripe/life.ts';
import {
  expectNothingParked,
  expectSameStory,
  type SmallMachine,
  START_WITHIN_MS,
  startSmall,
  TEST_WITHIN_MS,
} from './small-machine.fixture.ts';

const [OLD_TOKEN, NEW_TOKEN] = ['first-redis-token-of-sixteen', 'second-redis-token-of-sixteen'];

describe('a secret that rolls while events flow', { timeout: TEST_WITHIN_MS }, () => {
  let small: SmallMachine;
  let seed = 300;

  beforeAll(async () => {
    small = await startSmall({
      ...{ seed, redisPassword: OLD_TOKEN, delivery: { reorderWindow: 5 } },
      // What was under way when Redis cut its connections comes again once SQS no longer hides it: six minutes in a deployment,
      // half a minute here, because on a busy machine a call may well take longer than the seven seconds of greater haste.
      haste: { retries: 4, queues: 14 },
    });
    // A busy machine may take longer for the first start of a function than Stripe waits for an answer; that is no refusal.
    await small.post('{}');
  }, START_WITHIN_MS);
  afterAll(() => small.close());

  const put = (name: string, value: object) => small.road.secrets.put(`payments-local/${name}`, JSON.stringify(value));
  const stored = (name: string): Record<string, unknown> =>
    JSON.parse(small.road.secrets.get(`payments-local/${name}`).secretString);

  /** A month of two customers, in the middle of which the secret rolls. No webhook may be refused, and no event be lost. */
  async function whileEventsFlow(roll: () => Promise<void>): Promise<void> {
    seed += 1;
    const before = small.account.events().length;
    const flow = (async () => {
      for (const _step of life(small.account, { seed, months: 1, customers: 2 })) await delay(15);
    })();
    await expect.poll(() => small.account.events().length, { timeout: 30_000 }).toBeGreaterThan(before + 5);
    await roll();
    await flow;
    await small.still();
    const refused = [...small.delivery.reports()].filter(({ attempts, status }) => attempts !== 1 || status !== 200);
    expect(refused).toEqual([]);
    expectSameStory(small);
    expectNothingParked(small);
  }

  it('is one of the webhook’s: Stripe signs with both for a while, then with the new one alone', async () => {
    const [old = ''] = small.signingSecrets();
    const next = 'whsec_the_next_signing_secret';
    await whileEventsFlow(async () => {
      small.signWith([next, old]);
      await delay(300);
      put('StripeSigningSecret', { secrets: [next, old] });
      await delay(300);
      small.signWith([next]);
      await delay(300);
      put('StripeSigningSecret', { secrets: [next] });
    });
    expect(small.logs.filter(({ line }) => line.includes('bad-signature'))).toEqual([]);
  });

  it('is Salesforce’s client secret, with a token that was revoked besides', async () => {
    const issued = small.org.org.tokensIssued();
    await whileEventsFlow(async () => {
      const client = stored('SalesforceClient');
      small.org.org.preset({ preset: 'changeClientSecret', secret: 'the-next-client-secret' });
      put('SalesforceClient', { ...client, clientSecret: 'the-next-client-secret' });
      small.org.org.preset({ preset: 'expireToken' });
    });
    expect(small.org.org.tokensIssued()).toBeGreaterThan(issued);
  });

  it('is Stripe’s API key, the old one refused at once', async () => {
    const key = stored('StripeApiKey');
    await whileEventsFlow(async () => {
      const next = 'sk_test_the_next_account_key';
      small.stripeKeys.add(next);
      put('StripeApiKey', { ...key, apiKey: next });
      small.stripeKeys.expire(String(key.apiKey));
    });
  });

  it('is Redis’ token: rotated, set, and every connection made anew', async () => {
    await whileEventsFlow(async () => {
      await small.road.redis.setPasswords(REDIS_USER, [OLD_TOKEN, NEW_TOKEN]);
      put('RedisAuth', { authToken: NEW_TOKEN });
      await delay(300);
      await small.road.redis.setPasswords(REDIS_USER, [NEW_TOKEN]);
      await small.road.redis.cutConnections();
    });
  });
});
