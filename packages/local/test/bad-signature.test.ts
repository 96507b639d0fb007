import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { STRIPE_KEY } from '../src/machine.ts';
import { signatureHeader } from '../src/stripe/delivery.ts';
import { printAsStripe } from '../src/stripe/json.ts';
import { type Listening, listenWithCli } from '../src/stripe/stripe-cli.fixture.ts';
import {
  type Answer,
  type SmallMachine,
  START_WITHIN_MS,
  seconds,
  startSmall,
  TEST_WITHIN_MS,
} from './small-machine.fixture.ts';

const FIVE_MINUTES = 300;

describe('what is not genuine is refused and goes nowhere', { timeout: TEST_WITHIN_MS }, () => {
  let small: SmallMachine;
  let cli: Listening;
  let archived: number;
  let arrived: number;
  let customers: number;
  const event = (changed: object = {}) => ({
    id: 'evt_1SmallMachineEvent',
    object: 'event',
    api_version: '2026-10-28.endive',
    created: seconds(),
    data: { object: { id: 'cus_stranger', object: 'customer', email: 'mallory@example.com', name: 'Mallory' } },
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type: 'customer.created',
    ...changed,
  });
  const kept = (): number => small.road.bus.archives.list({}).reduce((sum, { eventCount }) => sum + eventCount, 0);
  const signed = (body: string, at = seconds(), secret = small.signingSecret): string =>
    signatureHeader(body, [secret], at);

  beforeAll(async () => {
    small = await startSmall({ seed: 3 });
    cli = await listenWithCli(small.stripeUrl, small.road.webhookUrl, STRIPE_KEY);
  }, START_WITHIN_MS);
  afterAll(async () => {
    await cli.stop();
    await small.close();
  });
  beforeEach(() => {
    archived = kept();
    arrived = small.arrivals.length;
    customers = small.org.org.count('Stripe_Customer__c');
  });

  /** The archive keeps all that was published, whatever its type. */
  async function expectNothingPublished(): Promise<void> {
    await small.still();
    expect(kept()).toBe(archived);
    expect(small.arrivals).toHaveLength(arrived);
    expect(small.org.org.count('Stripe_Customer__c')).toBe(customers);
  }

  function expectShortAnswer(answer: Answer, status: number, body: object): void {
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toEqual(body);
    expect(answer.headers.get('content-type')).toBe('application/json');
  }

  it('while an event is accepted under any of the secrets during a roll, though the new one was not known a moment ago', async () => {
    const secret = small.graph.secrets.find(({ name }) => name.endsWith('/StripeSigningSecret'));
    const next = 'whsec_the_next_one';
    small.road.secrets.put(secret?.name ?? '', JSON.stringify({ secrets: [next, cli.secret, small.signingSecret] }));
    const body = printAsStripe(event());
    expectShortAnswer(await small.post(body), 200, { received: true, routed: true });
    expectShortAnswer(await small.post(body, signed(body, seconds(), next)), 200, { received: true, routed: true });
    await small.still();
    expect(kept()).toBe(archived + 2);
    expect([...small.org.org.rows('Stripe_Customer__c')].map(({ key }) => key)).toEqual(['cus_stranger']);
  });

  it('while what the real Stripe CLI forwards is accepted, too', async () => {
    const created = await fetch(`${small.stripeUrl}/v1/customers`, {
      method: 'POST',
      body: 'email=ada@example.com',
      headers: { authorization: `Bearer ${STRIPE_KEY}`, 'content-type': 'application/x-www-form-urlencoded' },
    });
    const { id } = Object(await created.json());
    await expect.poll(cli.said, { timeout: TEST_WITHIN_MS }).toMatch(/<--\s+\[\d+\] POST/);
    expect(cli.said()).toMatch(/<--\s+\[200\] POST/);
    await small.still();
    expect([...small.org.org.rows('Stripe_Customer__c')].map(({ key }) => key)).toContain(id);
  });

  it.each<[string, (body: string) => string | null]>([
    ['no signature', () => null],
    ['an empty signature', () => ''],
    ['a signature of another secret', (body) => signed(body, seconds(), 'whsec_another')],
    ['a signature of another body', (body) => signed(`${body} `)],
    ['a signature that is older than five minutes', (body) => signed(body, seconds() - FIVE_MINUTES - 5)],
    ['a signature of the future', (body) => signed(body, seconds() + FIVE_MINUTES + 60)],
    ['a time without a signature', () => `t=${seconds()}`],
    ['a signature of another scheme', (body) => signed(body).replace('v1=', 'v0=')],
    ['two times', (body) => `t=1,${signed(body)}`],
    ['hostile text', () => `t=${seconds()},v1=${'../'.repeat(50)}'; DROP TABLE events; --`],
  ])('400 for %s', async (_name, signatureOf) => {
    const body = printAsStripe(event());
    expectShortAnswer(await small.post(body, signatureOf(body)), 400, { error: 'signature' });
    await expectNothingPublished();
  });

  it.each<[string, string]>([
    ['text that is not JSON', 'hello'],
    ['nothing', ''],
    ['half an event', printAsStripe(event()).slice(0, 200)],
    ['JSON that is no object', '[1,2,3]'],
    ['an object that is no event', '{"object":"customer","id":"cus_1"}'],
    ['an event without an object in it', JSON.stringify(event({ data: {} }))],
    ['an event whose id breaks out of a path', JSON.stringify(event({ id: '../../evt_1' }))],
    ['an event whose id breaks a line', JSON.stringify(event({ id: 'evt_1\r\nSet-Cookie: a=b' }))],
    ['an event whose type is a pattern', JSON.stringify(event({ type: '*' }))],
    ['an event whose type is a script', JSON.stringify(event({ type: '<script>alert(1)</script>' }))],
    ['an event made at no time', JSON.stringify(event({ created: -1 }))],
    ['an event made at a fraction of a second', JSON.stringify(event({ created: 1.5 }))],
    ['an event that is nested too deeply to be one', `${'['.repeat(50_000)}${']'.repeat(50_000)}`],
  ])('400 for %s, although it is signed', async (_name, body) => {
    expectShortAnswer(await small.post(body), 400, { error: 'not an event' });
    await expectNothingPublished();
  });

  it('413 for two megabytes, signed or not', async () => {
    const body = JSON.stringify(event({ padding: 'x'.repeat(2 * 1024 * 1024) }));
    expectShortAnswer(await small.post(body), 413, { error: 'too large' });
    expectShortAnswer(await small.post(body, null), 413, { error: 'too large' });
    await expectNothingPublished();
  });

  it('200 and nothing more for a live event on a test stage', async () => {
    const body = JSON.stringify(event({ livemode: true }));
    expectShortAnswer(await small.post(body), 200, { received: true, routed: false });
    await expectNothingPublished();
  });

  it('405 for other methods, 404 for other paths', async () => {
    const get = await fetch(small.road.webhookUrl);
    const other = await fetch(`${small.road.webhookUrl}/..%2f..%2fhealth`, { method: 'POST', body: '{}' });
    expect([404, 405]).toContain(get.status);
    expect(other.status).toBe(404);
    await expectNothingPublished();
  });
});
