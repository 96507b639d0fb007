import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { type StripeEvent, StripeEventSchema } from './event.ts';
import { NeverRetry } from './failure.ts';
import { needs, type Plan, plan, refetchNeed, withFetchedObject } from './plan.ts';
import { laneOf, priorityOf } from './priority.ts';
import { ownersOf, type SalesforceRecord } from './record.ts';
import { ROUTES } from './routes.ts';

const FIXTURES = path.join(import.meta.dirname, '..', 'fixtures');
const files = readdirSync(FIXTURES);
const SECOND = 1_790_000_000;

function eventOf(name: string): StripeEvent {
  return v.parse(StripeEventSchema, JSON.parse(readFileSync(path.join(FIXTURES, `${name}.json`), 'utf8')));
}

function planOf(name: string, answers: Record<string, unknown> = {}): Plan {
  const fetched = new Map(Object.entries(answers).map(([key, body]) => [key, { body, at: SECOND + 7 }]));
  return plan({ event: eventOf(name), fetchedAt: null }, fetched);
}

/** The fixture's event, with some of its object's fields otherwise. */
function eventWith(name: string, fields: Record<string, unknown>): StripeEvent {
  const event = eventOf(name);
  return v.parse(StripeEventSchema, { ...event, data: { object: { ...event.data.object, ...fields } } });
}

const told = (event: StripeEvent, answers: Record<string, unknown> = {}): Plan =>
  plan(
    { event, fetchedAt: null },
    new Map(Object.entries(answers).map(([key, body]) => [key, { body, at: SECOND + 7 }])),
  );

function row({ records }: Plan, object: SalesforceRecord['object']): SalesforceRecord {
  const found = records.find((record) => record.object === object);
  if (found === undefined) throw new Error(`no ${object} among ${records.map((record) => record.object).join(', ')}`);
  return found;
}

const shape = ({ records }: Plan) => records.map(({ object, externalId }) => `${object} ${externalId}`);
const CUSTOMER = 'Stripe_Customer__c cus_1';
const SUBSCRIPTION = 'Stripe_Subscription__c sub_1';
const PAYMENT = 'Payment_Transaction__c pi_1';
const PLAN = 'Pricing_Plan__c price_gold';
const ITEM = 'Pricing_Plan__c si_1';

/** Whatever an event says, these hold of what Salesforce is told. */
function check({ records }: Plan): void {
  const before = new Set<string>();
  for (const record of records) {
    expect(record.externalId ?? record.rowId).toMatch(/^.{1,255}$/);
    for (const said of Object.values(record.owners)) expect(Number.isSafeInteger(said.version)).toBe(true);
    const owned = new Map(
      [...ownersOf(record.object)].flatMap(([owner, { columns }]) => columns.map((column) => [column, owner] as const)),
    );
    for (const [field, value] of Object.entries(record.fields)) {
      const owner = owned.get(field);
      if (owner !== undefined) expect(Object.keys(record.owners), field).toContain(owner);
      if (/Amount|Price__c/.test(field) && value !== null) expect(value).toMatch(/^-?\d+(\.\d+)?$/);
      if (/_Date__c|Current_Period|Trial_End/.test(field) && value !== null) {
        expect(value).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/);
      }
    }
    for (const parent of record.parents) {
      const owner = owned.get(parent.field);
      if (owner !== undefined) expect(Object.keys(record.owners)).toContain(owner);
      if (record.object !== 'Payment_Transaction__c' || parent.field === 'Stripe_Subscription__c') {
        expect([...before]).toContain(`${parent.object} ${parent.externalId}`);
      }
    }
    before.add(`${record.object} ${record.externalId}`);
  }
  expect(before.size).toBe(records.length);
}

describe('every routed type', () => {
  test.each(Object.keys(ROUTES))('%s has a fixture', (type) =>
    expect(files.filter((file) => file.replace(/\.[^.]+\.json$/, '') === type).length).toBeGreaterThanOrEqual(
      type === 'invoice_payment.paid' ? 1 : 2,
    ),
  );
});

const BY_TYPE: Record<string, readonly string[]> = {
  'customer.created': [CUSTOMER],
  'customer.updated': [CUSTOMER],
  'customer.deleted': [CUSTOMER],
  'checkout.session.expired': ['Stripe_Subscription__c null'],
  'invoice_payment.paid': [PAYMENT],
  'charge.succeeded': [CUSTOMER, PAYMENT],
  'charge.refunded': [CUSTOMER, PAYMENT],
  'price.created': [PLAN],
  'price.updated': [PLAN],
  'price.deleted': [PLAN],
};

