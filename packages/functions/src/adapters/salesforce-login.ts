import { RetryLater } from '@payments/core/failure';
import { OAuth2 } from 'jsforce/lib/core.js';
import * as v from 'valibot';
import type { SalesforceToken } from './token-cache.ts';

export type SalesforceCredentials = {
  readonly loginUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
};

/** jsforce sets no limit of its own on the token request. Of one login, a second try with a changed secret included. */
export const LOGIN_MS = 10_000;

const TokenSchema = v.object({
  access_token: v.pipe(v.string(), v.minLength(1)),
  instance_url: v.pipe(v.string(), v.url()),
});

/**
 * OAuth 2.0 client credentials. Every failure is RetryLater: credentials that are being changed are right a minute
 * later, and an event that parks after its retries is tried again once they are. `error` is OAuth's own word
 * (invalid_client …); its description is left out, it may quote the request.
 */
export async function logIn(credentials: SalesforceCredentials, timeoutMs = LOGIN_MS): Promise<SalesforceToken> {
  const oauth2 = new OAuth2(credentials);
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new DOMException('no answer', 'TimeoutError')), timeoutMs);
  try {
    const answer: unknown = await Promise.race([
      oauth2.requestToken({ grant_type: 'client_credentials' }),
      late.promise,
    ]);
    const token = v.parse(TokenSchema, answer);
    return { accessToken: token.access_token, instanceUrl: token.instance_url };
  } catch (thrown) {
    const code = codeOf(thrown);
    throw new RetryLater(
      `the login to Salesforce failed (${code}): check the secret SalesforceClient and the External Client App's run-as user`,
      { code, category: 'Network' },
    );
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Logs in with the credentials as they are kept; where that fails and the secret says something else by now, the same try
 * goes on with that, in what is left of {@link LOGIN_MS}: the lock of token-cache.ts must not run out under it.
 */
export async function logInAsNow(world: {
  readonly credentials: { readonly get: () => Promise<SalesforceCredentials>; readonly forget: () => void };
  readonly logIn: typeof logIn;
  readonly nowMs: () => number;
}): Promise<SalesforceToken> {
  const { credentials, nowMs } = world;
  const known = await credentials.get();
  const startedAt = nowMs();
  try {
    return await world.logIn(known, LOGIN_MS);
  } catch (error) {
    const left = LOGIN_MS - (nowMs() - startedAt);
    credentials.forget();
    if (left <= 0) throw error;
    const now = await credentials.get();
    if (now.clientSecret === known.clientSecret && now.clientId === known.clientId) throw error;
    return world.logIn(now, left);
  }
}

/** OAuth's error is the thrown error's name; anything that does not look like a code is not repeated. */
function codeOf(thrown: unknown): string {
  if (v.isValiError(thrown)) return 'NO_TOKEN';
  // jsforce names it by what the body calls it, and a proxy's body calls it nothing: then the name is undefined.
  const name: unknown = thrown instanceof Error ? thrown.name : '';
  return typeof name === 'string' && /^[A-Za-z0-9_]{1,60}$/.test(name) ? name : 'NETWORK';
}
