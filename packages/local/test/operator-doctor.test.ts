import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runOps } from '../../ops/test/run-ops.ts';
import { type SmallMachine, START_WITHIN_MS, startSmall, TEST_WITHIN_MS } from './small-machine.fixture.ts';

/** One running machine into which each fault is planted, found and taken out again. */
describe('the doctor', { timeout: TEST_WITHIN_MS }, () => {
  let small: SmallMachine;

  beforeAll(async () => {
    small = await startSmall({ seed: 43 });
    await ops('webhook create --yes');
  }, START_WITHIN_MS);
  afterAll(() => small.close());

  const ops = (line: string, nowMs = () => Date.now()) =>
    runOps([...line.split(' '), '--local', small.road.awsUrl], { nowMs });
  const Report = v.object({
    faults: v.number(),
    unknown: v.number(),
    findings: v.array(
      v.object({ part: v.string(), state: v.string(), what: v.string(), mend: v.optional(v.string()) }),
    ),
  });
  const examined = async (nowMs?: () => number) => {
    const { exit, json } = await ops('doctor --json', nowMs);
    const { findings } = v.parse(Report, json());
    return { exit, wrong: findings.filter(({ state }) => state !== 'good') };
  };
  /** One fault of that part, whose text has these words, with advice on how to mend it. */
  const expectFault = async (part: string, words: string, mend: string) => {
    const { exit, wrong } = await examined();
    expect(exit).toBe(1);
    expect(wrong).toEqual([
      { part, state: 'bad', what: expect.stringContaining(words), mend: expect.stringContaining(mend) },
    ]);
  };
  const secret = (name: string) => small.road.secrets.get(`payments-local/${name}`).secretString;
  const put = (name: string, value: string) => small.road.secrets.put(`payments-local/${name}`, value);
  const aws = (operation: string, body: object) =>
    fetch(small.road.awsUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `AWSEvents.${operation}` },
      body: JSON.stringify({ EventBusName: 'payments-local-bus', ...body }),
    });

  it('finds nothing wrong with the whole road, and tells what it looked at', async () => {
    expect(await examined()).toEqual({ exit: 0, wrong: [] });
    const { out, err } = await ops('doctor');
    for (const part of ['secrets', 'stripe', 'salesforce', 'rows', 'rights', 'mode', 'webhook', 'clocks', 'stacks']) {
      expect(out).toMatch(new RegExp(`✓ ${part} `));
    }
    expect(out).toContain('nothing is wrong');
    expect(err).toContain('checks 9/9');
  });

  it('finds a secret that is malformed, and one that is old', async () => {
    const whole = secret('StripeSigningSecret');
    put('StripeSigningSecret', '{"secret":"whsec_of_another_shape"}');
    const { wrong } = await examined();
    expect(wrong[0]).toMatchObject({ part: 'secrets', mend: 'secrets set StripeSigningSecret' });
    expect(JSON.stringify(wrong)).not.toContain('whsec_of');
    put('StripeSigningSecret', whole);
    const later = await examined(() => Date.now() + 91 * 86_400_000);
    expect(later.wrong.map(({ mend }) => mend)).toContain('secrets rotate SalesforceClient');
  });

  it('finds a login that fails, and goes on with what needs none', async () => {
    const whole = secret('SalesforceClient');
    put('SalesforceClient', whole.replace(/("clientSecret":")[^"]*/, '$1of_somebody_else'));
    const { exit, wrong } = await examined();
    expect(exit).toBe(1);
    expect(new Set(wrong.map(({ part }) => part))).toEqual(new Set(['salesforce', 'rows', 'rights', 'mode']));
    expect(wrong.map(({ what }) => what).join()).toContain('invalid_client');
    put('SalesforceClient', whole);
  });

  it('finds rights at large', async () => {
    small.org.org.setUp('UserPermissionAccess', { PermissionsModifyAllData: true });
    await expectFault('rights', 'Modify All Data', 'Stripe_Integration_User');
    small.org.org.setUp('UserPermissionAccess', { PermissionsModifyAllData: false });
  });

  it('finds test events that go into the org of live Stripe', async () => {
    const [organization] = small.org.org.rows('Organization');
    const [config] = small.org.org.rows('Integration_Config__mdt');
    small.org.org.setUp('Integration_Config__mdt', { Live_Org_ID__c: organization?.id ?? '' });
    await expectFault('mode', 'bound to live Stripe', 'secrets set');
    small.org.org.setUp('Integration_Config__mdt', { Live_Org_ID__c: config?.columns.Live_Org_ID__c ?? null });
  });

  it('finds an endpoint that lacks events', async () => {
    const [endpoint] = [...small.account.books.webhookEndpoints.values()];
    if (endpoint === undefined) throw new Error('no endpoint');
    const all = endpoint.enabled_events;
    endpoint.enabled_events = all.slice(1);
    await expectFault('webhook', '1 of our events are missing', 'webhook create');
    endpoint.enabled_events = all;
  });

  it('finds a rule that is disabled, one that matches other events, and one too many', async () => {
    await aws('DisableRule', { Name: 'payments-local-bulk' });
    await expectFault('stacks', 'the rule bulk is disabled', 'enable it');
    await aws('EnableRule', { Name: 'payments-local-bulk' });
    await aws('PutRule', { Name: 'payments-local-mine', EventPattern: '{"source":["stripe.webhook"]}' });
    await expectFault('stacks', 'the rule mine is not of the stacks', 'delete it');
    await aws('DeleteRule', { Name: 'payments-local-mine' });
    const described = v.parse(
      v.object({ EventPattern: v.string() }),
      await (await aws('DescribeRule', { Name: 'payments-local-payments' })).json(),
    );
    await aws('PutRule', { Name: 'payments-local-payments', EventPattern: '{"source":["stripe.webhook"]}' });
    await expectFault('stacks', 'the rule payments matches other events', 'sst deploy');
    await aws('PutRule', { Name: 'payments-local-payments', EventPattern: described.EventPattern });
    expect((await examined()).wrong).toEqual([]);
  });

  it('says what to mend on the command line when the deployment is not there', async () => {
    const { exit, err } = await runOps(['doctor'], { env: { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' } });
    expect([exit, err]).toEqual([3, expect.stringContaining('127.0.0.1:1')]);
  });
});
