import { readFileSync } from 'node:fs';
import type Stripe from 'stripe';
import { expect, test } from 'vitest';
import { customerAndPrice, withStripe } from './api.fixture.ts';
import { startEndpointDeliveries } from './endpoint-deliveries.ts';
import { EVENT_TYPES } from './event-types.ts';

type Sent = { readonly url: string; readonly body: string; readonly signature: string };

/** Real time stands still where the SDK's tolerance wants it: at now. */
const NOW_MS = Date.now();

function receiver(answer: (url: string, count: number) => number) {
  const sent: Sent[] = [];
  return {
    sent,
    fetch: async (url: string, init: RequestInit) => {
      sent.push({ url, body: String(init.body), signature: new Headers(init.headers).get('stripe-signature') ?? '' });
      return new Response('', { status: answer(url, sent.length) });
    },
  };
}

test('an endpoint is told of its types only, signed with its secret; during a roll with both, then with the new one', () =>
  withStripe(async ({ stripe, account, url }) => {
    let nowMs = NOW_MS;
    const { sent, fetch: post } = receiver(() => 200);
    const deliveries = startEndpointDeliveries({
      account,
      fetch: post,
      clock: () => nowMs,
      sleep: async () => {},
      seed: 1,
    });
    const made = await stripe.webhookEndpoints.create({
      url: 'http://127.0.0.1:9/hook',
      enabled_events: ['customer.created'],
      description: 'ours',
    });
    const secret = made.secret ?? '';
    expect(secret).toMatch(/^whsec_\w{32}$/);
    expect((await stripe.webhookEndpoints.retrieve(made.id)).secret).toBeUndefined();
    const signs = (key: string): boolean => {
      const last = sent.at(-1);
      try {
        return stripe.webhooks.constructEvent(last?.body ?? '', last?.signature ?? '', key).type === 'customer.created';
      } catch {
        return false;
      }
    };
    const happen = async (): Promise<void> => {
      await stripe.customers.create({ name: 'Ada' });
      await stripe.products.create({ name: 'not asked for' });
      await deliveries.idle();
    };
    await happen();
    expect(sent.length).toBe(1);
    expect(signs(secret)).toBe(true);
    const roll = await fetch(`${url}/__fake/webhook_endpoints/${made.id}/roll`, {
      method: 'POST',
      body: JSON.stringify({ expires_in: 3600 }),
    });
    const { secret: newer } = Object(await roll.json());
    await happen();
    expect([signs(secret), signs(String(newer))]).toEqual([true, true]);
    expect(sent.at(-1)?.signature.match(/v1=/g)?.length).toBe(2);
    nowMs += 3_700_000;
    await happen();
    expect(sent.at(-1)?.signature.match(/v1=/g)?.length).toBe(1);
    nowMs = NOW_MS;
    await stripe.webhookEndpoints.update(made.id, { disabled: true });
    const before = sent.length;
    await happen();
    expect(sent.length).toBe(before);
    await stripe.webhookEndpoints.update(made.id, { disabled: false, enabled_events: ['*'] });
    await happen();
    expect(sent.length).toBe(before + 2);
    expect(await stripe.webhookEndpoints.del(made.id)).toMatchObject({ deleted: true });
    await happen();
    expect(sent.length).toBe(before + 2);
    const long = await fetch(`${url}/__fake/webhook_endpoints/${made.id}/roll`, { method: 'POST', body: '{}' });
    expect(long.status).toBe(404);
    await deliveries.stop();
  }));

test('delivery_success=false lists what some endpoint has not taken yet, until it takes it', () =>
  withStripe(async ({ stripe, account }) => {
    let broken = true;
    const { fetch: post } = receiver((url) => (url.endsWith('/b') && broken ? 500 : 200));
    const deliveries = startEndpointDeliveries({
      account,
      fetch: post,
      clock: () => NOW_MS,
      sleep: async () => {},
      seed: 1,
      retry: { firstMs: 1, factor: 1, maxMs: 1, attempts: 2 },
    });
    for (const path of ['a', 'b']) {
      await stripe.webhookEndpoints.create({ url: `http://127.0.0.1:9/${path}`, enabled_events: ['customer.created'] });
    }
    const unsent = await stripe.customers.create({ name: 'one' });
    await deliveries.idle();
    broken = false;
    await stripe.customers.create({ name: 'two' });
    await deliveries.idle();
    const pending = await stripe.events.list({ delivery_success: false });
    expect(pending.data.map((event) => [event.pending_webhooks, Object(event.data.object).id])).toEqual([
      [1, unsent.id],
    ]);
    expect((await stripe.events.list({ delivery_success: true })).data.length).toBe(1);
    // Nobody was subscribed to it, so nobody is owed anything.
    await stripe.products.create({ name: 'unasked' });
    await deliveries.idle();
    const said = await stripe.events.list({ type: 'product.created', delivery_success: true });
    expect(said.data.map((event) => event.pending_webhooks)).toEqual([0]);
    const both = stripe.events.list({ type: 'product.created', types: ['product.created'] });
    await expect(both).rejects.toThrow('not both');
    const tooMany = stripe.events.list({ types: Array.from({ length: 21 }, (_, n) => `a.b${n}`) });
    await expect(tooMany).rejects.toThrow();
    expect([...deliveries.reports()].map(({ attempts, status }) => [attempts, status])).toEqual([
      [1, 200],
      [1, 200],
      [2, 500],
      [1, 200],
    ]);
    await deliveries.stop();
  }));

