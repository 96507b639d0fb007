import { describe, expect, test } from 'vitest';
import { type Served, withStripe } from './api.fixture.ts';
import { familyOf } from './past-family.ts';
import { paceOf, UNEVEN } from './past-pace.ts';

const PAST = { customers: 240, subscriptions: 300, payments: 700 };

const onPast = (run: (served: Served) => Promise<void>) => withStripe(run, { account: { past: PAST } });

async function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of list) items.push(item);
  return items;
}

const DAY = 86_400;

describe('an account with a past', () => {
  test('lists each of its objects once, newest first, and shows the same one when asked for it alone', () =>
    onPast(async ({ stripe }) => {
      const kinds = [
        { list: stripe.customers.list({ limit: 100 }), one: (id: string) => stripe.customers.retrieve(id), size: 240 },
        {
          list: stripe.subscriptions.list({ status: 'all', limit: 100 }),
          one: (id: string) => stripe.subscriptions.retrieve(id),
          size: 300,
        },
        {
          list: stripe.paymentIntents.list({ limit: 100 }),
          one: (id: string) => stripe.paymentIntents.retrieve(id),
          size: 700,
        },
        { list: stripe.charges.list({ limit: 100 }), one: (id: string) => stripe.charges.retrieve(id), size: 700 },
        { list: stripe.invoices.list({ limit: 100 }), one: (id: string) => stripe.invoices.retrieve(id), size: 630 },
        {
          list: stripe.invoicePayments.list({ limit: 100 }),
          one: (id: string) => stripe.invoicePayments.retrieve(id),
          size: 630,
        },
      ];
      for (const { list, one, size } of kinds) {
        const items: { id: string; created: number }[] = await all<{ id: string; created: number }>(list);
        expect(new Set(items.map(({ id }) => id)).size).toBe(size);
        expect(items).toEqual(items.toSorted((a, b) => b.created - a.created));
        for (const item of [items[0], items[17], items.at(-1)]) {
          const { lastResponse, ...alone } = await one(item?.id ?? '');
          expect(lastResponse.statusCode).toBe(200);
          expect(alone).toEqual(item);
        }
      }
    }));

  test('cut into weeks by created[gte] and created[lt] it is the same, however unevenly they came', () =>
    onPast(async ({ stripe, account }) => {
      const whole = (await all(stripe.customers.list({ limit: 100 }))).map(({ id }) => id);
      const eldest = account.now() - 2 * 365 * DAY;
      const cut: string[] = [];
      const counts: number[] = [];
      for (let from = account.now(); from > eldest - 7 * DAY; from -= 7 * DAY) {
        const created = { gte: from, lt: from + 7 * DAY };
        const week = await all(stripe.customers.list({ limit: 100, created }));
        counts.push(week.length);
        cut.push(...week.map(({ id }) => id));
      }
      expect(cut).toEqual(whole);
      // A migration brought a quarter of them within minutes, and the first year a twentieth.
      expect(Math.max(...counts)).toBeGreaterThanOrEqual(60);
      expect(counts.slice(-52).reduce((sum, count) => sum + count, 0)).toBeLessThan(20);
    }));

  test('what belongs together is found from either end, and nothing is older than what it belongs to', () =>
    onPast(async ({ stripe }) => {
      const customers = new Map((await all(stripe.customers.list({ limit: 100 }))).map((it) => [it.id, it]));
      const subscriptions = await all(stripe.subscriptions.list({ status: 'all', limit: 100 }));
      const byId = new Map(subscriptions.map((it) => [it.id, it]));
      expect(new Set(subscriptions.map(({ status }) => status))).toEqual(
        new Set(['active', 'canceled', 'past_due', 'paused', 'unpaid']),
      );
      for (const { customer, created } of subscriptions) {
        expect(customers.get(String(customer))?.created).toBeLessThanOrEqual(created);
      }
      const joined = await all(stripe.invoicePayments.list({ limit: 100, expand: ['data.invoice'] }));
      const invoices = await all(stripe.invoices.list({ limit: 100 }));
      const intents = new Map((await all(stripe.paymentIntents.list({ limit: 100 }))).map((it) => [it.id, it]));
      const charges = new Map((await all(stripe.charges.list({ limit: 100 }))).map((it) => [it.id, it]));
      expect(joined.map(({ invoice }) => Object(invoice).id)).toEqual(invoices.map(({ id }) => id));
      for (const { payment, invoice, status } of joined) {
        const { id, amount_due: due, parent, created } = Object(invoice);
        const intent = intents.get(String(payment.payment_intent));
        const charge = charges.get(String(intent?.latest_charge));
        const subscription = byId.get(parent.subscription_details.subscription);
        expect([intent?.amount, charge?.amount]).toEqual([due, due]);
        expect([charge?.payment_intent, intent?.customer]).toEqual([intent?.id, subscription?.customer]);
        expect(subscription?.created).toBeLessThanOrEqual(created);
        expect(status).toBe(intent?.status === 'succeeded' ? 'paid' : 'open');
        const owed = intent?.status !== 'succeeded';
        if (owed)
          expect([subscription?.latest_invoice, customers.get(String(intent?.customer))?.delinquent]).toEqual([
            id,
            true,
          ]);
      }
      const [first] = joined;
      const intent = String(first?.payment.payment_intent);
      const found = await stripe.invoicePayments.list({ payment: { type: 'payment_intent', payment_intent: intent } });
      expect(found.data.map(({ id }) => id)).toEqual([first?.id]);
      const subscription = subscriptions.find(({ latest_invoice: latest }) => latest !== null);
      const billed = await stripe.invoices.list({ subscription: subscription?.id ?? '', limit: 100 });
      expect(billed.data[0]?.id).toBe(subscription?.latest_invoice);
      expect(billed.data.map(({ id }) => id)).toEqual(
        invoices.flatMap(({ id, parent }) =>
          parent?.subscription_details?.subscription === subscription?.id ? [id] : [],
        ),
      );
      expect((await stripe.invoices.list({ subscription: 'sub_none' })).data).toEqual([]);
      const of = (customer: string) => all(stripe.paymentIntents.list({ customer, limit: 1 }));
      const customer = String(intents.get(intent)?.customer);
      const own = [...intents.values()].filter((it) => it.customer === customer).map(({ id }) => id);
      expect((await of(customer)).map(({ id }) => id)).toEqual(own);
    }));

  test('shows the same objects whatever was looked at, and changed, before', async () => {
    const read = async ({ stripe }: Served): Promise<string[]> => {
      const intents = await stripe.paymentIntents.list({ limit: 100, expand: ['data.latest_charge'] });
      const joined = await stripe.invoicePayments.list({
        limit: 100,
        expand: ['data.invoice', 'data.payment.payment_intent'],
      });
      const subscriptions = await stripe.subscriptions.list({ limit: 100, expand: ['data.latest_invoice'] });
      return [intents, joined, subscriptions].flatMap(({ data }) => data.map((object) => JSON.stringify(object)));
    };
    let untouched: string[] = [];
    await onPast(async (served) => {
      untouched = await read(served);
    });
    await onPast(async (served) => {
      const { stripe } = served;
      await all(stripe.charges.list({ limit: 100 }));
      await all(stripe.invoices.list({ limit: 100, expand: ['data.customer', 'data.payments'] }));
      const [subscription] = (await stripe.subscriptions.list({ limit: 1 })).data;
      const items = [{ id: subscription?.items.data[0]?.id ?? '', quantity: 9 }];
      await stripe.invoices.createPreview({
        subscription: subscription?.id ?? '',
        subscription_details: { items },
      });
      expect(await read(served)).toEqual(untouched);
      const [intent] = (await stripe.paymentIntents.list({ limit: 1 })).data;
      const before = await stripe.charges.retrieve(String(intent?.latest_charge));
      await stripe.refunds.create({ charge: before.id, amount: 1 });
      expect((await stripe.charges.retrieve(before.id)).amount_refunded).toBe(1);
      const changed = (await read(served)).filter((object, place) => object !== untouched[place]);
      expect(changed).toEqual([expect.stringContaining(before.id)]);
    });
  });

  test('changes by call as any other, and what was made from it long ago stays', () =>
    onPast(async ({ stripe, told, account }) => {
      const owing = (await all(stripe.subscriptions.list({ status: 'past_due', limit: 100 })))[0];
      const open = await stripe.invoices.retrieve(String(owing?.latest_invoice));
      const customer = String(owing?.customer);
      await stripe.customers.update(customer, { name: 'New Name', email: 'new@example.com' });
      expect(await stripe.customers.retrieve(customer)).toMatchObject({ name: 'New Name' });
      expect((await all(stripe.customers.list({ limit: 100 }))).filter(({ name }) => name === 'New Name')).toHaveLength(
        1,
      );
      expect(account.events().at(-1)?.data.previous_attributes).toMatchObject({
        name: expect.stringMatching(/^Customer \d+$/),
      });
      expect((await stripe.invoices.retrieve(open.id ?? '')).customer_name).toMatch(/^Customer \d+$/);
      told();
      await stripe.subscriptions.cancel(owing?.id ?? '');
      expect(told()).toEqual(
        expect.arrayContaining(['customer.subscription.deleted', 'invoice.voided', 'payment_intent.canceled']),
      );
      expect((await stripe.invoices.retrieve(open.id ?? '')).status).toBe('void');
      const item = owing?.items.data[0]?.id ?? '';
      expect((await stripe.subscriptionItems.retrieve(item)).subscription).toBe(owing?.id);
    }));

  test('has nothing under an id that it never gave', () =>
    onPast(async ({ stripe, url }) => {
      const one = (await stripe.invoices.list({ limit: 1 })).data[0]?.id ?? '';
      const ids = ['none', one.slice(0, -1), `${one}0`, one.replace(/.$/, one.endsWith('1') ? '2' : '1')];
      for (const kind of ['customers', 'subscriptions', 'invoices', 'invoice_payments', 'payment_intents', 'charges']) {
        for (const id of ids) {
          const answer = await fetch(`${url}/v1/${kind}/${id}`, { headers: { authorization: 'Bearer sk_test_1' } });
          expect([kind, id, answer.status]).toEqual([kind, id, 404]);
        }
      }
      expect((await stripe.invoices.list({ customer: 'cus_none' })).data).toEqual([]);
    }));

  test('goes on into the present: what is made now is the newest, and pages join the two', () =>
    onPast(async ({ stripe, told }) => {
      expect(told()).toEqual([]);
      const made = await stripe.customers.create({ name: 'Now' });
      expect(told()).toEqual(['customer.created']);
      const [newest, next] = (await stripe.customers.list({ limit: 2 })).data;
      expect(newest?.id).toBe(made.id);
      const after = await stripe.customers.list({ limit: 1, starting_after: made.id });
      expect(after.data[0]?.id).toBe(next?.id);
      const before = await stripe.customers.list({ limit: 5, ending_before: next?.id ?? '' });
      expect(before.data.map(({ id }) => id)).toEqual([made.id]);
    }));

  test('of a million customers is open at once and shows any page', () =>
    withStripe(
      async ({ stripe, account }) => {
        const page = await stripe.subscriptions.list({
          status: 'all',
          limit: 100,
          created: { lt: account.now() - 30 * DAY },
        });
        expect(page.data).toHaveLength(100);
        const last = page.data.at(-1)?.id ?? '';
        const next = await stripe.subscriptions.list({ status: 'all', limit: 100, starting_after: last });
        expect(next.data[0]?.created).toBeLessThanOrEqual(page.data.at(-1)?.created ?? 0);
      },
      { account: { past: { customers: 1_000_000 } } },
    ));
});

