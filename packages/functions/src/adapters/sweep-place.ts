import type { Redis } from './redis.ts';

/**
 * How far the sweep has come. Without it (Redis is new, or lost its data) the sweep begins where the archive does: dear, and
 * nothing is skipped.
 */
export type SweepPlace = {
  /** The last second, by Stripe's clock, up to which everything was looked at; `null`: nobody knows. */
  readonly read: () => Promise<number | null>;
  readonly write: (second: number) => Promise<void>;
  /** Which of these ids a sweep has seen accepted, or fed. Saves looking for them in the log again, hour by hour. */
  readonly known: (ids: readonly string[]) => Promise<ReadonlySet<string>>;
  readonly remember: (ids: readonly string[], nowMs: number) => Promise<void>;
};

const PLACE = '{sweep}:place';
const SEEN = '{sweep}:seen';
/** Longer than Stripe tries to deliver, and than a sweep asks for what was not delivered. */
const SEEN_MS = 4 * 24 * 3_600_000;
/** Each is some 80 bytes. */
const MOST_SEEN = 50_000;

export function sweepPlace(redis: Redis): SweepPlace {
  return {
    read: async () => {
      const second = Number((await redis.get(PLACE)) ?? Number.NaN);
      return Number.isSafeInteger(second) ? second : null;
    },
    write: async (second) => {
      await redis.set(PLACE, String(second));
    },
    known: async (ids) => {
      if (ids.length === 0) return new Set();
      const scores = await redis.zmscore(SEEN, ...ids);
      return new Set(ids.filter((_, index) => scores[index] !== null));
    },
    remember: async (ids, nowMs) => {
      if (ids.length === 0) return;
      await redis.zadd(SEEN, ...ids.flatMap((id) => [nowMs, id]));
      await redis.zremrangebyscore(SEEN, '-inf', nowMs - SEEN_MS);
      await redis.zremrangebyrank(SEEN, 0, -MOST_SEEN - 1);
    },
  };
}
