import Stripe from 'stripe';
import { expect, test } from 'vitest';
import { customerAndPrice, withStripe } from './api.fixture.ts';

test('a customer is made, changed, found and deleted; each change has its event, which names the key of its call', () =>
  withStripe(async ({ stripe, told, account }) => {
    const made = await stripe.customers.create(
      { email: 'ada@example.com', name: 'Ada Lind', metadata: { sf_id: '001', '1': 'one' } },
      { idempotencyKey: 'sf:1:checkout:1' },
    );
    expect(made).toMatchObject({
      object: 'customer',
      email: 'ada@example.com',
      metadata: { sf_id: '001', '1': 'one' },
    });
    expect(account.events().at(-1)?.request).toMatchObject({ idempotency_key: 'sf:1:checkout:1' });
    expect(account.events().at(-1)?.request.id).toMatch(/^req_\w{14}$/);
    const changed = await stripe.customers.update(made.id, {
      phone: '+15550100',
      metadata: { sf_id: '' },
      address: { city: 'Lund', country: 'SE' },
    });
    expect(changed.metadata).toEqual({ '1': 'one' });
    expect(changed.address).toMatchObject({ city: 'Lund', line1: null });
    expect(account.events().at(-1)?.data.previous_attributes).toMatchObject({ phone: null, address: null });
    const other = await stripe.customers.create({ name: 'Björn' });
    const found = await stripe.customers.search({ query: "email:'ADA@example.com' AND metadata['1']:'one'" });
    expect(found.data.map(({ id }) => id)).toEqual([made.id]);
    expect((await stripe.customers.search({ query: "name~'jör' OR phone:'+15550100'" })).data.length).toBe(2);
    expect((await stripe.customers.search({ query: '-email:null' })).data.map(({ id }) => id)).toEqual([made.id]);
    expect(await stripe.customers.del(made.id)).toEqual(
      expect.objectContaining({ id: made.id, object: 'customer', deleted: true }),
    );
    expect(await stripe.customers.retrieve(made.id)).toMatchObject({ deleted: true });
    expect((await stripe.customers.list()).data.map(({ id }) => id)).toEqual([other.id]);
    expect(told()).toEqual(['customer.created', 'customer.updated', 'customer.created', 'customer.deleted']);
  }));

test('refusals have the shape and words of Stripe, and change nothing', () =>
  withStripe(async ({ stripe, url, told }) => {
    const { customer, pro } = await customerAndPrice(stripe);
    told();
    const post = async (path: string, body: string) => {
      const answer = await fetch(`${url}/v1/${path}`, {
        method: 'POST',
        body,
        headers: { authorization: 'Bearer sk_test_1', 'content-type': 'application/x-www-form-urlencoded' },
      });
      const said: object = await answer.json().then((it) => ({ ...Object(it) }));
      return { status: answer.status, ...said };
    };
    expect(await post('customers', 'emial=a&naem=b')).toEqual({
      status: 400,
      error: {
        code: 'parameter_unknown',
        doc_url: 'https://stripe.com/docs/error-codes/parameter-unknown',
        message: 'Received unknown parameters: emial, naem',
        param: 'emial',
        type: 'invalid_request_error',
      },
    });
    expect(await post('checkout/sessions', 'success_url=https://a.example')).toMatchObject({
      status: 400,
      error: { code: 'parameter_missing', param: 'mode', message: 'Missing required param: mode.' },
    });
    expect(await post('checkout/sessions', 'mode=pay')).toMatchObject({
      error: { param: 'mode', message: 'Invalid mode: must be one of payment, setup, or subscription' },
    });
    expect(await post('refunds', 'amount=ten')).toMatchObject({
      error: { code: 'parameter_invalid_integer', param: 'amount', message: 'Invalid integer: ten' },
    });
    expect(await post('subscriptions', `customer=cus_none&items[0][price]=${pro.id}`)).toMatchObject({
      status: 400,
      error: { code: 'resource_missing', param: 'customer', message: "No such customer: 'cus_none'" },
    });
    expect(await post('subscriptions', `customer=${customer.id}&items[0][price]=price_none`)).toMatchObject({
      status: 400,
      error: { code: 'resource_missing', param: 'items[0][price]', message: "No such price: 'price_none'" },
    });
    expect(await post('subscriptions/sub_none', 'metadata[a]=b')).toMatchObject({
      status: 404,
      error: { code: 'resource_missing', param: 'id', message: "No such subscription: 'sub_none'" },
    });
    expect(await post('customers', 'description=')).toMatchObject({ status: 200, description: null });
    expect(await post('products', 'name=')).toMatchObject({
      error: { code: 'parameter_invalid_empty', param: 'name' },
    });
    expect(await post(`customers/${customer.id}`, `metadata[${'k'.repeat(41)}]=v`)).toMatchObject({ status: 400 });
    expect(await post('customers', 'metadata[__proto__]=x&metadata[toString]=y')).toMatchObject({
      metadata: { toString: 'y' },
    });
    expect((await post('nothing', '')).status).toBe(404);
    expect(told()).toEqual(['customer.created', 'customer.created']);
    await expect(stripe.customers.search({ query: 'foo' })).rejects.toBeInstanceOf(
      Stripe.errors.StripeInvalidRequestError,
    );
  }));