function expectedShape(file: string): readonly string[] {
  const type = file.replace(/\.[^.]+\.json$/, '');
  const era = file.split('.').at(-2);
  if (BY_TYPE[type] !== undefined) return BY_TYPE[type];
  if (/^(refund|charge\.refund|product)\./.test(type) || file === 'charge.dispute.created.2018.json') return [];
  if (type.startsWith('charge.dispute.')) return [PAYMENT];
  if (type.startsWith('payment_intent.')) return [CUSTOMER, PAYMENT];
  if (type.startsWith('invoice.')) return [CUSTOMER, SUBSCRIPTION, ...(era === 'pre-basil' ? [PAYMENT] : [])];
  return type.startsWith('customer.subscription.') ? [CUSTOMER, SUBSCRIPTION, ITEM] : [CUSTOMER, SUBSCRIPTION];
}

describe('without a question to Stripe', () => {
  test.each(files)('%s names the rows it is about', (file) => {
    const told = planOf(file.replace('.json', ''));
    check(told);
    expect(shape(told)).toEqual(expectedShape(file));
  });
});

describe('subscriptions', () => {
  test.each(['2018', 'pre-basil', 'basil'])('of %s tell price, period, amount and their own row', (era) => {
    const record = row(planOf(`customer.subscription.created.${era}`), 'Stripe_Subscription__c');
    expect(record).toMatchObject({
      rowId: 'a0B000000000001AAA',
      owners: { subscription: { version: SECOND * 100 + 10, fetched: false } },
      parents: [{ field: 'Stripe_Customer__c', externalId: 'cus_1' }],
      fields: {
        Status__c: 'active',
        Amount__c: '39.98',
        Currency__c: 'EUR',
        Product_Plan_Name__c: 'Gold',
        Stripe_Price_ID__c: era === '2018' ? 'gold-plan' : 'price_gold',
        Current_Period_End__c: new Date((SECOND + 2_591_500) * 1000).toISOString(),
      },
    });
  });

  test('a cancellation is final', () =>
    expect(row(planOf('customer.subscription.deleted.basil'), 'Stripe_Subscription__c')).toMatchObject({
      fields: { Status__c: 'canceled' },
      owners: { subscription: { version: SECOND * 100 + 90 } },
    }));

  const changed = (object: Record<string, unknown>): Plan => {
    const event = eventOf('customer.subscription.updated.basil');
    const data = { object: { ...event.data.object, ...object } };
    const parsed = v.parse(StripeEventSchema, { ...event, data });
    return plan({ event: parsed, fetchedAt: null }, new Map());
  };

  test('a status that Salesforce does not know leaves the stored one', () => {
    const told = changed({ status: 'hibernating' });
    expect(row(told, 'Stripe_Subscription__c').fields).not.toHaveProperty('Status__c');
    expect(told.notes.join()).toContain('Status__c');
  });

  test('sub-cent prices, packages and several items are added exactly', () => {
    const item = (id: string, price: object, quantity: number) => ({ id, created: 1, quantity, price });
    const data = [
      item('si_1', { id: 'p1', currency: 'usd', unit_amount: null, unit_amount_decimal: '0.5' }, 30),
      item(
        'si_2',
        { id: 'p2', currency: 'usd', unit_amount: 500, transform_quantity: { divide_by: 10, round: 'up' } },
        11,
      ),
    ];
    const told = changed({ currency: 'usd', items: { data, has_more: false } });
    expect(row(told, 'Stripe_Subscription__c').fields.Amount__c).toBe('10.15');
  });

  test('a metered item clears the amount: that of the price before would be wrong', () => {
    const data = [
      { id: 'si_1', price: { id: 'p', recurring: { interval: 'month', usage_type: 'metered' }, unit_amount: 5 } },
    ];
    expect(row(changed({ items: { data } }), 'Stripe_Subscription__c').fields.Amount__c).toBeNull();
  });

  test('of several items the one that renews first tells the period', () => {
    const item = (id: string, end: number) => ({
      ...{ id, quantity: 1, price: { unit_amount: 100 } },
      ...{ current_period_start: end - 86_400, current_period_end: end },
    });
    const items = { data: [item('si_1', SECOND + 300), item('si_2', SECOND + 100), item('si_3', SECOND + 200)] };
    const { fields } = row(changed({ items }), 'Stripe_Subscription__c');
    expect(fields).toMatchObject({
      Current_Period_Start__c: new Date((SECOND + 100 - 86_400) * 1000).toISOString(),
      Current_Period_End__c: new Date((SECOND + 100) * 1000).toISOString(),
    });
  });

  test('one that was deleted is canceled, also where Stripe has nothing of it any more', () => {
    const base = { id: 'evt_thin', created: SECOND, livemode: false, api_version: null } as const;
    const thin = { ...base, thin: true, type: 'customer.subscription.deleted', objectId: 'sub_1' } as const;
    const record = row(plan(withFetchedObject(thin, { body: null, at: SECOND }), new Map()), 'Stripe_Subscription__c');
    expect(record.fields).toEqual({ Status__c: 'canceled' });
    expect(record.owners.subscription).toEqual({ version: SECOND * 100 + 90, fetched: true });
  });

  test('items beyond the first page are read before the amount is told', () => {
    const event = eventOf('customer.subscription.created.basil');
    const items = { object: 'list', has_more: true, data: [{ id: 'si_1', quantity: 1, price: { unit_amount: 100 } }] };
    const source = {
      event: v.parse(StripeEventSchema, { ...event, data: { object: { ...event.data.object, items } } }),
      fetchedAt: null,
    };
    const page = (id: string, more: boolean) => ({
      body: { data: [{ id, quantity: 1, price: { unit_amount: 100 } }], has_more: more },
      at: SECOND,
    });
    const first = needs(source);
    expect(first).toMatchObject([{ key: 'subscription_items:sub_1:1', path: '/v1/subscription_items' }]);
    // si_1 may have been taken out since: Stripe refuses a cursor that is gone.
    expect(first[0]?.query.map(([name]) => name)).not.toContain('starting_after');
    const one = new Map([['subscription_items:sub_1:1', page('si_2', true)]]);
    expect(row(plan(source, one), 'Stripe_Subscription__c').fields).not.toHaveProperty('Amount__c');
    expect(needs(source, one)[0]?.query).toContainEqual(['starting_after', 'si_2']);
    const two = new Map([...one, ['subscription_items:sub_1:2', page('si_3', false)] as const]);
    expect(needs(source, two)).toEqual([]);
    const told = plan(source, two);
    expect(row(told, 'Stripe_Subscription__c').fields.Amount__c).toBe('2');
    const plans = told.records.filter(({ object }) => object === 'Pricing_Plan__c');
    expect(plans.map(({ externalId }) => externalId)).toEqual(['si_2', 'si_3']);
  });
});

