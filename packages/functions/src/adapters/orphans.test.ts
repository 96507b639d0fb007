import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startRedis, type TestRedis } from '../../test/redis-server.ts';
import { type Child, type Orphans, orphans } from './orphans.ts';

let server: TestRedis;
let room: Orphans;
const clock = { ms: 0 };
beforeAll(async () => {
  server = await startRedis();
  room = orphans(server.redis, () => clock.ms);
});
afterAll(() => server.stop());
beforeEach(async () => {
  clock.ms = 1_000;
  await server.redis.flushall();
});

const EVENT: Child = { kind: 'event', eventId: 'evt_1' };
const missing = (parent: string) => ({ parent, code: 'DUPLICATES_DETECTED' });
const ROW: Child = { kind: 'row', object: 'Payment_Transaction__c', key: 'pi_"1' };

describe('children without a parent', () => {
  it('wait, each since it was last tried, until the parent is there', async () => {
    await room.wait(EVENT, missing('cus_1'));
    clock.ms = 5_000;
    await room.wait(ROW, missing('cus_1'));
    expect([await room.waiting(EVENT), await room.waiting(ROW)]).toEqual([
      { ...missing('cus_1'), triedAt: 1_000 },
      { ...missing('cus_1'), triedAt: 5_000 },
    ]);
    expect(await room.release(['cus_2', 'cus_3'])).toEqual([]);
    const released = await room.release(['cus_2', 'cus_1', 'cus_1']);
    expect(released).toHaveLength(2);
    expect(released).toEqual(expect.arrayContaining([EVENT, ROW]));
    expect([await room.waiting(EVENT), await room.waiting(ROW)]).toEqual([null, null]);
    expect(await room.release(['cus_1'])).toEqual([]);
    expect(await server.redis.keys('orphans:*')).toEqual([]);
  });

  it('are told at the first of two parents, and not again at the second', async () => {
    await room.wait(ROW, missing('cus_1'));
    await room.wait(ROW, missing('sub_1'));
    expect(await room.release(['sub_1'])).toEqual([ROW]);
    expect(await room.waiting(ROW)).toBeNull();
  });

  it('are found among ten thousand parents of a batch, and nobody is asked for none', async () => {
    await room.wait(EVENT, missing('cus_7777'));
    expect(await room.release(Array.from({ length: 10_000 }, (_, n) => `cus_${n}`))).toEqual([EVENT]);
    expect(await room.release([])).toEqual([]);
  });

  it('are forgotten by the set after a day: the buffer and the execution have given up before', async () => {
    await room.wait(EVENT, missing('cus_1'));
    for (const key of await server.redis.keys('orphans:*')) expect(await server.redis.ttl(key)).toBeGreaterThan(80_000);
  });
});
