import { keyOf, ownerHash } from '@payments/core/batch';
import type { SalesforceRecord, SObjectName } from '@payments/core/record';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { failure } from '../../test/fake-org.ts';
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
import { LAG_MS } from '../adapters/batches.ts';
import { redisBudget } from '../adapters/budget.ts';
import { doneMarks } from '../adapters/claims.ts';
import { putBack } from '../operations/put-back.ts';
import { awaitJob } from './await.ts';
import { readLetter } from './parked-letter.ts';
import { read } from './read.ts';
import { incomingFrom } from './row.ts';
import { settle } from './settle.ts';
import { take } from './take.ts';
import { write } from './write.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await emptyRedis();
});
afterAll(() => server.stop());

let world: FlushBench;
const worldOf = () => flushBench(server.redis);
beforeEach(async () => {
  await server.redis.flushall();
  world = worldOf();
});

const buffered = (...records: readonly (readonly [event: string, record: SalesforceRecord])[]) =>
  bufferedIn(world, records);
const flush = (object: SObjectName, execution?: string, passes?: number) => flushIn(world, object, execution, passes);

const calls = (path: string) => world.org.requests.filter((request) => request.path.startsWith(path)).length;

describe.each([
  { transport: 'Collections', bulkAbove: 2_000 },
  { transport: 'Bulk', bulkAbove: 0 },
])('by $transport', ({ transport, bulkAbove }) => {
  beforeEach(() => {
    world = { ...worldOf(), bulkAbove };
  });

  it('writes what waits, remembers it and leaves one audit row', async () => {
    await buffered(['evt_1', customer({})], ['evt_2', customer({ id: 'cus_2', name: 'Grace, "the" 1st\nof' })]);
    await flush(CUSTOMER);
    expect(world.org.row(CUSTOMER, 'cus_1')).toMatchObject({
      Customer_Name__c: 'Ada',
      Stripe_Version__c: SECOND * 100 + 50,
    });
    expect(world.org.row(CUSTOMER, 'cus_2')).toMatchObject({ Customer_Name__c: 'Grace, "the" 1st\nof' });
    expect(await world.freshness.known([{ owner: 'customer', externalId: 'cus_1' }])).toEqual([
      { version: SECOND * 100 + 50, eventId: 'evt_1', content: ownerHash(customer({}), 'customer') },
    ]);
    expect(await world.claims.claim('evt_1', 'x', 0)).toBe('duplicate');
    expect(world.org.accounts().audits).toMatchObject([
      { Object__c: CUSTOMER, Transport__c: transport, Rows_Sent__c: 2, Rows_Succeeded__c: 2, Rows_Failed__c: 0 },
    ]);
    expect(world.org.accounts().audits[0]?.API_Calls_Used__c).toBe(world.org.requests.length);
    expect(await world.buffer.waiting(CUSTOMER)).toBe(0);
    expect(world.sum('RowsHandled', { Outcome: 'written' })).toBe(2);
    expect(world.sum('Tries', { Lane: 'bulk' })).toBe(2);
    expect(world.valuesOf('SyncLag', { Lane: 'bulk' })).toEqual(Array(2).fill(world.clock.now - SECOND * 1_000));
    expect(world.valuesOf('BatchTime')).toEqual([world.clock.now - SECOND * 1_000 - 60_000]);
    expect(world.lines).toContainEqual({
      ...{ outcome: 'written', stripeObjectId: 'cus_1', stripeEventId: 'evt_1', correlationId: 'c-evt_1' },
      ...{ batchId: expect.stringMatching(/^batch_/), salesforceId: world.org.row(CUSTOMER, 'cus_1')?.Id },
    });
  });

  it('names all events of a row, and the newest by itself, whatever order they came in', async () => {
    const refunded = { ...payment('pi_1', 'cus_1'), fields: {}, owners: { charge: { version: 1, fetched: false } } };
    for (const [eventId, atSecond, record] of [
      ['evt_newer', SECOND + 1, payment('pi_1', 'cus_1', SECOND + 1)],
      ['evt_older', SECOND, refunded],
    ] as const) {
      const said = { eventId, atSecond, receivedAt: world.clock.now, fetched: false };
      const incoming = incomingFrom(record, { ...said, correlationId: `c-${eventId}` });
      await world.buffer.put(PAYMENT, [{ key: keyOf(record), incoming }]);
    }
    await flush(PAYMENT);
    expect(world.lines[0]).toMatchObject({
      ...{ stripeEventId: 'evt_newer', correlationId: 'c-evt_newer', stripeObjectId: 'pi_1' },
      stripeEventIds: ['evt_newer', 'evt_older'],
    });
  });

  describe('an event that said what was older than a row that waits', () => {
    const isDone = () => doneMarks(server.redis).isDone('evt_older');
    const overtaken = () =>
      buffered(['evt_newer', customer({ at: SECOND + 5, name: 'Grace' })], ['evt_older', customer({})]);

    it('is done when that row stands, which it is not part of', async () => {
      await overtaken();
      expect(await isDone()).toBe(false);
      await flush(CUSTOMER);
      expect(await isDone()).toBe(true);
      expect(JSON.stringify(world.lines)).not.toContain('evt_older');
    });

    it('is not done when that row is given up, and is when it was put back', async () => {
      await overtaken();
      world.org.rowFault = () => ({ code: 'STRING_TOO_LONG', message: 'Customer Name: data value too large' });
      await flush(CUSTOMER);
      expect(await isDone()).toBe(false);
      world.org.rowFault = () => null;
      await putBack(
        world.letters.flatMap((letter) => readLetter(letter) ?? []),
        world,
      );
      await flush(CUSTOMER);
      expect(await isDone()).toBe(true);
    });

    it('is done when that row came while an older one was being sent, which had to be sent again', async () => {
      await buffered(['evt_first', customer({ at: SECOND - 5 })]);
      const taken = await take({ object: CUSTOMER, execution: 'one' }, world);
      if (taken.outcome !== 'taken') throw new Error('nothing was due');
      await overtaken();
      // Salesforce said nothing of it.
      await settle(taken, world);
      world.clock.now += 60_000;
      await flush(CUSTOMER);
      expect(world.org.row(CUSTOMER, 'cus_1')).toMatchObject({ Customer_Name__c: 'Grace' });
      expect(await isDone()).toBe(true);
    });
  });

  it('does not let one poisoned row stop the others', async () => {
    const ids = Array.from({ length: 450 }, (_, n) => `cus_${n}`);
    await buffered(...ids.map((id) => [`evt_${id}`, customer({ id })] as const));
    world.org.rowFault = (object, key) =>
      object === CUSTOMER && key === 'cus_250'
        ? { code: 'STRING_TOO_LONG', message: 'Customer Name: data value too large: Ada: secret (max length=2)' }
        : null;
    await flush(CUSTOMER);
    expect(world.org.rows(CUSTOMER)).toHaveLength(449);
    expect(world.org.accounts().failures).toMatchObject([
      {
        ...{ Failure_Key__c: 'stripe.webhook:evt_cus_250:cus_250', Code__c: 'STRING_TOO_LONG', Category__c: 'Data' },
        ...{ Stripe_Object_ID__c: 'cus_250', Stripe_Event_ID__c: 'evt_cus_250', Attempts__c: 1, Status__c: 'Open' },
      },
    ]);
    expect(JSON.stringify([world.lines, world.org.accounts()])).not.toContain('secret');
    expect(world.sum('RowsHandled', { Outcome: 'parked' })).toBe(1);
    expect(world.sum('Parked', { Lane: 'bulk', Category: 'Data' })).toBe(1);
    expect([world.sum('Tries'), world.sum('Errors', { Category: 'Data' })]).toEqual([450, 1]);
    expect(world.letters.map(readLetter)).toMatchObject([
      {
        object: CUSTOMER,
        key: 'cus_250',
        code: 'STRING_TOO_LONG',
        category: 'Data',
        row: { attempts: 0 },
        redrives: 0,
      },
    ]);
    expect(await world.claims.claim('evt_cus_250', 'x', 0)).toBe('mine');
    expect(await world.freshness.known([{ owner: 'customer', externalId: 'cus_250' }])).toEqual([null]);
  });

  it('tries a locked row again after 2, 4, 8, 16 and 32 seconds, and parks it when the last try fails', async () => {
    await buffered(['evt_1', customer({})]);
    world.org.rowFault = () => ({ code: 'UNABLE_TO_LOCK_ROW', message: 'unable to obtain exclusive access: a, b:c' });
    await flush(CUSTOMER);
    for (const seconds of [2, 4, 8, 16, 32]) {
      world.clock.now += seconds * 1_000 - 1_000;
      expect(await flush(CUSTOMER)).toBe(0);
      world.org.rowFault = (object) => (object === CUSTOMER ? { code: 'UNABLE_TO_LOCK_ROW', message: 'locked' } : null);
      world.clock.now += 1_000;
      expect(await flush(CUSTOMER)).toBe(1);
    }
    expect(await world.buffer.waiting(CUSTOMER)).toBe(0);
    expect(world.org.accounts().failures).toMatchObject([{ Code__c: 'UNABLE_TO_LOCK_ROW', Attempts__c: 6 }]);
    expect(world.sum('RowsHandled', { Outcome: 'given-back' })).toBe(5);
    expect([world.sum('Tries'), world.sum('Errors', { Category: 'Network' })]).toEqual([6, 6]);
    expect(world.lines.flatMap((line) => ('attempts' in line ? [`${line.outcome} ${line.attempts}`] : []))).toEqual([
      ...[1, 2, 3, 4, 5].map((attempts) => `given back ${attempts}`),
      'parked 6',
    ]);
  });

  it('makes an empty parent when a child refers to one that nobody has sent, and writes the child', async () => {
    await buffered(['evt_1', payment('pi_1', 'cus_9')]);
    await flush(PAYMENT);
    world.clock.now += 2_000;
    await flush(PAYMENT);
    const parent = world.org.row(CUSTOMER, 'cus_9');
    expect(parent).toMatchObject({ Stripe_Version__c: 0 });
    expect(world.org.row(PAYMENT, 'pi_1')).toMatchObject({ [CUSTOMER]: parent?.Id, Status__c: 'succeeded' });
  });

  it('counts what the guard refused, once, and remembers nothing of it', async () => {
    world.org.insert(CUSTOMER, {
      ...{ Stripe_Customer_ID__c: 'cus_1', Customer_Name__c: 'newer', Stripe_Version__c: (SECOND + 5) * 100 + 50 },
    });
    await buffered(['evt_1', customer({})]);
    await flush(CUSTOMER);
    expect(world.org.row(CUSTOMER, 'cus_1')?.Customer_Name__c).toBe('newer');
    expect(world.org.accounts().audits).toMatchObject([
      { Rows_Refused__c: 1, Rows_Succeeded__c: 0, Rows_Failed__c: 0 },
    ]);
    expect(await world.freshness.known([{ owner: 'customer', externalId: 'cus_1' }])).toEqual([null]);
    expect(await world.sent.read(CUSTOMER, ['cus_1'], (await world.generation.look()).id)).toEqual([null]);
    expect(world.sum('StaleWritesRefused', { Lane: 'bulk', By: 'guard' })).toBe(1);
    expect(world.sum('RowsHandled', { Outcome: 'refused' })).toBe(1);
    expect(world.valuesOf('SyncLag')).toEqual([]);
    expect(await world.claims.claim('evt_1', 'x', 0)).toBe('duplicate');
  });

  it('calls an event done when the row it is about is written, not when the stub of its parent is', async () => {
    const stub = { ...customer({}), owners: { customer: { version: 0, fetched: false } } };
    await buffered(['evt_1', stub], ['evt_1', payment('pi_1', 'cus_1')]);
    await flush(CUSTOMER);
    expect(world.org.row(CUSTOMER, 'cus_1')).toBeDefined();
    expect(await world.claims.claim('evt_1', 'x', 0)).toBe('mine');
    await flush(PAYMENT);
    expect(await world.claims.claim('evt_1', 'y', 0)).toBe('duplicate');
  });

  it('asks Stripe when the guard refused an equal second, and writes what Stripe says now', async () => {
    world.org.insert(CUSTOMER, {
      ...{ Stripe_Customer_ID__c: 'cus_1', Customer_Name__c: 'other', Stripe_Version__c: SECOND * 100 + 50 },
    });
    const object = { id: 'cus_1', object: 'customer', name: 'True', email: null };
    const event = {
      ...{
        id: 'evt_1',
        object: 'event',
        type: 'customer.updated',
        created: SECOND,
        livemode: false,
        api_version: null,
      },
      data: { object: { ...object, name: 'Ada' } },
    };
    const asked: string[] = [];
    world = {
      ...world,
      stripe: async ({ path }) => {
        asked.push(path);
        return { at: SECOND + 70, body: path.startsWith('/v1/events/') ? event : object };
      },
    };
    await buffered(['evt_1', customer({})]);
    await flush(CUSTOMER);
    expect(asked).toEqual([]);
    // Nothing more of the object comes: the next minute's Take asks all the same.
    await flush(CUSTOMER);
    expect(asked).toEqual(['/v1/events/evt_1', '/v1/customers/cus_1']);
    expect(world.org.row(CUSTOMER, 'cus_1')).toMatchObject({ Customer_Name__c: 'True' });
    expect(new Set(world.lines.flatMap((line) => ('correlationId' in line ? [line.correlationId] : [])))).toEqual(
      new Set(['c-evt_1']),
    );
    expect(await world.ties.some(CUSTOMER, 10)).toEqual([]);
  });

  it('keeps a tie on the list while Stripe does not answer', async () => {
    world.org.insert(CUSTOMER, {
      ...{ Stripe_Customer_ID__c: 'cus_1', Customer_Name__c: 'other', Stripe_Version__c: SECOND * 100 + 50 },
    });
    world = { ...world, stripe: () => Promise.reject(new Error('down')) };
    const receivedAt = world.clock.now;
    await buffered(['evt_1', customer({})]);
    await flush(CUSTOMER);
    await flush(CUSTOMER);
    expect(await world.ties.some(CUSTOMER, 10)).toEqual([
      { key: 'cus_1', owner: 'customer', eventId: 'evt_1', correlationId: 'c-evt_1', receivedAt },
    ]);
    expect(await world.claims.claim('evt_1', 'x', 0)).toBe('mine');
    expect(world.told).toEqual([{ outcome: 'tie left', stripeObjectId: 'cus_1', stripeEventId: 'evt_1' }]);
  });

  it('updates a row that our own id names by that id, and falls back to the external id when it is gone', async () => {
    const ours = world.org.insert(CUSTOMER, { Customer_Name__c: 'made in Salesforce' });
    await buffered(
      ['evt_1', customer({ rowId: ours.Id })],
      ['evt_2', customer({ id: 'cus_2', rowId: 'a00999999999999AAA' })],
    );
    await flush(CUSTOMER);
    expect(world.org.row(CUSTOMER, 'cus_1')?.Id).toBe(ours.Id);
    expect(world.org.row(CUSTOMER, 'cus_2')).toMatchObject({ Customer_Name__c: 'Ada' });
    expect(world.org.rows(CUSTOMER)).toHaveLength(2);
  });

  it('never takes a row over that is another object already, though metadata names it', async () => {
    await buffered(['evt_1', customer({})]);
    await flush(CUSTOMER);
    const first = world.org.row(CUSTOMER, 'cus_1');
    await buffered(['evt_2', customer({ id: 'cus_2', name: 'Grace', rowId: String(first?.Id) })]);
    await flush(CUSTOMER);
    expect(world.org.row(CUSTOMER, 'cus_1')).toMatchObject({ Id: first?.Id, Customer_Name__c: 'Ada' });
    expect(world.org.row(CUSTOMER, 'cus_2')).toMatchObject({ Customer_Name__c: 'Grace' });
    expect(world.org.row(CUSTOMER, 'cus_2')?.Id).not.toBe(first?.Id);
  });

  it('sends nothing for a row that says what was last sent', async () => {
    await buffered(['evt_1', customer({})]);
    await flush(CUSTOMER);
    const before = world.org.requests.length;
    for (const second of [9, 12, 12]) {
      await buffered([`evt_${second}`, customer({ at: SECOND + second })]);
      await flush(CUSTOMER);
    }
    expect(world.org.requests.length).toBe(before);
    expect([world.sum('RowsHandled', { Outcome: 'unchanged' }), world.sum('Tries')]).toEqual([3, 1]);
    expect(await world.freshness.known([{ owner: 'customer', externalId: 'cus_1' }])).toMatchObject([
      { eventId: 'evt_12' },
    ]);
    await buffered(['evt_3', customer({ at: SECOND + 13, name: 'New' })]);
    await flush(CUSTOMER);
    expect(world.org.row(CUSTOMER, 'cus_1')?.Customer_Name__c).toBe('New');
  });

  it('sends a version that was left out ten minutes after its event was received', async () => {
    await buffered(['evt_1', customer({})]);
    await flush(CUSTOMER);
    await buffered(['evt_2', customer({ at: SECOND + 9 })]);
    await flush(CUSTOMER);
    // The same event once more does not make the version any less missing.
    world.clock.now += 60_000;
    await buffered(['evt_2', customer({ at: SECOND + 9 })]);
    await flush(CUSTOMER);
    expect(world.org.row(CUSTOMER, 'cus_1')?.Stripe_Version__c).toBe(SECOND * 100 + 50);
    world.clock.now += LAG_MS - 60_000;
    await flush(CUSTOMER);
    expect(world.org.row(CUSTOMER, 'cus_1')?.Stripe_Version__c).toBe((SECOND + 9) * 100 + 50);
    // The org had its content all the time: that is no lag of the integration.
    expect(world.valuesOf('SyncLag')).toHaveLength(1);
    const before = world.org.requests.length;
    world.clock.now += LAG_MS;
    await flush(CUSTOMER);
    expect(world.org.requests.length).toBe(before);
  });

  it('does not believe what was sent by the word of a Redis that lost data since', async () => {
    await buffered(['evt_1', customer({})]);
    await flush(CUSTOMER);
    const remembered = await server.redis.get(`buffer:{${CUSTOMER}}:sent:cus_1`);
    await buffered(['evt_2', customer({ at: SECOND + 1, name: 'Grace' })]);
    await flush(CUSTOMER);
    // A replica that had not heard of the second write is now the primary.
    await server.redis.set(`buffer:{${CUSTOMER}}:sent:cus_1`, remembered ?? '');
    await server.redis.set('fresh:{customer:cus_1}', `${SECOND * 100 + 50} evt_1`);
    await server.redis.hset('generation:{redis}', 'server', 'the old primary');
    await buffered(['evt_3', customer({ at: SECOND + 2 })]);
    await flush(CUSTOMER);
    expect(world.org.row(CUSTOMER, 'cus_1')?.Customer_Name__c).toBe('Ada');
  });

  it('sends an equal row all the same where the realtime lane may have written in between', async () => {
    await buffered(['evt_0', customer({})]);
    await flush(CUSTOMER);
    await buffered(['evt_1', payment('pi_1', 'cus_1')]);
    await flush(PAYMENT);
    const row = world.org.row(PAYMENT, 'pi_1');
    if (row !== undefined) row.Status__c = 'changed by realtime';
    await buffered(['evt_2', payment('pi_1', 'cus_1', SECOND + 9)]);
    await flush(PAYMENT);
    expect(row?.Status__c).toBe('succeeded');
  });

  it('takes nothing while no call is left for bulk, so that newer states still join the rows', async () => {
    const limits = { perMinute: 20, perHour: 100, perDay: 100, realtimeReserve: 0.2, lowValueReserve: 0 };
    world = { ...world, budget: redisBudget(server.redis, limits, world.nowMs) };
    await world.budget.acquire({ lane: 'realtime', calls: 8 });
    await buffered(['evt_1', customer({ name: 'old' })]);
    expect(await take({ object: CUSTOMER, execution: 'x' }, world)).toMatchObject({
      outcome: 'nothing',
      why: 'no-budget',
    });
    expect(world.sum('BudgetShed', { Lane: 'bulk' })).toBe(1);
    await buffered(['evt_2', customer({ name: 'new', at: SECOND + 1 })]);
    expect(world.org.requests).toEqual([]);
    world.clock.now += 62_000;
    expect(await flush(CUSTOMER)).toBe(1);
    expect(world.org.row(CUSTOMER, 'cus_1')?.Customer_Name__c).toBe('new');
  });

  it('waits for calls in the middle of a batch, and goes on where it was', async () => {
    const limits = { perMinute: 14, perHour: 100, perDay: 100, realtimeReserve: 0, lowValueReserve: 0 };
    const budget = redisBudget(server.redis, limits, world.nowMs);
    // Somebody is quicker with the last calls.
    const acquire: typeof budget.acquire = async (ask) => {
      await budget.acquire({ lane: 'realtime', calls: 12 });
      return budget.acquire(ask);
    };
    world = { ...world, budget: { ...budget, acquire } };
    await buffered(['evt_1', customer({})]);
    await expect(flush(CUSTOMER)).rejects.toMatchObject({ name: 'BudgetWait', code: 'NO_BUDGET' });
    world = { ...world, budget };
    world.clock.now += 62_000;
    await flush(CUSTOMER);
    expect(world.org.row(CUSTOMER, 'cus_1')).toBeDefined();
    expect(world.lines.filter(({ outcome }) => outcome === 'given back' || outcome === 'parked')).toEqual([]);
  });

  it.each([
    [503, 'SERVER_UNAVAILABLE', 'BudgetWait'],
    [500, 'UNKNOWN_EXCEPTION', 'RetryLater'],
    [0, 'ECONNRESET', 'RetryLater'],
    [403, 'REQUEST_LIMIT_EXCEEDED', 'BudgetWait'],
    [403, 'API_DISABLED_FOR_ORG', 'NeverRetry'],
  ])('loses no row to a call that fails whole: %d %s is %s, and the next flush resumes', async (status, code, name) => {
    await buffered(['evt_1', customer({})]);
    world.org.fault = () => failure(status, code);
    await expect(flush(CUSTOMER, 'arn:flush:1')).rejects.toMatchObject({ name, code });
    world.org.fault = () => null;
    expect(await flush(CUSTOMER, 'arn:flush:2')).toBe(0);
    world.clock.now += 5 * 60_000 + 1;
    expect(await flush(CUSTOMER, 'arn:flush:2')).toBe(1);
    expect(world.org.row(CUSTOMER, 'cus_1')).toBeDefined();
  });

  it.each([{ when: 'lost on its way' }, { when: 'carried out, its answer lost' }])(
    'resumes after a crash at any request ($when), and the rows are as if there had been none',
    async ({ when }) => {
      const ids = ['cus_1', 'cus_2', 'cus_3'];
      for (let crashAt = 1, crashed = true; crashed; crashAt += 1) {
        await server.redis.flushall();
        world = { ...worldOf(), bulkAbove };
        let seen = 0;
        const { salesforce } = world.org;
        world.salesforce = async (request) => {
          seen += 1;
          if (seen === crashAt && when === 'lost on its way') throw failure(0, 'ECONNRESET');
          const answer = await salesforce(request);
          if (seen === crashAt) throw failure(0, 'ECONNRESET');
          return answer;
        };
        await buffered(...ids.map((id) => [`evt_${id}`, customer({ id })] as const));
        crashed = await flush(CUSTOMER, 'arn:flush:1').then(
          () => false,
          () => true,
        );
        world.clock.now += 5 * 60_000 + 1;
        await flush(CUSTOMER, 'arn:flush:2');
        world.clock.now += 2_000;
        await flush(CUSTOMER, 'arn:flush:3');
        expect(world.org.rows(CUSTOMER).map((row) => row.Stripe_Customer_ID__c)).toEqual(ids);
        expect(await world.buffer.waiting(CUSTOMER)).toBe(0);
        expect(world.org.accounts().audits.length).toBeGreaterThan(0);
        if (crashAt === 1) expect(crashed).toBe(true);
      }
    },
  );
});