test('a Checkout session is opened with what Apex sends, read, and expired once', () =>
  withStripe(async ({ stripe, told, account }) => {
    const { customer, basic } = await customerAndPrice(stripe);
    told();
    const session = await stripe.checkout.sessions.create({
      mode: 'subscription',
      customer: customer.id,
      line_items: [{ price: basic.id, quantity: 2 }],
      success_url: 'https://app.example/done?session_id={CHECKOUT_SESSION_ID}',
      cancel_url: 'https://app.example/left',
      client_reference_id: 'a01',
      metadata: { sf_subscription_id: 'a01' },
      subscription_data: { metadata: { sf_subscription_id: 'a01' }, trial_period_days: 7 },
      allow_promotion_codes: true,
      customer_update: { address: 'auto' },
      expires_at: account.now() + 3600,
      expand: ['customer'],
    });
    expect(session).toMatchObject({
      status: 'open',
      client_reference_id: 'a01',
      customer: { id: customer.id, object: 'customer' },
      metadata: { sf_subscription_id: 'a01' },
      success_url: 'https://app.example/done?session_id={CHECKOUT_SESSION_ID}',
    });
    expect((session.url ?? '').length).toBeGreaterThan(350);
    const items = await stripe.checkout.sessions.listLineItems(session.id);
    expect(items.data).toMatchObject([{ amount_total: 3800, quantity: 2, price: { id: basic.id } }]);
    expect(await stripe.checkout.sessions.expire(session.id)).toMatchObject({ status: 'expired', url: null });
    await expect(stripe.checkout.sessions.expire(session.id)).rejects.toMatchObject({ statusCode: 400 });
    expect(told()).toEqual(['checkout.session.expired']);
    const wrong = (fields: Partial<Stripe.Checkout.SessionCreateParams>) =>
      stripe.checkout.sessions.create({
        mode: 'subscription',
        line_items: [{ price: basic.id, quantity: 1 }],
        success_url: 'https://app.example',
        ...fields,
      });
    await expect(wrong({ mode: 'payment' })).rejects.toThrow(/recurring price/);
    await expect(wrong({ customer: customer.id, customer_email: 'a@b.c' })).rejects.toThrow(/one of these parameters/);
    await expect(wrong({ expires_at: account.now() + 60 })).rejects.toMatchObject({ param: 'expires_at' });
    await expect(wrong({ client_reference_id: 'x'.repeat(201) })).rejects.toMatchObject({
      param: 'client_reference_id',
    });
    await expect(wrong({ line_items: [] })).rejects.toMatchObject({ code: 'parameter_missing', param: 'line_items' });
  }));

