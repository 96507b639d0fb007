import { afterEach, describe, expect, it } from 'vitest';
import { type Received, type Reply, startHttp } from '../../test/http-stand-in.ts';
import { stripeReader } from './stripe.ts';
import { localStripeLimiter } from './stripe-limiter.ts';

let stop: (() => Promise<void>) | undefined;
afterEach(async () => {
  await stop?.();
  stop = undefined;
});

async function account(answer: (request: Received) => Reply) {
  const http = await startHttp(answer);
  stop = http.stop;
  const clock = { ms: 1_790_000_000_999 };
  const slept: number[] = [];
  const secret = { key: 'sk_test_secret' };
  const nowMs = () => clock.ms;
  const read = stripeReader({
    apiKey: async () => ({ apiKey: 'sk_test_secret', apiBase: http.url }),
    renewedKey: async () => ({ apiKey: secret.key, apiBase: http.url }),
    version: '2026-10-28.endive',
    limiter: localStripeLimiter({ limits: { perSecond: 5, perEndpoint: 2 }, nowMs }),
    nowMs,
    sleep: async (ms) => {
      slept.push(ms);
      clock.ms += ms;
    },
  });
  return { http, read, clock, slept, secret };
}

const NEED = { path: '/v1/prices/price_1', query: [['expand[]', 'tiers']] } as const;

describe('stripeReader', () => {
  it('reads with the pinned version and gives the second of the answer', async () => {
    const { http, read } = await account(() => ({
      status: 200,
      body: '{"id":"price_1","unit_amount_decimal":"0.5"}',
      headers: { date: 'Mon, 21 Sep 2026 14:13:20 GMT' },
    }));
    expect(await read(NEED)).toEqual({ body: { id: 'price_1', unit_amount_decimal: '0.5' }, at: 1_790_000_000 });
    expect(http.received).toMatchObject([
      {
        url: '/v1/prices/price_1?expand%5B%5D=tiers',
        headers: { authorization: 'Bearer sk_test_secret', 'stripe-version': '2026-10-28.endive' },
      },
    ]);
  });

  it.each([
    [1, 1_789_999_999],
    [1_000, 1_789_999_999],
    [1_001, 1_789_999_998],
    [-50, 1_790_000_000],
  ])(
    'gives the second in which it asked when the answer took %d ms: what changed meanwhile is not in it',
    async (took, at) => {
      const { read, clock } = await account(() => {
        clock.ms += took;
        return { status: 200, body: '{}', headers: { date: 'Mon, 21 Sep 2026 14:13:20 GMT' } };
      });
      expect((await read(NEED)).at).toBe(at);
    },
  );

  describe('when its key is refused', () => {
    const rolled = (request: Received): Reply =>
      request.headers.authorization === 'Bearer sk_test_next'
        ? { status: 200, body: '{"id":"price_1"}' }
        : { status: 401, body: '{"error":{"code":"api_key_expired","type":"invalid_request_error"}}' };

    it('goes on with the one that the secret has now, in the same try', async () => {
      const { http, read, secret } = await account(rolled);
      secret.key = 'sk_test_next';
      expect(await read(NEED)).toMatchObject({ body: { id: 'price_1' } });
      expect(http.received).toHaveLength(2);
    });

    it('is RetryLater while the secret still has that one, and asks Stripe no second time', async () => {
      const { http, read } = await account(rolled);
      await expect(read(NEED)).rejects.toMatchObject({ name: 'RetryLater', code: 'api_key_expired' });
      expect(http.received).toHaveLength(1);
    });
  });

  it('takes 404 for an answer', async () => {
    const { read } = await account(() => ({ status: 404, body: '{"error":{"code":"resource_missing"}}' }));
    expect((await read(NEED)).body).toBeNull();
  });

  it.each([
    [429, '{"error":{"code":"rate_limit","message":"jane@example.com"}}', 'BudgetWait', 'rate_limit'],
    [429, '{"error":{"code":"lock_timeout"}}', 'RetryLater', 'lock_timeout'],
    [500, 'oops', 'RetryLater', 'HTTP_500'],
    [401, '{"error":{"type":"invalid_request_error"}}', 'RetryLater', 'invalid_request_error'],
    [400, '{"error":{"code":"parameter_unknown","message":"jane@example.com"}}', 'NeverRetry', 'parameter_unknown'],
    [200, '{"name":"jane@example.com', 'RetryLater', 'NOT_JSON'],
  ])('answers %d %s with %s', async (status, body, name, code) => {
    const { read } = await account(() => ({ status, body }));
    const thrown = await read(NEED).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ name, code });
    expect(thrown instanceof Error && `${thrown.message}${thrown.stack}`).not.toMatch(/jane|sk_test/);
  });

  it('waits for its turn', async () => {
    const { read, http, slept } = await account(() => ({ status: 200, body: '{}' }));
    await Promise.all([read(NEED), read(NEED), read({ path: '/v1/events', query: [] })]);
    expect(slept).toEqual([]);
    await read(NEED);
    expect(slept).toEqual([1_000]);
    expect(http.received).toHaveLength(4);
  });

  const tooMany = (headers: Record<string, string>): Reply => ({
    status: 429,
    body: '{"error":{"code":"rate_limit"}}',
    headers: { 'stripe-rate-limited-reason': 'endpoint-rate', ...headers },
  });

  it('sends a request that was one too many again when Stripe said so', async () => {
    let sent = 0;
    const { read, slept } = await account(() => {
      sent += 1;
      return sent === 1 ? tooMany({ 'retry-after': '2' }) : { status: 200, body: '{"id":"price_1"}' };
    });
    expect((await read(NEED)).body).toEqual({ id: 'price_1' });
    expect([sent, slept]).toEqual([2, [2_000]]);
  });

  it('leaves a wait that is long to the machine, and says how long', async () => {
    const { read, http, slept } = await account(() => tooMany({ 'retry-after': '30' }));
    const wait = { name: 'BudgetWait', code: 'rate_limit', retryAfterMs: 30_000 };
    await expect(read(NEED)).rejects.toMatchObject(wait);
    // The next one does not even ask.
    await expect(read(NEED)).rejects.toMatchObject({ ...wait, code: 'STRIPE_TURN' });
    expect([http.received.length, slept]).toEqual([1, []]);
  });

  it('gives up a request that Stripe refuses again and again', async () => {
    const { read, http } = await account(() => tooMany({ 'retry-after': '0' }));
    await expect(read(NEED)).rejects.toMatchObject({ name: 'BudgetWait', code: 'rate_limit' });
    expect(http.received).toHaveLength(3);
  });

  it('does not hold up others for one object that is asked for too often', async () => {
    const { read, slept } = await account(() =>
      tooMany({ 'stripe-rate-limited-reason': 'resource-specific', 'retry-after': '30' }),
    );
    await expect(read(NEED)).rejects.toMatchObject({ name: 'BudgetWait' });
    await expect(read(NEED)).rejects.toMatchObject({ name: 'BudgetWait', code: 'rate_limit' });
    expect(slept).toEqual([]);
  });

  it('is RetryLater when nobody answers', async () => {
    const { read } = await account(() => ({ status: 200 }));
    await stop?.();
    stop = undefined;
    await expect(read(NEED)).rejects.toMatchObject({ name: 'RetryLater', code: 'NETWORK' });
  });
});
