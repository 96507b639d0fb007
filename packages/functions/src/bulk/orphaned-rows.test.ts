import type { SalesforceRecord } from '@payments/core/record';
import { ORPHAN_SECONDS, RETRY_SECONDS } from '@payments/core/retry-policy';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  bufferedIn,
  CUSTOMER,
  customer,
  type FlushBench,
  flushBench,
  flushIn,
  PAYMENT,
  payment,
  SECOND,
} from '../../test/flush-bench.ts';
import { emptyRedis, type TestRedis } from '../../test/redis-server.ts';
import { bufferKeys } from '../adapters/buffer.ts';
import type { StripeReader } from '../adapters/stripe.ts';
import { gathered } from '../operations/gathered.ts';
import { releaseChildren } from '../realtime/release-children.ts';
import { readLetter } from './parked-letter.ts';

let server: TestRedis;
let world: FlushBench;
const asked: string[] = [];
beforeAll(async () => {
  server = await emptyRedis();
});
afterAll(() => server.stop());
beforeEach(async () => {
  await server.redis.flushall();
  asked.length = 0;
});

/** The org takes a customer only with an e-mail address, which an empty row does not have. */
function orgThatWantsAddresses(address: string | null, bulkAbove: number): FlushBench {
  const bench = flushBench(server.redis);
  const rule = { code: 'FIELD_CUSTOM_VALIDATION_EXCEPTION', message: 'An address is needed' };
  bench.org.rowFault = (object, key, sent) => {
    const email = sent.Customer_Email__c ?? bench.org.row(CUSTOMER, key)?.Customer_Email__c;
    return object === CUSTOMER && typeof email !== 'string' ? rule : null;
  };
  return {
    ...bench,
    bulkAbove,
    stripe: async ({ path }) => {
      asked.push(path);
      return {
        body: { id: 'cus_1', object: 'customer', name: 'Ada', email: address },
        at: Math.floor(bench.clock.now / 1_000),
      };
    },
  };
}

const [SUBSCRIPTION, PLAN] = ['Stripe_Subscription__c', 'Pricing_Plan__c'] as const;

/** Bought in a Checkout that Salesforce opened: its metadata names the row. */
function subscription(id: string, rowId: string): SalesforceRecord {
  return {
    ...{ object: SUBSCRIPTION, externalIdField: 'Stripe_Subscription_ID__c', externalId: id, rowId },
    ...{ fields: { Status__c: 'active' }, parents: [] },
    owners: { subscription: { version: SECOND * 100 + 50, fetched: false } },
  };
}

function planOf(subscriptionId: string, item: string): SalesforceRecord {
  const said = { version: SECOND * 100 + 50, fetched: false };
  return {
    ...{ object: PLAN, externalIdField: 'Plan_Key__c', externalId: item, rowId: null, fields: { Active__c: true } },
    parents: [
      {
        ...{ field: SUBSCRIPTION, object: SUBSCRIPTION, externalIdField: 'Stripe_Subscription_ID__c' },
        externalId: subscriptionId,
      },
    ],
    owners: { price: said, product: said },
  };
}

const flushAll = async () => {
  for (const object of [CUSTOMER, PAYMENT] as const) await flushIn(world, object);
};

it('the empty row of a parent that Salesforce does not take is nobody’s failure', async () => {
  world = orgThatWantsAddresses(null, 2_000);
  const stub: SalesforceRecord = { ...customer({}), fields: {}, owners: { customer: { version: 0, fetched: false } } };
  await bufferedIn(world, [['evt_1', stub]]);
  await flushAll();
  expect(world.letters).toEqual([]);
  expect(world.org.accounts().failures).toEqual([]);
  expect(world.lines).toContainEqual(expect.objectContaining({ outcome: 'left', stripeObjectId: 'cus_1' }));
  expect(await world.buffer.waiting(CUSTOMER)).toBe(0);
});