test('a subscription is made, its plan changed, paused, resumed and ended', () =>
  withStripe(async ({ stripe, told, account }) => {
    const { customer, basic, pro } = await customerAndPrice(stripe);
    told();
    const made = await stripe.subscriptions.create({
      customer: customer.id,
      items: [{ price: basic.id, quantity: 2 }],
      metadata: { sf: 'a01' },
      expand: ['latest_invoice.payments'],
    });
    expect(made).toMatchObject({
      status: 'active',
      latest_invoice: { amount_paid: 3800, payments: { object: 'list' } },
    });
    expect(told()).toEqual(
      expect.arrayContaining(['customer.subscription.created', 'invoice.paid', 'invoice_payment.paid']),
    );
    account.advance(10 * 86_400);
    const item = made.items.data[0]?.id ?? '';
    const changed = await stripe.subscriptions.update(made.id, {
      items: [{ id: item, price: pro.id, quantity: 3 }],
      proration_behavior: 'always_invoice',
    });
    expect(changed.items.data).toMatchObject([{ id: item, quantity: 3, price: { id: pro.id } }]);
    expect(told()).toEqual(expect.arrayContaining(['customer.subscription.updated', 'invoice.paid']));
    expect((await stripe.subscriptions.update(made.id, { cancel_at_period_end: true })).cancel_at).toBe(
      made.items.data[0]?.current_period_end,
    );
    expect((await stripe.subscriptions.update(made.id, { cancel_at_period_end: false })).cancel_at).toBeNull();
    expect(
      (await stripe.subscriptions.update(made.id, { pause_collection: { behavior: 'void' } })).pause_collection,
    ).toEqual({ behavior: 'void', resumes_at: null });
    expect((await stripe.subscriptions.update(made.id, { pause_collection: '' })).pause_collection).toBeNull();
    told();
    expect((await stripe.subscriptions.pause(made.id, { type: 'subscription' })).status).toBe('paused');
    expect((await stripe.subscriptions.resume(made.id)).status).toBe('active');
    expect(told()).toEqual(expect.arrayContaining(['customer.subscription.paused', 'customer.subscription.resumed']));
    expect((await stripe.subscriptions.cancel(made.id, { prorate: true, invoice_now: true })).status).toBe('canceled');
    expect(told()).toContain('customer.subscription.deleted');
    await expect(stripe.subscriptions.update(made.id, { cancel_at_period_end: true })).rejects.toMatchObject({
      statusCode: 400,
    });
    await expect(stripe.subscriptions.cancel(made.id)).rejects.toMatchObject({ code: 'resource_missing' });
  }));

test('an update without the item id adds an item; a refused one leaves all as it was', () =>
  withStripe(async ({ stripe, told }) => {
    const { customer, product, basic, pro } = await customerAndPrice(stripe);
    const made = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: basic.id }] });
    const both = await stripe.subscriptions.update(made.id, { items: [{ price: pro.id }] });
    expect(both.items.data.map(({ price }) => price.id)).toEqual([basic.id, pro.id]);
    told();
    const euro = await stripe.prices.create({
      product: product.id,
      currency: 'eur',
      unit_amount_decimal: Stripe.Decimal.from('0.5'),
      recurring: { interval: 'month' },
    });
    expect(euro.unit_amount).toBeNull();
    expect(String(euro.unit_amount_decimal)).toBe('0.5');
    told();
    await expect(
      stripe.subscriptions.update(made.id, { items: [{ price: euro.id }], metadata: { x: '1' } }),
    ).rejects.toThrow(/doesn't match the expected currency/);
    await expect(
      stripe.subscriptions.update(made.id, { items: both.items.data.map(({ id }) => ({ id, deleted: true })) }),
    ).rejects.toThrow(/at least one active plan/);
    await expect(stripe.subscriptions.update(made.id, { items: [{ id: 'si_none' }] })).rejects.toMatchObject({
      code: 'resource_missing',
      param: 'items[0][id]',
    });
    expect(told()).toEqual([]);
    expect((await stripe.subscriptions.retrieve(made.id)).metadata).toEqual({});
  }));