describe('the plans of a subscription', () => {
  const gold = { id: 'price_gold', product: 'prod_1', nickname: 'Gold', currency: 'eur', unit_amount: 1_999 };
  const item = (id: string, price: object, quantity?: number) => ({ id, object: 'subscription_item', price, quantity });
  const monthly = { interval: 'month', interval_count: 1, usage_type: 'licensed' };
  const updated = (
    items: readonly object[],
    more: { readonly object?: object; readonly before?: readonly object[]; readonly hasMore?: boolean } = {},
  ): StripeEvent => {
    const event = eventOf('customer.subscription.updated.basil');
    const object = { ...event.data.object, items: { data: items, has_more: more.hasMore ?? false }, ...more.object };
    const previous = more.before === undefined ? {} : { previous_attributes: { items: { data: more.before } } };
    return v.parse(StripeEventSchema, { ...event, data: { object, ...previous } });
  };
  const plansIn = ({ records }: Plan) => records.filter(({ object }) => object === 'Pricing_Plan__c');
  const NOW = { version: SECOND * 100 + 50, fetched: false };

  test('are a row for each of its items, with the price and how many are bought', () => {
    const [first, second] = plansIn(
      told(
        updated([
          item('si_1', { ...gold, recurring: monthly }, 12),
          item('si_2', { ...gold, id: 'calls', nickname: null, billing_scheme: 'tiered', tiers_mode: 'volume' }),
        ]),
      ),
    );
    expect(first).toEqual({
      ...{ object: 'Pricing_Plan__c', externalIdField: 'Plan_Key__c', externalId: 'si_1', rowId: null },
      fields: {
        ...{ Name: 'Gold', Stripe_Price_ID__c: 'price_gold', Stripe_Product_ID__c: 'prod_1', Active__c: true },
        ...{ Amount__c: '19.99', Currency__c: 'EUR', Quantity__c: 12, Usage_Type__c: 'licensed' },
        ...{ Recurrency_Type__c: 'Monthly', Interval_Count__c: 1 },
      },
      owners: { price: NOW, product: NOW },
      parents: [
        {
          ...{ field: 'Stripe_Subscription__c', object: 'Stripe_Subscription__c', externalId: 'sub_1' },
          externalIdField: 'Stripe_Subscription_ID__c',
        },
      ],
    });
    expect(second).toMatchObject({
      externalId: 'si_2',
      fields: { Amount__c: null, Quantity__c: null, Tiers_Mode__c: 'volume' },
    });
    expect(second?.fields).not.toHaveProperty('Name');
  });

  test('end with their item, for good, and know it from what the subscription had before', () => {
    const [left, gone] = plansIn(
      told(updated([item('si_1', gold, 1)], { before: [item('si_1', gold, 1), item('si_2', gold, 3)] })),
    );
    expect(left).toMatchObject({ externalId: 'si_1', fields: { Active__c: true }, owners: { price: NOW } });
    expect(gone).toMatchObject({
      ...{ externalId: 'si_2', fields: { Active__c: false, Stripe_Price_ID__c: 'price_gold' } },
      owners: { price: { version: SECOND * 100 + 90 }, product: { version: SECOND * 100 + 90 } },
      parents: [{ externalId: 'sub_1' }],
    });
  });

  test('end with their subscription', () => {
    const ended = plansIn(planOf('customer.subscription.deleted.basil'));
    expect(ended).toMatchObject([{ externalId: 'si_1', fields: { Active__c: false } }]);
    expect(ended[0]?.owners.price?.version).toBe(SECOND * 100 + 90);
    const expired = told(updated([item('si_1', gold, 1)], { object: { status: 'incomplete_expired' } }));
    expect(plansIn(expired)).toMatchObject([{ fields: { Active__c: false } }]);
  });

  test('do not end while only some of the items are known', () => {
    const event = updated([item('si_1', gold, 1)], { hasMore: true, before: [item('si_1', gold), item('si_2', gold)] });
    expect(plansIn(told(event)).map(({ externalId }) => externalId)).toEqual(['si_1']);
    const all = [item('si_1', gold, 1), item('si_2', gold, 1)];
    const rest = { 'subscription_items:sub_1:1': { data: all, has_more: false } };
    expect(plansIn(told(event, rest))).toMatchObject([
      { externalId: 'si_1', fields: { Active__c: true } },
      { externalId: 'si_2', fields: { Active__c: true } },
    ]);
  });

  test('leave out what has no id or no price', () => {
    const odd = [{ price: gold }, { id: 'si_2' }, { id: 'si_3', price: 'price_gold' }, { id: 7, price: gold }];
    const plan = told(updated(odd));
    check(plan);
    expect(plansIn(plan)).toEqual([]);
  });

  test('of a state that was read speak with the second of the reading, those that are gone too', () => {
    const event = updated([], { before: [item('si_2', gold)] });
    const body = { ...event.data.object, id: 'sub_1', items: { data: [item('si_1', gold, 2)] } };
    const source = withFetchedObject(event, { body, at: SECOND + 3 });
    expect(plansIn(plan(source, new Map())).map(({ externalId, owners }) => [externalId, owners.price])).toEqual([
      ['si_1', { version: (SECOND + 3) * 100 + 50, fetched: true }],
      ['si_2', { version: (SECOND + 3) * 100 + 90, fetched: true }],
    ]);
  });
});

