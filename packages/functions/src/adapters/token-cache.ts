import { BudgetWait } from '@payments/core/failure';
import * as v from 'valibot';
import { type Redis, runScript } from './redis.ts';
import { GIVE_TOKEN } from './token-give.lua.ts';
import { TAKE_TOKEN } from './token-take.lua.ts';

/**
 * One Salesforce access token for all functions. A client-credentials token lives as long as the org's session
 * setting says, 15 minutes at the least (Setup, Session Settings), and its answer does not tell; ten stays below.
 */
export const TOKEN_LIFE_MS = 10 * 60_000;
/**
 * Longer than a login may take (LOGIN_MS, and twice a reading of the secret of at most ten seconds), so that two functions
 * never log in at once; short enough after a crash.
 */
export const LOCK_MS = 35_000;
const WAIT_STEP_MS = 100;
const WAIT_STEPS = 100;

export type SalesforceToken = { readonly accessToken: string; readonly instanceUrl: string };

export type TokenCache = {
  /** The shared token; logs in when there is none. */
  readonly current: () => Promise<SalesforceToken>;
  /** Another token than the one that Salesforce refused: somebody's newer one, or a new login. */
  readonly renewed: (refused: SalesforceToken) => Promise<SalesforceToken>;
};

const TokenSchema = v.object({ accessToken: v.string(), instanceUrl: v.string() });
const KEYS = ['token:{salesforce}', 'token:{salesforce}:lock'] as const;

export function tokenCache(world: {
  readonly redis: Redis;
  readonly login: () => Promise<SalesforceToken>;
  /** Names this process's lock. */
  readonly holder: string;
  readonly sleep: (ms: number) => Promise<unknown>;
}): TokenCache {
  const take = async (refused: string): Promise<SalesforceToken> => {
    for (let step = 0; step < WAIT_STEPS; step += 1) {
      const answer = v.parse(
        v.string(),
        await runScript(world.redis, TAKE_TOKEN, KEYS, [refused, world.holder, LOCK_MS]),
      );
      if (answer === 'login') return login();
      if (answer !== 'wait') return v.parse(v.pipe(v.string(), v.parseJson(), TokenSchema), answer);
      await world.sleep(WAIT_STEP_MS);
    }
    throw new BudgetWait('another function has been logging in to Salesforce for ten seconds', {
      code: 'LOGIN_IN_PROGRESS',
      retryAfterMs: WAIT_STEP_MS,
    });
  };

  const login = async (): Promise<SalesforceToken> => {
    let shared = '';
    try {
      const token = await world.login();
      shared = JSON.stringify(token);
      return token;
    } finally {
      await runScript(world.redis, GIVE_TOKEN, KEYS, [shared, world.holder, TOKEN_LIFE_MS]);
    }
  };

  return { current: () => take(''), renewed: (refused) => take(refused.accessToken) };
}
