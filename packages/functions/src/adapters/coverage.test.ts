import type { SalesforceRecord } from '@payments/core/record';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { emptyRedis, type TestRedis } from '../../test/redis-server.ts';
import { incomingFrom } from '../bulk/row.ts';
import { type Batches, redisBatches } from './batches.ts';
import { type Buffer, redisBuffer } from './buffer.ts';
import { type Coverage, coverage, LATE_KEPT_MS } from './coverage.ts';
import { tieList } from './tie-list.ts';

let server: TestRedis;
const START = Date.UTC(2026, 10, 25);
const MINUTE = 60_000;
const MARGIN = 15 * MINUTE;
const clock = { now: START };
let buffer: Buffer;
let batches: Batches;
let covered: Coverage;
beforeAll(async () => {
  server = await emptyRedis();
  buffer = redisBuffer(server.redis, () => clock.now, MARGIN);
  batches = redisBatches(server.redis, () => clock.now);
  covered = coverage(server.redis, () => clock.now, MARGIN);
});
afterAll(() => server.stop());
beforeEach(async () => {
  clock.now = START;
  await server.redis.flushall();
});

const CUSTOMER = 'Stripe_Customer__c';

function customer(id: string, version: number): SalesforceRecord {
  const name = { object: CUSTOMER, externalIdField: 'Stripe_Customer_ID__c', externalId: id, rowId: null } as const;
  return { ...name, fields: {}, parents: [], owners: { customer: { version, fetched: false } } };
}

let events = 0;
async function put(id: string, receivedAt: number): Promise<string | undefined> {
  events += 1;
  const said = { eventId: `evt_${events}`, atSecond: 1, receivedAt, fetched: false, correlationId: 'c' };
  const incoming = incomingFrom(customer(id, 1_000 + events * 100 + 50), said);
  return (await buffer.put(CUSTOMER, [{ key: id, incoming }])).outcomes[0];
}

async function report(reporter = 'flush'): Promise<number> {
  const { unsettledSince } = await covered.measure(reporter);
  const unsettledAt = Math.min(unsettledSince ?? clock.now, clock.now);
  await covered.confirmed(reporter, unsettledAt);
  return unsettledAt;
}

async function take(holder = 'one') {
  const taken = await batches.take(CUSTOMER, { batchId: `b-${holder}`, holder, most: 10 });
  if (taken.kind !== 'taken') throw new Error(taken.kind);
  return taken;
}

describe('the oldest event that is not settled', () => {
  it('is none when nothing waits', async () => {
    expect(await covered.measure('flush')).toEqual({ waitingSince: null, unsettledSince: null });
  });

  it('is that of a row that waits, whichever of its events came last', async () => {
    await put('cus_1', START - 3 * MINUTE);
    await put('cus_2', START - 5 * MINUTE);
    await put('cus_2', START - MINUTE);
    const since = START - 5 * MINUTE;
    expect(await covered.measure('flush')).toEqual({ waitingSince: since, unsettledSince: since });
  });

  it('is that of a row in an unfinished batch, until the batch is finished', async () => {
    await put('cus_1', START - 3 * MINUTE);
    const held = await take();
    await put('cus_1', START - MINUTE);
    expect((await covered.measure('flush')).waitingSince).toBe(START - 3 * MINUTE);
    await batches.finish(held);
    expect((await covered.measure('flush')).waitingSince).toBe(START - MINUTE);
  });

  it('is that of a row that went back, or whose version lags', async () => {
    await put('cus_1', START - 3 * MINUTE);
    await put('cus_2', START - 4 * MINUTE);
    const held = await take();
    const back = { attempts: 1, notBefore: clock.now + 2_000, apart: false };
    await batches.giveBack(held, [
      { key: 'cus_1', ...back, lags: false },
      { key: 'cus_2', ...back, lags: true },
    ]);
    await batches.finish(held);
    expect(await covered.measure('flush')).toEqual({
      waitingSince: START - 3 * MINUTE,
      unsettledSince: START - 4 * MINUTE,
    });
  });

  it('is that of a tie that Stripe has not decided', async () => {
    const ties = tieList(server.redis);
    const tie = {
      ...{ key: 'cus_1', owner: 'customer', eventId: 'evt_1', correlationId: null },
      receivedAt: START - 2 * MINUTE,
    };
    await ties.add(CUSTOMER, [tie]);
    await ties.add(CUSTOMER, [{ ...tie, receivedAt: START - MINUTE }]);
    expect(await covered.measure('flush')).toEqual({ waitingSince: null, unsettledSince: START - 2 * MINUTE });
    await ties.remove(CUSTOMER, await ties.some(CUSTOMER, 1));
    expect((await covered.measure('flush')).unsettledSince).toBeNull();
  });
});

describe('the buffer takes nothing that a replay would miss', () => {
  it('after a loss, when nobody has said yet where a replay would begin', async () => {
    expect(await put('cus_1', START - MARGIN)).toBe('stored');
    expect(await put('cus_2', START - MARGIN - 1)).toBe('late');
    expect(await buffer.waiting(CUSTOMER)).toBe(1);
  });

  it('once the status says that everything was settled', async () => {
    await report();
    clock.now += 10 * MINUTE;
    expect(await put('cus_1', START - MARGIN)).toBe('stored');
    expect(await put('cus_2', START - MARGIN - 1)).toBe('late');
  });

  it('and takes a late event when the status has come to cover it', async () => {
    await report();
    const received = START - 60 * MINUTE;
    expect(await put('cus_1', received)).toBe('late');
    clock.now += MINUTE;
    expect(await report()).toBeLessThanOrEqual(received);
    clock.now += 6 * MINUTE;
    expect(await put('cus_1', received)).toBe('stored');
    // The rest of a backlog finds the door open, however long it takes.
    for (let minute = 0; minute < 30; minute += 1) {
      clock.now += MINUTE;
      expect(await put(`cus_b${minute}`, received + minute)).toBe('stored');
      const held = await take(`m${minute}`);
      await batches.finish(held);
      await report();
    }
  });

  it('before Salesforce has confirmed the status that covers it', async () => {
    await report();
    const received = START - 60 * MINUTE;
    expect(await put('cus_1', received)).toBe('late');
    const { unsettledSince } = await covered.measure('flush');
    expect(unsettledSince).toBeLessThanOrEqual(received);
    expect(await put('cus_1', received)).toBe('late');
    await covered.confirmed('flush', received);
    expect(await put('cus_1', received)).toBe('stored');
  });

  it('and forgets a late event that never came again', async () => {
    await put('cus_1', START - 60 * MINUTE);
    clock.now += LATE_KEPT_MS - 1;
    expect((await covered.measure('flush')).unsettledSince).not.toBeNull();
    clock.now += 1;
    expect((await covered.measure('flush')).unsettledSince).toBeNull();
  });

  it('while a status is on its way that says more than the last one', async () => {
    await report();
    clock.now += 10 * MINUTE;
    const late = START - 10 * MINUTE;
    await covered.measure('flush');
    expect(await put('cus_1', late)).toBe('late');
    // Salesforce did not answer: the row may say either.
    expect(await put('cus_1', late)).toBe('late');
    await report();
    expect(await put('cus_1', late)).toBe('stored');
  });

  it('by the word of a reporter that another one has overtaken', async () => {
    await put('cus_1', START - 10 * MINUTE);
    await covered.measure('slow');
    await batches.finish(await take());
    clock.now += 5 * MINUTE;
    await covered.measure('quick');
    await covered.confirmed('slow', START - 10 * MINUTE);
    expect(await put('cus_2', START - 20 * MINUTE)).toBe('late');
  });
});