describe('payments', () => {
  test('a renewal is one transaction, linked, whichever event brings the link', () => {
    const invoice = eventOf('invoice.paid.basil').data.object;
    const told = planOf('invoice_payment.paid.basil', {
      'invoice_payments:pi_1': { data: [{ id: 'inpay_1', invoice }] },
    });
    check(told);
    expect(shape(told)).toEqual([CUSTOMER, SUBSCRIPTION, PAYMENT]);
    expect(row(told, 'Payment_Transaction__c')).toMatchObject({
      fields: { Stripe_Invoice_ID__c: 'in_1' },
      owners: { payment_intent: { version: 0 }, invoice: { version: (SECOND + 7) * 100 + 50, fetched: true } },
      parents: [{ externalId: 'cus_1' }, { field: 'Stripe_Subscription__c', externalId: 'sub_1' }],
    });
    expect(row(planOf('invoice.paid.pre-basil'), 'Payment_Transaction__c').parents).toMatchObject([
      { externalId: 'cus_1' },
      { externalId: 'sub_1' },
    ]);
  });

  test('the payment of an invoice is asked for once, with the invoice in the answer', () => {
    expect(needs({ event: eventOf('invoice_payment.paid.basil'), fetchedAt: null })).toMatchObject([
      {
        path: '/v1/invoice_payments',
        query: [
          ['payment[type]', 'payment_intent'],
          ['payment[payment_intent]', 'pi_1'],
          ['expand[]', 'data.invoice'],
        ],
      },
    ]);
  });

  test('the last attempt is final where Stripe collects, never where the customer pays a bill', () => {
    const failed = (fields: object) =>
      told(eventWith('invoice.payment_failed.basil', { next_payment_attempt: null, ...fields })).paymentFailed;
    expect(failed({ collection_method: 'charge_automatically' })).toMatchObject({ isFinal: true });
    expect(failed({ collection_method: 'send_invoice' })).toMatchObject({ isFinal: false });
    expect(failed({ next_payment_attempt: SECOND + 86_400 })).toMatchObject({ isFinal: false });
  });

  test('of the payments of a failed invoice the one that failed is told', () => {
    const intent = (id: string, error: object | null) => ({
      payment: { type: 'payment_intent', payment_intent: { id, last_payment_error: error } },
    });
    const answer = { data: [intent('pi_new', null), intent('pi_bad', { code: 'card_declined' })] };
    const { paymentFailed } = told(eventOf('invoice.payment_failed.basil'), { 'invoice_payments:in_1': answer });
    expect(paymentFailed).toMatchObject({ paymentIntentId: 'pi_bad', code: 'card_declined' });
  });

  describe('that is disputed more than once', () => {
    const ended = eventWith('charge.dispute.closed.basil', { created: SECOND });
    const closed = ended.data.object;
    const second = { ...closed, id: 'dp_second', created: SECOND + 1_000, reason: 'general' };
    /** What the row shows once Stripe was asked which disputes the payment has. */
    const shown = (event: StripeEvent, disputes: readonly object[]) => {
      const record = row(told(event, { 'disputes:pi_1:1': { data: disputes } }), 'Payment_Transaction__c');
      return [record.fields.Dispute_Status__c, record.fields.Dispute_Reason__c, record.owners.dispute];
    };
    const now = { version: (SECOND + 7) * 100 + 50, fetched: true };

    test.each(['needs_response', 'under_review', 'appeal_pending'])(
      'shows the one that is open (%s), whichever of them the event is about, however late it comes',
      (status) => {
        const open = { ...second, status };
        const about = { ...eventOf('charge.dispute.created.basil'), data: { object: open } };
        for (const event of [ended, about]) {
          for (const disputes of [
            [open, closed],
            [closed, open],
          ]) {
            expect(shown(event, disputes)).toEqual([status, 'general', now]);
          }
        }
        // An old one that is open counts more than a newer one that has ended.
        const old = { ...closed, status };
        expect(shown(about, [{ ...second, status: 'lost' }, old])).toEqual([status, closed.reason, now]);
      },
    );

    test('shows the newest of those that have ended, and nothing of an end is final: another one may follow', () => {
      expect(shown(ended, [closed])).toEqual([closed.status, closed.reason, now]);
      expect(shown(ended, [{ ...second, status: 'lost' }, closed])).toEqual(['lost', 'general', now]);
      expect(shown(ended, [])).toEqual([closed.status, closed.reason, now]);
    });
  });

  test('a failed one keeps its status and tells dunning', () => {
    const invoice = eventOf('invoice.payment_failed.basil').data.object;
    const told = planOf('payment_intent.payment_failed.basil', { 'invoice_payments:pi_1': { data: [{ invoice }] } });
    check(told);
    expect(row(told, 'Payment_Transaction__c').fields).toMatchObject({
      Status__c: 'requires_payment_method',
      Failure_Code__c: 'card_declined',
      Stripe_Invoice_ID__c: 'in_1',
      Amount__c: '39.98',
    });
    expect(told.paymentFailed).toEqual({
      eventId: 'evt_paymentintentpaymentfailedbasil',
      subscriptionId: 'sub_1',
      customerId: 'cus_1',
      paymentIntentId: 'pi_1',
      invoiceId: 'in_1',
      amount: '39.98',
      currency: 'EUR',
      code: 'card_declined',
      attemptCount: 1,
      nextAttemptAt: new Date((SECOND + 259_200) * 1000).toISOString(),
      isFinal: false,
    });
  });

  test('a success is final and clears the failure', () =>
    expect(row(planOf('payment_intent.succeeded.basil'), 'Payment_Transaction__c')).toMatchObject({
      fields: { Status__c: 'succeeded', Failure_Code__c: null, Amount__c: '39.98' },
      owners: { payment_intent: { version: SECOND * 100 + 90 } },
    }));

  test('before 2022-11-15 the charge inside tells method and date', () =>
    expect(row(planOf('payment_intent.succeeded.2022'), 'Payment_Transaction__c')).toMatchObject({
      fields: {
        Payment_Method_Type__c: 'sepa_debit',
        Transaction_Date__c: new Date((SECOND - 30) * 1000).toISOString(),
        Stripe_Invoice_ID__c: 'in_1',
      },
      owners: { charge: { version: 0 }, invoice: { version: 0 } },
    }));

  test('a failed invoice finds its payment and says why', () => {
    const intent = { id: 'pi_1', last_payment_error: { code: 'card_declined', message: 'No funds.' } };
    const answer = { data: [{ payment: { type: 'payment_intent', payment_intent: intent } }] };
    const told = planOf('invoice.payment_failed.basil', { 'invoice_payments:in_1': answer });
    check(told);
    expect(row(told, 'Stripe_Subscription__c').fields.Error_Message__c).toBe('No funds.');
    expect(row(told, 'Payment_Transaction__c').parents).toMatchObject([{}, { externalId: 'sub_1' }]);
    expect(told.paymentFailed).toMatchObject({ paymentIntentId: 'pi_1', code: 'card_declined', attemptCount: 1 });
  });

  test('a refund is told by its charge, as it is now', () => {
    const told = planOf('refund.failed.basil', { 'charge:ch_1': eventOf('charge.refunded.basil').data.object });
    expect(row(told, 'Payment_Transaction__c')).toMatchObject({
      fields: { Amount_Refunded__c: '10', Payment_Method_Type__c: 'card' },
      owners: { charge: { version: (SECOND + 7) * 100 + 50, fetched: true } },
    });
  });

  test('an old dispute finds its payment through its charge', () => {
    const told = planOf('charge.dispute.created.2018', { 'charge:ch_1': { id: 'ch_1', payment_intent: 'pi_1' } });
    expect(row(told, 'Payment_Transaction__c').fields).toEqual({
      Dispute_Status__c: 'needs_response',
      Dispute_Reason__c: 'fraudulent',
    });
  });
});