test('a preview shows what the change would cost and changes nothing, not even later random numbers', () =>
  withStripe(async ({ stripe, told, account }) => {
    const { customer, basic, pro } = await customerAndPrice(stripe);
    const made = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: basic.id }] });
    const item = made.items.data[0];
    account.advance(Math.floor(((item?.current_period_end ?? 0) - (item?.current_period_start ?? 0)) / 2));
    const before = structuredClone(account.books.subscriptions.get(made.id));
    told();
    const preview = (proration: 'always_invoice' | 'create_prorations' | 'none') =>
      stripe.invoices.createPreview({
        subscription: made.id,
        subscription_details: { items: [{ id: item?.id ?? '', price: pro.id }], proration_behavior: proration },
      });
    expect(await preview('always_invoice')).toMatchObject({ amount_due: 1500, status: 'draft' });
    expect((await preview('always_invoice')).id).toMatch(/^upcoming_in/);
    expect((await preview('create_prorations')).amount_due).toBe(1500 + 4900);
    expect((await preview('none')).amount_due).toBe(4900);
    expect(told()).toEqual([]);
    expect(account.books.subscriptions.get(made.id)).toEqual(before);
    expect((await stripe.invoices.list()).data.length).toBe(1);
    await stripe.subscriptions.update(made.id, {
      items: [{ id: item?.id ?? '', price: pro.id }],
      proration_behavior: 'always_invoice',
    });
    const latest = (await stripe.subscriptions.retrieve(made.id, { expand: ['latest_invoice'] })).latest_invoice;
    expect(latest).toMatchObject({ amount_due: 1500 });
  }));

test('a subscription without a card is refused, and with default_incomplete waits for the customer', () =>
  withStripe(async ({ stripe, told }) => {
    const { basic } = await customerAndPrice(stripe);
    const bare = await stripe.customers.create({ name: 'Bare' });
    const fields = { customer: bare.id, items: [{ price: basic.id }] };
    await expect(stripe.subscriptions.create(fields)).rejects.toThrow(/no attached payment source/);
    told();
    const waiting = await stripe.subscriptions.create({ ...fields, payment_behavior: 'default_incomplete' });
    expect(waiting.status).toBe('incomplete');
    expect(told()).not.toContain('invoice.payment_failed');
  }));

test('payments succeed, are declined with the intent in the error, ask, are cancelled and refunded', () =>
  withStripe(async ({ stripe, told }) => {
    const pay = (method: string) =>
      stripe.paymentIntents.create({ amount: 2000, currency: 'usd', payment_method: method, confirm: true });
    const paid = await pay('pm_card_visa');
    expect(paid.status).toBe('succeeded');
    await expect(pay('pm_card_chargeDeclined')).rejects.toMatchObject({
      type: 'StripeCardError',
      statusCode: 402,
      payment_intent: { status: 'requires_payment_method' },
    });
    expect((await pay('pm_card_authenticationRequired')).status).toBe('requires_action');
    const part = await stripe.refunds.create({ payment_intent: paid.id, amount: 500, reason: 'requested_by_customer' });
    expect(part).toMatchObject({ amount: 500, status: 'succeeded' });
    await expect(stripe.refunds.create({ payment_intent: paid.id, amount: 1501 })).rejects.toThrow(/greater than/);
    await stripe.refunds.create({ payment_intent: paid.id });
    await expect(stripe.refunds.create({ payment_intent: paid.id })).rejects.toMatchObject({
      code: 'charge_already_refunded',
    });
    const open = await stripe.paymentIntents.create({ amount: 700, currency: 'usd' });
    expect((await stripe.paymentIntents.confirm(open.id, { payment_method: 'pm_card_visa' })).status).toBe('succeeded');
    await expect(stripe.paymentIntents.cancel(open.id)).rejects.toMatchObject({
      code: 'payment_intent_unexpected_state',
    });
    const left = await stripe.paymentIntents.create({ amount: 700, currency: 'usd' });
    expect((await stripe.paymentIntents.cancel(left.id, { cancellation_reason: 'abandoned' })).status).toBe('canceled');
    expect(told()).toEqual(
      expect.arrayContaining([
        'payment_intent.succeeded',
        'payment_intent.payment_failed',
        'payment_intent.requires_action',
        'payment_intent.canceled',
        'charge.refunded',
        'refund.created',
      ]),
    );
  }));

