import Stripe from 'stripe';
import { expect, test } from 'vitest';
import { withStripe } from './api.fixture.ts';
import { stripeCliAs } from './stripe-cli.fixture.ts';

const OLD = 'rk_test_51OldOldOldAso0';
const NEW = 'rk_test_51NewNewNewBzz9';

function clientWith(key: string, url: string): Stripe {
  const { hostname: host, port } = new URL(url);
  return new Stripe(key, { host, port, protocol: 'http', maxNetworkRetries: 0, telemetry: false });
}

test('with keys of its own the account knows no other, and tells no more of it than Stripe does', () =>
  withStripe(
    async ({ url }) => {
      const listed = (key: string) => clientWith(key, url).customers.list();
      expect((await listed(OLD)).data).toEqual([]);
      await expect(listed('sk_test_51AbcdefghijBzz9')).rejects.toMatchObject({
        type: 'StripeAuthenticationError',
        statusCode: 401,
        message: 'Invalid API Key provided: sk_test_************Bzz9',
      });
      await expect(listed('sk_live_51AbcdefghijBzz9')).rejects.toMatchObject({ statusCode: 401 });
      await expect(listed('False')).rejects.toMatchObject({ message: 'Invalid API Key provided: *alse' });
    },
    { keys: [OLD] },
  ));

test('a key that was rolled: the new one opens, the old one has expired', () =>
  withStripe(
    async ({ url }) => {
      const added = await fetch(`${url}/__fake/keys`, { method: 'POST', body: JSON.stringify({ key: NEW }) });
      expect(added.status).toBe(200);
      expect((await clientWith(OLD, url).customers.list()).data).toEqual([]);
      expect((await clientWith(NEW, url).customers.create({ name: 'Ada' })).name).toBe('Ada');
      await fetch(`${url}/__fake/keys/${OLD}`, { method: 'DELETE' });
      await expect(clientWith(OLD, url).customers.list()).rejects.toMatchObject({
        statusCode: 401,
        code: 'api_key_expired',
        message: `Expired API Key provided: rk_test_${'*'.repeat(9)}ldAso0`,
      });
      expect((await clientWith(NEW, url).customers.list()).data).toHaveLength(1);
      await expect(stripeCliAs(OLD, 'customers', 'list', '--api-base', url)).rejects.toMatchObject({
        stderr: expect.stringContaining('expired'),
      });
      const wrong = await fetch(`${url}/__fake/keys`, { method: 'POST', body: '{"key":"whsec_1"}' });
      expect(wrong.status).toBe(400);
    },
    { keys: [OLD] },
  ));

test('the key travels as bearer or as the user of Basic; without one the caller hears how', () =>
  withStripe(
    async ({ url }) => {
      const get = async (authorization?: string) => {
        const headers = authorization === undefined ? {} : { authorization };
        const answer = await fetch(`${url}/v1/customers`, { headers });
        return [answer.status, answer.headers.get('www-authenticate'), await answer.text()] as const;
      };
      const basic = (user: string) => `Basic ${Buffer.from(`${user}:`).toString('base64')}`;
      expect([(await get(`Bearer ${OLD}`))[0], (await get(basic(OLD)))[0]]).toEqual([200, 200]);
      expect((await get(basic(NEW)))[0]).toBe(401);
      const realm = 'Basic realm="Stripe"';
      expect(await get()).toEqual([401, realm, expect.stringContaining('You did not provide an API key. ')]);
      expect(await get('null')).toEqual([
        401,
        realm,
        expect.stringContaining('though you did set your Authorization header to \\"null\\"'),
      ]);
    },
    { keys: [OLD] },
  ));

test('without keys of its own it takes any of test mode, and none of live mode', () =>
  withStripe(async ({ url }) => {
    expect((await clientWith('sk_test_anything', url).customers.list()).data).toEqual([]);
    for (const key of ['sk_live_anything', 'pk_test_anything', 'whsec_anything']) {
      await expect(clientWith(key, url).customers.list()).rejects.toMatchObject({ statusCode: 401 });
    }
  }));
