import { StripeError } from './stripe-error.ts';

/** Who may call: the account's keys, as the Dashboard makes and ends them. */
export type ApiKeys = {
  /** From now on this key is the account's, beside those it has. */
  add(key: string): void;
  /** As when it is rolled: what comes with it hears that it expired. */
  expire(key: string): void;
  /** Why a call with this `Authorization` is refused; null lets it in. */
  refusal(authorization: string | undefined): StripeError | null;
};

const HELP =
  'See https://stripe.com/docs/api#authentication for details, or we can help at https://support.stripe.com/.';
const FORM = /^[sr]k_test_\w+$/;

/**
 * With no keys of its own the account takes any secret or restricted key of test mode, but for those that expired.
 * What a restricted key may do is not imitated: it may do everything.
 */
export function openApiKeys(own: readonly string[] = []): ApiKeys {
  const keys = new Set(own);
  const expired = new Set<string>();
  return {
    add: (key) => {
      keys.add(key);
      expired.delete(key);
    },
    expire: (key) => {
      expired.add(key);
    },
    refusal: (authorization) => {
      const key = keyOf(authorization);
      if (key === null) return unauthorized(notProvided(authorization));
      if (expired.has(key)) return unauthorized(`Expired API Key provided: ${starred(key, 6)}`, 'api_key_expired');
      const known = keys.size === 0 ? FORM.test(key) : keys.has(key);
      return known ? null : unauthorized(`Invalid API Key provided: ${starred(key, 4)}`);
    },
  };
}

/** As bearer, or as the user name of Basic. */
function keyOf(authorization: string | undefined): string | null {
  const [, scheme = '', given = ''] = /^(bearer|basic) +(\S+)$/i.exec(authorization ?? '') ?? [];
  const key = scheme.toLowerCase() === 'basic' ? Buffer.from(given, 'base64').toString('utf8').split(':')[0] : given;
  return key || null;
}

function notProvided(authorization: string | undefined): string {
  return authorization === undefined
    ? `You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). ${HELP}`
    : `You did not provide an API key, though you did set your Authorization header to "${authorization}". Using Bearer auth, your Authorization header should look something like 'Authorization: Bearer YOUR_SECRET_KEY'. ${HELP}`;
}

/** `sk_test_******Aso0` and `*alse`: as long as it was. */
function starred(key: string, shown: number): string {
  const start = /^[a-z]+_(test|live)_/.exec(key)?.[0] ?? '';
  const hidden = Math.max(0, key.length - start.length - shown);
  return start + '*'.repeat(hidden) + key.slice(start.length + hidden);
}

function unauthorized(message: string, code?: string): StripeError {
  const headers = { 'www-authenticate': 'Basic realm="Stripe"' };
  return new StripeError(401, message, { headers, ...(code === undefined ? {} : { code }) }, false);
}
