import type { Owner, SObjectName } from '@payments/core/record';
import * as v from 'valibot';
import { bufferKeys } from './buffer.ts';
import { FRESH_SECONDS } from './freshness-store.ts';
import type { Redis } from './redis.ts';

export type Versions = Readonly<Partial<Record<Owner, number>>>;

/**
 * What the bulk lane last sent for a row: a hash of its columns without versions, and the versions it had. `seen` are the
 * versions last judged equal to it: the same, or newer ones that were left out.
 */
export type Sent = { readonly hash: string; readonly versions: Versions; readonly seen: Versions };

/**
 * `generation` names what Redis is whole since (generation.ts). What another generation remembers may be older than what
 * was sent, for a failover loses the last seconds, and is not believed.
 */
export type SentHashes = {
  /** In the order of `keys`; `null` when nothing is remembered. */
  readonly read: (
    object: SObjectName,
    keys: readonly string[],
    generation: string,
  ) => Promise<readonly (Sent | null)[]>;
  readonly remember: (object: SObjectName, sent: ReadonlyMap<string, Sent>, generation: string) => Promise<void>;
  /**
   * After another road than the bulk lane wrote these rows, or removed them: what was sent is not what the org has, so nothing
   * may be left out as equal to it. Gives how many were remembered.
   */
  readonly forget: (object: SObjectName, keys: readonly string[]) => Promise<number>;
};

const VersionsSchema = v.record(v.string(), v.number());
const SentSchema = v.object({
  hash: v.string(),
  versions: VersionsSchema,
  seen: VersionsSchema,
  generation: v.string(),
});

export function sentHashes(redis: Redis): SentHashes {
  return {
    read: async (object, keys, generation) => {
      if (keys.length === 0) return [];
      const stored = await redis.mget(keys.map(bufferKeys(object).sent));
      return stored.map((text) => {
        if (text === null) return null;
        const sent = v.parse(SentSchema, JSON.parse(text));
        return sent.generation === generation ? sent : null;
      });
    },
    remember: async (object, sent, generation) => {
      const { sent: keyOf } = bufferKeys(object);
      await Promise.all(
        [...sent].map(([key, value]) =>
          redis.set(keyOf(key), JSON.stringify({ ...value, generation }), 'EX', FRESH_SECONDS),
        ),
      );
    },
    forget: async (object, keys) => (keys.length === 0 ? 0 : redis.del(keys.map(bufferKeys(object).sent))),
  };
}
