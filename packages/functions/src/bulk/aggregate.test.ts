import { ownerHash } from '@payments/core/batch';
import type { JsonObject } from '@payments/core/event';
import { BudgetWait, NeverRetry, RetryLater } from '@payments/core/failure';
import type { SObjectName } from '@payments/core/record';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { counting } from '../../test/counted.ts';
import { emptyRedis, type TestRedis } from '../../test/redis-server.ts';
import { redisBuffer } from '../adapters/buffer.ts';
import { claims, doneMarks } from '../adapters/claims.ts';
import { freshnessStore } from '../adapters/freshness-store.ts';
import type { StripeReader } from '../adapters/stripe.ts';
import { type AggregateLine, type AggregateWorld, aggregate as aggregateUntil } from './aggregate.ts';
import type { QueueMessage } from './queue-message.ts';
import { type BufferedRow, recordFrom } from './row.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await emptyRedis();
});
afterAll(() => server.stop());
beforeEach(() => server.redis.flushall());

const aggregate = (messages: readonly QueueMessage[], world: AggregateWorld) =>
  aggregateUntil(messages, world, new AbortController().signal);

const SECOND = 1_790_000_000;
const CUSTOMER = 'Stripe_Customer__c';

type Answers = Readonly<Record<string, unknown>>;
function worldOf(answers: Answers = {}, over: Partial<AggregateWorld> = {}) {
  const asked: string[] = [];
  const lines: AggregateLine[] = [];
  const started: string[] = [];
  const received: number[] = [];
  const poisoned: { readonly bodies: readonly string[]; readonly attributes: object }[] = [];
  const { count, sum } = counting();
  const stripe: StripeReader = async ({ path }) => {
    asked.push(path);
    const body = answers[path] ?? null;
    if (body instanceof Error) throw body;
    return { body, at: SECOND + 60 };
  };
  const world: AggregateWorld = {
    stripe,
    nameRows: async (records) => records,
    freshness: freshnessStore(server.redis),
    buffer: redisBuffer(server.redis, () => SECOND * 1_000),
    claims: claims(server.redis),
    received: async (atMs) => {
      received.push(atMs);
    },
    startFlush: async (object) => {
      started.push(object);
    },
    poisoned: {
      send: async (bodies, attributes = {}) => {
        poisoned.push({ bodies, attributes });
      },
    },
    flushAbove: 100,
    log: (line) => {
      lines.push(line);
    },
    count,
    ...over,
  };
  return { world, asked, lines, started, received, poisoned, sum };
}

const THIN = {
  ...{ thin: true, id: 'evt_thin', type: 'customer.updated', created: SECOND, livemode: false },
  ...{ api_version: null, objectId: 'cus_9' },
};

type EventOf = {
  readonly id?: string;
  readonly type?: string;
  readonly created?: number;
  readonly object?: JsonObject;
};
const ADA = { id: 'cus_1', object: 'customer', name: 'Ada', email: 'ada@example.com' };

function stripeEvent({ id = 'evt_1', type = 'customer.updated', created = SECOND, object = ADA }: EventOf) {
  return { id, object: 'event', type, created, livemode: false, api_version: null, data: { object } };
}

function message(event: { readonly id: string; readonly type: string }, messageId: string = event.id): QueueMessage {
  const receivedAt = new Date(SECOND * 1_000).toISOString();
  const detail = { priority: 'low', lane: 'bulk', receivedAt, correlationId: 'c-1', event };
  const entry = {
    version: '0',
    id: 'x',
    'detail-type': event.type,
    source: 'stripe.webhook',
    time: receivedAt,
    detail,
  };
  return { messageId, body: JSON.stringify(entry) };
}

async function buffered(object: SObjectName = CUSTOMER) {
  const rows = await server.redis.hvals(`buffer:{${object}}:rows`);
  const read = (text: string): BufferedRow => JSON.parse(text);
  return rows.map((text) => recordFrom(object, read(text)));
}

