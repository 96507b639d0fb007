import { expect, test } from 'vitest';
import { customerAndPrice, withStripe } from './api.fixture.ts';

test.each([
  ['invoices?status=weird', 'status', undefined, 'must be one of draft, open, paid, uncollectible, or void'],
  ['prices?active=maybe', 'active', undefined, 'Invalid boolean: maybe'],
  ['subscriptions?status=', 'status', 'parameter_invalid_empty', 'You passed an empty string'],
  ['subscription_items', 'subscription', 'parameter_missing', 'Missing required param: subscription.'],
  ['customers?limit=101', 'limit', 'parameter_invalid_integer', 'less than or equal to 100'],
  ['customers?created[gte]=soon', 'created[gte]', 'parameter_invalid_integer', 'Invalid integer: soon'],
  ['customers?created[since]=1', 'created[since]', 'parameter_unknown', 'created[since]'],
  ['customers?colour=red&size=2', 'colour', 'parameter_unknown', 'Received unknown parameters: colour, size'],
  ['customers?starting_after=cus_none', 'starting_after', 'resource_missing', "No such customer: 'cus_none'"],
  ['invoice_payments?payment[payment_intent]=pi_1', 'payment[type]', 'parameter_missing', 'payment[type]'],
  [`events?${Array.from({ length: 21 }, () => 'types[]=invoice.paid').join('&')}`, 'types', undefined, 'at most 20'],
  [
    'customers?starting_after=cus_1&ending_before=cus_2',
    undefined,
    undefined,
    'You cannot parameterize both starting_after and ending_before.',
  ],
  ['customers?expand[0][a]=b', 'expand[0]', undefined, 'Invalid string'],
  [
    'subscriptions?expand[]=data.items.data.price.product',
    undefined,
    'property_expansion_max_depth',
    'You cannot expand more than 4 levels of a property. Property: data.items.data.price.product',
  ],
])('the list %.60s is refused and names what is wrong', (path, param, code, words) =>
  withStripe(async ({ url }) => {
    const answer = await fetch(`${url}/v1/${path}`, { headers: { authorization: 'Bearer sk_test_1' } });
    expect(answer.status).toBe(400);
    const { error } = Object(await answer.json());
    expect([error.param, error.code, error.type]).toEqual([param, code, 'invalid_request_error']);
    expect(error.message).toContain(words);
  }),
);

test('filters of lists: ended subscriptions, lookup keys, several types, an owner', () =>
  withStripe(async ({ stripe }) => {
    const { customer, basic, pro } = await customerAndPrice(stripe);
    const subscribe = () => stripe.subscriptions.create({ customer: customer.id, items: [{ price: basic.id }] });
    const [lives, ends] = [await subscribe(), await subscribe()];
    await stripe.subscriptions.cancel(ends.id);
    const ids = async (status?: 'ended' | 'all' | 'active') =>
      (await stripe.subscriptions.list(status === undefined ? {} : { status })).data.map(({ id }) => id);
    expect([await ids(), await ids('ended'), await ids('active')]).toEqual([[lives.id], [ends.id], [lives.id]]);
    expect(new Set(await ids('all'))).toEqual(new Set([lives.id, ends.id]));
    await stripe.prices.update(pro.id, { lookup_key: 'pro' });
    expect((await stripe.prices.list({ lookup_keys: ['pro', 'none'] })).data.map(({ id }) => id)).toEqual([pro.id]);
    const types = ['customer.subscription.deleted', 'price.updated'];
    const found = (await stripe.events.list({ types })).data.map(({ type }) => type);
    expect(found.toSorted()).toEqual(types);
    const [item] = (await stripe.subscriptionItems.list({ subscription: lives.id })).data;
    expect((await stripe.subscriptionItems.retrieve(item?.id ?? '')).subscription).toBe(lives.id);
    const other = await stripe.customers.create({ name: 'Other' });
    expect((await stripe.invoices.list({ customer: other.id })).data).toEqual([]);
    expect((await stripe.invoices.list({ customer: customer.id, status: 'paid' })).data).toHaveLength(2);
  }));

test('pages go both ways and say whether there is more', () =>
  withStripe(async ({ stripe }) => {
    const made: string[] = [];
    for (const name of ['a', 'b', 'c', 'd', 'e']) made.unshift((await stripe.customers.create({ name })).id);
    const page = async (input: object) => {
      const { data, has_more: more } = await stripe.customers.list({ limit: 2, ...input });
      return [data.map(({ id }) => made.indexOf(id)), more];
    };
    expect(await page({})).toEqual([[0, 1], true]);
    expect(await page({ starting_after: made[1] })).toEqual([[2, 3], true]);
    expect(await page({ starting_after: made[3] })).toEqual([[4], false]);
    expect(await page({ ending_before: made[4] })).toEqual([[2, 3], true]);
    expect(await page({ ending_before: made[2] })).toEqual([[0, 1], false]);
    expect(await page({ ending_before: made[0] })).toEqual([[], false]);
  }));

test.each([
  ['data.customers', 'This property cannot be expanded (data.customers).'],
  ['data.customer.nobody', 'This property cannot be expanded (data.customer.nobody).'],
  ['data.status', 'This property cannot be expanded (data.status).'],
  ['data.items.data.quantity', 'This property cannot be expanded (data.items.data.quantity).'],
  ['customer', "This property cannot be expanded (customer). You may want to try expanding 'data.customer' instead."],
])('a read that wants %s expanded is refused', (path, message) =>
  withStripe(async ({ stripe }) => {
    const { customer, basic } = await customerAndPrice(stripe);
    const made = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: basic.id }] });
    await expect(stripe.subscriptions.list({ expand: [path] })).rejects.toThrow(message);
    const { data } = await stripe.subscriptions.list({ expand: ['data.customer', 'data.latest_invoice.payments'] });
    expect(data).toMatchObject([{ id: made.id, customer: { id: customer.id }, latest_invoice: { payments: {} } }]);
    // Of what is not there yet nobody can tell.
    expect((await stripe.refunds.list({ expand: ['data.anything'] })).data).toEqual([]);
  }),
);

test('what is deleted shows its id alone, whatever of it is to be expanded', () =>
  withStripe(async ({ stripe }) => {
    const { id } = await stripe.customers.create({ name: 'Gone' });
    await stripe.customers.del(id);
    const gone = await stripe.customers.retrieve(id, { expand: ['invoice_settings.default_payment_method'] });
    expect(gone).toMatchObject({ id, deleted: true });
  }));
