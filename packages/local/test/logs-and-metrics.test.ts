import { CloudWatchClient, GetMetricDataCommand, paginateListMetrics } from '@aws-sdk/client-cloudwatch';
import { COMMON_FIELDS, LOG_LINES } from '@payments/core/log-lines';
import { METRICS, type MetricRow, NAMESPACE } from '@payments/core/metrics';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { printAsStripe } from '../src/stripe/json.ts';
import { type SmallMachine, START_WITHIN_MS, startSmall, TEST_WITHIN_MS } from './small-machine.fixture.ts';

const Line = v.pipe(v.string(), v.parseJson(), v.looseObject({ message: v.string(), service: v.string() }));
/** The local Redis has no password. */
const FILLED = ['StripeSigningSecret', 'StripeApiKey', 'SalesforceClient'];
type Line = v.InferOutput<typeof Line>;

/** What a flush says of each batch. */
const BATCH_STEPS = ['take', 'write', 'read', 'settle'];

let small: SmallMachine;
const startedAt = new Date();

beforeAll(async () => {
  small = await startSmall({ seed: 29, twinRate: 0.05, delivery: { duplicateRate: 0.1, reorderWindow: 6 } });
  await small.live({ customers: 4 });
  await goWrong(small);
  for (const fn of ['Measure', 'SecretAges']) await invoke(small, fn);
  read = small.logs.map(({ line }) => v.parse(Line, line)).filter(({ message }) => message !== 'metrics');
}, START_WITHIN_MS);
afterAll(() => small.close());

const text = (): string => small.logs.map(({ line }) => line).join('\n');
/** All but the metrics, which are about no event. */
let read: readonly Line[];
const lines = (): readonly Line[] => read;

describe('the log of a full run, outages and forgeries included', { timeout: TEST_WITHIN_MS }, () => {
  it('holds no secret', () => {
    const filled = small.graph.secrets.filter(({ name }) => FILLED.some((link) => name.endsWith(`/${link}`)));
    const values = filled.map(({ name }) => small.road.secrets.get(name).secretString);
    const secrets = values.flatMap((value) => v.parse(Secrets, value)).filter((each) => each.length >= 8);
    expect(secrets.length).toBeGreaterThanOrEqual(3);
    for (const secret of secrets) expect(text()).not.toContain(secret);
    expect(text()).not.toMatch(/whsec_|sk_(test|live)_|rk_(test|live)_|_secret_|Bearer /);
    // A Salesforce session: the org's id, an exclamation mark, the rest.
    expect(text()).not.toMatch(/00D\w{12,15}!/);
  });

  it('holds nothing that belongs to a person, nor to a card', () => {
    const people = [...small.account.customers()].flatMap(({ email, name, phone }) => [email, name, phone]);
    const known = people.filter((each) => each !== null && each !== '');
    expect(known.length).toBeGreaterThanOrEqual(8);
    for (const each of known) expect(text()).not.toContain(each);
    expect(text()).not.toMatch(/[\w.+-]+@[\w-]+\.\w+/);
    expect(text()).not.toMatch(/insufficient funds|card was declined|checkout\.stripe/);
    expect(text()).not.toMatch(/\b\d{14,19}\b|last4|fingerprint|exp_month|exp_year|cvc|postal_code/);
  });

  it('has only lines and fields that its table has, JSON every one', () => {
    const table = new Map<string, readonly string[]>(
      Object.entries(LOG_LINES).map(([message, { fields }]) => [message, fields]),
    );
    const unknown = new Set<string>();
    for (const { message, ...line } of lines()) {
      const allowed = table.get(message);
      if (allowed === undefined) unknown.add(message);
      const fields = new Set<string>([...COMMON_FIELDS, ...(allowed ?? [])]);
      for (const name of Object.keys(line)) if (!fields.has(name)) unknown.add(`${message}.${name}`);
    }
    expect([...unknown]).toEqual([]);
    // The table is no wish: what any such run says was seen.
    const seen = new Set(lines().map(({ message }) => message));
    for (const message of ['webhook', 'claim', 'settled', 'parked', 'step failed', 'aggregate', 'call', 'redrive']) {
      expect(seen).toContain(message);
    }
    for (const message of BATCH_STEPS) expect(seen).toContain(message);
  });

  it('names the event on every line of its path, and the batch on every line of a batch', () => {
    // A call of Aggregate is about many messages, a report about the whole road.
    const about = lines().filter(
      ({ message, service, batchId, object }) =>
        service !== 'operations' &&
        message !== 'report' &&
        (batchId ?? object) === undefined &&
        !(service === 'bulk' && message === 'call'),
    );
    expect(about.length).toBeGreaterThan(100);
    // A forged request is nobody's event.
    const genuine = about.filter(({ outcome }) => outcome !== 'bad-signature' && outcome !== 'not-an-event');
    for (const line of genuine) {
      expect(line).toMatchObject({
        correlationId: expect.stringMatching(/^[\w-]{36}$/),
        stripeEventId: expect.stringMatching(/^evt_/),
        stripeObjectId: expect.stringMatching(/^\w+_/),
      });
      if (line.service === 'realtime') expect(line).toMatchObject({ executionName: expect.any(String) });
    }
    for (const line of lines().filter(({ batchId, object }) => (batchId ?? object) !== undefined)) {
      expect(line).toMatchObject({ service: 'bulk', executionName: expect.stringMatching(/./) });
      const step = BATCH_STEPS.includes(line.message) && line.outcome !== 'nothing';
      if (step) expect(line).toMatchObject({ batchId: expect.stringMatching(/^batch_/) });
    }
  });
});

