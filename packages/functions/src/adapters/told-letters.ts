import type { Redis } from './redis.ts';

/** SQS keeps a letter for fourteen days. */
const LIFE_MS = 15 * 24 * 3_600_000;
const KEY = 'told:{poisoned}';

/**
 * Letters of BulkPoisoned that are listed in Salesforce: listing one again would open a row that somebody has closed. When Redis
 * forgets, that happens once.
 */
export type ToldLetters = {
  /** In the order of `ids`. */
  readonly areTold: (ids: readonly string[]) => Promise<readonly boolean[]>;
  readonly remember: (ids: readonly string[]) => Promise<void>;
};

export function toldLetters(redis: Redis, nowMs: () => number): ToldLetters {
  return {
    areTold: async (ids) => (ids.length === 0 ? [] : (await redis.zmscore(KEY, ...ids)).map((at) => at !== null)),
    remember: async (ids) => {
      await redis.zremrangebyscore(KEY, '-inf', nowMs() - LIFE_MS);
      if (ids.length > 0) await redis.zadd(KEY, ...ids.flatMap((id) => [nowMs(), id]));
    },
  };
}