test('a currency that Stripe does not have, and an amount that no card network takes', () =>
  withStripe(async ({ stripe }) => {
    const product = await stripe.products.create({ name: 'Seats' });
    const { id: customer } = await stripe.customers.create();
    const unknown = { param: 'currency', message: expect.stringMatching(/^Invalid currency: zzz\. .+: usd, aed, /) };
    await expect(stripe.prices.create({ currency: 'zzz', product: product.id, unit_amount: 1 })).rejects.toMatchObject(
      unknown,
    );
    await expect(stripe.paymentIntents.create({ amount: 100, currency: 'ZZZ' })).rejects.toMatchObject(unknown);
    await expect(stripe.invoiceItems.create({ amount: 100, currency: 'zzz', customer })).rejects.toMatchObject(unknown);
    expect(await stripe.paymentIntents.create({ amount: 5_000, currency: 'KWD' })).toMatchObject({ currency: 'kwd' });
    for (const [amount, currency] of [
      [5_001, 'kwd'],
      [550, 'isk'],
      [101, 'ugx'],
    ] as const) {
      await expect(stripe.paymentIntents.create({ amount, currency })).rejects.toMatchObject({ param: 'amount' });
    }
    expect((await stripe.paymentIntents.create({ amount: 99_999_999, currency: 'usd' })).amount).toBe(99_999_999);
    await expect(stripe.paymentIntents.create({ amount: 100_000_000, currency: 'usd' })).rejects.toMatchObject({
      param: 'amount',
      code: 'amount_too_large',
    });
  }));

test('the catalogue: tiers, lookup keys, a product that has prices cannot go; and the portal', () =>
  withStripe(async ({ stripe, told }) => {
    const { customer, product, basic } = await customerAndPrice(stripe);
    told();
    const tiered = await stripe.prices.create({
      currency: 'usd',
      product_data: { name: 'Seats' },
      recurring: { interval: 'month' },
      billing_scheme: 'tiered',
      tiers_mode: 'graduated',
      lookup_key: 'seats',
      tiers: [
        { up_to: 5, unit_amount: 1000 },
        { up_to: 'inf', unit_amount: 800, flat_amount: 300 },
      ],
    });
    expect((await stripe.prices.retrieve(tiered.id, { expand: ['tiers'] })).tiers).toMatchObject([
      { up_to: 5, unit_amount: 1000 },
      { up_to: null, unit_amount: 800, flat_amount: 300 },
    ]);
    for (const bounds of [
      [10, 5, 'inf'],
      [5, 5, 'inf'],
      ['inf', 5, 'inf'],
    ] as const) {
      const descending = stripe.prices.create({
        currency: 'usd',
        product: product.id,
        recurring: { interval: 'month' },
        billing_scheme: 'tiered',
        tiers_mode: 'volume',
        tiers: bounds.map((up_to) => ({ up_to, unit_amount: 1 })),
      });
      await expect(descending).rejects.toMatchObject({ param: expect.stringMatching(/^tiers\[[01]\]\[up_to\]$/) });
    }
    expect((await stripe.prices.list({ lookup_keys: ['seats'] })).data.map(({ id }) => id)).toEqual([tiered.id]);
    await expect(
      stripe.prices.create({ currency: 'usd', product: product.id, unit_amount: 1, lookup_key: 'seats' }),
    ).rejects.toThrow(/already uses that lookup key/);
    expect(await stripe.prices.update(basic.id, { active: false, metadata: { a: 'b' } })).toMatchObject({
      active: false,
      metadata: { a: 'b' },
    });
    expect((await stripe.products.update(product.id, { name: 'Renamed' })).name).toBe('Renamed');
    await expect(stripe.products.del(product.id)).rejects.toThrow(/user-created prices/);
    const lone = await stripe.products.create({ name: 'Lone' });
    expect(await stripe.products.del(lone.id)).toMatchObject({ deleted: true });
    expect(told()).toEqual([
      'product.created',
      'price.created',
      'price.updated',
      'product.updated',
      'product.created',
      'product.deleted',
    ]);
    const portal = await stripe.billingPortal.sessions.create({
      customer: customer.id,
      return_url: 'https://app.example',
    });
    expect(portal).toMatchObject({ object: 'billing_portal.session', customer: customer.id });
    expect(portal.url).toMatch(/^https:/);
  }));

