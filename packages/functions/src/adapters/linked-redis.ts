import { connectRedis, type Redis } from './redis.ts';
import type { link } from './resources.ts';
import { cachedFor, RedisAuth, type SecretReader } from './secrets.ts';

/** Connects once per instance, on first use; a secret that cannot be read fails that use only. A rotated password is met there. */
export function linkedRedis(
  cluster: ReturnType<typeof link<'RedisCluster'>>,
  readSecret: SecretReader,
): () => Promise<Redis> {
  return cachedFor(Number.POSITIVE_INFINITY, {
    nowMs: () => 0,
    read: async () => {
      const { authSecretArn, ...address } = cluster;
      if (authSecretArn === '') return connectRedis({ ...address, password: '' });
      const password = async () => (await readSecret(authSecretArn, RedisAuth)).authToken;
      return connectRedis({ ...address, password: await password() }, password);
    },
  }).get;
}
