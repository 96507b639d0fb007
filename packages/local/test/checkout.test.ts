import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MINUTE } from '../src/stripe/calendar.ts';
import { completeSession, expireSession, openSession } from '../src/stripe/checkout-session.ts';
import { createCustomer } from '../src/stripe/customer.ts';
import { openShop, type Shop } from '../src/stripe/shop.ts';
import {
  expectNothingParked,
  expectSameStory,
  type SmallMachine,
  START_WITHIN_MS,
  startSmall,
  TEST_WITHIN_MS,
} from './small-machine.fixture.ts';

const OBJECT = 'Stripe_Subscription__c';

describe('a row that Salesforce made for a Checkout session', { timeout: TEST_WITHIN_MS }, () => {
  let small: SmallMachine;
  let shop: Shop;

  beforeAll(async () => {
    small = await startSmall({ seed: 8, delivery: { duplicateRate: 0.2, reorderWindow: 12 } });
    shop = openShop(small.account.books);
  }, START_WITHIN_MS);
  afterAll(() => small.close());

  /** As Apex does: the row first, its id in `client_reference_id` and in the metadata of session and subscription. */
  function open(number: number, named: 'everywhere' | 'in the session' = 'everywhere') {
    const { books } = small.account;
    const link = `https://checkout.stripe.example/c/pay/cs_test_${number}`;
    const row = small.org.org.insert(OBJECT, {
      Sync_Status__c: 'Checkout Created',
      Checkout_URL__c: link,
    });
    const customer = createCustomer(books, { email: `checkout${number}@example.com`, name: `Checkout ${number}` });
    const metadata = { sf_subscription_id: row };
    const session = openSession(books, {
      mode: 'subscription',
      items: [{ price: shop.pro }],
      customer: customer.id,
      clientReferenceId: row,
      ...(named === 'everywhere' ? { metadata, subscriptionMetadata: metadata } : {}),
    });
    return { row, customer, session };
  }
  const payer = { type: 'card', behaviour: 'pays', email: 'checkout@example.com', name: 'Checkout' } as const;
  const rows = () => [...small.org.org.rows(OBJECT)];

  it('becomes the subscription: no second row appears, in whatever order the events come', async () => {
    const { books } = small.account;
    const opened = Array.from({ length: 6 }, (_, number) => open(number));
    for (const { session } of opened) {
      completeSession(books, session, payer);
      small.account.advance(3 * MINUTE);
    }
    await small.still();
    expectSameStory(small);
    expectNothingParked(small);
    expect(rows().map(({ id, key }) => [id, key])).toEqual(
      opened.map(({ row, session }) => [row, session.subscription]),
    );
    for (const { columns } of rows()) {
      expect(columns).toMatchObject({ Sync_Status__c: 'Completed', Status__c: 'active', Checkout_URL__c: null });
    }
  });

  it('becomes it too when only the session names it, although the subscription’s own events may be the first', async () => {
    const { books } = small.account;
    const before = rows().length;
    const opened = Array.from({ length: 6 }, (_, number) => open(50 + number, 'in the session'));
    for (const { session } of opened) completeSession(books, session, payer);
    await small.still();
    expectSameStory(small);
    expectNothingParked(small);
    expect(rows()).toHaveLength(before + opened.length);
    for (const { row, session } of opened) {
      expect(rows().find(({ id }) => id === row)?.key).toBe(session.subscription);
    }
    // The session's own event did not come first each time, or nothing was shown.
    const events = new Map(small.account.events().map((event) => [event.id, event]));
    const firstOf = (subscription: string | null) =>
      small.arrivals.find(({ eventId }) => {
        const object = events.get(eventId)?.data.object;
        return object?.id === subscription || object?.subscription === subscription;
      })?.type;
    const first = opened.map(({ session }) => firstOf(session.subscription));
    expect(first.some((type) => type === 'customer.subscription.created')).toBe(true);
  });

  it('is the row of the link that was used, whenever the others expire', async () => {
    const { books } = small.account;
    const again = ({ row, customer }: ReturnType<typeof open>) => {
      small.account.advance(MINUTE);
      const metadata = { sf_subscription_id: row };
      const order = { mode: 'subscription', items: [{ price: shop.pro }], customer: customer.id } as const;
      return openSession(books, { ...order, clientReferenceId: row, metadata, subscriptionMetadata: metadata });
    };
    const [one, two, three] = [open(201), open(202), open(203)];
    const links = { one: again(one), two: again(two), three: again(three) };
    // The newer is used, then the old one expires; the old one expires first; the old one is used, then the newer expires.
    completeSession(books, links.one, payer);
    expireSession(books, two.session);
    completeSession(books, three.session, payer);
    await small.still();
    small.account.advance(MINUTE);
    expireSession(books, one.session);
    completeSession(books, links.two, payer);
    expireSession(books, links.three);
    await small.still();
    expectSameStory(small);
    expectNothingParked(small);
    const stands = ({ row }: { readonly row: string }) => rows().find(({ id }) => id === row)?.columns;
    for (const [opened, used] of [
      [one, links.one],
      [two, links.two],
      [three, three.session],
    ] as const) {
      expect(stands(opened)).toMatchObject({
        ...{ Sync_Status__c: 'Completed', Status__c: 'active', Error_Message__c: null },
        ...{ Stripe_Checkout_Session_ID__c: used.id, Stripe_Subscription_ID__c: used.subscription },
      });
    }
  });

  it('fails with a message when the session expires, and stays one row', async () => {
    const before = rows().length;
    const { row, session } = open(99);
    expireSession(small.account.books, session);
    await small.still();
    expectSameStory(small);
    expect(rows()).toHaveLength(before + 1);
    expect(rows().find(({ id }) => id === row)?.columns).toMatchObject({
      Sync_Status__c: 'Failed',
      Checkout_URL__c: null,
      Stripe_Subscription_ID__c: null,
      Error_Message__c: expect.stringContaining('expired'),
    });
  });

  it('that somebody deleted meanwhile does not stop the subscription: it gets a row of its own', async () => {
    const before = rows().length;
    const { books } = small.account;
    const customer = createCustomer(books, { email: 'gone@example.com', name: 'Gone' });
    const metadata = { sf_subscription_id: 'a06Qy00000099999AA' };
    const session = openSession(books, {
      mode: 'subscription',
      items: [{ price: shop.basic }],
      customer: customer.id,
      metadata,
      subscriptionMetadata: metadata,
    });
    completeSession(books, session, payer);
    await small.still();
    expectSameStory(small);
    expectNothingParked(small);
    expect(rows().filter(({ key }) => key === session.subscription)).toHaveLength(1);
    expect(rows()).toHaveLength(before + 1);
  });

  it('is never taken over by a second subscription whose metadata was copied from the first', async () => {
    const { books } = small.account;
    const { row, customer, session } = open(100);
    completeSession(books, session, payer);
    await small.still();
    const second = openSession(books, {
      mode: 'subscription',
      items: [{ price: shop.basic }],
      customer: customer.id,
      subscriptionMetadata: { sf_subscription_id: row },
    });
    completeSession(books, second, payer);
    await small.still();
    expectSameStory(small);
    expectNothingParked(small);
    expect(rows().find(({ id }) => id === row)?.key).toBe(session.subscription);
    expect(rows().filter(({ key }) => key === second.subscription)).toHaveLength(1);
  });
});
