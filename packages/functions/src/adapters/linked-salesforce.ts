import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from './redis.ts';
import { type Salesforce, salesforce } from './salesforce.ts';
import { logIn } from './salesforce-login.ts';
import { cachedFor, SalesforceClient, type SecretReader } from './secrets.ts';
import { tokenCache } from './token-cache.ts';

const SECRET_CACHE_MS = 5 * 60_000;

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
