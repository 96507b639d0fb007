import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { emptyRedis, type TestRedis } from '../../test/redis-server.ts';
import { type Budget, redisBudget } from './budget.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await emptyRedis();
});
afterAll(() => server.stop());
beforeEach(() => server.redis.flushall());

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 10, 25, 9);

type Purse = Budget & { readonly clock: { now: number } };
type Settings = Partial<Parameters<typeof redisBudget>[1]>;
function purse(limits: Settings): Purse {
  const clock = { now: START };
  const settings = { perMinute: 1e6, perHour: 1e6, perDay: 1e6, realtimeReserve: 0, lowValueReserve: 0, ...limits };
  return { clock, ...redisBudget(server.redis, settings, () => clock.now) };
}

/** The exact log: the most calls that any window of this length held. */
function mostIn(log: readonly { at: number; calls: number }[], windowMs: number): number {
  let most = 0;
  let sum = 0;
  let first = 0;
  for (const entry of log) {
    sum += entry.calls;
    for (let oldest = log[first]; oldest !== undefined && oldest.at <= entry.at - windowMs; oldest = log[first]) {
      sum -= oldest.calls;
      first += 1;
    }
    most = Math.max(most, sum);
  }
  return most;
}

describe('against an exact log', () => {
  const limits = { perMinute: 40, perHour: 300, perDay: 900 };
  const demand = fc.array(
    fc.record({
      gap: fc.oneof(
        fc.integer({ min: 0, max: 50 }),
        fc.integer({ min: 500, max: 2_000 }),
        // Adversarial: just before, at and after the border of a bucket or a window.
        fc.constantFrom(999, 1_000, 1_001, 59_999, 60_000, 60_001, HOUR - 1, HOUR, DAY / 60, DAY / 2 - 1),
      ),
      calls: fc.integer({ min: 1, max: 45 }),
      bulk: fc.boolean(),
    }),
    { minLength: 40, maxLength: 160 },
  );

  it('never admits more than the limit in any window, whatever the demand', async () => {
    await fc.assert(
      fc.asyncProperty(demand, async (asks) => {
        await server.redis.flushall();
        const budget = purse({ ...limits, realtimeReserve: 0.25 });
        const log: { at: number; calls: number }[] = [];
        for (const { gap, calls, bulk } of asks) {
          budget.clock.now += gap;
          const { granted } = await budget.acquire({ lane: bulk ? 'bulk' : 'realtime', calls });
          if (granted) log.push({ at: budget.clock.now, calls });
        }
        expect(mostIn(log, MINUTE)).toBeLessThanOrEqual(limits.perMinute);
        expect(mostIn(log, HOUR)).toBeLessThanOrEqual(limits.perHour);
        expect(mostIn(log, DAY)).toBeLessThanOrEqual(limits.perDay);
      }),
      { numRuns: 25 },
    );
  });

  it('admits at least 95 % of the limit under lasting demand', async () => {
    const budget = purse({ perMinute: 60 });
    let admitted = 0;
    for (let second = 0; second < 600; second += 1) {
      budget.clock.now = START + second * 1_000;
      for (let i = 0; i < 3; i += 1) {
        if ((await budget.acquire({ lane: 'realtime', calls: 1 })).granted) admitted += 1;
      }
    }
    expect(admitted).toBeGreaterThanOrEqual(570);
  });
});

describe('acquire', () => {
  it('says when to ask again, and grants it then', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 10 }), async (gaps) => {
        await server.redis.flushall();
        const budget = purse({ perMinute: 5 });
        for (const gap of [...gaps, 0, 0, 0, 0, 0, 0]) {
          budget.clock.now += gap;
          const { granted, retryAfterMs } = await budget.acquire({ lane: 'realtime', calls: 1 });
          if (granted) continue;
          budget.clock.now += retryAfterMs - 1;
          expect((await budget.acquire({ lane: 'realtime', calls: 1 })).granted).toBe(false);
          budget.clock.now += 1;
          expect((await budget.acquire({ lane: 'realtime', calls: 1 })).granted).toBe(true);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('keeps the reserve for realtime: bulk stops first, realtime goes on to the end', async () => {
    const budget = purse({ perHour: 100, realtimeReserve: 0.2 });
    expect((await budget.acquire({ lane: 'bulk', calls: 80 })).granted).toBe(true);
    expect((await budget.acquire({ lane: 'bulk', calls: 1 })).granted).toBe(false);
    expect((await budget.acquire({ lane: 'realtime', calls: 20 })).granted).toBe(true);
    expect((await budget.acquire({ lane: 'realtime', calls: 1 })).granted).toBe(false);
  });

  it('books nothing in any window when one of them refuses', async () => {
    const budget = purse({ perMinute: 10, perDay: 100 });
    await budget.acquire({ lane: 'realtime', calls: 8 });
    expect((await budget.acquire({ lane: 'realtime', calls: 3 })).granted).toBe(false);
    expect((await budget.usage()).windows.map(({ used }) => used)).toEqual([8, 8, 8]);
  });

  it('never grants what no window can hold', async () => {
    const budget = purse({ perMinute: 10 });
    expect(await budget.acquire({ lane: 'realtime', calls: 11 })).toEqual({ granted: false, retryAfterMs: MINUTE });
  });

  it('refuses to book a fraction or nothing', async () => {
    await expect(purse({}).acquire({ lane: 'bulk', calls: 0 })).rejects.toThrow(RangeError);
    await expect(purse({}).acquire({ lane: 'bulk', calls: 1.5 })).rejects.toThrow(RangeError);
  });

  it('admits no more than the limit when two hundred ask at once', async () => {
    const budget = purse({ perMinute: 50 });
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => budget.acquire({ lane: 'realtime', calls: 1 })),
    );
    expect(answers.filter(({ granted }) => granted)).toHaveLength(50);
  });

  it('needs the same memory after a day of traffic as after two hours', async () => {
    const budget = purse({});
    const fields = async () => server.redis.hlen('budget:{salesforce}:minute');
    for (let i = 0; i < 2 * 3_600; i += 10) {
      budget.clock.now = START + i * 1_000;
      await budget.acquire({ lane: 'bulk', calls: 1 });
    }
    expect(await fields()).toBeLessThanOrEqual(122);
    expect(await server.redis.hlen('budget:{salesforce}:hour')).toBeLessThanOrEqual(122);
  });
});

