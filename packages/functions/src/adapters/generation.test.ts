import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { emptyRedis, type TestRedis } from '../../test/redis-server.ts';
import { type GenerationStore, generationStore } from './generation.ts';

let server: TestRedis;
const clock = { now: Date.UTC(2026, 10, 25) };
let store: GenerationStore;
beforeAll(async () => {
  server = await emptyRedis();
  store = generationStore(server.redis, () => clock.now);
});
afterAll(() => server.stop());
beforeEach(() => server.redis.flushall());

const KEY = 'generation:{redis}';

describe('a generation', () => {
  it('begins with an empty Redis and is noticed once', async () => {
    const first = await store.look();
    expect(first).toMatchObject({ since: clock.now, cause: 'empty', state: 'lost', unsettledAt: null, noticed: true });
    expect(first.id).toMatch(/^[a-z0-9-]{1,16}$/);
    clock.now += 60_000;
    expect(await store.look()).toEqual({ ...first, noticed: false });
  });

  it('is noticed by one of many who look at the same time', async () => {
    const looks = await Promise.all(Array.from({ length: 20 }, () => store.look()));
    expect(looks.filter(({ noticed }) => noticed)).toHaveLength(1);
    expect(new Set(looks.map(({ id }) => id)).size).toBe(1);
  });

  it('ends with FLUSHALL', async () => {
    const before = await store.look();
    await store.learn(before.id, 'recovering', 5);
    await store.finish(before.id);
    expect(await store.look()).toMatchObject({ state: 'whole', noticed: false });
    await server.redis.flushall();
    const after = await store.look();
    expect(after).toMatchObject({ cause: 'empty', state: 'lost', unsettledAt: null, noticed: true });
    expect(after.id).not.toBe(before.id);
  });

  it('ends when another server answers with the same data, as after a failover', async () => {
    const before = await store.look();
    await store.learn(before.id, 'recovering', 5);
    await store.finish(before.id);
    await server.redis.hset(KEY, 'server', 'a'.repeat(40));
    expect(await store.look()).toMatchObject({
      ...{ cause: 'other server', state: 'lost', unsettledAt: null, noticed: true },
    });
    expect(await store.look()).toMatchObject({ cause: 'other server', noticed: false });
  });

  it('names the server that answers', async () => {
    await store.look();
    const info = await server.redis.info('server');
    expect(info).toContain(`run_id:${await server.redis.hget(KEY, 'server')}`);
  });

  it('remembers what the status row said, and whether there was one', async () => {
    const { id } = await store.look();
    expect(await store.learn(id, 'recovering', 1_790_000_000_000)).toBe(true);
    expect(await store.look()).toMatchObject({ state: 'recovering', unsettledAt: 1_790_000_000_000 });
    expect(await store.learn(id, 'new', 1_780_000_000_000)).toBe(true);
    expect(await store.look()).toMatchObject({ state: 'new', unsettledAt: 1_780_000_000_000 });
  });

  it('takes no word that is meant for the one before it', async () => {
    const { id } = await store.look();
    await server.redis.flushall();
    await store.look();
    expect(await store.learn(id, 'recovering', 5)).toBe(false);
    expect(await store.finish(id)).toBe(false);
    expect(await store.look()).toMatchObject({ state: 'lost', unsettledAt: null });
  });
});
