import { ROUTES } from '@payments/core/routes';
import Stripe from 'stripe';
import { expect, test } from 'vitest';
import type { StripeAccount } from './account.ts';
import { openAccount } from './account.ts';
import { amountOf } from './amounts.ts';
import { serveStripe } from './api.ts';
import { addInterval } from './calendar.ts';
import { startDelivery } from './delivery.ts';
import { printAsStripe, stripeOrdered } from './json.ts';
import { life } from './life.ts';
import type { Price } from './price.ts';
import { openShop } from './shop.ts';

function lived(seed: number, customers: number): StripeAccount {
  const account = openAccount({ seed, twinRate: 0.01 });
  expect([...life(account, { customers, seed })].length).toBeGreaterThan(customers);
  return account;
}

test('200 customers cause every routed type, and the last event of each object shows its true state', () => {
  const account = lived(7, 200);
  const types = new Set(account.events().map((event) => event.type));
  expect(Object.keys(ROUTES).filter((type) => !types.has(type))).toEqual([]);
  const last = new Map(account.events().map((event) => [event.data.object.id, event.data.object]));
  const truth = [
    account.customers(),
    account.subscriptions(),
    account.paymentIntents(),
    account.charges(),
    account.disputes(),
    account.refunds(),
    account.prices(),
    account.products(),
  ];
  const finished = [...account.sessions()].filter((session) => session.status !== 'open');
  for (const objects of [...truth, finished, account.invoices()])
    for (const object of objects) expect(last.get(object.id)).toEqual(stripeOrdered(object));
});

test('the same seed gives the same events, ids and times', () => {
  expect(lived(3, 30).events()).toEqual(lived(3, 30).events());
  expect(lived(4, 30).events()[0]?.id).not.toBe(lived(3, 30).events()[0]?.id);
});

test('deliveries verify with the SDK under both secrets of a roll, and a refused one is sent again', async () => {
  const account = openAccount({ seed: 1 });
  const stripe = new Stripe('sk_test_123456789012');
  const seen: string[] = [];
  let calls = 0;
  const delivery = startDelivery({
    account,
    url: 'http://127.0.0.1/webhook',
    secrets: () => ['whsec_new', 'whsec_old'],
    clock: () => Date.now(),
    sleep: () => Promise.resolve(),
    seed: 1,
    duplicateRate: 0.2,
    reorderWindow: 10,
    fetch: async (_url, init) => {
      calls += 1;
      const signature = new Headers(init.headers).get('stripe-signature') ?? '';
      for (const secret of ['whsec_new', 'whsec_old'])
        seen.push(stripe.webhooks.constructEvent(String(init.body), signature, secret).id);
      return new Response('', { status: calls % 5 === 0 ? 500 : 200 });
    },
  });
  for (const _ of life(account, { customers: 20, seed: 1 }));
  await delivery.idle();
  await delivery.stop();
  const reports = [...delivery.reports()];
  expect(reports.length).toBe(account.events().length);
  expect(reports.every((report) => report.acknowledgedAt !== null)).toBe(true);
  expect(calls).toBeGreaterThan(reports.length);
  expect(account.books.awaited.size).toBe(0);
  const first = [...new Set(seen)];
  expect(first).not.toEqual(account.events().map((event) => event.id));
});

test('the SDK reads objects, expands, pages and sees Stripe errors; the Date is the simulated clock', async () => {
  const account = lived(7, 40);
  const server = await serveStripe(account, { port: 0 });
  try {
    const stripe = new Stripe('sk_test_123456789012', { host: '127.0.0.1', port: server.port, protocol: 'http' });
    const [joined] = [...account.invoicePayments()];
    const intent = joined?.payment.payment_intent ?? '';
    const found = await stripe.invoicePayments.list({
      payment: { type: 'payment_intent', payment_intent: intent },
      expand: ['data.invoice'],
    });
    expect(found.data[0]?.invoice).toMatchObject({ id: joined?.invoice, object: 'invoice' });
    expect((await stripe.paymentIntents.retrieve(intent, { expand: ['latest_charge'] })).latest_charge).toMatchObject({
      object: 'charge',
    });
    const [tiered] = [...account.tiers()];
    expect((await stripe.prices.retrieve(tiered?.price ?? '', { expand: ['tiers'] })).tiers?.length).toBe(3);
    const ids: string[] = [];
    for await (const event of stripe.events.list({ limit: 100 })) ids.push(event.id);
    // Stripe has events of the last thirty days.
    const kept = account.now() - 30 * 86_400;
    expect(ids.reverse()).toEqual(account.events().flatMap(({ id, created }) => (created < kept ? [] : [id])));
    const [eldest] = account.events();
    await expect(stripe.events.retrieve(eldest?.id ?? '')).rejects.toMatchObject({ statusCode: 404 });
    const response = await fetch(`http://127.0.0.1:${server.port}/v1/customers`, {
      headers: { authorization: 'Bearer sk_test_1' },
    });
    expect(Date.parse(response.headers.get('date') ?? '') / 1000).toBe(account.now());
    await expect(stripe.customers.retrieve('cus_none')).rejects.toMatchObject({
      statusCode: 404,
      code: 'resource_missing',
    });
    expect((await fetch(`http://127.0.0.1:${server.port}/v1/customers`)).status).toBe(401);
  } finally {
    await server.close();
  }
});

test('JSON is printed as Stripe prints it: empty containers split, characters raw', () => {
  expect(printAsStripe({ id: 'x', list: [], hash: {}, name: 'Å "q"', deep: [{ n: null }] })).toBe(
    '{\n  "id": "x",\n  "list": [\n\n  ],\n  "hash": {\n  },\n  "name": "Å \\"q\\"",\n  "deep": [\n    {\n      "n": null\n    }\n  ]\n}',
  );
});

test('tiers, sub-cent and three-decimal amounts are billed exactly', () => {
  const account = openAccount({ seed: 1 });
  const shop = openShop(account.books);
  const cost = (price: Price, quantity: number) => amountOf(price, account.books.tiers.get(price.id) ?? [], quantity);
  expect(cost(shop.graduated, 21)).toBe(500 + 5 * 1000 + 15 * 800 + 651);
  expect(cost(shop.volume, 11)).toBe(7700);
  expect(cost(shop.metered, 3)).toBe(2);
  expect(cost(shop.dinar, 2)).toBe(10_240);
});

test('a subscription begun on the 31st renews on the last of shorter months', () => {
  const anchor = Date.UTC(2026, 0, 31, 9) / 1000;
  const february = addInterval(anchor, 'month', 1, anchor);
  expect(new Date(february * 1000).toISOString()).toBe('2026-02-28T09:00:00.000Z');
  expect(new Date(addInterval(february, 'month', 1, anchor) * 1000).toISOString()).toBe('2026-03-31T09:00:00.000Z');
});
