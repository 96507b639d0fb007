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
  const call = async (target: string, body: object): Promise<unknown> => {
    const response = await fetch(small.road.awsUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${target}: ${response.status} ${text}`);
    return text === '' ? {} : JSON.parse(text);
  };
  const aws = (operation: string, body: object) =>
    call(`AWSEvents.${operation}`, { EventBusName: 'payments-local-bus', ...body });

  it('finds nothing wrong with the whole road, and tells what it looked at', async () => {
    expect(await examined()).toEqual({ exit: 0, wrong: [] });
    const { out, err } = await ops('doctor');
    for (const part of ['secrets', 'stripe', 'salesforce', 'rows', 'rights', 'mode', 'webhook', 'clocks', 'stacks']) {
      expect(out).toMatch(new RegExp(`✓ ${part} `));
    }
    for (const what of ['7 rules of the bus', "1 rule of AWS's own bus", '11 queues', '4 machines', '8 schedules']) {
      expect(out).toMatch(new RegExp(`✓ stacks +${what}`));
    }
    expect(out).toMatch(/✓ stacks +the archive: .*\n✓ stacks .*\n✓ stacks +the mapping of the queue Bulk: /);
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

  it('finds a key that may not read something, and one that Stripe does not know', async () => {
    const fault = small.faults.stripe.place({ path: '/v1/refunds', status: 403, type: 'permission_error', times: 0 });
    await expectFault('stripe', 'the key may not read refunds', 'API keys');
    small.faults.stripe.lift(fault);
    const whole = secret('StripeApiKey');
    put('StripeApiKey', whole.replace(/("apiKey":")[^"]*/, '$1sk_test_of_somebody_else'));
    const { wrong } = await examined();
    expect(wrong[0]).toMatchObject({ part: 'stripe', state: 'bad', what: expect.stringContaining('not know the key') });
    expect(new Set(wrong.map(({ part }) => part))).toEqual(new Set(['stripe', 'webhook']));
    put('StripeApiKey', whole);
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
    await expectFault('webhook', '1 of our events is missing', 'webhook create');
    endpoint.enabled_events = all;
  });

  it('finds a rule that is disabled, one that matches other events, and one too many', async () => {
    await aws('DisableRule', { Name: 'payments-local-bulk' });
    await expectFault('stacks', 'the rule bulk is disabled', 'enable it');
    await aws('EnableRule', { Name: 'payments-local-bulk' });
    await aws('PutRule', { Name: 'payments-local-mine', EventPattern: '{"source":["stripe.webhook"]}' });
    await expectFault('stacks', 'the rule mine is not of the stacks', 'delete it');
    await aws('DeleteRule', { Name: 'payments-local-mine' });
    await aws('PutRule', { Name: 'of-nobody', EventPattern: '{"source":["stripe.webhook"]}' });
    await expectFault('stacks', 'the rule of-nobody is not of the stacks', 'delete it');
    await aws('DeleteRule', { Name: 'of-nobody' });
    const described = v.parse(
      v.object({ EventPattern: v.string() }),
      await aws('DescribeRule', { Name: 'payments-local-payments' }),
    );
    await aws('PutRule', { Name: 'payments-local-payments', EventPattern: '{"source":["stripe.webhook"]}' });
    await expectFault('stacks', 'the rule payments is not as the stacks say: pattern.detail-type', 'npm start');
    await aws('PutRule', { Name: 'payments-local-payments', EventPattern: described.EventPattern });
    const failed = { Name: 'payments-local-failed-executions', EventBusName: 'default' };
    await aws('DisableRule', failed);
    await expectFault('stacks', 'the rule failed-executions is disabled', 'enable it');
    await aws('EnableRule', failed);
    expect((await examined()).wrong).toEqual([]);
  });

  it('finds a target that lost its dead-letter queue and its tries', async () => {
    const Rule = 'payments-local-bulk';
    const { Targets } = v.parse(
      v.object({ Targets: v.tuple([v.looseObject({ Id: v.string(), Arn: v.string() })]) }),
      await aws('ListTargetsByRule', { Rule }),
    );
    const [{ Id, Arn }] = Targets;
    await aws('PutTargets', { Rule, Targets: [{ Id, Arn }] });
    await expectFault('stacks', 'the rule bulk is not as the stacks say: dead-letter queue is nothing', 'npm start');
    await aws('PutTargets', { Rule, Targets });
    expect((await examined()).wrong).toEqual([]);
  });

  it('finds a queue that hides, keeps and gives up otherwise', async () => {
    const queue = { QueueUrl: `${small.road.awsUrl}/123456789012/payments-local-Bulk` };
    const names = { AttributeNames: ['VisibilityTimeout', 'MessageRetentionPeriod', 'RedrivePolicy'] };
    const before = v.parse(
      v.object({ Attributes: v.record(v.string(), v.string()) }),
      await call('AmazonSQS.GetQueueAttributes', { ...queue, ...names }),
    );
    const RedrivePolicy = (before.Attributes.RedrivePolicy ?? '').replace('Poisoned', 'Parked').replace('30', '3');
    const after = { VisibilityTimeout: '10', MessageRetentionPeriod: '60', RedrivePolicy };
    await call('AmazonSQS.SetQueueAttributes', { ...queue, Attributes: after });
    await expectFault(
      'stacks',
      'the queue Bulk is not as the stacks say: seconds hidden is 10 instead of 420; seconds kept is 60 instead of 1209600; dead-letter queue is queue BulkParked instead of queue BulkPoisoned; 1 more',
      'npm start',
    );
    await call('AmazonSQS.SetQueueAttributes', { ...queue, ...before });
    expect((await examined()).wrong).toEqual([]);
  });

  it('finds a queue that is gone', async () => {
    const QueueName = 'payments-local-OperationsUnstarted';
    await call('AmazonSQS.DeleteQueue', { QueueUrl: `${small.road.awsUrl}/123456789012/${QueueName}` });
    await expectFault('stacks', 'the queue OperationsUnstarted is not there', 'npm start');
    await call('AmazonSQS.CreateQueue', { QueueName, Attributes: { MessageRetentionPeriod: '1209600' } });
    expect((await examined()).wrong).toEqual([]);
  });

  it('finds that nothing can be replayed', async () => {
    const archive = v.parse(
      v.looseObject({ EventSourceArn: v.string(), EventPattern: v.string(), RetentionDays: v.number() }),
      await call('AWSEvents.DescribeArchive', { ArchiveName: 'payments-local-stripe' }),
    );
    await call('AWSEvents.DeleteArchive', { ArchiveName: 'payments-local-stripe' });
    await expectFault('stacks', 'the archive is not there: nothing can be replayed', 'npm start');
    const { EventSourceArn, EventPattern, RetentionDays } = archive;
    const again = { ArchiveName: 'payments-local-stripe', EventSourceArn, EventPattern };
    await call('AWSEvents.CreateArchive', { ...again, RetentionDays: 1 });
    await expectFault('stacks', `the archive is not as the stacks say: days kept is 1 instead of 30`, 'npm start');
    await call('AWSEvents.DeleteArchive', { ArchiveName: 'payments-local-stripe' });
    await call('AWSEvents.CreateArchive', { ...again, RetentionDays });
    expect((await examined()).wrong).toEqual([]);
  });

  it('says what to mend on the command line when the deployment is not there', async () => {
    const { exit, err } = await runOps(['doctor'], { env: { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' } });
    expect([exit, err]).toEqual([3, expect.stringContaining('127.0.0.1:1')]);
  });
});