describe('one search', { timeout: TEST_WITHIN_MS }, () => {
  const about = (id: string): readonly Line[] =>
    lines().filter((line) => line.stripeEventId === id || [line.stripeEventIds].flat().includes(id));
  const written = (lane: 'realtime' | 'bulk') =>
    small.account.events().filter(({ id }) => small.tally.laneOf(id) === lane && about(id).some(isWritten));
  const isWritten = ({ message, outcome }: Line) =>
    (message === 'settled' || message === 'settle') && outcome === 'written';

  it('by event id finds every function of an urgent event, from the webhook to the row', () => {
    const events = written('realtime');
    expect(events.length).toBeGreaterThan(10);
    for (const { id, type } of events) {
      const path = about(id);
      const end = path.find(isWritten);
      const mine = path.filter(({ correlationId }) => correlationId === end?.correlationId);
      // Each instance writes in its own time: the lines come in any order.
      expect(
        mine.map(({ message }) => message),
        `${id} ${type}`,
      ).toEqual(expect.arrayContaining(['webhook', 'claim', 'settled']));
      expect(end, `${id} ${type}`).toMatchObject({ salesforceId: expect.stringMatching(/^a\w{17}$/) });
      const executions = new Set(mine.flatMap(({ executionName }) => executionName ?? []));
      expect([...executions]).toEqual([end?.executionName]);
    }
  });

  it('by event id finds the batch of a bulk event, and by batch id its steps', () => {
    const events = written('bulk');
    expect(events.length).toBeGreaterThan(10);
    const byBatch = Map.groupBy(lines(), ({ batchId }) => batchId);
    for (const { id, type } of events) {
      const path = about(id);
      expect(
        path.map(({ message }) => message),
        `${id} ${type}`,
      ).toEqual(expect.arrayContaining(['webhook', 'aggregate', 'settle']));
      const end = path.find(isWritten);
      const steps = byBatch.get(end?.batchId) ?? [];
      expect(steps.map(({ message }) => message)).toEqual(expect.arrayContaining(['take', 'write', 'read', 'settle']));
      expect(new Set(steps.map(({ executionName }) => executionName)).size).toBe(1);
      expect(end).toMatchObject({ salesforceId: expect.stringMatching(/^a\w{17}$/) });
    }
  });

  it('by correlation id never mixes two deliveries', () => {
    const byEvent = Map.groupBy(lines(), ({ stripeEventId }) => stripeEventId);
    for (const { id, type } of small.account.events()) {
      const path = byEvent.get(id) ?? [];
      const ingress = path.filter(({ service }) => service === 'ingress');
      expect(ingress.length, `${id} ${type}`).toBeGreaterThan(0);
      // Of a tie whose delivery is not known any more, the event's own id.
      const known = new Set([...ingress.map(({ correlationId }) => correlationId), id]);
      const later = path.filter(({ service }) => service !== 'ingress');
      for (const line of later) expect(known, `${id} ${type}`).toContain(line.correlationId);
      if (small.tally.laneOf(id) !== 'unrouted') expect(later.length, `${id} ${type}`).toBeGreaterThan(0);
    }
  });

  it('goes on in Salesforce: failures and failed payments carry the correlation id of the log', () => {
    const known = new Set(lines().map(({ correlationId }) => correlationId));
    const failures = [...small.org.org.rows('Sync_Failure__c')].map(({ columns }) => columns.Correlation_ID__c);
    const events = small.org.org.platformEvents.filter(({ object }) => object === 'Payment_Failed__e');
    const told = [...failures, ...events.map(({ fields }) => fields.Correlation_ID__c)];
    expect([failures.length > 0, events.length > 0]).toEqual([true, true]);
    for (const correlationId of told) expect(known).toContain(correlationId);
  });
});

