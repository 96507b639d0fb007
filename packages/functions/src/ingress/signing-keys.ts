import type { KeyObject } from 'node:crypto';
import { signingKeys } from './verify.ts';

/** How long a secret that was removed in Secrets Manager is still honoured. */
export const CACHE_MS = 5 * 60_000;
/** Forged requests must not hammer Secrets Manager: one extra read per instance in this time, however many fail. */
export const EXTRA_READ_EVERY_MS = 30_000;
/** While Secrets Manager cannot be read, the last known secrets go on being used this long: better than refusing payments. */
export const STALE_MS = 60 * 60_000;

export type SigningKeys = {
  /** Throws when the secrets cannot be read and none are known. */
  readonly current: () => Promise<readonly KeyObject[]>;
  /** Fresh keys after a signature did not match (a roll may have just begun); `null` when it is too early to ask again. */
  readonly afterMismatch: () => Promise<readonly KeyObject[] | null>;
};

export function cachedSigningKeys(world: {
  readonly readSecrets: () => Promise<readonly string[]>;
  readonly nowMs: () => number;
}): SigningKeys {
  let known: { readonly keys: readonly KeyObject[]; readonly at: number } | null = null;
  let reading: Promise<readonly KeyObject[]> | null = null;
  let extraReadAt = Number.NEGATIVE_INFINITY;

  const read = (): Promise<readonly KeyObject[]> => {
    reading ??= world
      .readSecrets()
      .then((secrets) => {
        known = { keys: signingKeys(secrets), at: world.nowMs() };
        return known.keys;
      })
      .finally(() => {
        reading = null;
      });
    return reading;
  };

  return {
    current: async () => {
      if (known !== null && world.nowMs() - known.at < CACHE_MS) return known.keys;
      try {
        return await read();
      } catch (error) {
        if (known !== null && world.nowMs() - known.at < STALE_MS) return known.keys;
        throw error;
      }
    },
    afterMismatch: async () => {
      if (world.nowMs() - extraReadAt < EXTRA_READ_EVERY_MS) return null;
      extraReadAt = world.nowMs();
      try {
        return await read();
      } catch {
        // The request is refused by the keys we have; `current` reports a lasting failure.
        return null;
      }
    },
  };
}
