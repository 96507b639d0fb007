import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { printAsStripe } from '../src/stripe/json.ts';
import { type SmallMachine, START_WITHIN_MS, startSmall, TEST_WITHIN_MS } from './small-machine.fixture.ts';

const Line = v.pipe(v.string(), v.parseJson(), v.looseObject({ message: v.string(), service: v.string() }));
/** The local Redis has no password. */
const FILLED = ['StripeSigningSecret', 'StripeApiKey', 'SalesforceClient'];
type Line = v.InferOutput<typeof Line>;

describe('the log of a full run, outages and forgeries included', { timeout: TEST_WITHIN_MS }, () => {
  let small: SmallMachine;

  beforeAll(async () => {
    small = await startSmall({ seed: 29, twinRate: 0.05, delivery: { duplicateRate: 0.1, reorderWindow: 6 } });
    await small.live({ customers: 4 });
    await goWrong(small);
  }, START_WITHIN_MS);
  afterAll(() => small.close());

  const text = (): string => small.logs.map(({ line }) => line).join('\n');
  /** All but the metrics, which are about no event. */
  const lines = (): readonly Line[] =>
    small.logs.map(({ line }) => v.parse(Line, line)).filter(({ message }) => message !== 'metrics');

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

  it('holds nothing that belongs to a person', () => {
    const people = [...small.account.customers()].flatMap(({ email, name, phone }) => [email, name, phone]);
    const known = people.filter((each) => each !== null && each !== '');
    expect(known.length).toBeGreaterThanOrEqual(8);
    for (const each of known) expect(text()).not.toContain(each);
    expect(text()).not.toMatch(/[\w.+-]+@[\w-]+\.\w+/);
    expect(text()).not.toMatch(/insufficient funds|card was declined|checkout\.stripe/);
  });

  it('is JSON in every line, with the identifiers by which one search finds an event', () => {
    const about = lines().filter(
      ({ service, batchId, object }) =>
        service !== 'operations' && (service !== 'bulk' || (batchId ?? object) === undefined),
    );
    expect(about.length).toBeGreaterThan(100);
    // A forged request is nobody's event.
    const genuine = about.filter(({ outcome }) => outcome !== 'bad-signature' && outcome !== 'not-an-event');
    for (const line of genuine) {
      expect(line).toMatchObject({
        correlationId: expect.stringMatching(/^[\w-]{36}$/),
        stripeEventId: expect.stringMatching(/^evt_/),
      });
      if (line.service === 'realtime') expect(line).toMatchObject({ executionName: expect.any(String) });
    }
    for (const line of lines().filter(({ batchId }) => batchId !== undefined)) {
      expect(line).toMatchObject({ service: 'bulk', batchId: expect.stringMatching(/^batch_/) });
    }
  });

  it('tells the whole path of every event under one correlation id', () => {
    const byEvent = Map.groupBy(lines(), ({ stripeEventId }) => stripeEventId);
    for (const { id, type } of small.account.events()) {
      const path = byEvent.get(id) ?? [];
      const ingress = path.filter(({ service }) => service === 'ingress');
      expect(ingress.length, `${id} ${type}`).toBeGreaterThan(0);
      const known = new Set(ingress.map(({ correlationId }) => correlationId));
      const lane = small.tally.laneOf(id);
      const later = path.filter(({ service }) => service !== 'ingress');
      expect(
        later.every(({ correlationId }) => known.has(correlationId)),
        `${id} ${type}`,
      ).toBe(true);
      if (lane !== 'unrouted') expect(later.length, `${id} ${type}`).toBeGreaterThan(0);
    }
  });
});

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