describe('the metrics of a full run, as CloudWatch tells them', { timeout: TEST_WITHIN_MS }, () => {
  const client = () =>
    new CloudWatchClient({
      endpoint: small.road.awsUrl,
      region: small.graph.region,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });

  /** Over the whole run; 0 when nothing was published under these dimensions. */
  async function metric(
    name: keyof typeof METRICS,
    dimensions: Record<string, string> = {},
    Stat = 'Sum',
  ): Promise<number> {
    const Dimensions = Object.entries({ Stage: 'local', ...dimensions }).map(([Name, Value]) => ({ Name, Value }));
    const Metric = { Namespace: NAMESPACE, MetricName: name, Dimensions };
    const { MetricDataResults = [] } = await client().send(
      new GetMetricDataCommand({
        MetricDataQueries: [{ Id: 'm', MetricStat: { Metric, Period: 86_400, Stat } }],
        StartTime: new Date(startedAt.getTime() - 86_400_000),
        EndTime: new Date(Date.now() + 86_400_000),
      }),
    );
    return (MetricDataResults[0]?.Values ?? []).reduce((sum, value) => sum + value, 0);
  }

  it('are in the table, under dimensions and values that it has', async () => {
    const rows: Readonly<Record<string, MetricRow>> = METRICS;
    const odd: string[] = [];
    const names = new Set<string>();
    for await (const { Metrics = [] } of paginateListMetrics({ client: client() }, { Namespace: NAMESPACE })) {
      for (const { MetricName = '', Dimensions = [] } of Metrics) {
        names.add(MetricName);
        const row = rows[MetricName];
        const said = Dimensions.filter(({ Name }) => Name !== 'Stage');
        const set = said.map(({ Name }) => Name).join();
        const known = row?.by.some((names) => names.join() === set) === true;
        const allowed = said.every(({ Name = '', Value = '' }) => {
          const values = row?.dimensions[Name];
          return typeof values === 'string' || values?.includes(Value) === true;
        });
        if (!known || !allowed || Dimensions.length !== said.length + 1)
          odd.push(`${MetricName} ${JSON.stringify(said)}`);
      }
    }
    expect(odd).toEqual([]);
    expect(names.size).toBeGreaterThan(20);
  });

  it('agree with what came in: every request once, by its outcome', async () => {
    const requests = lines().filter(({ message }) => message === 'webhook');
    expect(await metric('WebhookRequests')).toBe(requests.length);
    for (const [Outcome, some] of Map.groupBy(requests, ({ outcome }) => String(outcome))) {
      expect([Outcome, await metric('WebhookRequests', { Outcome })]).toEqual([Outcome, some.length]);
    }
    expect(await metric('WebhookTime', {}, 'SampleCount')).toBe(requests.length);
    expect(await metric('WebhookTime', {}, 'p95')).toBeGreaterThanOrEqual(0);
  });

  it('agree with Step Functions: every execution of an event ended one way', async () => {
    const ended = small.executions.filter(({ input }) => input.includes('"detail-type"'));
    const parked = await metric('EventsHandled', { Lane: 'realtime', Outcome: 'parked' });
    expect(await metric('EventsHandled', { Lane: 'realtime' })).toBe(ended.length);
    expect(parked).toBe(ended.filter(({ status }) => status !== 'SUCCEEDED').length);
    expect(parked).toBeGreaterThan(0);
    const duplicates = await metric('Duplicates');
    expect(duplicates).toBeGreaterThan(0);
    expect(await metric('EventsHandled', { Lane: 'realtime', Outcome: 'duplicate' })).toBe(duplicates);
  });

  it('agree with Salesforce: the rows of its batches, what was parked, and the calls it answered', async () => {
    const batches = [...small.org.org.rows('Sync_Batch__c')].map(({ columns }) => columns);
    const sum = (column: string) => batches.reduce((total, columns) => total + Number(columns[column] ?? 0), 0);
    const rows = (Outcome: string) => metric('RowsHandled', { Outcome });
    expect(batches.length).toBeGreaterThan(2);
    expect(await rows('written')).toBe(sum('Rows_Succeeded__c'));
    expect(await rows('refused')).toBe(sum('Rows_Refused__c'));
    expect((await rows('given-back')) + (await rows('parked'))).toBe(sum('Rows_Failed__c'));
    expect(await metric('Parked')).toBeGreaterThanOrEqual(small.org.org.count('Sync_Failure__c'));
    expect(await metric('SalesforceCalls', { Outcome: 'ok' })).toBeGreaterThanOrEqual(sum('API_Calls_Used__c'));
    expect(await metric('OAuthRefreshes', { Outcome: 'ok' })).toBe(small.org.org.tokensIssued());
  });

  it('tell the lag of every write of either lane, from Stripe to the row', async () => {
    const urgent = await metric('EventsHandled', { Lane: 'realtime', Outcome: 'written' });
    expect(await metric('SyncLag', { Lane: 'realtime' }, 'SampleCount')).toBe(urgent);
    expect(await metric('SyncLag', { Lane: 'bulk' }, 'SampleCount')).toBe(
      await metric('RowsHandled', { Outcome: 'written' }),
    );
    for (const Lane of ['realtime', 'bulk']) {
      const [p50, p99] = [await metric('SyncLag', { Lane }, 'p50'), await metric('SyncLag', { Lane }, 'p99')];
      expect(p50).toBeGreaterThan(0);
      expect(p99).toBeGreaterThanOrEqual(p50);
    }
    expect(await metric('PathTime', {}, 'SampleCount')).toBe(urgent);
  });

  it('count failed tries by category, lane and event type', async () => {
    const failed = lines().filter(({ message }) => message === 'step failed');
    expect(failed.length).toBeGreaterThan(0);
    const realtime = failed.filter(({ service }) => service === 'realtime');
    expect(await metric('Errors', { Lane: 'realtime' })).toBe(realtime.length);
    for (const [Category, some] of Map.groupBy(realtime, ({ category }) => String(category))) {
      expect(await metric('Errors', { Lane: 'realtime', Category })).toBe(some.length);
    }
    for (const [EventType, some] of Map.groupBy(realtime, ({ type }) => String(type))) {
      expect([EventType, await metric('Errors', { EventType })]).toEqual([EventType, some.length]);
    }
    expect(await metric('Tries')).toBeGreaterThan(await metric('Errors'));
  });

  it('tell how things stand: nothing waits, what was spent, how old the secrets are, memory and processor', async () => {
    const gauge = (name: keyof typeof METRICS, dimensions?: Record<string, string>) =>
      metric(name, dimensions, 'Maximum');
    expect(await metric('BufferAge', {}, 'SampleCount')).toBeGreaterThanOrEqual(5);
    const spent = await gauge('ApiCalls', { Window: 'day' });
    expect(spent).toBeGreaterThan(0);
    expect(await gauge('OrgApiCalls')).toBeGreaterThanOrEqual(small.org.org.apiCalls().lastDay);
    expect(await gauge('OrgApiUsage')).toBeGreaterThan(0);
    for (const Secret of FILLED) expect(await metric('SecretAge', { Secret }, 'SampleCount')).toBeGreaterThan(0);
    expect(await gauge('SecretAge')).toBe(0);
    for (const name of [
      'Ingress',
      'Claim',
      'Sync',
      'Settle',
      'Park',
      'Aggregate',
      'Take',
      'Write',
      'Read',
      'SettleBatch',
      'Measure',
    ]) {
      expect(await gauge('MemoryUsage', { Function: name }), name).toBeGreaterThan(0);
      expect(await metric('CpuUsage', { Function: name }, 'SampleCount'), name).toBeGreaterThan(0);
    }
  });
});

