import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { emptyRedis, type TestRedis } from '../../test/redis-server.ts';
import { LEASE_MS, type ObjectLeases, objectLeases, PATIENCE_MS } from './object-leases.ts';

let server: TestRedis;
let leases: ObjectLeases;
const clock = { ms: 0 };
beforeAll(async () => {
  server = await emptyRedis();
  // Time passes as it is slept away; a real breath lets the other holder go on.
  const sleep = async (ms: number) => {
    clock.ms += ms;
    await new Promise((resolve) => setImmediate(resolve));
  };
  leases = objectLeases(server.redis, { nowMs: () => clock.ms, sleep });
});
afterAll(() => server.stop());
beforeEach(async () => {
  clock.ms = 0;
  await server.redis.flushall();
});

describe('the lease of an object', () => {
  it('lets its writers in one after the other, whatever objects they share', async () => {
    const inside = new Set<string>();
    let met = 0;
    const writer = (holder: string, objects: readonly string[]) =>
      leases.hold(objects, holder, async () => {
        clock.ms = 0;
        if (inside.size > 0) met += 1;
        inside.add(holder);
        await new Promise((resolve) => setImmediate(resolve));
        inside.delete(holder);
        return holder;
      });
    const holders = ['a', 'b', 'c', 'd', 'e', 'f'];
    const objects = [
      ['sub_1', 'pi_1'],
      ['pi_1', 'sub_1'],
      ['pi_1', 'pi_1'],
    ];
    const done = await Promise.all(holders.map((holder, index) => writer(holder, objects[index % 3] ?? [])));
    expect(done).toEqual(holders);
    expect(met).toBe(0);
  });

  it('keeps nobody from another object', async () => {
    await leases.hold(['sub_1'], 'a', () => leases.hold(['sub_2'], 'b', async () => {}));
    expect(clock.ms).toBe(0);
  });

  it('is the same holder’s own: a retried step proceeds', async () => {
    await server.redis.set('lease:{sub_1}', 'execution-1', 'PX', LEASE_MS);
    expect(await leases.hold(['sub_1'], 'execution-1', async () => 'went on')).toBe('went on');
  });

  it('runs out after a crash: longer than a function may run, shorter than the machine tries', async () => {
    await leases.hold(['sub_1'], 'crashed', async () => {
      const left = await server.redis.pttl('lease:{sub_1}');
      expect(left).toBeGreaterThan(30_000);
      expect(left).toBeLessThan(62_000);
    });
  });

  it('of the next holder is left alone by one that stalled until its own had run out', async () => {
    await leases.hold(['sub_1'], 'stalled', async () => {
      await server.redis.set('lease:{sub_1}', 'next', 'PX', LEASE_MS);
    });
    expect(await server.redis.get('lease:{sub_1}')).toBe('next');
  });

  it('is asked for again later, when its holder takes too long', async () => {
    await server.redis.set('lease:{sub_1}', 'somebody', 'PX', LEASE_MS);
    let ran = false;
    const late = leases.hold(['pi_1', 'sub_1'], 'late', async () => {
      ran = true;
    });
    await expect(late).rejects.toMatchObject({ name: 'RetryLater', code: 'OBJECT_BUSY' });
    expect(clock.ms).toBeLessThanOrEqual(PATIENCE_MS);
    expect(ran).toBe(false);
    // What it did get it has given back; what is another's it has not.
    expect(await server.redis.get('lease:{pi_1}')).toBeNull();
    expect(await server.redis.get('lease:{sub_1}')).toBe('somebody');
  });

  it('is given back when the work fails, with the work’s own failure', async () => {
    const failing = leases.hold(['sub_1'], 'a', () => Promise.reject(new Error('the org is down')));
    await expect(failing).rejects.toThrow('the org is down');
    expect(await leases.hold(['sub_1'], 'b', async () => 'in')).toBe('in');
  });
});