describe('aggregate', () => {
  it('keeps the newest state of each row, whatever order and repeats the queue gives', async () => {
    const { world, lines, sum } = worldOf();
    const old = message(stripeEvent({}));
    const newer = message(stripeEvent({ id: 'evt_2', created: SECOND + 5, object: { ...ADA, name: 'Ada L.' } }));
    expect(await aggregate([newer, old, newer, old], world)).toEqual({ failed: [] });
    expect(await aggregate([old], world)).toEqual({ failed: [] });
    expect(await buffered()).toMatchObject([{ externalId: 'cus_1', fields: { Customer_Name__c: 'Ada L.' } }]);
    expect(lines.map(({ outcome }) => outcome)).toEqual(['buffered', 'dropped', 'buffered', 'dropped', 'dropped']);
    expect(sum('EventsHandled', { Lane: 'bulk', Outcome: 'buffered' })).toBe(2);
    expect(sum('EventsHandled', { Lane: 'bulk', Outcome: 'dropped' })).toBe(3);
    expect(sum('StaleWritesRefused', { Lane: 'bulk', By: 'redis' })).toBe(3);
    expect([sum('Tries', { EventType: 'customer.updated' }), sum('Errors')]).toEqual([5, 0]);
  });

  it('counts what comes out of the archive', async () => {
    const { world, lines, sum } = worldOf();
    const { messageId, body } = message(stripeEvent({}));
    const replayed = { messageId, body: JSON.stringify({ ...JSON.parse(body), 'replay-name': 'incident-1' }) };
    await aggregate([replayed, message(stripeEvent({ id: 'evt_2', created: SECOND + 1 }))], world);
    expect(sum('Replayed', { Lane: 'bulk' })).toBe(1);
    expect(lines).toMatchObject([{ stripeEventId: 'evt_1', stripeObjectId: 'cus_1', replayed: true }, {}]);
    expect(lines[1]).not.toHaveProperty('replayed');
  });

  it('gives up each message that can never be read, with its reason, and buffers the others', async () => {
    const { world, lines, poisoned, sum } = worldOf();
    const poison = ['', 'not json', '{}', '[1]', message({ id: 'evt_x', type: 'customer.updated' }).body];
    const batch = [message(stripeEvent({})), ...poison.map((body, n) => ({ messageId: `poison-${n}`, body }))];
    expect(await aggregate(batch, world)).toEqual({ failed: [] });
    expect(await buffered()).toHaveLength(1);
    expect(poisoned).toEqual(
      poison.map((body) => ({ bodies: [body], attributes: { ERROR_CODE: 'BAD_INPUT', CATEGORY: 'Data' } })),
    );
    expect(lines.filter(({ outcome }) => outcome === 'given up')).toHaveLength(poison.length);
    expect([sum('Tries'), sum('Errors', { Category: 'Data' })]).toEqual([6, 5]);
  });

  it('gives up at once what Stripe will never answer, and keeps it in its queue while the other one is away', async () => {
    const thin = { ...THIN, id: 'evt_lost', objectId: 'cus_lost' };
    const lost = new NeverRetry('Stripe has neither', { code: 'GONE', category: 'Data' });
    const { world, poisoned, sum } = worldOf({ '/v1/customers/cus_lost': lost });
    expect(await aggregate([message(thin)], world)).toEqual({ failed: [] });
    expect(poisoned).toMatchObject([{ attributes: { ERROR_CODE: 'GONE', CATEGORY: 'Data' } }]);
    expect(sum('Errors', { Category: 'Data', EventType: 'customer.updated' })).toBe(1);
    const away = { ...world, poisoned: { send: () => Promise.reject(new Error('SQS is away')) } };
    expect(await aggregate([message(thin)], away)).toEqual({ failed: ['evt_lost'] });
  });

  it('puts nothing of a person in the log', async () => {
    const { world, lines } = worldOf();
    const unreadable = ['{"name":"ada@example.com"', '"ada@example.com"', '{"detail":"ada@example.com"}'];
    await aggregate([message(stripeEvent({})), ...unreadable.map((body, n) => ({ messageId: `m${n}`, body }))], world);
    expect(JSON.stringify(lines)).not.toMatch(/ada/i);
  });

  it('drops what is older than what was written, and asks Stripe when the second is the same', async () => {
    const { world, asked } = worldOf({ '/v1/customers/cus_1': { ...ADA, name: 'True' } });
    const written = { owner: 'customer', externalId: 'cus_1', eventId: 'evt_0' } as const;
    await freshnessStore(server.redis).remember([{ ...written, version: SECOND * 100 + 50 }]);
    await aggregate([message(stripeEvent({ created: SECOND - 1 }))], world);
    expect(await buffered()).toEqual([]);
    expect(asked).toEqual([]);
    await aggregate([message(stripeEvent({}))], world);
    expect(asked).toEqual(['/v1/customers/cus_1']);
    expect(await buffered()).toMatchObject([
      {
        fields: { Customer_Name__c: 'True' },
        owners: { customer: { version: (SECOND + 60) * 100 + 50, fetched: true } },
      },
    ]);
  });

  describe('an event', () => {
    const isDone = (id: string) => doneMarks(server.redis).isDone(id);
    const wrote = (second: number) =>
      freshnessStore(server.redis).remember([
        { owner: 'customer', externalId: 'cus_1', eventId: 'evt_0', version: second * 100 + 50 },
      ]);

    it('is done when Salesforce has something newer, and when it says nothing', async () => {
      const { world, lines } = worldOf();
      await wrote(SECOND + 1);
      const nothing = message(stripeEvent({ id: 'evt_2', type: 'product.updated', object: { id: 'prod_1' } }));
      expect(await aggregate([message(stripeEvent({})), nothing], world)).toEqual({ failed: [] });
      expect(lines.map(({ outcome }) => outcome)).toEqual(['dropped', 'nothing']);
      expect([await isDone('evt_1'), await isDone('evt_2')]).toEqual([true, true]);
    });

    it('is not done while only the buffer has something newer: that may be given up yet', async () => {
      const newer = message(stripeEvent({ id: 'evt_2', created: SECOND + 5 }));
      const { world, lines } = worldOf();
      await aggregate([newer, message(stripeEvent({}))], world);
      expect(lines.map(({ outcome }) => outcome)).toEqual(['buffered', 'dropped']);
      expect([await isDone('evt_1'), await isDone('evt_2')]).toEqual([false, false]);
    });

    it('is not done while its tie is undecided', async () => {
      const { world } = worldOf({}, { stripe: async () => ({ body: { ...ADA, name: 'True' }, at: SECOND }) });
      await wrote(SECOND);
      expect(await aggregate([message(stripeEvent({}))], world)).toEqual({ failed: ['evt_1'] });
      expect(await isDone('evt_1')).toBe(false);
    });

    it('is not done when the buffer fails, though another object of it is newer in Salesforce', async () => {
      const { world } = worldOf({}, { buffer: { put: () => Promise.reject(new Error('CLUSTERDOWN')) } });
      await wrote(SECOND + 1);
      const other = message(stripeEvent({ id: 'evt_2', object: { ...ADA, id: 'cus_2' } }));
      await expect(aggregate([message(stripeEvent({})), other], world)).rejects.toThrow('CLUSTERDOWN');
      expect(await isDone('evt_1')).toBe(false);
    });
  });

  it('asks nobody about a twin, whether its event waits in the buffer or was written', async () => {
    const { world, asked } = worldOf();
    const twin = message(stripeEvent({ id: 'evt_twin' }));
    expect(await aggregate([message(stripeEvent({})), twin], world)).toEqual({ failed: [] });
    const [row] = await buffered();
    if (row === undefined) throw new Error('nothing was buffered');
    const written = { owner: 'customer', externalId: 'cus_1', eventId: 'evt_1', version: SECOND * 100 + 50 } as const;
    await server.redis.flushall();
    await freshnessStore(server.redis).remember([{ ...written, content: ownerHash(row, 'customer') }]);
    expect(await aggregate([twin], world)).toEqual({ failed: [] });
    expect(asked).toEqual([]);
  });

  it('reads until Stripe answers of a later second than the tie, and lets the message come again when it does not', async () => {
    const other = message(stripeEvent({ id: 'evt_2', object: { ...ADA, name: 'Other' } }));
    const readings = { count: 0, until: 3 };
    const stripe: StripeReader = async () => {
      readings.count += 1;
      return { body: { ...ADA, name: 'True' }, at: readings.count < readings.until ? SECOND : SECOND + 1 };
    };
    const { world } = worldOf({}, { stripe });
    expect(await aggregate([message(stripeEvent({})), other], world)).toEqual({ failed: [] });
    expect(readings.count).toBe(3);
    expect(await buffered()).toMatchObject([{ fields: { Customer_Name__c: 'True' } }]);
    await server.redis.flushall();
    const never = worldOf({}, { stripe: async () => ({ body: { ...ADA, name: 'True' }, at: SECOND }) });
    expect(await aggregate([message(stripeEvent({})), other], never.world)).toEqual({ failed: ['evt_2'] });
    expect(never.lines).toContainEqual(
      expect.objectContaining({ outcome: 'failed', error: 'RetryLater TIE_UNDECIDED', stripeEventId: 'evt_2' }),
    );
    expect(await buffered()).toMatchObject([{ fields: { Customer_Name__c: 'Ada' } }]);
  });

  it('asks Stripe when two events of one second meet in one batch', async () => {
    const { world, asked } = worldOf({ '/v1/customers/cus_1': { ...ADA, name: 'True' } });
    const other = stripeEvent({ id: 'evt_2', object: { ...ADA, name: 'Other' } });
    expect(await aggregate([message(stripeEvent({})), message(other)], world)).toEqual({ failed: [] });
    expect(asked).toEqual(['/v1/customers/cus_1']);
    expect(await buffered()).toMatchObject([{ fields: { Customer_Name__c: 'True' } }]);
  });

  it('decides a tie that Stripe cannot break by the event id, the same in either order', async () => {
    const a = message(stripeEvent({ id: 'evt_a' }));
    const b = message(stripeEvent({ id: 'evt_b', object: { ...ADA, name: 'B' } }));
    for (const order of [
      [a, b],
      [b, a],
    ]) {
      await server.redis.flushall();
      expect(await aggregate(order, worldOf().world)).toEqual({ failed: [] });
      expect(await buffered()).toMatchObject([{ fields: { Customer_Name__c: 'B' } }]);
    }
  });

  it('fails the message alone whose reading from Stripe fails', async () => {
    const down = new RetryLater('Stripe did not answer', { code: 'NETWORK', category: 'Network' });
    const { world, lines } = worldOf({ '/v1/customers/cus_9': down });
    expect(await aggregate([message(THIN), message(stripeEvent({}))], world)).toEqual({ failed: ['evt_thin'] });
    expect(await buffered()).toHaveLength(1);
    expect(lines).toContainEqual(
      expect.objectContaining({ outcome: 'failed', error: 'RetryLater NETWORK', stripeEventId: 'evt_thin' }),
    );
  });

  it('fills a thin event with the object as it is now, and with the event where the object is gone', async () => {
    const thin = (objectId: string, id: string) => ({ ...THIN, id, objectId });
    const { world } = worldOf({
      '/v1/customers/cus_1': { ...ADA, name: 'Now' },
      '/v1/events/evt_gone': stripeEvent({ id: 'evt_gone', object: { ...ADA, id: 'cus_2', name: 'Then' } }),
    });
    await aggregate([message(thin('cus_1', 'evt_now')), message(thin('cus_2', 'evt_gone'))], world);
    const rows = await buffered();
    expect(new Map(rows.map(({ externalId, fields }) => [externalId, fields.Customer_Name__c]))).toEqual(
      new Map([
        ['cus_1', 'Now'],
        ['cus_2', 'Then'],
      ]),
    );
  });

  it('asks for a thin event itself where that alone tells of items that a subscription has no more', async () => {
    const items = (...ids: string[]) => ({ object: 'list', data: ids.map((id) => ({ id, price: { id: 'price_1' } })) });
    const subscription = { id: 'sub_1', object: 'subscription', status: 'active', items: items('si_1') };
    const type = 'customer.subscription.updated';
    const data = { object: subscription, previous_attributes: { items: items('si_1', 'si_2') } };
    const { world } = worldOf({
      '/v1/events/evt_thin': { ...stripeEvent({ id: 'evt_thin', type }), data },
      '/v1/subscriptions/sub_1': subscription,
      '/v1/subscriptions/sub_2': { ...subscription, id: 'sub_2', items: items('si_3') },
    });
    const thin = (objectId: string, id: string) => ({ ...THIN, type, id, objectId });
    await aggregate([message(thin('sub_1', 'evt_thin')), message(thin('sub_2', 'evt_gone'))], world);
    const rows = await buffered('Pricing_Plan__c');
    expect(new Map(rows.map(({ externalId, fields }) => [externalId, fields.Active__c]))).toEqual(
      new Map([
        ['si_1', true],
        ['si_2', false],
        ['si_3', true],
      ]),
    );
  });

  it('starts one flush per object when more rows wait than allowed, and survives that it cannot', async () => {
    const batch = Array.from({ length: 25 }, (_, n) =>
      message(stripeEvent({ id: `evt_${n}`, object: { ...ADA, id: `cus_${n}` } })),
    );
    const { world, started } = worldOf({}, { flushAbove: 24 });
    await aggregate(batch, world);
    expect(started).toEqual([CUSTOMER]);
    const { world: quiet, started: none } = worldOf({}, { flushAbove: 25 });
    await aggregate(batch, quiet);
    expect(none).toEqual([]);
    const broken = worldOf({}, { flushAbove: 1, startFlush: () => Promise.reject(new Error('throttled')) });
    expect(await aggregate(batch, broken.world)).toEqual({ failed: [] });
    expect(broken.lines.at(-1)?.outcome).toBe('flush-not-started');
  });

  it('asks Redis once per ten messages of one object', async () => {
    let puts = 0;
    const buffer = redisBuffer(server.redis, () => SECOND * 1_000);
    const counting: AggregateWorld['buffer'] = {
      put: (object, rows) => {
        puts += 1;
        return buffer.put(object, rows);
      },
    };
    const batch = Array.from({ length: 40 }, (_, n) =>
      message(stripeEvent({ id: `evt_${n}`, object: { ...ADA, id: `cus_${n}` } })),
    );
    await aggregate(batch, worldOf({}, { buffer: counting }).world);
    expect(puts).toBe(4);
  });

  it('lets the message come again whose row the buffer could not read', async () => {
    const { world, lines, sum } = worldOf(
      {},
      { buffer: { put: async (_, rows) => ({ outcomes: rows.map(() => 'broken' as const), waiting: 0 }) } },
    );
    expect(await aggregate([message(stripeEvent({}))], world)).toEqual({ failed: ['evt_1'] });
    expect(lines).toMatchObject([{ outcome: 'failed', stripeEventId: 'evt_1' }]);
    expect([sum('Tries'), sum('Errors'), sum('EventsHandled')]).toEqual([1, 1, 0]);
  });

  it('lets a message come again that the buffer refuses as late, and says that it was not handled', async () => {
    const put: AggregateWorld['buffer']['put'] = async (_object, rows) => ({
      ...{ outcomes: rows.map(({ key }) => (key === 'cus_1' ? 'late' : 'stored')), waiting: 1 },
    });
    const { world, lines, sum } = worldOf({}, { buffer: { put } });
    const other = { ...ADA, id: 'cus_2' };
    const { failed } = await aggregate(
      [message(stripeEvent({})), message(stripeEvent({ id: 'evt_2', object: other }))],
      world,
    );
    expect(failed).toEqual(['evt_1']);
    expect(lines.map(({ outcome, stripeEventId }) => [outcome, stripeEventId])).toEqual([
      ['buffered', 'evt_2'],
      ['put off', 'evt_1'],
    ]);
    expect(sum('EventsHandled')).toBe(1);
  });

  it('notes when the newest of its events was received', async () => {
    const { world, received } = worldOf();
    await aggregate([message(stripeEvent({})), message(stripeEvent({ id: 'evt_2' }))], world);
    await aggregate([{ messageId: 'm', body: 'none' }], world);
    expect(received).toEqual([SECOND * 1_000]);
  });

  describe('when its time is over', () => {
    const thins = Array.from({ length: 250 }, (_, n) => {
      const thin = { ...THIN, id: `evt_${n}`, objectId: `cus_${n}` };
      return message(thin);
    });

    it('has buffered what was read, gives the rest back as it was, and counts no error', async () => {
      const stop = new AbortController();
      let read = 0;
      const stripe: StripeReader = async ({ path }) => {
        read += 1;
        if (read === 150) stop.abort();
        // Of those under way the answer never comes.
        if (read >= 150) return Promise.withResolvers<never>().promise;
        return { body: { ...ADA, id: path.split('/').at(-1) ?? '' }, at: SECOND };
      };
      const { world, lines, poisoned, sum } = worldOf({}, { stripe });
      const { failed } = await aggregateUntil(thins, world, stop.signal);
      const done = lines.flatMap(({ outcome, messageId = '' }) => (outcome === 'buffered' ? [messageId] : []));
      expect(done.length).toBeGreaterThan(100);
      expect([...failed, ...done].sort()).toEqual(thins.map(({ messageId }) => messageId).sort());
      expect((await buffered()).map(({ externalId }) => externalId?.replace('cus', 'evt')).sort()).toEqual(done.sort());
      expect(lines.filter(({ outcome }) => outcome === 'put off')).toHaveLength(failed.length);
      expect([read, poisoned, sum('Errors')]).toEqual([expect.any(Number), [], 0]);
      expect(read).toBeLessThan(160);
      // The next run takes up what is left.
      const { world: next } = worldOf(
        {},
        { stripe: async ({ path }) => ({ body: { ...ADA, id: path.split('/').at(-1) }, at: SECOND }) },
      );
      const rest = thins.filter(({ messageId }) => failed.includes(messageId));
      expect(await aggregate(rest, next)).toEqual({ failed: [] });
      expect(await buffered()).toHaveLength(thins.length);
    });

    it('buffers each hundred before it reads the next', async () => {
      const seen: number[] = [];
      const stripe: StripeReader = async ({ path }) => {
        seen.push((await buffered()).length);
        return { body: { ...ADA, id: path.split('/').at(-1) }, at: SECOND };
      };
      await aggregate(thins, worldOf({}, { stripe }).world);
      expect([...new Set(seen)]).toEqual([0, 100, 200]);
    });
  });

  it('counts no error of a message that waits for its turn', async () => {
    const wait = new BudgetWait('others first', { code: 'READ_IN_PROGRESS', retryAfterMs: 1 });
    const { world, lines, sum } = worldOf({ '/v1/customers/cus_9': wait });
    expect(await aggregate([message(THIN)], world)).toEqual({ failed: ['evt_thin'] });
    expect(lines).toMatchObject([{ outcome: 'put off', error: 'BudgetWait READ_IN_PROGRESS' }]);
    expect([sum('Tries'), sum('Errors')]).toEqual([0, 0]);
  });

  it('lets the whole batch come again when Redis fails', async () => {
    const { world } = worldOf({}, { buffer: { put: () => Promise.reject(new Error('CLUSTERDOWN')) } });
    await expect(aggregate([message(stripeEvent({}))], world)).rejects.toThrow('CLUSTERDOWN');
  });
});