describe('Checkout', () => {
  const session = (type: string) => row(planOf(`checkout.session.${type}.basil`), 'Stripe_Subscription__c');

  test('completed: done, the link is cleared', () =>
    expect(session('completed')).toMatchObject({
      externalId: 'sub_1',
      rowId: 'a0B000000000001AAA',
      fields: { Sync_Status__c: 'Completed', Error_Message__c: null, Checkout_URL__c: null, Checkout_Link__c: null },
      owners: {
        subscription: { version: 0 },
        session: { version: SECOND * 100 + 90 },
        invoice: { version: SECOND * 100 + 10 },
      },
    }));

  test('completed but unpaid: a bank debit is on its way, so nothing is final', () => {
    const record = row(
      told(eventWith('checkout.session.completed.basil', { payment_status: 'unpaid' })),
      'Stripe_Subscription__c',
    );
    expect(record.fields.Sync_Status__c).toBe('Checkout Created');
    expect(record.fields).not.toHaveProperty('Error_Message__c');
    expect(record.owners).toEqual({
      subscription: { version: 0, fetched: false },
      session: { version: SECOND * 100 + 10, fetched: false },
    });
  });

  test('client_reference_id names the row of ours, in sessions for subscriptions alone', () => {
    const event = (mode: string) => eventWith('checkout.session.completed.basil', { mode, metadata: {} });
    expect(row(told(event('subscription')), 'Stripe_Subscription__c').rowId).toBe('a0B000000000001AAA');
    expect(row(told(event('payment')), 'Stripe_Subscription__c').rowId).toBeNull();
  });

  test('expired: the row of ours alone is named', () =>
    expect(session('expired')).toMatchObject({
      externalId: null,
      rowId: 'a0B000000000001AAA',
      fields: { Sync_Status__c: 'Failed', Error_Message__c: expect.stringContaining('expired') },
    }));

  test('a delayed payment that failed', () =>
    expect(session('async_payment_failed').fields.Sync_Status__c).toBe('Failed'));
});

