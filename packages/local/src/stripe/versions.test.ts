import { expect, test } from 'vitest';
import { customerAndPrice, withStripe } from './api.fixture.ts';

test('a call with a Stripe-Version before basil is answered in its shapes, expanded objects too', () =>
  withStripe(async ({ stripe, url }) => {
    const { customer, basic } = await customerAndPrice(stripe);
    const made = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: basic.id }] });
    const get = async (path: string, version: string) => {
      const answer = await fetch(`${url}/v1/${path}`, {
        headers: { authorization: 'Bearer sk_test_1', 'stripe-version': version },
      });
      return Object(await answer.json());
    };
    const old = await get(`subscriptions/${made.id}?expand[]=latest_invoice.payment_intent`, '2024-06-20');
    const item = made.items.data[0];
    expect(old).toMatchObject({
      current_period_start: item?.current_period_start,
      current_period_end: item?.current_period_end,
      discount: null,
      latest_invoice: { subscription: made.id, paid: true, payment_intent: { object: 'payment_intent' } },
    });
    expect(old.items.data[0].current_period_end).toBeUndefined();
    expect(old.latest_invoice.payment_intent.invoice).toBe(old.latest_invoice.id);
    expect(old.latest_invoice.lines.data[0].price.id).toBe(basic.id);
    const today = await get(`subscriptions/${made.id}?expand[]=latest_invoice`, '2025-03-31.basil');
    expect(today.current_period_end).toBeUndefined();
    expect(today.latest_invoice.parent.subscription_details.subscription).toBe(made.id);
    expect(await get('customers', 'yesterday')).toMatchObject({
      error: { message: 'Invalid Stripe API version: yesterday' },
    });
  }));

test('payment_method_types is taken from versions before endive, and refused since', () =>
  withStripe(async ({ stripe, url }) => {
    const product = await stripe.products.create({ name: 'One' });
    const price = await stripe.prices.create({ product: product.id, currency: 'usd', unit_amount: 1500 });
    const open = async (version: string) => {
      const answer = await fetch(`${url}/v1/checkout/sessions`, {
        method: 'POST',
        body: `mode=payment&line_items[0][price]=${price.id}&line_items[0][quantity]=1&success_url=https://a.example&payment_method_types[]=card`,
        headers: {
          authorization: 'Bearer sk_test_1',
          'content-type': 'application/x-www-form-urlencoded',
          'stripe-version': version,
        },
      });
      return Object(await answer.json());
    };
    expect((await open('2024-06-20')).payment_method_types).toEqual(['card']);
    expect((await open('2026-10-28.endive')).error).toMatchObject({
      code: 'parameter_unknown',
      param: 'payment_method_types',
    });
  }));

test('what Apex sends is understood: indexed expands, a double-quoted search, a resume of either age', () =>
  withStripe(async ({ stripe, url }) => {
    const { basic, product } = await customerAndPrice(stripe);
    const call = async (method: string, path: string, body: string | null, version: string | null) => {
      const answer = await fetch(`${url}/v1/${path}`, {
        method,
        body,
        headers: {
          authorization: 'Bearer sk_test_1',
          'content-type': 'application/x-www-form-urlencoded',
          ...(version === null ? {} : { 'stripe-version': version }),
        },
      });
      return Object(await answer.json());
    };
    const prices = await call(
      'GET',
      'prices?limit=100&expand%5B0%5D=data.tiers&expand%5B1%5D=data.product',
      null,
      null,
    );
    expect(prices.data[1]).toMatchObject({ id: basic.id, product: { id: product.id, object: 'product' }, tiers: [] });
    const bare = await stripe.customers.create({ metadata: { sf_contact_id: '003' } });
    const query = encodeURIComponent('metadata["sf_contact_id"]:"003"');
    const found = await call('GET', `customers/search?query=${query}&limit=1`, null, null);
    expect(found.data.map(({ id }: { id: string }) => id)).toEqual([bare.id]);
    for (const [version, anchor] of [
      ['2026-10-28.endive', 'billing_cycle_anchor[type]=now'],
      ['2024-06-20', 'billing_cycle_anchor=now'],
      [null, 'billing_cycle_anchor[type]=now'],
      [null, 'billing_cycle_anchor=now'],
    ] as const) {
      const { id } = await stripe.subscriptions.create({
        customer: bare.id,
        items: [{ price: basic.id }],
        trial_period_days: 7,
        trial_settings: { end_behavior: { missing_payment_method: 'pause' } },
      });
      expect((await stripe.subscriptions.update(id, { trial_end: 'now' })).status).toBe('paused');
      expect((await call('POST', `subscriptions/${id}/resume`, anchor, version)).error).toBeUndefined();
    }
    const wrong = await call('POST', 'subscriptions/sub_1/resume', 'billing_cycle_anchor=now', '2026-10-28.endive');
    expect(wrong.error).toMatchObject({ param: 'billing_cycle_anchor' });
  }));

test.each([
  '2099-01-01',
  '2026-08-27.basil',
  '2024-06-20.acacia',
  '2025-03-31',
  '2026-10-28.endiv',
  'yesterday',
  '2026-10-29.endive',
])('there is no version %s', (version) =>
  withStripe(async ({ url }) => {
    const headers = { authorization: 'Bearer sk_test_1', 'stripe-version': version };
    const answer = await fetch(`${url}/v1/customers`, { headers });
    expect([answer.status, Object(await answer.json()).error.message]).toEqual([
      400,
      `Invalid Stripe API version: ${version}`,
    ]);
  }),
);
