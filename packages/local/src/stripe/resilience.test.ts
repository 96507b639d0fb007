import { expect, test } from 'vitest';
import { withStripe } from './api.fixture.ts';
import { STRIPES_LIMITS } from './rate-limits.ts';

const HOUR_MS = 3_600_000;

async function post(url: string, path: string, body: string, key?: string): Promise<Response> {
  return fetch(`${url}/v1/${path}`, {
    method: 'POST',
    body,
    headers: {
      authorization: 'Bearer sk_test_1',
      'content-type': 'application/x-www-form-urlencoded',
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
  });
}

test('the same key and parameters give the stored answer; other parameters are refused; a day later the key is new', () => {
  let nowMs = 0;
  return withStripe(
    async ({ stripe, account, url }) => {
      const create = (name: string) => stripe.customers.create({ name }, { idempotencyKey: 'k1' });
      const first = await create('Ada');
      const again = await create('Ada');
      expect(again.id).toBe(first.id);
      expect(again.lastResponse.headers['idempotent-replayed']).toBe('true');
      expect(again.lastResponse.headers['original-request']).toBe(first.lastResponse.requestId);
      expect(first.lastResponse.headers['idempotent-replayed']).toBeUndefined();
      expect(account.events().length).toBe(1);
      await expect(create('Bob')).rejects.toMatchObject({ type: 'StripeIdempotencyError', statusCode: 400 });
      expect((await post(url, 'products', 'name=Ada', 'k1')).status).toBe(400);
      nowMs += 23 * HOUR_MS;
      expect((await create('Ada')).id).toBe(first.id);
      nowMs += 2 * HOUR_MS;
      expect((await create('Bob')).id).not.toBe(first.id);
      expect((await post(url, 'customers', 'name=A', 'k'.repeat(256))).status).toBe(400);
    },
    { clock: () => nowMs },
  );
});

test('a stored 500 comes again with its key; a refused parameter is not stored', () =>
  withStripe(async ({ stripe, server, account, url }) => {
    server.faults.place({ method: 'POST', path: '/v1/customers', status: 500 });
    const create = (key: string) => stripe.customers.create({ name: 'Ada' }, { idempotencyKey: key });
    await expect(create('k1')).rejects.toMatchObject({ type: 'StripeAPIError', statusCode: 500 });
    await expect(create('k1')).rejects.toMatchObject({ statusCode: 500 });
    expect(account.events()).toEqual([]);
    expect((await create('k2')).name).toBe('Ada');
    expect((await post(url, 'customers', 'naem=x', 'k3')).status).toBe(400);
    expect((await post(url, 'customers', 'name=x', 'k3')).status).toBe(200);
    expect((await post(url, 'customers/cus_none', 'name=x', 'k4')).status).toBe(404);
    const again = await post(url, 'customers/cus_none', 'name=x', 'k4');
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([404, 'true']);
  }));

test('while a call is under way its key is in use: 409, and afterwards the answer', () => {
  const waiting: (() => void)[] = [];
  return withStripe(
    async ({ stripe, server }) => {
      server.faults.place({ path: '/v1/customers', delayMs: 5_000 });
      const create = () => stripe.customers.create({ name: 'Ada' }, { idempotencyKey: 'k1' });
      const slow = create();
      while (waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
      await expect(create()).rejects.toMatchObject({ statusCode: 409, code: 'idempotency_key_in_use' });
      waiting[0]?.();
      const made = await slow;
      expect((await create()).id).toBe(made.id);
    },
    { sleep: () => new Promise<void>((resolve) => waiting.push(resolve)) },
  );
});

test('an answer lost after the work was done: the retry with the same key finds it, and nothing is done twice', () =>
  withStripe(async ({ stripe, server, account }) => {
    server.faults.place({ method: 'POST', reset: true, afterWork: true });
    server.faults.place({ method: 'POST', reset: true, afterWork: true, nth: 2 });
    // The SDK tries a closed connection once more by itself, with the same key.
    const made = await stripe.customers.create({ name: 'Ada' }, { idempotencyKey: 'k1' }).catch(() => null);
    const again = await stripe.customers.create({ name: 'Ada' }, { idempotencyKey: 'k1' });
    expect(made === null || made.id === again.id).toBe(true);
    expect(account.events().length).toBe(1);
  }));

test('a connection cut before the work leaves nothing behind', () =>
  withStripe(async ({ server, account, url }) => {
    server.faults.place({ reset: true });
    await expect(post(url, 'customers', 'name=Ada', 'k1')).rejects.toThrow();
    expect(account.events()).toEqual([]);
    expect((await post(url, 'customers', 'name=Ada', 'k1')).status).toBe(200);
  }));

test('an endpoint answers 25 calls a second, the account 100; who comes later is told why', () => {
  let nowMs = 0;
  return withStripe(
    async ({ stripe, url }) => {
      for (let n = 0; n < 25; n += 1) await stripe.customers.list();
      await expect(stripe.customers.list()).rejects.toMatchObject({
        type: 'StripeRateLimitError',
        statusCode: 429,
        headers: { 'stripe-rate-limited-reason': 'endpoint-rate' },
      });
      for (const resource of [stripe.products, stripe.prices, stripe.invoices])
        for (let n = 0; n < 25; n += 1) await resource.list();
      const refused = await post(url, 'customers', 'name=Ada', 'k1');
      expect([refused.status, refused.headers.get('stripe-rate-limited-reason')]).toEqual([429, 'global-rate']);
      nowMs += 1_000;
      expect((await post(url, 'customers', 'name=Ada', 'k1')).status).toBe(200);
    },
    { clock: () => nowMs, limits: STRIPES_LIMITS },
  );
});

test('faults and limits are set over HTTP: the nth request, how often, with which headers', () =>
  withStripe(async ({ stripe, url }) => {
    const control = async (method: string, path: string, body?: object) => {
      const answer = await fetch(`${url}/__fake/${path}`, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: answer.status, body: await answer.json() };
    };
    const placed = await control('POST', 'faults', {
      method: 'GET',
      path: '/v1/customers',
      nth: 2,
      times: 2,
      status: 429,
      code: 'lock_timeout',
      message: 'This object cannot be accessed right now.',
      headers: { 'stripe-rate-limited-reason': 'resource-specific' },
    });
    expect(placed).toMatchObject({ status: 200, body: { id: 'fault_1' } });
    const list = () =>
      stripe.customers.list().then(
        () => 200,
        (error) => error.code,
      );
    expect([await list(), await list(), await list(), await list()]).toEqual([
      200,
      'lock_timeout',
      'lock_timeout',
      200,
    ]);
    expect((await control('GET', 'faults')).body).toEqual([{ id: 'fault_1', seen: 4, done: 2 }]);
    expect((await control('POST', 'faults', { status: 99 })).status).toBe(400);
    expect((await control('DELETE', 'faults')).body).toEqual({ lifted: true });
    expect((await control('POST', 'limits', { perEndpoint: 0, perAccount: 9 })).status).toBe(200);
    await expect(stripe.products.list()).rejects.toMatchObject({ statusCode: 429 });
    expect((await control('GET', 'nothing')).status).toBe(404);
    const now = await control('POST', 'advance', { seconds: 60 });
    expect(now.status).toBe(200);
  }));

test('hostile paths and bodies get a refusal, not a crash, and leave nothing behind', () =>
  withStripe(async ({ url, account }) => {
    const bodies = [
      '[[[[=',
      'a[b=1&a=2',
      'items=x',
      'items[0]=x',
      'items[__proto__][x]=1&constructor[prototype][y]=2',
      'metadata=x',
      'metadata[a][b]=c',
      'expand=x',
      'expand[0][a]=b',
      'limit[]=1',
      'name[]=a&name=b',
      '%E0%A4%A=%E0%A4%A',
      `${'a['.repeat(3_000)}=1`,
      'x='.repeat(6_000),
      '\u0000=\u0000',
      '{"name":"json"}',
    ];
    for (const path of [
      'customers',
      'subscriptions',
      'checkout/sessions',
      'invoices/create_preview',
      'webhook_endpoints',
    ]) {
      for (const body of bodies) {
        const { status } = await post(url, path, body);
        expect([path, body.slice(0, 40), status >= 400 && status < 500]).toEqual([path, body.slice(0, 40), true]);
      }
    }
    const get = (path: string) => fetch(`${url}${path}`, { headers: { authorization: 'Bearer sk_test_1' } });
    for (const path of [
      '/v1/customers/%E0%A4%A',
      '//',
      '/v1//',
      '/v1/customers/__proto__',
      '/v1/checkout',
      '/v2/x',
      '/',
    ]) {
      expect([path, (await get(path)).status]).toEqual([path, 404]);
    }
    expect((await get('/v1/customers?limit=0')).status).toBe(400);
    expect((await get('/v1/customers?limit=1e1')).status).toBe(400);
    expect((await get('/v1/customers?starting_after=cus_none')).status).toBe(400);
    expect((await get('/v1/customers?emial=a')).status).toBe(400);
    expect((await get('/v1/customers?expand[]=data.nothing.at.all')).status).toBe(200);
    expect((await fetch(`${url}/__fake/faults`, { method: 'POST', body: '{' })).status).toBe(400);
    expect(account.events()).toEqual([]);
  }));
