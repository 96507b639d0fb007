import type { SObjectName } from '@payments/core/record';
import * as v from 'valibot';
import { bufferKeys } from './buffer.ts';
import { FRESH_SECONDS } from './freshness-store.ts';
import type { Redis } from './redis.ts';

/** What the bulk lane last sent for a row: a hash of its columns without versions, and the versions it had. */
export type Sent = { readonly hash: string; readonly versions: Readonly<Record<string, number>> };

export type SentHashes = {
  /** In the order of `keys`; `null` when nothing is remembered. */
  readonly read: (object: SObjectName, keys: readonly string[]) => Promise<readonly (Sent | null)[]>;
  readonly remember: (object: SObjectName, sent: ReadonlyMap<string, Sent>) => Promise<void>;
};

const SentSchema = v.object({ hash: v.string(), versions: v.record(v.string(), v.number()) });

export function sentHashes(redis: Redis): SentHashes {
  return {
    read: async (object, keys) => {
      if (keys.length === 0) return [];
      const stored = await redis.mget(keys.map(bufferKeys(object).sent));
      return stored.map((text) => (text === null ? null : v.parse(SentSchema, JSON.parse(text))));
    },
    remember: async (object, sent) => {
      const { sent: keyOf } = bufferKeys(object);
      await Promise.all(
        [...sent].map(([key, value]) => redis.set(keyOf(key), JSON.stringify(value), 'EX', FRESH_SECONDS)),
      );
    },
  };
}
