import type { Json, JsonObject } from '@payments/core/event';
import * as v from 'valibot';
import type { StripeAccount } from './account.ts';
import type { ApiResponse } from './answers.ts';
import type { ApiFaults } from './api-faults.ts';
import type { ApiKeys } from './api-keys.ts';
import { authenticate } from './invoice-collection.ts';
import type { RateLimiter } from './rate-limits.ts';
import { STRIPES_LIMITS, WIDE_LIMITS } from './rate-limits.ts';
import { noSuch, StripeError } from './stripe-error.ts';
import { rollSecret } from './webhook-endpoint.ts';
import { webhookEndpointOf } from './webhook-endpoints.ts';

export type Controls = {
  readonly account: StripeAccount;
  readonly keys: ApiKeys;
  readonly faults: ApiFaults;
  readonly limiter: RateLimiter;
  readonly clock: () => number;
};

const Limits = v.union([
  v.picklist(['stripe', 'wide']),
  v.strictObject({
    perEndpoint: v.pipe(v.number(), v.minValue(0)),
    perAccount: v.pipe(v.number(), v.minValue(0)),
  }),
]);
const Roll = v.strictObject({
  /** How long the old secret still signs; 24 hours at most. */
  expires_in: v.optional(v.pipe(v.number(), v.minValue(0)), 0),
});
const Key = v.strictObject({ key: v.pipe(v.string(), v.regex(/^[sr]k_test_\w+$/)) });
const Authenticate = v.strictObject({ succeeds: v.optional(v.boolean(), true) });
const Advance = v.strictObject({ seconds: v.pipe(v.number(), v.integer(), v.minValue(0)) });

/**
 * What the original's Dashboard does, and what it never would: JSON, no key needed, loopback only.
 *   GET, POST, DELETE /__fake/faults[/:id]     faults on demand
 *   GET, POST         /__fake/limits           "stripe", "wide" or {perEndpoint, perAccount}
 *   POST, DELETE      /__fake/keys[/:key]      {key}: made, as in the Dashboard, and ended
 *   POST              /__fake/webhook_endpoints/:id/roll   {expires_in: seconds} → {secret}
 *   POST              /__fake/payment_intents/:id/authenticate   {succeeds}: what the customer does in the browser
 *   POST              /__fake/advance          {seconds}: lets simulated time pass
 */
export function answerControl(controls: Controls, method: string, path: string, body: string): ApiResponse {
  try {
    const given: unknown = body === '' ? {} : JSON.parse(body);
    const answer = control(controls, method, path.replace('/__fake/', ''), given);
    return answer === undefined ? json(404, { error: `no such control: ${method} ${path}` }) : json(200, answer);
  } catch (error) {
    if (error instanceof StripeError) return json(error.status, error.body);
    if (error instanceof SyntaxError || v.isValiError(error)) return json(400, { error: error.message });
    throw error;
  }
}

function control(
  { account, keys, faults, limiter, clock }: Controls,
  method: string,
  path: string,
  given: unknown,
): Json | undefined {
  const [name, id, verb] = path.split('/');
  if (name === 'faults') {
    if (method === 'POST' && id === undefined) return { id: faults.place(given) };
    if (method === 'GET' && id === undefined)
      return faults.placed().map((it) => ({ id: it.id, seen: it.seen, done: it.done }));
    if (method === 'DELETE' && id !== undefined) return { lifted: faults.lift(id) };
    if (method !== 'DELETE') return undefined;
    faults.clear();
    return { lifted: true };
  }
  if (name === 'limits') {
    if (method === 'POST') {
      const limits = v.parse(Limits, given);
      limiter.set(limits === 'stripe' ? STRIPES_LIMITS : limits === 'wide' ? WIDE_LIMITS : limits);
    }
    return { ...limiter.limits() };
  }
  if (name === 'keys') {
    if (method === 'POST' && id === undefined) keys.add(v.parse(Key, given).key);
    else if (method === 'DELETE' && id !== undefined) keys.expire(id);
    else return undefined;
    return {};
  }
  if (name === 'webhook_endpoints' && id !== undefined && verb === 'roll' && method === 'POST') {
    const { expires_in: seconds } = v.parse(Roll, given);
    const now = clock();
    const endpoint = webhookEndpointOf(account.books, id);
    return { secret: rollSecret(account.books, endpoint, now, now + seconds * 1000) };
  }
  if (name === 'payment_intents' && id !== undefined && verb === 'authenticate' && method === 'POST') {
    const intent = account.books.paymentIntents.get(id);
    if (intent === undefined) throw noSuch('payment_intent', id, 'intent', 404);
    return { outcome: authenticate(account.books, intent, v.parse(Authenticate, given).succeeds) };
  }
  if (name === 'advance' && method === 'POST') {
    account.advance(v.parse(Advance, given).seconds);
    return { now: account.now() };
  }
  return undefined;
}

function json(status: number, body: Json | JsonObject): ApiResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
