import { FRESH_SECONDS } from './freshness-store.ts';
import type { Redis } from './redis.ts';

/** Which row of ours a subscription belongs to, as its Checkout session said. */
export type RowNames = {
  /** `null`: it was asked, and belongs to none. `undefined`: nobody has asked. */
  readonly get: (subscriptionId: string) => Promise<string | null | undefined>;
  readonly remember: (subscriptionId: string, rowId: string | null) => Promise<void>;
};

const NONE = '-';
const keyOf = (subscriptionId: string): string => `row:{${subscriptionId}}`;

export function rowNames(redis: Redis): RowNames {
  return {
    get: async (subscriptionId) => {
      const stored = await redis.get(keyOf(subscriptionId));
      if (stored === null) return undefined;
      return stored === NONE ? null : stored;
    },
    remember: async (subscriptionId, rowId) => {
      await redis.set(keyOf(subscriptionId), rowId ?? NONE, 'EX', FRESH_SECONDS);
    },
  };
}