test('a change costs what its preview said when both name the same proration_date', () =>
  withStripe(async ({ stripe, account }) => {
    const { customer, basic, pro } = await customerAndPrice(stripe);
    const made = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: basic.id }] });
    const item = made.items.data[0];
    account.advance(9 * 86_400);
    const change = {
      items: [{ id: item?.id ?? '', price: pro.id }],
      proration_behavior: 'always_invoice' as const,
      proration_date: account.now(),
    };
    const preview = await stripe.invoices.createPreview({ subscription: made.id, subscription_details: change });
    account.advance(2 * 86_400);
    const changed = await stripe.subscriptions.update(made.id, { ...change, expand: ['latest_invoice'] });
    expect(changed.latest_invoice).toMatchObject({ amount_due: preview.amount_due });
    const later = await stripe.invoices.createPreview({
      subscription: made.id,
      subscription_details: {
        ...change,
        items: [{ id: item?.id ?? '', price: basic.id }],
        proration_date: account.now(),
      },
    });
    expect(Math.abs(later.total)).toBeLessThan(preview.amount_due);
    await expect(stripe.subscriptions.update(made.id, { ...change, proration_date: 1 })).rejects.toMatchObject({
      param: 'proration_date',
    });
  }));

test('what would change amounts and is not imitated is refused by name, never left out', () =>
  withStripe(async ({ stripe, told }) => {
    const { customer, basic } = await customerAndPrice(stripe);
    told();
    const items = [{ price: basic.id }];
    await expect(
      stripe.subscriptions.create({ customer: customer.id, items, discounts: [{ coupon: 'half' }] }),
    ).rejects.toThrow('does not imitate discounts');
    await expect(
      stripe.checkout.sessions.create({
        mode: 'payment',
        success_url: 'https://app.example',
        line_items: [{ quantity: 1, price_data: { currency: 'usd', unit_amount: 5, product_data: { name: 'x' } } }],
      }),
    ).rejects.toThrow('does not imitate line_items[0][price_data]');
    const made = await stripe.subscriptions.create({ customer: customer.id, items });
    told();
    await expect(stripe.subscriptions.update(made.id, { collection_method: 'send_invoice' })).rejects.toMatchObject({
      param: 'collection_method',
    });
    expect(told()).toEqual([]);
  }));

test('a change that cannot be paid waits with pending_if_incomplete, and is applied by the payment or expires', () =>
  withStripe(async ({ stripe, account, told }) => {
    const { customer, basic, pro } = await customerAndPrice(stripe);
    const made = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: basic.id }] });
    const item = made.items.data[0]?.id ?? '';
    const change = (price: string) =>
      stripe.subscriptions.update(made.id, {
        items: [{ id: item, price }],
        proration_behavior: 'always_invoice',
        payment_behavior: 'pending_if_incomplete',
      });
    expect((await change(pro.id)).items.data[0]?.price.id).toBe(pro.id);
    await change(basic.id);
    const bad = await stripe.paymentMethods.attach('pm_card_chargeCustomerFail', { customer: customer.id });
    await stripe.subscriptions.update(made.id, { default_payment_method: bad.id });
    told();
    const waiting = await change(pro.id);
    expect(waiting).toMatchObject({ status: 'active', pending_update: { expires_at: account.now() + 23 * 3600 } });
    expect(waiting.items.data[0]?.price.id).toBe(basic.id);
    expect(told()).toContain('invoice.payment_failed');
    const invoice = typeof waiting.latest_invoice === 'string' ? waiting.latest_invoice : '';
    await stripe.invoices.pay(invoice, { payment_method: 'pm_card_visa' });
    const applied = await stripe.subscriptions.retrieve(made.id);
    expect(applied).toMatchObject({ status: 'active', pending_update: null });
    expect(applied.items.data[0]?.price.id).toBe(pro.id);
    expect(told()).toContain('customer.subscription.pending_update_applied');
    await stripe.subscriptions.update(made.id, { items: [{ id: item, price: basic.id }], proration_behavior: 'none' });
    await change(pro.id);
    account.advance(24 * 3600);
    const expired = await stripe.subscriptions.retrieve(made.id, { expand: ['latest_invoice'] });
    expect(expired).toMatchObject({ status: 'active', pending_update: null, latest_invoice: { status: 'void' } });
    expect(expired.items.data[0]?.price.id).toBe(basic.id);
    await expect(
      stripe.subscriptions.update(made.id, { metadata: { a: 'b' }, payment_behavior: 'pending_if_incomplete' }),
    ).rejects.toMatchObject({ param: 'metadata' });
  }));
