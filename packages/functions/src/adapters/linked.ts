import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectRedis, type Redis } from './redis.ts';
import type { link } from './resources.ts';
import { type Salesforce, salesforce } from './salesforce.ts';
import { logIn } from './salesforce-login.ts';
import { cachedFor, RedisAuth, SalesforceClient, type SecretReader } from './secrets.ts';
import { tokenCache } from './token-cache.ts';

/** Links and secrets put together: what the wiring of every function in the VPC would otherwise repeat. */

const SECRET_CACHE_MS = 5 * 60_000;

/** Connects once per instance, on first use; a secret that cannot be read fails that use only. */
export function linkedRedis(
  cluster: ReturnType<typeof link<'RedisCluster'>>,
  readSecret: SecretReader,
): () => Promise<Redis> {
  return cachedFor(Number.POSITIVE_INFINITY, {
    nowMs: () => 0,
    read: async () => {
      const { authSecretArn, ...address } = cluster;
      const password = authSecretArn === '' ? '' : (await readSecret(authSecretArn, RedisAuth)).authToken;
      return connectRedis({ ...address, password });
    },
  }).get;
}

/** Salesforce with the token that all functions share. `observe` is told what the org has counted. */
export function linkedSalesforce(world: {
  readonly redis: Redis;
  readonly clientSecretArn: string;
  readonly readSecret: SecretReader;
  readonly version: string;
  readonly observe: (said: { readonly used: number; readonly max: number }) => Promise<void>;
}): Salesforce {
  const credentials = cachedFor(SECRET_CACHE_MS, {
    nowMs: () => Date.now(),
    read: () => world.readSecret(world.clientSecretArn, SalesforceClient),
  });
  const login = async () => {
    try {
      return await logIn(await credentials.get());
    } catch (error) {
      // The secret may have been changed: the next try reads it again.
      credentials.forget();
      throw error;
    }
  };
  const tokens = tokenCache({ redis: world.redis, login, holder: randomUUID(), sleep });
  return salesforce({ tokens, version: world.version, observe: world.observe });
}
