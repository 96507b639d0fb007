import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emptyRedis, type TestRedis } from '../../test/redis-server.ts';
import { type Claims, claims, DONE_SECONDS, LEASE_MS } from './claims.ts';

let server: TestRedis;
let store: Claims;
beforeAll(async () => {
  server = await emptyRedis();
  store = claims(server.redis);
});
afterAll(() => server.stop());

describe('claims', () => {
  it('gives an event to one of many executions that ask at once', async () => {
    const holders = Array.from({ length: 20 }, (_, index) => `arn:aws:states:x:1:execution:m:${index}`);
    const outcomes = await Promise.all(holders.map((holder) => store.claim('evt_race', holder, 1_000)));
    expect(outcomes.filter((outcome) => outcome === 'mine')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'held')).toHaveLength(19);
  });

  it('lets the holder proceed, keeps others out while its lease lives, and then lets them in', async () => {
    expect(await store.claim('evt_lease', 'a b', 1_000)).toBe('mine');
    expect(await store.claim('evt_lease', 'a b', 2_000)).toBe('mine');
    expect(await store.claim('evt_lease', 'other', 2_000 + LEASE_MS - 1)).toBe('held');
    expect(await store.claim('evt_lease', 'other', 2_000 + LEASE_MS)).toBe('mine');
    expect(await store.claim('evt_lease', 'a b', 2_000 + LEASE_MS)).toBe('held');
  });

  it('has a lease of less than a minute, so that whoever waits for a crashed holder is not late', () => {
    expect(LEASE_MS).toBeLessThan(60_000);
  });

  it('calls a done event a duplicate for everyone, for four days', async () => {
    await store.claim('evt_done', 'a', 1_000);
    await store.done('evt_done');
    expect(await store.claim('evt_done', 'a', 2_000)).toBe('duplicate');
    expect(await store.claim('evt_done', 'b', 9e12)).toBe('duplicate');
    const ttl = await server.redis.ttl('claim:{evt_done}');
    expect(ttl).toBeGreaterThan(DONE_SECONDS - 60);
    expect(DONE_SECONDS).toBe(4 * 24 * 3600);
  });

  it('outlives a lost answer: the execution whose claim was made asks again and proceeds, and may end it', async () => {
    await store.claim('evt_lost', 'a', 1_000);
    await store.done('evt_lost');
    await store.done('evt_lost');
    expect(await store.claim('evt_lost', 'b', 1_001)).toBe('duplicate');
    await store.claim('evt_lost_2', 'a', 1_000);
    expect(await store.claim('evt_lost_2', 'a', 1_000 + LEASE_MS + 9)).toBe('mine');
  });

  it("releases its own claim, never another's and never a done mark", async () => {
    await store.claim('evt_park', 'a', 1_000);
    expect(await store.release('evt_park', 'b')).toBe(false);
    expect(await store.claim('evt_park', 'b', 1_001)).toBe('held');
    expect(await store.release('evt_park', 'a')).toBe(true);
    expect(await store.claim('evt_park', 'b', 1_002)).toBe('mine');
    await store.done('evt_park');
    expect(await store.release('evt_park', 'b')).toBe(false);
    expect(await store.claim('evt_park', 'c', 1_003)).toBe('duplicate');
    expect(await store.release('evt_never', 'a')).toBe(false);
  });
});
