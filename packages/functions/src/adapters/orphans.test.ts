import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { emptyRedis, type TestRedis } from '../../test/redis-server.ts';
import { type Child, type Orphans, orphans } from './orphans.ts';

let server: TestRedis;
let room: Orphans;
const clock = { ms: 0 };
beforeAll(async () => {
  server = await emptyRedis();
  room = orphans(server.redis, () => clock.ms);
});
afterAll(() => server.stop());
beforeEach(async () => {
  clock.ms = 1_000;
  await server.redis.flushall();
});

const EVENT: Child = { kind: 'event', eventId: 'evt_1' };
const ROW: Child = { kind: 'row', object: 'Payment_Transaction__c', key: 'pi_"1' };
const waits = (child: Child, parent: string) => ({
  ...{ child, parent, code: 'DUPLICATES_DETECTED', seen: '', triedAt: clock.ms },
});

describe('children without a parent', () => {
  it('wait, each since it was last tried, until the parent is there', async () => {
    await room.wait([waits(EVENT, 'cus_1')]);
    clock.ms = 5_000;
    await room.wait([waits(ROW, 'cus_1')]);
    expect(await room.waiting([EVENT, ROW])).toMatchObject([
      { parent: 'cus_1', code: 'DUPLICATES_DETECTED', triedAt: 1_000 },
      { parent: 'cus_1', code: 'DUPLICATES_DETECTED', triedAt: 5_000 },
    ]);
    expect(await room.release(['cus_2', 'cus_3'])).toEqual([]);
    const released = await room.release(['cus_2', 'cus_1', 'cus_1']);
    expect(released).toHaveLength(2);
    expect(released).toEqual(expect.arrayContaining([EVENT, ROW]));
    expect(await room.waiting([EVENT, ROW])).toEqual([null, null]);
    expect(await room.release(['cus_1'])).toEqual([]);
    expect(await server.redis.keys('orphans:*')).toEqual([]);
  });

  it('are told at the first of two parents, and not again at the second', async () => {
    await room.wait([waits(ROW, 'cus_1')]);
    await room.wait([waits(ROW, 'sub_1')]);
    expect(await room.release(['sub_1'])).toEqual([ROW]);
    expect(await room.waiting([ROW])).toEqual([null]);
  });

  it('begin to wait a thousand at once, and are found among ten thousand parents of a batch', async () => {
    const many = Array.from({ length: 1_000 }, (_, n): Child => ({ kind: 'event', eventId: `evt_${n}` }));
    await room.wait(many.map((child, n) => waits(child, `cus_${n}`)));
    expect((await room.waiting(many)).map((wait) => wait?.parent)).toEqual(many.map((_, n) => `cus_${n}`));
    expect(await room.release(Array.from({ length: 10_000 }, (_, n) => `cus_${n + 777}`))).toHaveLength(223);
    expect([await room.release([]), await room.waiting([])]).toEqual([[], []]);
  });

  it('are forgotten by the set after a day: the buffer and the execution have given up before', async () => {
    await room.wait([waits(EVENT, 'cus_1')]);
    for (const key of await server.redis.keys('orphans:*')) expect(await server.redis.ttl(key)).toBeGreaterThan(80_000);
  });

  it('take up no more room after a year in which somebody always waits, be it for one parent that never comes', async () => {
    const size = async () => {
      const { redis } = server;
      const keys = await redis.keys('orphans:*');
      const sizes = keys.map((key) => (key.endsWith(':tried') ? redis.hlen(key) : redis.zcard(key)));
      return (await Promise.all(sizes)).reduce((sum, each) => sum + each, 0);
    };
    const sizes: number[] = [];
    for (let hour = 0; hour < 365 * 24; hour += 6) {
      clock.ms = hour * 3_600_000;
      await room.wait([
        waits({ kind: 'event', eventId: `evt_a${hour}` }, 'cus_never'),
        waits({ kind: 'event', eventId: `evt_b${hour}` }, `cus_${hour % 48}`),
      ]);
      sizes.push(await size());
    }
    // Of one day: ten children, five parents and the one, each child by parent, by time and by what is known.
    expect(Math.max(...sizes)).toBeLessThan(60);
    expect(await room.waiting([{ kind: 'event', eventId: 'evt_a6' }])).toEqual([null]);
  });
});
