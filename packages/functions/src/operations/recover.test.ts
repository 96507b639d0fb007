import type { ReplaySeen } from '@payments/core/recovery';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { counting } from '../../test/counted.ts';
import { failure } from '../../test/fake-org.ts';
import { emptyRedis, type TestRedis } from '../../test/redis-server.ts';
import { coverage } from '../adapters/coverage.ts';
import { generationStore } from '../adapters/generation.ts';
import type { Replays } from '../adapters/replays.ts';
import { type RecoverLine, type RecoverWorld, recover } from './recover.ts';

let server: TestRedis;
const MINUTE = 60_000;
const START = Date.UTC(2026, 10, 25, 10);
const clock = { now: START };
/** The status row's column, `null` for empty; `undefined`: there is no row. */
let unsettledAt: string | null | undefined;
let fault: Error | null;
let granted: boolean;
let started: (Parameters<Replays['start']>[0] & { readonly at: number; seen: ReplaySeen })[];
let lines: RecoverLine[];
let counted: ReturnType<typeof counting>;

beforeAll(async () => {
  server = await emptyRedis();
});
afterAll(() => server.stop());
beforeEach(async () => {
  await server.redis.flushall();
  clock.now = START;
  unsettledAt = '2026-11-25T09:58:00.000+0000';
  [fault, granted, started, lines, counted] = [null, true, [], [], counting()];
});

const nowMs = () => clock.now;

function world(): RecoverWorld {
  return {
    generation: generationStore(server.redis, nowMs),
    coverage: coverage(server.redis, nowMs),
    replays: {
      archiveCreatedAt: async () => START - 86_400_000,
      latest: async (recovery, replay) =>
        started.filter((each) => each.recovery === recovery && each.replay === replay).at(-1)?.seen ?? null,
      start: async (what) => {
        const same = started.some(
          (each) => `${each.recovery}${each.replay}${each.attempt}` === `${what.recovery}${what.replay}${what.attempt}`,
        );
        if (same) return;
        const seen = { attempt: what.attempt, state: 'under way', startedAt: clock.now, endedAt: null } as const;
        started.push({ ...what, at: clock.now, seen });
      },
    },
    salesforce: async () => {
      if (fault !== null) throw fault;
      if (unsettledAt === undefined) throw failure(404, 'NOT_FOUND');
      return { status: 200, body: { Oldest_Unsettled_Event_At__c: unsettledAt } };
    },
    budget: { acquire: async () => ({ granted, retryAfterMs: 0 }) },
    settings: { marginMs: 15 * MINUTE, archiveLagMs: 15 * MINUTE, retentionMs: 30 * 86_400_000 },
    ...{ nowMs, count: counted.count },
    log: (line) => lines.push(line),
  };
}

/** Runs each minute; replays end at once unless a test says otherwise. */
async function minutes(count: number, end: ReplaySeen['state'] = 'completed'): Promise<void> {
  for (let minute = 0; minute < count; minute += 1) {
    await recover(world());
    for (const each of started) {
      if (each.seen.state === 'under way') each.seen = { ...each.seen, state: end, endedAt: clock.now };
    }
    clock.now += MINUTE;
  }
}

const state = async () => (await generationStore(server.redis, nowMs).look()).state;
const told = () => started.map(({ replay, at, from, to }) => [replay, at, from, to].map(minuteOf));
const minuteOf = (what: string | number) => (typeof what === 'string' ? what : (what - START) / MINUTE);

describe('recover', () => {
  it('replays what was not settled less fifteen minutes, once more fifteen minutes later, and is done', async () => {
    await minutes(60);
    expect(told()).toEqual([
      ['first', 0, -17, 0],
      ['second', 15, -15, 15],
    ]);
    expect(await state()).toBe('whole');
    expect(counted.sum('RedisLost')).toBe(1);
    expect(counted.sum('Recoveries', { Outcome: 'started' })).toBe(1);
    expect(counted.sum('Recoveries', { Outcome: 'done' })).toBe(1);
    expect(lines.map(({ event }) => event).filter((event) => event !== 'waiting')).toEqual([
      ...['noticed', 'status read', 'replay started', 'replay started', 'finished'],
    ]);
    expect(started.every(({ recovery }) => /^[a-z0-9-]{1,16}$/.test(recovery))).toBe(true);
  });

  it('does nothing while Redis is whole', async () => {
    await minutes(60);
    const before = started.length;
    expect(await recover(world())).toEqual({ state: 'whole', step: 'none' });
    expect(started).toHaveLength(before);
  });

  it('starts each replay once, though two run at the same time', async () => {
    await Promise.all([recover(world()), recover(world()), recover(world())]);
    expect(started).toHaveLength(1);
  });

  it('waits for Salesforce as long as it takes, and then replays from where the row says', async () => {
    fault = failure(503, 'SERVER_UNAVAILABLE');
    await minutes(60);
    granted = false;
    await minutes(60);
    fault = failure(0, 'ECONNREFUSED');
    granted = true;
    await minutes(1);
    expect(started).toEqual([]);
    expect(await state()).toBe('lost');
    fault = null;
    await minutes(1);
    expect(told()).toEqual([['first', 121, -17, 15]]);
  });

  it('begins again at the same point when Redis vanishes once more', async () => {
    await minutes(5);
    await server.redis.flushall();
    await minutes(60);
    expect(told()).toEqual([
      ['first', 0, -17, 0],
      ['first', 5, -17, 5],
      ['second', 20, -10, 20],
    ]);
    expect(new Set(started.map(({ recovery }) => recovery)).size).toBe(2);
    expect(await state()).toBe('whole');
  });

  it('replays the whole archive where no row was ever written, or none can be read for good', async () => {
    unsettledAt = undefined;
    await minutes(1);
    expect(await state()).toBe('new');
    expect(counted.sum('RedisLost')).toBe(0);
    await server.redis.flushall();
    unsettledAt = null;
    await minutes(1);
    await server.redis.flushall();
    fault = failure(400, 'INVALID_FIELD');
    await minutes(1);
    const dayAndMargin = -24 * 60 - 15;
    expect(told()).toEqual([0, 1, 2].map((minute) => ['first', minute, dayAndMargin, minute]));
  });

  it('starts a replay anew that failed, and says so', async () => {
    await minutes(1, 'failed');
    await minutes(1, 'completed');
    expect(started.map(({ replay, attempt }) => `${replay} ${attempt}`)).toEqual(['first 1', 'first 2']);
    expect(counted.sum('Recoveries', { Outcome: 'failed' })).toBe(1);
  });

  it('lets the buffer take what it replays from the first minute on', async () => {
    unsettledAt = '2026-11-25T08:00:00.000+0000';
    await minutes(1);
    const bound = Number(await server.redis.hget('buffer:{Stripe_Customer__c}:covered', 'from'));
    expect(bound).toBe(Date.UTC(2026, 10, 25, 7, 45));
  });
});