describe.each([
  ['by Collections', 2_000],
  ['by Bulk', 0],
] as const)('a row whose parent Salesforce does not take empty, %s', (_, bulkAbove) => {
  it('waits until its parent, read from Stripe, was taken as it really is', async () => {
    world = orgThatWantsAddresses('ada@example.com', bulkAbove);
    await bufferedIn(world, [['evt_1', payment('pi_1', 'cus_1')]]);
    await flushAll();
    expect(world.org.row(PAYMENT, 'pi_1')).toBeUndefined();
    expect(asked).toEqual(['/v1/customers/cus_1']);
    expect(world.lines).toContainEqual(
      expect.objectContaining({ outcome: 'given back', stripeObjectId: 'pi_1', code: 'PARENT_MISSING', attempts: 1 }),
    );
    expect(world.letters).toEqual([]);
    await flushAll();
    expect(world.org.row(CUSTOMER, 'cus_1')).toMatchObject({ Customer_Email__c: 'ada@example.com' });
    expect(world.org.row(PAYMENT, 'pi_1')).toMatchObject({ Status__c: 'succeeded' });
    expect(await world.orphans.waiting([{ kind: 'row', object: PAYMENT, key: 'pi_1' }])).toEqual([null]);
    expect(world.letters).toEqual([]);
  });

  it('is woken by its parent’s own event, long before its next try', async () => {
    world = orgThatWantsAddresses(null, bulkAbove);
    await bufferedIn(world, [['evt_1', payment('pi_1', 'cus_1')]]);
    await flushAll();
    world.clock.now += ORPHAN_SECONDS[0] * 1_000;
    await flushAll();
    expect(world.org.row(PAYMENT, 'pi_1')).toBeUndefined();
    const now = world.clock.now;
    world.clock.now += 5_000;
    const { object, externalIdField } = { object: CUSTOMER, externalIdField: 'Stripe_Customer_ID__c' } as const;
    const real = {
      ...{ object, externalIdField, externalId: 'cus_1', rowId: null, parents: [] },
      fields: { Customer_Email__c: 'ada@example.com' },
      owners: { customer: { version: Math.floor(world.clock.now / 1_000) * 100 + 50, fetched: false } },
    };
    await bufferedIn(world, [['evt_2', real]]);
    await flushAll();
    expect(world.clock.now - now).toBeLessThan(60_000);
    expect(world.org.row(PAYMENT, 'pi_1')).toMatchObject({ Status__c: 'succeeded' });
  });

  it('is given up after an hour, with the name of the parent as the reason, for people and in the queue', async () => {
    world = orgThatWantsAddresses(null, bulkAbove);
    await bufferedIn(world, [['evt_1', payment('pi_1', 'cus_1')]]);
    const pass = async (seconds: number) => {
      world.clock.now += seconds * 1_000;
      await flushAll();
    };
    const parked = () => world.letters.filter((text) => JSON.parse(text).object === PAYMENT);
    // As long as any other row is tried.
    for (const seconds of [0, ...RETRY_SECONDS]) await pass(seconds);
    expect(parked()).toEqual([]);
    for (const seconds of ORPHAN_SECONDS.slice(2)) await pass(seconds);
    const failure = world.org.accounts().failures.find(({ Stripe_Object_ID__c }) => Stripe_Object_ID__c === 'pi_1');
    expect(failure).toMatchObject({
      ...{ Code__c: 'PARENT_MISSING', Category__c: 'Data', Attempts__c: 6, Status__c: 'Open' },
      Message__c: expect.stringContaining('cus_1'),
    });
    expect(parked().map((text) => JSON.parse(text))).toMatchObject([{ key: 'pi_1', code: 'PARENT_MISSING' }]);
    expect(await world.claims.claim('evt_1', 'x', 0)).toBe('mine');
    // The next of its states fails for the same reason.
    await bufferedIn(world, [['evt_2', payment('pi_1', 'cus_1', SECOND + 60)]]);
    for (const seconds of [0, ...ORPHAN_SECONDS]) await pass(seconds);
    expect(parked()).toHaveLength(2);
    const listed = world.org.accounts().failures.filter(({ Stripe_Object_ID__c }) => Stripe_Object_ID__c === 'pi_1');
    expect(listed).toMatchObject([{ Failure_Key__c: 'stripe.webhook:cus_1:pi_1', Stripe_Event_ID__c: 'evt_2' }]);
    const letters = world.letters.map((body) => ({ body, handle: body, sentAt: 1, attributes: {} }));
    expect(letters.length).toBeGreaterThan(3);
    expect(gathered(letters).map(({ newest: { key, row } }) => [key, row.eventId])).toEqual([
      ['cus_1', 'evt_2'],
      ['pi_1', 'evt_2'],
    ]);
  });

  it('waits although Stripe cannot be asked', async () => {
    world = {
      ...orgThatWantsAddresses(null, bulkAbove),
      stripe: () => Promise.reject(new Error('Stripe is down')),
    };
    await bufferedIn(world, [['evt_1', payment('pi_1', 'cus_1')]]);
    await flushAll();
    expect(await world.orphans.waiting([{ kind: 'row', object: PAYMENT, key: 'pi_1' }])).toMatchObject([
      { parent: 'cus_1' },
    ]);
    expect(await world.buffer.waiting(PAYMENT)).toBe(1);
  });

  it('is woken by a parent that comes while the row is on its way into the parking set', async () => {
    const bench = orgThatWantsAddresses(null, bulkAbove);
    /** What the realtime lane does once the customer is written: it remembers, and asks who waits. */
    const bringParent = async () => {
      bench.org.rowFault = () => null;
      bench.org.insert(CUSTOMER, { Stripe_Customer_ID__c: 'cus_1', Customer_Email__c: 'ada@example.com' });
      const version = Math.floor(bench.clock.now / 1_000) * 100 + 50;
      await bench.freshness.remember([{ owner: 'customer', externalId: 'cus_1', version, eventId: 'evt_2' }]);
      await releaseChildren(['cus_1'], bench);
    };
    for (const moment of ['it was refused', 'it is back in the buffer'] as const) {
      await server.redis.flushall();
      bench.org.rowFault = orgThatWantsAddresses(null, bulkAbove).org.rowFault;
      world = {
        ...bench,
        batches: {
          ...bench.batches,
          giveBack: async (held, rows) => {
            if (held.object === PAYMENT && moment === 'it was refused') await bringParent();
            await bench.batches.giveBack(held, rows);
            if (held.object === PAYMENT && moment === 'it is back in the buffer') await bringParent();
          },
        },
      };
      const id = `pi_${moment.length}`;
      await bufferedIn(world, [['evt_1', payment(id, 'cus_1')]]);
      await flushIn(world, PAYMENT);
      expect([moment, world.org.row(PAYMENT, id)?.Status__c]).toEqual([moment, 'succeeded']);
    }
  });

  it('is not tried again and again for a parent that was written once and that somebody has deleted in Salesforce', async () => {
    world = orgThatWantsAddresses(null, bulkAbove);
    await world.freshness.remember([
      { owner: 'customer', externalId: 'cus_1', version: 1_700_000_000_50, eventId: 'e' },
    ]);
    await bufferedIn(world, [['evt_1', payment('pi_1', 'cus_1')]]);
    for (let minute = 0; minute < 3; minute += 1) await flushAll();
    const tries = world.lines.filter((line) => line.outcome === 'given back' && line.stripeObjectId === 'pi_1');
    expect(tries).toHaveLength(2);
    expect(world.letters.map(readLetter)).not.toContainEqual(expect.objectContaining({ key: 'pi_1' }));
  });

  it('waits for a parent that waits itself, and makes no second row of it', async () => {
    world = { ...flushBench(server.redis), bulkAbove };
    const { Id: rowId } = world.org.insert(SUBSCRIPTION, { Sync_Status__c: 'Checkout Created' });
    world.org.rowFault = (object, _key, { Status__c }) =>
      object !== SUBSCRIPTION || Status__c === undefined
        ? null
        : { code: 'UNABLE_TO_LOCK_ROW', message: 'somebody else has the row' };
    await bufferedIn(world, [
      ['evt_1', subscription('sub_1', rowId)],
      ['evt_1', planOf('sub_1', 'si_1')],
      ['evt_2', { ...payment('pi_1', 'cus_1'), parents: planOf('sub_1', 'si_1').parents }],
    ]);
    const flushFamily = async () => {
      for (const object of [SUBSCRIPTION, PAYMENT, PLAN] as const) await flushIn(world, object);
    };
    await flushFamily();
    expect(world.org.rows(SUBSCRIPTION)).toHaveLength(1);
    world.org.rowFault = () => null;
    world.clock.now += 2_000;
    await flushFamily();
    expect(world.org.rows(SUBSCRIPTION)).toMatchObject([
      { Id: rowId, Stripe_Subscription_ID__c: 'sub_1', Status__c: 'active' },
    ]);
    expect(world.org.row(PLAN, 'si_1')).toMatchObject({ Stripe_Subscription__c: rowId });
    expect(world.org.row(PAYMENT, 'pi_1')).toMatchObject({ Stripe_Subscription__c: rowId });
    expect(world.letters).toEqual([]);
  });

  it('waits, as the plan of an item, for its subscription that was refused: no empty one is made in its place', async () => {
    const refused = { code: 'FIELD_CUSTOM_VALIDATION_EXCEPTION', message: 'not on a Friday' };
    world = { ...flushBench(server.redis), bulkAbove };
    const { Id: rowId } = world.org.insert(SUBSCRIPTION, { Sync_Status__c: 'Checkout Created' });
    world.org.rowFault = (_object, _key, { Status__c }) => (Status__c === undefined ? null : refused);
    const told = [
      ['evt_1', subscription('sub_1', rowId)],
      ['evt_1', planOf('sub_1', 'si_1')],
    ] as const;
    await bufferedIn(world, told);
    for (const { object } of [told[0][1], told[1][1]]) await flushIn(world, object);
    expect(world.org.rows(SUBSCRIPTION)).toHaveLength(1);
    expect(world.letters.map(readLetter)).toMatchObject([{ key: 'sub_1', code: refused.code }]);
    // The rule is gone, and the row was put back.
    world.org.rowFault = () => null;
    await bufferedIn(world, told.slice(0, 1));
    for (const { object } of [told[0][1], told[1][1]]) await flushIn(world, object);
    expect(world.org.rows(SUBSCRIPTION)).toMatchObject([{ Id: rowId, Status__c: 'active' }]);
    expect(world.org.row(PLAN, 'si_1')).toMatchObject({ Stripe_Subscription__c: rowId });
  });

  it('is back in the buffer, and its batch over, before Stripe is asked for the parent', async () => {
    world = orgThatWantsAddresses(null, bulkAbove);
    const seen: unknown[] = [];
    const { stripe } = world;
    world = {
      ...world,
      stripe: async (need) => {
        seen.push([await server.redis.exists(bufferKeys(PAYMENT).meta), await world.buffer.waiting(PAYMENT)]);
        return stripe(need);
      },
    };
    await bufferedIn(world, [['evt_1', payment('pi_1', 'cus_1')]]);
    await flushAll();
    expect(seen).toEqual([[0, 1]]);
  });
});

it('fifty parents are asked for ten at once, and nobody any more when Stripe does not answer', async () => {
  const asking: string[] = [];
  const stripe: StripeReader = async ({ path }) => {
    asking.push(path);
    throw new Error('Stripe is down');
  };
  world = { ...orgThatWantsAddresses(null, 2_000), stripe };
  await bufferedIn(
    world,
    Array.from({ length: 200 }, (_, n) => [`evt_${n}`, payment(`pi_${n}`, `cus_${n}`)] as const),
  );
  await flushIn(world, PAYMENT, 'arn:flush:1', 1);
  expect(asking).toHaveLength(10);
  expect(await world.buffer.waiting(PAYMENT)).toBe(200);
});