async function invoke({ road, graph }: SmallMachine, name: string): Promise<void> {
  const fn = graph.functions.find((each) => each.name.includes(`-${name}Function`));
  await road.functions.get(fn?.arn ?? '')?.invoke({});
}

/** The lines of failures are the ones that tend to quote. */
async function goWrong(small: SmallMachine): Promise<void> {
  const event = small.account.events().find(({ type }) => type === 'customer.created');
  const body = printAsStripe(event ?? {});
  await small.post(body, 't=1,v1=aa');
  await small.post(`${body.slice(0, -1)},`);
  const [customer] = [...small.account.customers()];
  const quoting = [
    { errorCode: 'INVALID_EMAIL_ADDRESS', message: `Email: ${customer?.email}`, fields: ['Customer_Email__c'] },
  ];
  small.org.org.fault({ match: { urlRegex: '/composite' }, times: 4, effect: { status: 400, body: quoting } });
  small.org.org.fault({
    match: { urlRegex: '/composite' },
    times: 2,
    effect: { status: 500, html: String(customer?.name) },
  });
  await small.live({ customers: 1, seed: 30 });
  small.org.org.clearFaults();
  expect(small.org.org.count('Sync_Failure__c')).toBeGreaterThan(0);
}

/** Every text in a secret's JSON. */
const Secrets = v.pipe(
  v.string(),
  v.parseJson(),
  v.record(v.string(), v.union([v.string(), v.array(v.string())])),
  v.transform((secret) =>
    Object.entries(secret).flatMap(([name, value]) => (/url|base|clientId/i.test(name) ? [] : value)),
  ),
);