test.each([
  { customers: 240, subscriptions: 300, payments: 700 },
  { customers: 7, subscriptions: 3, payments: 50 },
  { customers: 5, subscriptions: 0, payments: 12 },
  { customers: 1000, subscriptions: 1000, payments: 0 },
])('in a family of %j every place has one owner, and owners know what is theirs', (counts) => {
  const family = familyOf(counts);
  const places = (size: number) => Array.from({ length: size }, (_, place) => place);
  const customers = places(counts.customers);
  expect(customers.flatMap(family.subscriptionsOfCustomer)).toEqual(places(counts.subscriptions));
  expect(customers.flatMap(family.paymentsOfCustomer).sort((a, b) => a - b)).toEqual(places(counts.payments));
  for (const customer of customers) {
    expect(family.paymentsOfCustomer(customer).every((it) => family.customerOfPayment(it) === customer)).toBe(true);
  }
  for (const invoice of places(family.invoices)) {
    expect(family.invoiceOfPayment(family.paymentOfInvoice(invoice))).toBe(invoice);
  }
  expect(places(counts.payments).filter((it) => family.invoiceOfPayment(it) !== null)).toHaveLength(family.invoices);
});

test('a pace never goes backwards and ends where it should', () => {
  const pace = paceOf(1000, 1_000_000, UNEVEN);
  const seconds = Array.from({ length: 2001 }, (_, n) => pace(n / 2000));
  expect(seconds).toEqual(seconds.toSorted((a, b) => a - b));
  expect([seconds[0], seconds.at(-1)]).toEqual([1000, 1_000_000]);
  expect(pace(0.05)).toBe(500_500);
});
