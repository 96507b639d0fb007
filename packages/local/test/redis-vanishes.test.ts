import { setTimeout as delay } from 'node:timers/promises';
import { connectRedis } from '@payments/functions/adapters/redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { life } from '../src/stripe/life.ts';
import {
  expectSameStory,
  type SmallMachine,
  START_WITHIN_MS,
  startSmall,
  TEST_WITHIN_MS,
} from './small-machine.fixture.ts';

/** How long an event takes into the archive here, and how long recover waits for it. */
const ARCHIVE_DELAY_MS = 1_500;
const ARCHIVE_LAG_SECONDS = 2;
const RECOVERED_WITHIN_MS = 60_000;

describe('Redis may vanish while customers live, and everything is right again by itself', {
  timeout: TEST_WITHIN_MS,
}, () => {
  let small: SmallMachine;
  let seed = 500;

  beforeAll(async () => {
    small = await startSmall({
      seed,
      delivery: { duplicateRate: 0.1, reorderWindow: 5 },
      // Messages stay hidden for longer than their consumer takes, or they would be handled again and again.
      haste: { retries: 10, queues: 20 },
      guesses: { bus: { archiveDelayMs: ARCHIVE_DELAY_MS } },
      settings: { archiveLagSeconds: ARCHIVE_LAG_SECONDS, statusEverySeconds: 1, replayMarginSeconds: 15 },
    });
  }, START_WITHIN_MS);
  afterAll(() => small.close());

  async function generation(): Promise<Record<string, string>> {
    const { host, port } = small.road.redis;
    const redis = connectRedis({ host, port, tls: false, username: '', password: '' });
    try {
      return await redis.hgetall('generation:{redis}');
    } finally {
      redis.disconnect();
    }
  }

  /** Another generation than the one before, and all of it there again. */
  async function recovered(before: string | undefined): Promise<void> {
    const now = async () => {
      const { id, state } = await generation().catch(() => ({ id: before, state: 'away' }));
      return id === before ? 'unnoticed' : state;
    };
    await expect.poll(now, { timeout: RECOVERED_WITHIN_MS, interval: 100 }).toBe('whole');
    // What failed while Redis was away is hidden in the queue, where nothing moves.
    const hidden = () =>
      small.graph.mappings.reduce((sum, { queueArn }) => sum + small.road.queues.depth(queueArn).inFlight, 0);
    await expect.poll(hidden, { timeout: RECOVERED_WITHIN_MS, interval: 100 }).toBe(0);
    await small.still();
  }

  /** While Redis is away the bulk queue's consumer fails, and its messages come again: that is what the runner notes. */
  function forgiveRedisAway(): void {
    const others = small.errors.filter((error) => !String(error).includes('REDIS_AWAY'));
    expect(others).toEqual([]);
    small = { ...small, errors: [] };
  }

  async function live(customers: number): Promise<void> {
    seed += 1;
    for (const _step of life(small.account, { seed, months: 1, customers })) await delay(0);
  }

  const toBulk = () => small.arrivals.filter(({ targetArn }) => targetArn.endsWith('-Bulk'));

  /** Redis vanishes as soon as rows wait in it that nobody has written, and customers live on meanwhile. */
  async function liveThrough(vanish: () => Promise<void>): Promise<void> {
    const { id } = await generation();
    await live(1);
    await expect.poll(() => small.buffered(), { timeout: RECOVERED_WITHIN_MS, interval: 10 }).toBeGreaterThan(3);
    const before = toBulk();
    await Promise.all([vanish(), live(1)]);
    await recovered(id);
    // Events of before come once more out of the archive: without them it would be right by luck.
    const events = new Set(before.map(({ eventId }) => eventId));
    const again = toBulk()
      .slice(before.length)
      .filter(({ eventId }) => events.has(eventId));
    expect(again.length).toBeGreaterThan(3);
    forgiveRedisAway();
    expectSameStory(small);
  }

  it('FLUSHALL', async () => {
    await liveThrough(() => small.road.redis.flush());
    expect(await generation()).toMatchObject({ cause: 'empty', state: 'whole' });
  });

  it('a restart without data', async () => {
    await liveThrough(() => small.road.redis.restart('nothing'));
    expect(await generation()).toMatchObject({ cause: 'empty', state: 'whole' });
  });

  it('a failover to a replica that lags', async () => {
    await small.road.redis.snapshot();
    await liveThrough(() => small.road.redis.restart('its last snapshot'));
    expect(await generation()).toMatchObject({ cause: 'other server', state: 'whole' });
  });
});