describe('collections', () => {
  it('hold at most two hundred rows each, children of one parent side by side', async () => {
    const parents = ['cus_b', 'cus_a', 'cus_c'];
    await buffered(...parents.map((id) => [`evt_${id}`, customer({ id })] as const));
    await flush(CUSTOMER);
    const rows = Array.from({ length: 420 }, (_, n) => payment(`pi_${n}`, parents[n % 3] ?? ''));
    await buffered(...rows.map((row, n) => [`evt_${n}`, row] as const));
    world.org.requests.length = 0;
    await flush(PAYMENT);
    expect(calls(`/composite/sobjects/${PAYMENT}`)).toBe(3);
    const sent = JSON.stringify(world.org.requests.map(({ body }) => body)).matchAll(
      /"Stripe_Customer_ID__c":"(cus_\w)"/g,
    );
    const order = [...sent].map(([, id]) => id);
    expect(order).toEqual([...order].sort());
    expect(order).toHaveLength(420);
  });

  it('are halved until the row is found that the org cannot read at all', async () => {
    const ids = Array.from({ length: 60 }, (_, n) => `cus_${n}`);
    await buffered(
      ...ids.map((id) => [`evt_${id}`, customer({ id, name: id === 'cus_7' ? 'POISON' : 'Ada' })] as const),
    );
    world.org.fault = ({ body }) =>
      JSON.stringify(body ?? '').includes('POISON') ? failure(400, 'JSON_PARSER_ERROR') : null;
    await flush(CUSTOMER);
    expect(world.org.rows(CUSTOMER)).toHaveLength(59);
    expect(world.org.accounts().failures).toMatchObject([
      { Stripe_Object_ID__c: 'cus_7', Code__c: 'JSON_PARSER_ERROR' },
    ]);
  });

  it('do not send again what an earlier call of the same batch brought', async () => {
    const ids = Array.from({ length: 250 }, (_, n) => `cus_${n}`);
    await buffered(...ids.map((id) => [`evt_${id}`, customer({ id })] as const));
    let seen = 0;
    world.org.fault = () => {
      seen += 1;
      return seen === 2 ? failure(500, 'UNKNOWN_EXCEPTION') : null;
    };
    await expect(flush(CUSTOMER)).rejects.toMatchObject({ name: 'RetryLater' });
    await flush(CUSTOMER);
    expect(calls(`/composite/sobjects/${CUSTOMER}`)).toBe(3);
    expect(world.org.rows(CUSTOMER)).toHaveLength(250);
  });

  it('take no answer for a row as none, and send the row again', async () => {
    await buffered(['evt_1', customer({})], ['evt_2', customer({ id: 'cus_2' })]);
    const { salesforce } = world.org;
    world.salesforce = async (request) => {
      const answer = await salesforce(request);
      return Array.isArray(answer.body) ? { ...answer, body: answer.body.slice(0, 1) } : answer;
    };
    await flush(CUSTOMER);
    expect(world.lines).toContainEqual(
      expect.objectContaining({ outcome: 'given back', code: 'NO_ANSWER', stripeObjectId: 'cus_2' }),
    );
    expect(await world.claims.claim('evt_2', 'x', 0)).toBe('mine');
  });
});

