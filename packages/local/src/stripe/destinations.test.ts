import { expect, test } from 'vitest';
import { withStripe } from './api.fixture.ts';
import { signatureHeader, startDelivery } from './delivery.ts';
import { eventBridgeEnvelope, thinNotification } from './destinations.ts';
import { printAsStripe } from './json.ts';

test('the SDK unwraps an event from its EventBridge envelope, whose id is the same at every attempt', () =>
  withStripe(async ({ stripe, account }) => {
    const customer = await stripe.customers.create({ name: 'Ada' });
    const [event] = account.events();
    if (event === undefined) throw new Error('no event was made');
    const destination = { id: 'ed_test_1', awsAccount: '123456789012', region: 'eu-north-1' };
    const envelope = eventBridgeEnvelope(event, destination);
    expect(envelope).toMatchObject({
      'detail-type': 'customer.created',
      source: 'aws.partner/stripe.com/ed_test_1',
      detail: { id: event.id, data: { object: { id: customer.id } } },
    });
    expect(envelope.id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/);
    expect(eventBridgeEnvelope(event, destination)).toEqual(envelope);
    await stripe.customers.update(customer.id, { name: 'Ada Lind' });
    const [, later] = account.events();
    expect(later === undefined ? '' : eventBridgeEnvelope(later, destination).id).not.toBe(envelope.id);
    const unwrapped = stripe.webhooks.constructEventWithoutVerification(JSON.stringify(envelope));
    expect(unwrapped.id).toBe(event.id);
  }));

test('the SDK parses a signed thin notification and refuses it as a whole event; the related object can be fetched', () =>
  withStripe(async ({ stripe, account, url }) => {
    const customer = await stripe.customers.create({ name: 'Ada' }, { idempotencyKey: 'k1' });
    const [event] = account.events();
    if (event === undefined) throw new Error('no event was made');
    const body = printAsStripe(thinNotification(event));
    const signature = signatureHeader(body, ['whsec_x'], Math.floor(Date.now() / 1000));
    const notification = stripe.parseEventNotification(body, signature, 'whsec_x');
    expect(notification).toMatchObject({
      id: expect.stringMatching(/^evt_test_65/),
      type: 'v1.customer.created',
      related_object: { id: customer.id, type: 'customer', url: `/v1/customers/${customer.id}` },
      reason: { request: { idempotency_key: 'k1' } },
    });
    expect(() => stripe.webhooks.constructEvent(body, signature, 'whsec_x')).toThrow();
    const related = Object(JSON.parse(body)).related_object.url;
    const found = await fetch(`${url}${related}`, { headers: { authorization: 'Bearer sk_test_1' } });
    expect(await found.json()).toMatchObject({ id: customer.id });
  }));

test('a thin destination is delivered to like any other: signed, and again until it is taken', () =>
  withStripe(async ({ stripe, account }) => {
    const sent: { readonly body: string; readonly signature: string }[] = [];
    const delivery = startDelivery({
      account,
      url: 'http://127.0.0.1:9/thin',
      secrets: () => ['whsec_thin'],
      fetch: async (_url, init) => {
        sent.push({ body: String(init.body), signature: new Headers(init.headers).get('stripe-signature') ?? '' });
        return new Response('', { status: sent.length === 1 ? 500 : 200 });
      },
      clock: Date.now,
      sleep: async () => {},
      seed: 1,
      render: (event) => thinNotification(event),
    });
    const customer = await stripe.customers.create({ name: 'Ada' });
    await delivery.idle();
    await delivery.stop();
    const parsed = sent.map(({ body, signature }) => stripe.parseEventNotification(body, signature, 'whsec_thin'));
    expect(parsed).toMatchObject(
      [1, 2].map(() => ({ type: 'v1.customer.created', related_object: { id: customer.id } })),
    );
    expect(parsed[0]?.id).toBe(parsed[1]?.id);
  }));