test('an endpoint with a version before basil gets its shapes, previous_attributes too', () =>
  withStripe(async ({ stripe, account }) => {
    const { sent, fetch: post } = receiver(() => 200);
    const deliveries = startEndpointDeliveries({
      account,
      fetch: post,
      clock: () => NOW_MS,
      sleep: async () => {},
      seed: 1,
    });
    await stripe.webhookEndpoints.create({
      url: 'http://127.0.0.1:9/old',
      enabled_events: ['*'],
      api_version: '2024-06-20',
    });
    const { customer, basic } = await customerAndPrice(stripe);
    const made = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: basic.id }] });
    const end = made.items.data[0]?.current_period_end ?? 0;
    account.advanceTo(end + 7200);
    await deliveries.idle();
    const events = sent.map(({ body }) => JSON.parse(body));
    const of = (type: string) => events.filter((event) => event.type === type);
    expect(new Set(events.map((event) => event.api_version))).toEqual(new Set(['2024-06-20']));
    expect(of('invoice_payment.paid')).toEqual([]);
    const [renewed] = of('customer.subscription.updated').filter(
      (event) => event.data.object.current_period_start === end,
    );
    expect(renewed.data.previous_attributes).toMatchObject({ current_period_end: end });
    expect(renewed.data.object.items.data[0].current_period_end).toBeUndefined();
    const [paid] = of('invoice.paid');
    expect(paid.data.object).toMatchObject({ subscription: made.id, paid: true, tax: null });
    expect(paid.data.object.payment_intent).toMatch(/^pi_3/);
    expect(paid.data.object.charge).toMatch(/^ch_3/);
    expect(paid.data.object.parent).toBeUndefined();
    expect(paid.data.object.lines.data[0]).toMatchObject({
      price: { id: basic.id, object: 'price' },
      plan: { id: basic.id },
      subscription: made.id,
      type: 'subscription',
    });
    expect(of('payment_intent.succeeded')[0].data.object.invoice).toBe(paid.data.object.id);
    expect(of('charge.succeeded')[0].data.object.invoice).toBe(paid.data.object.id);
    await deliveries.stop();
  }));

test('more than sixteen endpoints, and odd URLs, versions and types, are refused', () =>
  withStripe(async ({ stripe, url }) => {
    const create = (fields: Partial<Stripe.WebhookEndpointCreateParams> = {}) =>
      stripe.webhookEndpoints.create({ url: 'https://a.example/x', enabled_events: ['*'], ...fields });
    await expect(create({ url: 'a.example' })).rejects.toMatchObject({ code: 'url_invalid' });
    const odd = await fetch(`${url}/v1/webhook_endpoints`, {
      method: 'POST',
      body: 'url=https://a.example&enabled_events[]=what',
      headers: { authorization: 'Bearer sk_test_1' },
    });
    expect(await odd.json()).toMatchObject({ error: { param: 'enabled_events[0]' } });
    for (let n = 0; n < 16; n += 1) await create();
    await expect(create()).rejects.toThrow(/maximum of 16/);
    expect((await stripe.webhookEndpoints.list({ limit: 100 })).data.length).toBe(16);
  }));

test('an endpoint is told of types that there are, and of versions that there were', () =>
  withStripe(async ({ stripe, url }) => {
    const post = async (path: string, types: readonly string[], version?: string) => {
      const body = new URLSearchParams(types.map((type): [string, string] => ['enabled_events[]', type]));
      if (path === 'webhook_endpoints') body.set('url', 'https://example.com/hook');
      if (version !== undefined) body.set('api_version', version);
      const headers = { authorization: 'Bearer sk_test_1' };
      const answer = await fetch(`${url}/v1/${path}`, { method: 'POST', headers, body });
      return [answer.status, Object(await answer.json()).error?.param];
    };
    // People write it; Stripe has payment_intent.payment_failed.
    const written = ['charge.succeeded', 'payment_intent.failed'];
    expect(await post('webhook_endpoints', written)).toEqual([400, 'enabled_events[1]']);
    expect(await post('webhook_endpoints', ['*'])).toEqual([200, undefined]);
    expect(await post('webhook_endpoints', ['charge.succeeded'], '2026-08-27.basil')).toEqual([400, 'api_version']);
    const { data } = await stripe.webhookEndpoints.list();
    expect(data).toHaveLength(1);
    expect(await post(`webhook_endpoints/${data[0]?.id}`, written)).toEqual([400, 'enabled_events[1]']);
  }));

test("the types are those of the SDK's own", () => {
  const file = new URL('../../../../node_modules/stripe/esm/resources/WebhookEndpoints.d.ts', import.meta.url);
  const [, union = ''] = /type EnabledEvent =([^;]+);/.exec(readFileSync(file, 'utf8')) ?? [];
  expect([...EVENT_TYPES]).toEqual(union.match(/(?<=')[^']+(?=')/g)?.filter((word) => word.trim() !== '|'));
});