describe('a bulk job', () => {
  beforeEach(() => {
    world = { ...worldOf(), bulkAbove: 0 };
  });

  it('is asked for at growing intervals, never more than a minute', async () => {
    await buffered(['evt_1', customer({})]);
    world.org.pollsToComplete = 8;
    const taken = await take({ object: CUSTOMER, execution: 'x' }, world);
    if (taken.outcome === 'nothing') throw new Error('nothing was taken');
    let state = await write(taken, world);
    const waits: number[] = [];
    while (!state.done) {
      waits.push(state.waitSeconds);
      state = await awaitJob(state, world);
    }
    expect(waits).toEqual([2, 4, 8, 16, 32, 60, 60, 60, 60]);
  });

  it('that fails whole sends its rows apart at once, so that each has its own outcome and no try is lost', async () => {
    await buffered(['evt_1', customer({})], ['evt_2', customer({ id: 'cus_2' })]);
    world.org.fault = ({ method }) => {
      for (const job of world.org.jobs.values()) {
        if (method !== 'GET' || job.state !== 'UploadComplete') continue;
        job.state = 'Failed';
        job.error = 'InvalidBatch : Field name not found : Secret__c';
      }
      return null;
    };
    await flush(CUSTOMER);
    expect(world.lines).toContainEqual(
      expect.objectContaining({ outcome: 'given back', code: 'InvalidBatch', attempts: 0 }),
    );
    expect([world.sum('Tries'), world.sum('Errors')]).toEqual([2, 0]);
    expect(world.org.jobs.size).toBe(1);
    expect(world.org.rows(CUSTOMER)).toHaveLength(2);
  });

  it('that fails half-way keeps what it wrote, and sends the rows it did not reach apart next time', async () => {
    await buffered(['evt_1', customer({})], ['evt_2', customer({ id: 'cus_2' })]);
    const { salesforce } = world.org;
    world.salesforce = async (request) => {
      if (request.path.endsWith('/unprocessedrecords')) return { status: 200, body: 'Stripe_Customer_ID__c\ncus_2\n' };
      const reached = request.method === 'PUT' ? String(request.body).split('\n').slice(0, 2).join('\n') : request.body;
      const answer = await salesforce(reached === undefined ? request : { ...request, body: reached });
      for (const job of world.org.jobs.values()) if (job.state === 'JobComplete') job.state = 'Failed';
      return answer;
    };
    await flush(CUSTOMER, 'arn:flush:1', 1);
    expect(world.org.rows(CUSTOMER)).toMatchObject([{ Stripe_Customer_ID__c: 'cus_1' }]);
    expect(await world.claims.claim('evt_1', 'x', 0)).toBe('duplicate');
    expect(await world.claims.claim('evt_2', 'x', 0)).toBe('mine');
    await flush(CUSTOMER);
    expect(world.org.jobs.size).toBe(1);
    expect(world.org.row(CUSTOMER, 'cus_2')).toBeDefined();
  });

  it('that still runs is not read, whatever its files say by now', async () => {
    await buffered(['evt_1', customer({})]);
    world.org.pollsToComplete = 5;
    const taken = await take({ object: CUSTOMER, execution: 'x' }, world);
    if (taken.outcome === 'nothing') throw new Error('nothing was taken');
    const state = await write(taken, world);
    await expect(read({ ...state, done: true }, world)).rejects.toMatchObject({ name: 'RetryLater', code: 'JOB_RUNS' });
    expect(await world.batches.outcomes(taken)).toEqual(new Map());
  });

  it('that failed before its rows were counted names none of them, and they go apart all the same', async () => {
    await buffered(['evt_1', customer({})]);
    const { salesforce } = world.org;
    world.salesforce = async (request) => {
      const answer = await salesforce(request);
      for (const job of world.org.jobs.values()) if (job.state === 'UploadComplete') job.state = 'Failed';
      return request.path.endsWith('/unprocessedrecords') ? { status: 200, body: '' } : answer;
    };
    await flush(CUSTOMER);
    expect(world.org.jobs.size).toBe(1);
    expect(world.org.row(CUSTOMER, 'cus_1')).toBeDefined();
  });

  it('whose upload is uncertain is aborted, and another one made', async () => {
    await buffered(['evt_1', customer({})]);
    let seen = 0;
    world.org.fault = ({ method }) => {
      if (method === 'PUT') seen += 1;
      return method === 'PUT' && seen === 1 ? failure(0, 'TIMEOUT') : null;
    };
    await expect(flush(CUSTOMER)).rejects.toMatchObject({ name: 'RetryLater', code: 'TIMEOUT' });
    await flush(CUSTOMER);
    expect([...world.org.jobs.values()].map(({ state }) => state)).toEqual(['Aborted', 'JobComplete']);
    expect(world.org.row(CUSTOMER, 'cus_1')).toBeDefined();
  });

  it('keeps its lease as long as it is asked for, so that no other flush takes it over', async () => {
    await buffered(['evt_1', customer({})]);
    world.org.pollsToComplete = 10;
    const taken = await take({ object: CUSTOMER, execution: 'one' }, world);
    if (taken.outcome === 'nothing') throw new Error('nothing was taken');
    let state = await write(taken, world);
    for (let polls = 0; polls < 3; polls += 1) {
      world.clock.now += 4 * 60_000;
      expect((await take({ object: CUSTOMER, execution: 'two' }, world)).outcome).toBe('nothing');
      state = await awaitJob(state, world);
    }
    expect(state.done).toBe(false);
  });

  it('is never deleted, and aborted only when it hangs for two hours; its rows then go back', async () => {
    await buffered(['evt_1', customer({})]);
    world.org.pollsToComplete = 1_000;
    const taken = await take({ object: CUSTOMER, execution: 'x' }, world);
    if (taken.outcome === 'nothing') throw new Error('nothing was taken');
    let state = await write(taken, world);
    world.clock.now += 2 * 60 * 60_000;
    state = await awaitJob(state, world);
    expect([...world.org.jobs.values()].map((job) => job.state)).toEqual(['UploadComplete']);
    world.clock.now += 1;
    for (let polls = 0; !state.done && polls < 3; polls += 1) state = await awaitJob(state, world);
    const result = await settle(await read(state, world), world);
    expect(result.more).toBe(false);
    expect(await world.buffer.waiting(CUSTOMER)).toBe(1);
    expect(world.org.requests.filter(({ method }) => method === 'DELETE')).toEqual([]);
  });

  it('carries no row with a cleared lookup or with CSV’s own word for null: those go by Collections', async () => {
    const cleared = {
      ...payment('pi_1', 'cus_1'),
      parents: [],
      fields: { Status__c: 'succeeded', Stripe_Customer__c: null },
    };
    await buffered(['evt_1', customer({ name: '#N/A' })], ['evt_2', customer({ id: 'cus_2' })], ['evt_3', cleared]);
    await flush(CUSTOMER);
    await flush(PAYMENT);
    expect(world.org.row(CUSTOMER, 'cus_1')?.Customer_Name__c).toBe('#N/A');
    expect(world.org.row(PAYMENT, 'pi_1')?.Stripe_Customer__c).toBeNull();
    expect(world.org.jobs.size).toBe(1);
  });
});

