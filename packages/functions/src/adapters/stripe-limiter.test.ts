import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { emptyRedis, type TestRedis } from '../../test/redis-server.ts';
import { localStripeLimiter, redisStripeLimiter, type StripeLimiter } from './stripe-limiter.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await emptyRedis();
});
afterAll(() => server.stop());
beforeEach(() => server.redis.flushall());

const LIMITS = { perSecond: 10, perEndpoint: 4 };
const PRICE = '/v1/prices/price_1';
const CHARGE = '/v1/charges/ch_1';
const PATHS = [PRICE, '/v1/prices/price_2', CHARGE, '/v1/customers/cus_1', '/v1/events/evt_1'];

const clock = { now: 0 };
const nowMs = () => clock.now;
const limiters: readonly { name: string; open: () => StripeLimiter }[] = [
  { name: 'in Redis', open: () => redisStripeLimiter(server.redis, { limits: LIMITS, lane: 'realtime', nowMs }) },
  { name: 'in one process', open: () => localStripeLimiter({ limits: LIMITS, nowMs }) },
];

describe.each(limiters)('the limiter of Stripe calls $name', ({ open }) => {
  let limiter: StripeLimiter;
  beforeEach(() => {
    clock.now = 1_790_000_000_000;
    limiter = open();
  });

  const admitted = async (path: string) => (await limiter.admit(path)) === 0;

  it('never sends more than the limit in any second, of an endpoint and of the account', async () => {
    const demand = fc.array(
      fc.record({ gap: fc.constantFrom(0, 0, 0, 1, 49, 50, 51, 999, 1_000, 1_001), path: fc.constantFrom(...PATHS) }),
      { minLength: 30, maxLength: 120 },
    );
    await fc.assert(
      fc.asyncProperty(demand, async (asks) => {
        await server.redis.flushall();
        limiter = open();
        const log: { at: number; list: string }[] = [];
        for (const { gap, path } of asks) {
          clock.now += gap;
          if (await admitted(path)) log.push({ at: clock.now, list: path.split('/')[2] ?? '' });
        }
        for (const { at } of log) {
          const second = log.filter((each) => each.at > at - 1_000 && each.at <= at);
          expect(second.length).toBeLessThanOrEqual(LIMITS.perSecond);
          for (const same of Map.groupBy(second, ({ list }) => list).values()) {
            expect(same.length).toBeLessThanOrEqual(LIMITS.perEndpoint);
          }
        }
      }),
      { numRuns: 20 },
    );
  });

  it('counts objects of one endpoint together, and other endpoints for themselves', async () => {
    for (const id of ['price_1', 'price_2', 'price_3', 'price_4'])
      expect(await admitted(`/v1/prices/${id}`)).toBe(true);
    expect(await admitted('/v1/prices/price_5')).toBe(false);
    expect(await admitted(CHARGE)).toBe(true);
  });

  it('says when to ask again, and grants it then', async () => {
    for (let sent = 0; sent < 4; sent += 1) await limiter.admit(PRICE);
    clock.now += 300;
    const wait = await limiter.admit(PRICE);
    expect(wait).toBeGreaterThan(0);
    clock.now += wait;
    expect(await admitted(PRICE)).toBe(true);
  });

  it('stops an endpoint for as long as Stripe asks, and the account when that is meant', async () => {
    expect(await limiter.refused(PRICE, { reason: 'endpoint-rate', retryAfter: '3' })).toBe(3_000);
    expect([await limiter.admit(PRICE), await limiter.admit(CHARGE)]).toEqual([3_000, 0]);
    expect(await limiter.refused(CHARGE, { reason: 'global-rate', retryAfter: '2' })).toBe(2_000);
    expect([await limiter.admit(PRICE), await limiter.admit(CHARGE)]).toEqual([3_000, 2_000]);
    clock.now += 2_000;
    expect([await limiter.admit(PRICE), await limiter.admit(CHARGE)]).toEqual([1_000, 0]);
    clock.now += 1_000;
    expect(await admitted(PRICE)).toBe(true);
  });

  it('lets a shorter pause not end a longer one', async () => {
    await limiter.refused(PRICE, { reason: 'endpoint-rate', retryAfter: '5' });
    await limiter.refused(PRICE, { reason: 'endpoint-rate', retryAfter: '1' });
    expect(await limiter.admit(PRICE)).toBe(5_000);
  });

  it('stops nobody for the sake of one object', async () => {
    expect(await limiter.refused(PRICE, { reason: 'resource-specific', retryAfter: '5' })).toBeNull();
    expect(await admitted(PRICE)).toBe(true);
  });
});

describe('in Redis', () => {
  it('all functions share it, and bulk leaves a fifth to realtime', async () => {
    clock.now = 1_790_000_000_000;
    const limits = { perSecond: 10, perEndpoint: 10 };
    const [realtime, bulk] = (['realtime', 'bulk'] as const).map((lane) =>
      redisStripeLimiter(server.redis, { limits, lane, nowMs }),
    );
    const asked = async (limiter: StripeLimiter | undefined, times: number) => {
      const waits = await Promise.all(Array.from({ length: times }, () => limiter?.admit(PRICE)));
      return waits.filter((wait) => wait === 0).length;
    };
    expect(await asked(bulk, 20)).toBe(8);
    expect(await asked(realtime, 20)).toBe(2);
  });
});