describe('customers', () => {
  test('tell their contact data', () =>
    expect(row(planOf('customer.updated.basil'), 'Stripe_Customer__c').fields).toEqual({
      Customer_Email__c: 'ada@example.com',
      Customer_Name__c: 'Ada Lovelace',
      Customer_Phone__c: '+49 30 1234',
      Default_Payment_Method__c: 'pm_1',
      Contact_ID_In_Stripe__c: '003000000000001AAA',
    }));

  test('of 2018 are named by their description, and what they lack is left alone', () => {
    const { fields } = row(planOf('customer.created.2018'), 'Stripe_Customer__c');
    expect(fields).toMatchObject({ Customer_Name__c: 'Ada of 2018', Default_Payment_Method__c: 'card_1' });
    expect(fields).not.toHaveProperty('Customer_Phone__c');
  });

  test('deleted ones are marked for good', () =>
    expect(row(planOf('customer.deleted.basil'), 'Stripe_Customer__c')).toMatchObject({
      fields: { Deleted_In_Stripe__c: true },
      owners: { customer: { version: SECOND * 100 + 90 } },
    }));
});

describe('the catalogue', () => {
  const product = { id: 'prod_gold', object: 'product', active: false, name: 'Gold membership', description: 'All' };
  const tiers = [
    { up_to: 10, unit_amount: 500, unit_amount_decimal: '500', flat_amount: null },
    { up_to: null, unit_amount: null, unit_amount_decimal: '0.25', flat_amount: 1000 },
  ];

  test('a price is read with its tiers and its product', () => {
    const body = {
      ...eventOf('price.created.basil').data.object,
      nickname: null,
      billing_scheme: 'tiered',
      tiers_mode: 'volume',
      tiers,
      product,
    };
    const told = planOf('price.created.basil', { 'price:price_gold': body });
    check(told);
    expect(row(told, 'Pricing_Plan__c').fields).toMatchObject({
      Name: 'Gold membership',
      Active__c: false,
      Amount__c: null,
      Tiers_Mode__c: 'volume',
    });
    expect(told.records.slice(1).map(({ externalId, fields }) => [externalId, fields])).toEqual([
      [
        'price_gold:1',
        {
          Name: 'Tier 1',
          Tier_Number__c: 1,
          From_Quantity__c: 1,
          To_Quantity__c: 10,
          Unit_Price__c: '5',
          Flat_Amount__c: null,
        },
      ],
      [
        'price_gold:2',
        {
          Name: 'Tier 2',
          Tier_Number__c: 2,
          From_Quantity__c: 11,
          To_Quantity__c: null,
          Unit_Price__c: '0.0025',
          Flat_Amount__c: '10',
        },
      ],
    ]);
  });

  test('a deleted price is inactive for good', () =>
    expect(row(planOf('price.deleted.basil'), 'Pricing_Plan__c')).toMatchObject({
      fields: { Active__c: false },
      owners: { price: { version: SECOND * 100 + 90 } },
    }));

  test('a product names all its plans, page after page', () => {
    const body = (id: string, more: boolean) => ({
      has_more: more,
      data: [{ id, active: true, currency: 'usd', unit_amount: 100, product }],
    });
    const told = planOf('product.updated.basil', {
      'prices:prod_gold:1': body('p1', true),
      'prices:prod_gold:2': body('p2', false),
    });
    expect(told.records.map(({ externalId, fields }) => [externalId, fields.Name, fields.Active__c])).toEqual([
      ['p1', 'Gold membership', false],
      ['p2', 'Gold membership', false],
    ]);
  });

  test('a deleted product takes its plans out of sale, active prices included', () => {
    const prices = {
      has_more: false,
      data: [{ id: 'p1', active: true, currency: 'usd', unit_amount: 100, product: 'prod_gold' }],
    };
    const active = (type: string) =>
      told(eventWith(`product.${type}.basil`, { active: true }), { 'prices:prod_gold:1': prices }).records[0]?.fields
        .Active__c;
    expect(active('updated')).toBe(true);
    expect(active('deleted')).toBe(false);
  });

  test.each([
    ['month', 3, 'Quarterly'],
    ['month', 6, 'Semiannual'],
    ['month', 12, 'Yearly'],
    ['week', 2, 'Weekly'],
    ['year', 1, 'Yearly'],
  ])('every %s × %d is %s', (interval, interval_count, name) => {
    const body = { ...eventOf('price.created.basil').data.object, recurring: { interval, interval_count } };
    const { fields } = row(planOf('price.created.basil', { 'price:price_gold': body }), 'Pricing_Plan__c');
    expect([fields.Recurrency_Type__c, fields.Interval_Count__c]).toEqual([name, interval_count]);
  });
});