describe('settle', () => {
  it('sends its flush to take again when its first answer was lost, so that what came in meanwhile is not left lying', async () => {
    await buffered(['evt_1', customer({})]);
    const taken = await take({ object: CUSTOMER, execution: 'x' }, world);
    if (taken.outcome === 'nothing') throw new Error('nothing was taken');
    const result = await read(await write(taken, world), world);
    await buffered(['evt_2', customer({ id: 'cus_2' })]);
    expect(await settle(result, world)).toMatchObject({ more: true });
    expect(await settle(result, world)).toEqual({ object: CUSTOMER, batchId: taken.batchId, more: true });
    expect(await take({ object: CUSTOMER, execution: 'x' }, world)).toMatchObject({ outcome: 'taken', rows: 1 });
    expect(world.org.accounts().audits).toHaveLength(1);
    expect(world.sum('RowsHandled', { Outcome: 'written' })).toBe(1);
  });

  it('never overwrites a newer state that came in while the older one failed', async () => {
    await buffered(['evt_1', customer({ name: 'old' })]);
    world.org.rowFault = (object) => (object === CUSTOMER ? { code: 'UNABLE_TO_LOCK_ROW', message: 'locked' } : null);
    const taken = await take({ object: CUSTOMER, execution: 'x' }, world);
    if (taken.outcome === 'nothing') throw new Error('nothing was taken');
    const result = await read(await write(taken, world), world);
    await buffered(['evt_2', customer({ name: 'new', at: SECOND + 5 })]);
    await settle(result, world);
    world.org.rowFault = () => null;
    world.clock.now += 2_000;
    await flush(CUSTOMER);
    expect(world.org.row(CUSTOMER, 'cus_1')?.Customer_Name__c).toBe('new');
  });

  it('ends a batch whose account Salesforce refuses for good: the rows behind it must not wait', async () => {
    await buffered(['evt_1', customer({})]);
    world.org.fault = ({ path }) => (path === '/composite' ? failure(400, 'INVALID_TYPE') : null);
    await flush(CUSTOMER);
    expect(world.lines).toContainEqual(expect.objectContaining({ outcome: 'settled', untold: 1 }));
    world.org.fault = () => null;
    await buffered(['evt_2', customer({ name: 'new', at: SECOND + 5 })]);
    await flush(CUSTOMER);
    expect(world.org.row(CUSTOMER, 'cus_1')?.Customer_Name__c).toBe('new');
  });

  it('has what is given up in the dead-letter queue before Salesforce is told, which may be away by then', async () => {
    await buffered(['evt_1', customer({})]);
    world.org.rowFault = () => ({ code: 'STORAGE_LIMIT_EXCEEDED', message: 'full' });
    const taken = await take({ object: CUSTOMER, execution: 'x' }, world);
    if (taken.outcome === 'nothing') throw new Error('nothing was taken');
    const result = await read(await write(taken, world), world);
    world.org.fault = () => failure(503, 'SERVER_UNAVAILABLE');
    await expect(settle(result, world)).rejects.toMatchObject({ code: 'SERVER_UNAVAILABLE' });
    expect(world.letters.map(readLetter)).toMatchObject([{ key: 'cus_1', code: 'STORAGE_LIMIT_EXCEEDED' }]);
  });

  it('parks in the dead-letter queue and in the log even what Salesforce does not list', async () => {
    await buffered(['evt_1', customer({})]);
    world.org.rowFault = () => ({ code: 'STORAGE_LIMIT_EXCEEDED', message: 'full' });
    await flush(CUSTOMER);
    expect(world.lines).toContainEqual(expect.objectContaining({ outcome: 'parked', code: 'STORAGE_LIMIT_EXCEEDED' }));
    expect(world.lines).toContainEqual(expect.objectContaining({ outcome: 'settled', untold: 1 }));
    expect(world.letters.map(readLetter)).toMatchObject([{ key: 'cus_1', code: 'STORAGE_LIMIT_EXCEEDED' }]);
  });
});
