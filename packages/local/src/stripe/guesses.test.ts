import { expect, test } from 'vitest';
import { customerAndPrice, type Served, withStripe } from './api.fixture.ts';
import type { AccountOptions } from './books.ts';
import { eventBridgeEnvelope, thinNotification } from './destinations.ts';
import { startEndpointDeliveries } from './endpoint-deliveries.ts';
import type { StripeGuesses } from './guesses.ts';

/** What `work` gives on an account of its own. */
async function onAccount<T>(settings: Partial<AccountOptions>, work: (served: Served) => Promise<T>): Promise<T> {
  const given: T[] = [];
  await withStripe(async (served) => void given.push(await work(served)), { account: settings });
  const [only] = given;
  if (only === undefined) throw new Error('the work gave nothing');
  return only;
}

const guessing = <T>(guesses: Partial<StripeGuesses>, work: (served: Served) => Promise<T>) =>
  onAccount({ guesses }, work);

const post = (url: string, path: string, body: string, headers: Readonly<Record<string, string>> = {}) =>
  fetch(`${url}/v1/${path}`, {
    method: 'POST',
    body,
    headers: { authorization: 'Bearer sk_test_1', 'content-type': 'application/x-www-form-urlencoded', ...headers },
  });

test('an answer that names a missing object is kept for its key, or the key is as new', async () => {
  const twice = async ({ url }: Served) => {
    const update = () => post(url, 'customers/cus_none', 'name=Ada', { 'idempotency-key': 'k1' });
    await update();
    const again = await update();
    return [again.status, again.headers.get('idempotent-replayed')];
  };
  expect(await guessing({}, twice)).toEqual([404, 'true']);
  expect(await guessing({ missingForKey: 'released' }, twice)).toEqual([404, null]);
});

test('a removed parameter is taken from calls without a Stripe-Version, or refused', async () => {
  const open = async ({ url, stripe }: Served) => {
    const { basic } = await customerAndPrice(stripe);
    const line = `line_items[0][price]=${basic.id}&line_items[0][quantity]=1`;
    const body = `mode=subscription&${line}&success_url=https://a.example&payment_method_types[]=card`;
    return (await post(url, 'checkout/sessions', body)).status;
  };
  expect(await guessing({}, open)).toBe(200);
  expect(await guessing({ removedParameters: 'refused' }, open)).toBe(400);
});

test('an endpoint of an older version is told of younger event types, or not', async () => {
  const types = async ({ account, stripe }: Served) => {
    const told: string[] = [];
    const deliveries = startEndpointDeliveries({
      account,
      fetch: async (_url, { body }) => {
        told.push(JSON.parse(String(body)).type);
        return new Response('', { status: 200 });
      },
      clock: () => Date.UTC(2026, 10, 26),
      sleep: async () => {},
      seed: 1,
    });
    const endpoint = { url: 'http://127.0.0.1:9/old', enabled_events: ['*' as const] };
    await stripe.webhookEndpoints.create({ ...endpoint, api_version: '2024-06-20' });
    const { customer, basic } = await customerAndPrice(stripe);
    await stripe.subscriptions.create({ customer: customer.id, items: [{ price: basic.id }] });
    await deliveries.idle();
    await deliveries.stop();
    return told;
  };
  const withheld = await guessing({}, types);
  expect(withheld).toContain('invoice.paid');
  expect(withheld).not.toContain('invoice_payment.paid');
  expect(await guessing({ youngerTypes: 'sent' }, types)).toContain('invoice_payment.paid');
});

test('the EventBridge envelope names its partner source or nothing, a thin notification its reason or none', () =>
  withStripe(async ({ account, stripe }) => {
    await stripe.customers.create({ name: 'Ada' }, { idempotencyKey: 'k1' });
    const [event] = account.events();
    if (event === undefined) throw new Error('no event was made');
    const destination = { id: 'ed_test_1', awsAccount: '123456789012', region: 'eu-north-1' };
    expect(eventBridgeEnvelope(event, destination).resources).toEqual([
      'arn:aws:events:eu-north-1::event-source/aws.partner/stripe.com/ed_test_1',
    ]);
    expect(eventBridgeEnvelope(event, destination, { partnerResources: 'none' }).resources).toEqual([]);
    expect(thinNotification(event).reason).toMatchObject({ type: 'request', request: { idempotency_key: 'k1' } });
    expect(thinNotification(event, { thinReason: 'never' }).reason).toBeUndefined();
  }));

test('messages of refusals are likely words or withheld; code, parameter, type and status stay', async () => {
  const refusal = ({ stripe }: Served) =>
    stripe.customers.retrieve('cus_none').then(
      () => null,
      ({ message, code, param, type, statusCode }) => ({ message, code, param, type, statusCode }),
    );
  const { message, ...rest } = Object(await guessing({}, refusal));
  expect(message).toBe("No such customer: 'cus_none'");
  expect(rest).toMatchObject({ code: 'resource_missing', param: 'id', statusCode: 404 });
  expect(await guessing({ words: 'withheld' }, refusal)).toEqual({
    ...rest,
    message: 'Nobody recorded the words of this error.',
  });
});

test('search finds a new customer at once, or when its lag is over', async () => {
  const find = async ({ account, stripe }: Served) => {
    await stripe.customers.create({ email: 'ada@example.com' });
    const found = async () => (await stripe.customers.search({ query: "email:'ada@example.com'" })).data.length;
    const atOnce = await found();
    account.advance(60);
    return [atOnce, await found()];
  };
  expect(await onAccount({}, find)).toEqual([1, 1]);
  expect(await onAccount({ searchLag: 60 }, find)).toEqual([0, 1]);
});

test('one change makes one event, or two now and then', async () => {
  const events = async ({ stripe, told }: Served) => {
    await stripe.customers.create({ name: 'Ada' });
    return told();
  };
  expect(await onAccount({}, events)).toEqual(['customer.created']);
  expect(await onAccount({ twinRate: 1 }, events)).toEqual(['customer.created', 'customer.created']);
});

test('after the last retry a subscription is unpaid, canceled or still past due', async () => {
  const ended = async ({ account, stripe }: Served) => {
    const { customer, basic } = await customerAndPrice(stripe);
    const made = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: basic.id }] });
    const method = await stripe.paymentMethods.attach('pm_card_chargeCustomerFail', { customer: customer.id });
    await stripe.customers.update(customer.id, { invoice_settings: { default_payment_method: method.id } });
    account.advance(75 * 86_400);
    return (await stripe.subscriptions.retrieve(made.id)).status;
  };
  expect(await onAccount({}, ended)).toBe('unpaid');
  expect(await onAccount({ afterLastRetry: 'cancel' }, ended)).toBe('canceled');
  expect(await onAccount({ afterLastRetry: 'past_due' }, ended)).toBe('past_due');
});

test('a list that goes on after a deleted object is refused or taken', async () => {
  const goOn = async ({ stripe }: Served) => {
    const ids: string[] = [];
    for (const name of ['one', 'two', 'three']) ids.push((await stripe.customers.create({ name })).id);
    const [one, two = ''] = ids;
    await stripe.customers.del(two);
    return stripe.customers.list({ starting_after: two }).then(
      ({ data }) => data.map(({ id }) => id === one),
      ({ code, param }) => [code, param],
    );
  };
  expect(await guessing({}, goOn)).toEqual(['resource_missing', 'starting_after']);
  expect(await guessing({ deletedCursor: 'taken' }, goOn)).toEqual([true]);
});
