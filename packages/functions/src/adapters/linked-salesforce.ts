import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Count } from '@payments/core/metrics';
import type { Lane } from '@payments/core/routes';
import { measuredLogin, measuredSalesforce } from './measured.ts';
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
  readonly lane: Lane;
  readonly count: Count;
}): Salesforce {
  const credentials = cachedFor(SECRET_CACHE_MS, {
    nowMs: () => Date.now(),
    read: () => world.readSecret(world.clientSecretArn, SalesforceClient),
  });
  const { lane, count } = world;
  const login = measuredLogin(async () => {
    try {
      return await logIn(await credentials.get());
    } catch (error) {
      // The secret may have been changed: the next try reads it again.
      credentials.forget();
      throw error;
    }
  }, world);
  const tokens = tokenCache({ redis: world.redis, login, holder: randomUUID(), sleep });
  const send = salesforce({ tokens, version: world.version, observe: world.observe });
  return measuredSalesforce(send, { lane, count, nowMs: () => Date.now() });
}
