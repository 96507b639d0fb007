import { setTimeout as delay } from 'node:timers/promises';
import { ROUTES } from '@payments/core/routes';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunWorld, runOps } from '../../ops/test/run-ops.ts';
import { life } from '../src/stripe/life.ts';
import { rollSecret } from '../src/stripe/webhook-endpoint.ts';
import { type SmallMachine, START_WITHIN_MS, startSmall, TEST_WITHIN_MS } from './small-machine.fixture.ts';

/**
 * The operator's commands about the endpoint and the credentials, against one running machine. The account also delivers
 * straight to the ingress, with a secret that belongs to no endpoint: whatever the commands do, it has to stay.
 */
describe("the operator's credentials", { timeout: TEST_WITHIN_MS }, () => {
  let small: SmallMachine;
  const said: string[] = [];

  beforeAll(async () => {
    small = await startSmall({ seed: 41 });
  }, START_WITHIN_MS);
  afterAll(() => small.close());

  const ops = async (line: string, world: RunWorld = {}) => {
    const result = await runOps([...line.split(' '), '--local', small.road.awsUrl], world);
    said.push(result.out, result.err);
    return result;
  };
  const stored = (name: string): string => small.road.secrets.get(`payments-local/${name}`).secretString;
  const Signing = v.pipe(v.string(), v.parseJson(), v.object({ secrets: v.array(v.string()) }));
  const signing = () => v.parse(Signing, stored('StripeSigningSecret')).secrets;
  /** The account knows every key of the right form, so that it does not know the next one has to be said. */
  const refuse = async (status: number, path: string) => {
    const fault = { path, status, code: status === 401 ? 'api_key_expired' : 'more_permissions_required' };
    await fetch(`${small.stripeUrl}/__fake/faults`, { method: 'POST', body: JSON.stringify(fault) });
  };
  const endpoints = () => [...small.account.books.webhookEndpoints.values()];

  describe('webhook', () => {
    it('status says that Stripe has no endpoint here', async () => {
      const { exit, out } = await ops('webhook status');
      expect([exit, out]).toEqual([1, expect.stringContaining('no endpoint at this address')]);
    });

    it('create changes nothing unless it is confirmed', async () => {
      const { exit, err } = await ops('webhook create');
      expect([exit, err]).toEqual([4, expect.stringContaining(`${Object.keys(ROUTES).length} kinds of events`)]);
      expect(endpoints()).toEqual([]);
    });

    it('create registers exactly our events and the pinned version, and its secret is in use before the first of them', async () => {
      const before = signing();
      const { exit, err } = await ops('webhook create --yes');
      expect([exit, err]).toEqual([0, '']);
      const [made] = endpoints();
      expect(made).toMatchObject({ url: small.road.webhookUrl, status: 'enabled', api_version: '2026-10-28.endive' });
      expect(new Set(made?.enabled_events)).toEqual(new Set(Object.keys(ROUTES)));
      expect(signing()).toHaveLength(before.length + 1);
      expect(signing()).toEqual(expect.arrayContaining(before));
      expect((await ops('webhook status')).exit).toBe(0);
    });

    it('status finds events that are missing or too many, a disabled endpoint, and another version; create corrects what can be', async () => {
      const [made] = endpoints();
      if (made === undefined) throw new Error('no endpoint');
      made.enabled_events = ['invoice.paid', 'payout.paid'];
      made.status = 'disabled';
      const { exit, out } = await ops('webhook status');
      expect(exit).toBe(1);
      for (const word of ['disabled', 'are missing', 'payout.paid']) expect(out).toContain(word);
      expect((await ops('webhook create --yes')).exit).toBe(0);
      expect((await ops('webhook status')).exit).toBe(0);
      made.api_version = '2020-08-27';
      const outdated = await ops('webhook status');
      expect([outdated.exit, outdated.out]).toEqual([1, expect.stringContaining('webhook roll')]);
      made.api_version = '2026-10-28.endive';
    });

    it('roll replaces the secret while events flow: none is refused, and the old secret is gone', async () => {
      const [old] = endpoints();
      const [oldSecret] = signing();
      const refused = () => small.logs.filter(({ line }) => line.includes('bad-signature')).length;
      const flow = async () => {
        for (const _step of life(small.account, { seed: 5, months: 1, customers: 3 })) await delay(5);
      };
      const rolled = ops('webhook roll --yes --learn 1 --drain 1');
      await Promise.all([flow(), rolled]);
      await small.still();
      const { exit, out, err } = await rolled;
      expect([exit, out]).toEqual([0, expect.stringContaining('rolled')]);
      expect(err).not.toContain('whsec_');
      expect(endpoints().map(({ id }) => id)).not.toContain(old?.id);
      expect(endpoints()).toHaveLength(1);
      expect(signing()).not.toContain(oldSecret);
      expect(signing()).toContain(small.signingSecret);
      expect(refused()).toBe(0);
      expect((await ops('webhook status')).exit).toBe(0);
    });

    it('roll goes on where it was interrupted, and drops an endpoint whose secret was lost on the way', async () => {
      const [old] = endpoints();
      const stop = new AbortController();
      const interrupted = await ops('webhook roll --yes --learn 60', {
        signal: stop.signal,
        sleep: async () => stop.abort(),
      });
      expect([interrupted.exit, interrupted.out]).toEqual([130, expect.stringContaining('is still silent')]);
      expect(endpoints()).toHaveLength(2);
      // Its secret is not known everywhere: whoever corrects endpoints meanwhile must not wake it.
      const standing = await ops('webhook status');
      expect([standing.exit, standing.out]).toEqual([0, expect.stringContaining('silent until webhook roll goes on')]);
      expect((await ops('webhook create --yes')).out).toContain('left as it is');
      const early = await ops('secrets rotate StripeSigningSecret --finish --yes');
      expect([early.exit, early.err]).toEqual([1, expect.stringContaining('a webhook roll is under way')]);
      expect(endpoints().map((endpoint) => endpoint.enabled_events.length)).toContain(1);
      const { exit } = await ops('webhook roll --yes --learn 0 --drain 0');
      expect(exit).toBe(0);
      expect(endpoints()).toHaveLength(1);
      expect(endpoints()[0]?.id).not.toBe(old?.id);

      const [only] = endpoints();
      if (only === undefined) throw new Error('no endpoint');
      small.account.books.webhookEndpoints.set('we_lost', {
        ...only,
        id: 'we_lost',
        enabled_events: ['sigma.scheduled_query_run.created'],
        metadata: { payments_unfinished: 'yes' },
      });
      const asked = await ops('webhook create');
      expect([asked.exit, asked.err]).toEqual([4, expect.stringContaining('we_lost was never finished')]);
      expect(endpoints()).toHaveLength(2);
      expect((await ops('webhook create --yes')).exit).toBe(0);
      expect(endpoints().map(({ id }) => id)).toEqual([only.id]);
    });

    it('says what to do when the key may not write, and when it is wrong', async () => {
      const { exit, err } = await ops('webhook create --yes --ask-key', {
        canAsk: true,
        secret: async () => 'sk_test_nobody_knows_this_key_here',
      });
      expect([exit, err]).toEqual([3, expect.stringContaining('does not know the key')]);
      await refuse(403, '/v1/webhook_endpoints');
      const readOnly = await ops('webhook status');
      expect([readOnly.exit, readOnly.err]).toEqual([3, expect.stringContaining('--ask-key')]);
      const short = await ops('webhook create --yes --ask-key', { canAsk: true, secret: async () => 'whsec_no_key' });
      expect([short.exit, short.err]).toEqual([2, expect.stringContaining('no secret or restricted key')]);
    });
  });

  describe('secrets', () => {
    it('status tells age and form, and that ninety days are over', async () => {
      expect((await ops('secrets status')).exit).toBe(0);
      const later = await ops('secrets status', { nowMs: () => Date.now() + 91 * 86_400_000 });
      expect([later.exit, later.out]).toEqual([1, expect.stringContaining('secrets rotate')]);
    });

    it('takes no secret as an argument, and repeats none', async () => {
      const { exit, err, out } = await ops('secrets set sk_live_0123456789abcdef');
      expect([exit, out]).toEqual([2, '']);
      expect(err).toContain('never an argument');
      expect(err).not.toContain('sk_live_0123');
    });

    it('tries a credential before it stores it', async () => {
      const before = [stored('StripeApiKey'), stored('SalesforceClient')];
      const key = await ops('secrets rotate StripeApiKey --yes --stdin', { input: 'rk_test_not_the_key_of_anybody\n' });
      expect([key.exit, key.err]).toEqual([3, expect.stringMatching(/401[\s\S]+Nothing was stored/)]);
      const client = await ops('secrets rotate SalesforceClient --yes --stdin', { input: 'f'.repeat(32) });
      expect([client.exit, client.err]).toEqual([3, expect.stringMatching(/invalid_client[\s\S]+Nothing was stored/)]);
      const live = await ops('secrets set StripeApiKey --yes --stdin', { input: `rk_live_${'a'.repeat(24)}` });
      expect([live.exit, live.err]).toEqual([1, expect.stringContaining('other mode')]);
      const malformed = await ops('secrets set StripeApiKey --yes --stdin', { input: '{"apiKey":"rk"}' });
      expect([malformed.exit, malformed.err]).toEqual([1, expect.stringContaining('Nothing was stored')]);
      expect([stored('StripeApiKey'), stored('SalesforceClient')]).toEqual(before);
    });

    it('stores what works, asked for without being shown', async () => {
      const { exit } = await ops('secrets set StripeApiKey --yes', {
        canAsk: true,
        secret: async () => 'sk_test_local_account_key',
      });
      expect(exit).toBe(0);
      expect(stored('StripeApiKey')).toContain('sk_test_local_account_key');
      const Client = v.pipe(v.string(), v.parseJson(), v.object({ clientSecret: v.string(), clientId: v.string() }));
      const { clientSecret, clientId } = v.parse(Client, stored('SalesforceClient'));
      const again = await ops(
        `secrets set SalesforceClient --yes --stdin --login-url ${small.org.url} --client-id ${clientId}`,
        {
          input: clientSecret,
        },
      );
      expect([again.exit, again.err]).toEqual([0, '']);
    });

    it('rotates the signing secret after a roll in the Dashboard: both are honoured, then the new one alone', async () => {
      const [endpoint] = endpoints();
      if (endpoint === undefined) throw new Error('no endpoint');
      const now = Date.now();
      const fresh = rollSecret(small.account.books, endpoint, now, now + 3_600_000);
      const before = signing();
      const { exit } = await ops('secrets rotate StripeSigningSecret --yes --stdin', { input: fresh });
      expect(exit).toBe(0);
      expect(signing()).toEqual([fresh, ...before]);
      expect((await ops('secrets rotate StripeSigningSecret --yes --finish')).exit).toBe(0);
      expect(signing()).toEqual([fresh]);
      // Said before the question, not after it.
      const again = await ops('secrets rotate StripeSigningSecret --finish');
      expect([again.exit, again.err]).toEqual([1, expect.stringContaining('one secret only')]);
    });

    it('asks nobody in a script, and says how to give it there', async () => {
      const { exit, err } = await ops('secrets set StripeApiKey --yes');
      expect([exit, err]).toEqual([2, expect.stringContaining('--stdin')]);
      const half = await ops('secrets set SalesforceClient');
      expect([half.exit, half.err]).toEqual([2, expect.stringContaining('--login-url')]);
    });
  });

  it('printed no secret', () => {
    const text = said.join('');
    for (const secret of [...signing(), small.signingSecret, 'sk_test_local_account_key']) {
      expect(text).not.toContain(secret);
    }
    expect(text).not.toMatch(/whsec_\w{8}|[rs]k_(test|live)_\w{8}/);
  });
});