describe('shedding', () => {
  const LIMITS = { perMinute: 100, realtimeReserve: 0.2, lowValueReserve: 0.05 };
  const open = async (budget: Purse) => {
    const uses = ['bulk', 'low-value', 'urgent'] as const;
    const verdicts = await Promise.all(uses.map((use) => budget.peek(use, 1)));
    return uses.filter((_, index) => verdicts[index]?.granted);
  };

  it('stops bulk at 80 %, urgent events of low value at 95 %, and lets all in again as calls come free', async () => {
    const budget = purse(LIMITS);
    for (const [used, left] of [
      [79, ['bulk', 'low-value', 'urgent']],
      [1, ['low-value', 'urgent']],
      [14, ['low-value', 'urgent']],
      [1, ['urgent']],
      [5, []],
    ] as const) {
      expect((await budget.acquire({ lane: 'realtime', calls: used })).granted).toBe(true);
      expect(await open(budget)).toEqual(left);
    }
    budget.clock.now += MINUTE + 1_000;
    expect(await open(budget)).toEqual(['bulk', 'low-value', 'urgent']);
  });

  it('follows what the org says when other applications spend, and recovers when they stop', async () => {
    const budget = purse({ ...LIMITS, perMinute: 1e6, perDay: 1_000 });
    await budget.observe({ used: 960, max: 1_000 });
    expect(await open(budget)).toEqual(['urgent']);
    budget.clock.now += 1_000;
    await budget.observe({ used: 100, max: 1_000 });
    expect(await open(budget)).toEqual(['bulk', 'low-value', 'urgent']);
  });

  it('looks for as many calls as are asked for', async () => {
    const budget = purse({ perMinute: 10 });
    await budget.acquire({ lane: 'realtime', calls: 6 });
    expect([(await budget.peek('urgent', 4)).granted, (await budget.peek('urgent', 5)).granted]).toEqual([true, false]);
  });

  it('books nothing by looking', async () => {
    const budget = purse(LIMITS);
    for (let look = 0; look < 20; look += 1) await open(budget);
    expect((await budget.usage()).windows.map(({ used }) => used)).toEqual([0, 0, 0]);
  });
});

describe('observe', () => {
  it('stops before the org does when other applications spend', async () => {
    const budget = purse({ perDay: 1_000, realtimeReserve: 0.2 });
    await budget.observe({ used: 790, max: 1_000 });
    expect((await budget.acquire({ lane: 'bulk', calls: 10 })).granted).toBe(true);
    expect((await budget.acquire({ lane: 'bulk', calls: 1 })).granted).toBe(false);
    expect((await budget.acquire({ lane: 'realtime', calls: 200 })).granted).toBe(true);
    expect((await budget.acquire({ lane: 'realtime', calls: 1 })).granted).toBe(false);
    expect((await budget.usage()).orgUsed).toBe(1_000);
  });

  it('counts against the smaller of our limit and the org’s', async () => {
    const budget = purse({ perDay: 1_000 });
    await budget.observe({ used: 0, max: 50 });
    expect((await budget.acquire({ lane: 'realtime', calls: 51 })).granted).toBe(false);
    expect((await budget.acquire({ lane: 'realtime', calls: 50 })).granted).toBe(true);
  });

  it('only corrects downward: our own count stands when the org has counted less', async () => {
    const budget = purse({ perDay: 100 });
    await budget.acquire({ lane: 'realtime', calls: 90 });
    await budget.observe({ used: 3, max: 100 });
    expect((await budget.acquire({ lane: 'realtime', calls: 20 })).granted).toBe(false);
  });

  it('drops an answer that is older than the one it knows, and forgets one after a day', async () => {
    const budget = purse({ perDay: 100 });
    await budget.observe({ used: 100, max: 100 });
    budget.clock.now -= 5_000;
    await budget.observe({ used: 1, max: 100 });
    expect((await budget.acquire({ lane: 'realtime', calls: 1 })).granted).toBe(false);
    budget.clock.now += DAY + 5_000;
    expect((await budget.acquire({ lane: 'realtime', calls: 1 })).granted).toBe(true);
    expect((await budget.usage()).orgUsed).toBeNull();
  });
});

describe('usage', () => {
  it('shows each window with its limit and changes nothing', async () => {
    const budget = purse({ perMinute: 10, perHour: 20, perDay: 30 });
    await budget.acquire({ lane: 'bulk', calls: 4 });
    budget.clock.now += 2 * MINUTE;
    await budget.usage();
    expect(await budget.usage()).toEqual({
      windows: [
        { window: 'minute', windowMs: MINUTE, used: 0, limit: 10 },
        { window: 'hour', windowMs: HOUR, used: 4, limit: 20 },
        { window: 'day', windowMs: DAY, used: 4, limit: 30 },
      ],
      ...{ orgUsed: null, orgMax: null },
    });
  });

  it('tells what the org allows, once it has said so', async () => {
    const budget = purse({ perDay: 30 });
    await budget.observe({ used: 18, max: 15_000 });
    expect(await budget.usage()).toMatchObject({ orgUsed: 18, orgMax: 15_000 });
  });
});