describe('hostile input', () => {
  test('any JSON in the place of any object is planned or left out, never an error', () => {
    const types = fc.constantFrom(...Object.keys(ROUTES), 'unknown.type');
    fc.assert(
      fc.property(types, fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue(), (type, object, answer) => {
        const event = v.parse(StripeEventSchema, { ...eventOf('customer.created.basil'), type, data: { object } });
        const source = { event, fetchedAt: null };
        const fetched = new Map(needs(source).map(({ key }) => [key, { body: answer, at: SECOND }]));
        check(plan(source, fetched));
        laneOf(event);
      }),
    );
  });

  test.each(files)('%s with any one value replaced', (file) => {
    const text = JSON.stringify(eventOf(file.replace('.json', '')).data.object);
    const leaves = text.match(/"[a-z_]+":("[^"]*"|\d+|null|true|false)/g) ?? [];
    for (const leaf of leaves) {
      for (const value of [
        '[]',
        '{}',
        '-1e308',
        '"\\ud800@{x.id}"',
        '{"toString":1}',
        'null',
        `"${'x'.repeat(70_000)}"`,
      ]) {
        const object = JSON.parse(text.replace(leaf, `${leaf.slice(0, leaf.indexOf(':'))}:${value}`));
        const event = { ...eventOf(file.replace('.json', '')), data: { object } };
        check(plan({ event, fetchedAt: null }, new Map()));
      }
    }
  });

  test('texts cannot be taken for a reference, and fit their column', () => {
    const event = eventOf('customer.updated.basil');
    const object = { ...event.data.object, name: `@{ref.id}\u0000${'é'.repeat(300)}`, email: 'not an address' };
    const told = plan({ event: { ...event, data: { object } }, fetchedAt: null }, new Map());
    const { fields } = row(told, 'Stripe_Customer__c');
    expect(String(fields.Customer_Name__c)).toHaveLength(255);
    expect(fields.Customer_Name__c).not.toContain('@{');
    expect(fields.Customer_Email__c).toBeNull();
    expect(told.notes.join()).not.toContain('not an address');
  });
});

describe('fetched states', () => {
  test('speak with the second of the answer', () => {
    const event = eventOf('customer.subscription.created.basil');
    expect(refetchNeed(event)).toMatchObject({ path: '/v1/subscriptions/sub_1' });
    const source = withFetchedObject(event, { body: { ...event.data.object, status: 'past_due' }, at: SECOND + 3 });
    expect(row(plan(source, new Map()), 'Stripe_Subscription__c')).toMatchObject({
      fields: { Status__c: 'past_due' },
      owners: { subscription: { version: (SECOND + 3) * 100 + 50, fetched: true } },
    });
  });

  const thin = {
    thin: true,
    id: 'evt_1',
    type: 'customer.updated',
    created: SECOND,
    livemode: false,
    api_version: null,
    objectId: 'cus_1',
  } as const;

  test('fill a thin entry, with the event or with the object', () => {
    const whole = withFetchedObject(thin, { body: eventOf('customer.updated.basil'), at: SECOND + 3 });
    expect(whole.fetchedAt).toBeNull();
    expect(whole.event.data.object.id).toBe('cus_1');
    expect(withFetchedObject(thin, { body: { id: 'cus_1' }, at: SECOND + 3 }).fetchedAt).toBe(SECOND + 3);
  });

  test('that are gone leave a full event as it was, and end a thin one', () => {
    const event = eventOf('price.updated.basil');
    expect(withFetchedObject(event, { body: null, at: SECOND })).toEqual({ event, fetchedAt: null });
    expect(() => withFetchedObject(thin, { body: null, at: SECOND })).toThrow(NeverRetry);
    expect(
      withFetchedObject({ ...thin, type: 'customer.deleted' }, { body: null, at: SECOND }).event.data.object.deleted,
    ).toBe(true);
  });
});

describe('priority', () => {
  const update = (previous: Record<string, string>) => {
    const event = eventOf('customer.subscription.updated.basil');
    return { ...event, data: { object: event.data.object, previous_attributes: previous } };
  };
  test.each(['status', 'pause_collection', 'cancel_at_period_end', 'cancel_at'])('a change of %s is urgent', (key) =>
    expect(priorityOf(update({ [key]: 'x' }))).toBe('high'),
  );
  test('other changes are not', () => expect(laneOf(update({ metadata: 'x' }))).toBe('bulk'));
  test('an invoice paid at the second attempt is', () => {
    expect(priorityOf(eventOf('invoice.paid.basil'))).toBe('high');
    expect(priorityOf(eventOf('invoice.payment_succeeded.basil'))).toBe('low');
  });
  test('a type that is not routed has no lane', () => {
    const event = { ...eventOf('invoice.paid.basil'), type: 'payment_intent.failed' };
    expect([laneOf(event), priorityOf(event), plan({ event, fetchedAt: null }, new Map()).records]).toEqual([
      null,
      'low',
      [],
    ]);
  });
});

const corpus = process.env.EVENT_CORPUS;
describe.skipIf(corpus === undefined)('the corpus', () => {
  const found = corpus === undefined ? [] : readdirSync(corpus, { recursive: true, encoding: 'utf8' });
  const events = found.filter((file) => file.endsWith('.json') && file.includes(path.sep));
  test.each(events)('%s', (file) => {
    const raw = JSON.parse(readFileSync(path.join(corpus ?? '', file), 'utf8'));
    const parsed = v.safeParse(StripeEventSchema, raw.object === 'event' ? raw : raw.detail);
    if (!parsed.success) return expect(file).toContain('thin');
    const told = plan({ event: parsed.output, fetchedAt: null }, new Map());
    check(told);
    // A Checkout session speaks with the second in which it was opened (objects/checkout-session.ts).
    const { created, data } = parsed.output;
    const seconds = [created, ...(typeof data.object.created === 'number' ? [data.object.created] : [])];
    const possible = [0, ...seconds.flatMap((second) => [10, 50, 90].map((rank) => second * 100 + rank))];
    for (const record of told.records) {
      for (const { version } of Object.values(record.owners)) expect(possible).toContain(version);
    }
    if (laneOf(parsed.output) !== null) expect(told.records.length + told.notes.length).toBeGreaterThan(0);
  });
});
