import type { FetchedObject } from '@payments/core/plan';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { emptyRedis, type TestRedis } from '../../test/redis-server.ts';
import { APART_MS, sharedReads } from './shared-reads.ts';
import type { StripeReader } from './stripe.ts';

let server: TestRedis;
const clock = { ms: 0 };
beforeAll(async () => {
  server = await emptyRedis();
});
afterAll(() => server.stop());
beforeEach(async () => {
  clock.ms = 1_000_000;
  await server.redis.flushall();
});

const NEED = { path: '/v1/subscriptions/sub_1', query: [] } as const;
const breath = () => new Promise((resolve) => setImmediate(resolve));
const sleep = async (ms: number) => {
  clock.ms += ms;
  await breath();
};

/** Readings that end when the test says so, each telling its number. */
function account() {
  const readings: { readonly startedAt: number; readonly end: (failure?: Error) => void }[] = [];
  const read: StripeReader = () => {
    const number = readings.length + 1;
    const { promise, resolve, reject } = Promise.withResolvers<FetchedObject>();
    readings.push({
      startedAt: clock.ms,
      end: (failure) => (failure === undefined ? resolve({ body: { number }, at: 100 + number }) : reject(failure)),
    });
    return promise;
  };
  const worker = () => sharedReads(server.redis, read, { nowMs: () => clock.ms, sleep });
  const until = async (count: number) => {
    while (readings.length < count) await breath();
  };
  return { readings, worker, until };
}

describe('readings of one object', () => {
  it('are shared by all who asked before it began, and never given to one who asked afterwards', async () => {
    const { readings, worker, until } = account();
    const first = worker()(NEED);
    await until(1);
    // Asked while the first is under way: what made them ask may have happened after it was read.
    const later = [worker()(NEED), worker()(NEED), worker()(NEED)];
    await breath();
    readings[0]?.end();
    expect(await first).toEqual({ body: { number: 1 }, at: 101 });
    await until(2);
    readings[1]?.end();
    for (const one of later) expect(await one).toEqual({ body: { number: 2 }, at: 102 });
    expect(readings).toHaveLength(2);
  });

  it('begin a second apart, however many ask', async () => {
    const starts: number[] = [];
    const read: StripeReader = async () => {
      // As Redis has it: the clock goes on while the others wait.
      starts.push(Number(await server.redis.hget('read:{/v1/subscriptions/sub_1}', 'startedAt')));
      return { body: null, at: 100 };
    };
    for (let round = 1; round <= 4; round += 1) {
      const worker = () => sharedReads(server.redis, read, { nowMs: () => clock.ms, sleep });
      await Promise.all(Array.from({ length: 5 }, () => worker()(NEED)));
    }
    const gaps = starts.slice(1).map((start, index) => start - (starts[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(APART_MS);
    // Twenty questions, and each round at most two readings: one that is under way for others, one for us.
    expect(starts.length).toBeLessThanOrEqual(8);
  });

  it('of another object, or with another query, are another matter', async () => {
    const { readings, worker, until } = account();
    const asked = [
      worker()(NEED),
      worker()({ ...NEED, path: '/v1/subscriptions/sub_2' }),
      worker()({ ...NEED, query: [['expand[]', 'items']] }),
      worker()({ ...NEED, query: [['expand[]', '{hostile}']] }),
    ];
    await until(4);
    for (const reading of readings) reading.end();
    expect((await Promise.all(asked)).map(({ at }) => at).sort()).toEqual([101, 102, 103, 104]);
  });

  it('that fail are nobody’s answer: the next who waits reads himself', async () => {
    const { readings, worker, until } = account();
    const first = worker()(NEED);
    await until(1);
    const second = worker()(NEED);
    await breath();
    readings[0]?.end(new Error('429'));
    await expect(first).rejects.toThrow('429');
    await until(2);
    readings[1]?.end();
    expect(await second).toEqual({ body: { number: 2 }, at: 102 });
  });

  it('of a worker that died hold nobody up for ever, and what it says afterwards is not taken', async () => {
    const { readings, worker, until } = account();
    const dead = worker()(NEED);
    await until(1);
    clock.ms += 12_001;
    const second = worker()(NEED);
    await until(2);
    readings[0]?.end();
    await dead;
    const third = worker()(NEED);
    await breath();
    readings[1]?.end();
    expect(await second).toMatchObject({ at: 102 });
    await until(3);
    readings[2]?.end();
    expect(await third).toMatchObject({ at: 103 });
  });

  it('are waited for again when Redis has lost their numbers', async () => {
    const { readings, worker, until } = account();
    const first = worker()(NEED);
    await until(1);
    const second = worker()(NEED);
    await breath();
    await server.redis.flushall();
    readings[0]?.end();
    await first;
    await until(2);
    readings[1]?.end();
    expect(await second).toMatchObject({ at: 102 });
  });

  it('are given up when others read all the time', async () => {
    await server.redis.hset('read:{/v1/subscriptions/sub_1}', 'started', 1, 'until', clock.ms + 12_000);
    const stuck = sharedReads(server.redis, () => new Promise(() => {}), {
      nowMs: () => clock.ms,
      sleep: async (ms) => {
        await sleep(ms);
        await server.redis.hset('read:{/v1/subscriptions/sub_1}', 'until', clock.ms + 12_000);
      },
    });
    await expect(stuck(NEED)).rejects.toMatchObject({ name: 'BudgetWait', code: 'READ_IN_PROGRESS' });
  });

  it('leave no customer’s data behind', async () => {
    const { readings, worker, until } = account();
    const asked = worker()(NEED);
    await until(1);
    readings[0]?.end();
    await asked;
    expect(await server.redis.pttl('read:{/v1/subscriptions/sub_1}')).toBeLessThanOrEqual(5_000);
  });
});
