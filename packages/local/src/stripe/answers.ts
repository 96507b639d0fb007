import type { JsonObject } from '@payments/core/event';
import type { StripeAccount } from './account.ts';
import type { ApiFaults } from './api-faults.ts';
import { faultError, openApiFaults } from './api-faults.ts';
import type { ApiKeys } from './api-keys.ts';
import { openApiKeys } from './api-keys.ts';
import { API_VERSION } from './books.ts';
import { checkoutEndpoints } from './checkout-endpoints.ts';
import { answerControl } from './control.ts';
import { customerEndpoints } from './customer-endpoints.ts';
import { disputeEndpoints } from './dispute-endpoints.ts';
import type { Endpoint } from './endpoint.ts';
import { findEndpoint } from './endpoint.ts';
import { checkDepth, expandIn } from './expand.ts';
import type { Form } from './form.ts';
import { parseForm } from './form.ts';
import type { IdempotencyKeys } from './idempotency.ts';
import { openIdempotencyKeys } from './idempotency.ts';
import { invoiceEndpoints } from './invoice-endpoints.ts';
import { isHash, printAsStripe, stripeOrdered } from './json.ts';
import { passingTime } from './passing-time.ts';
import { paymentIntentEndpoints } from './payment-intent-endpoints.ts';
import { paymentMethodEndpoints } from './payment-method-endpoints.ts';
import { priceEndpoints } from './price-endpoints.ts';
import { productEndpoints } from './product-endpoints.ts';
import { randomFrom } from './random.ts';
import type { RateLimiter, RateLimits } from './rate-limits.ts';
import { openRateLimiter, tooManyRequests, WIDE_LIMITS } from './rate-limits.ts';
import { readEndpoint } from './reads.ts';
import { refundEndpoints } from './refund-endpoints.ts';
import { StripeError, unknownUrl } from './stripe-error.ts';
import { subscriptionEndpoints } from './subscription-endpoints.ts';
import { isVersion, renderObject, shapeOf } from './versions.ts';
import { webhookEndpoints } from './webhook-endpoints.ts';

export type ApiRequest = {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
};
export type ApiResponse = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

export type ApiOptions = {
  /** Milliseconds since 1970, for rate limits and the age of idempotency keys: real time by default. */
  readonly clock?: () => number;
  readonly sleep?: (ms: number) => Promise<void>;
  /** Of the account. None: any key of test mode is taken. */
  readonly keys?: readonly string[];
  /** WIDE_LIMITS by default; STRIPES_LIMITS imitates the original. */
  readonly limits?: RateLimits;
  /** Whether the simulated time goes on by itself while calls come. False by default: it stands until somebody moves it. */
  readonly timePasses?: boolean;
  /** Served beside the account's own. */
  readonly endpoints?: readonly Endpoint[];
};

export type StripeApi = {
  /** Answers as api.stripe.com does; null: the connection is cut. `Date` tells the account's simulated time. */
  answer(request: ApiRequest): Promise<ApiResponse | null>;
  readonly keys: ApiKeys;
  readonly faults: ApiFaults;
  readonly limiter: RateLimiter;
};

type Answer = {
  readonly status: number;
  readonly body: JsonObject;
  readonly headers: Readonly<Record<string, string>>;
};

const ENDPOINTS: readonly Endpoint[] = [
  ...customerEndpoints(),
  ...checkoutEndpoints(),
  ...subscriptionEndpoints(),
  ...invoiceEndpoints(),
  ...productEndpoints(),
  ...priceEndpoints(),
  ...paymentIntentEndpoints(),
  ...paymentMethodEndpoints(),
  ...refundEndpoints(),
  ...disputeEndpoints(),
  ...webhookEndpoints(),
];

export function stripeApi(account: StripeAccount, options: ApiOptions = {}): StripeApi {
  const clock = options.clock ?? (() => Date.now());
  const sleep = options.sleep ?? ((ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)));
  const keys = openApiKeys(options.keys);
  const kept = openIdempotencyKeys<Answer>(clock);
  const limiter = openRateLimiter(clock, options.limits ?? WIDE_LIMITS);
  const faults = openApiFaults();
  // Of their own: a read must not change the ids that a seed gives.
  const requestIds = randomFrom(0x7e9);
  const pass = options.timePasses === true ? passingTime(account, clock) : () => {};
  const endpoints = [...ENDPOINTS, ...(options.endpoints ?? [])];
  return {
    keys,
    faults,
    limiter,
    answer: async (request) => {
      const url = URL.parse(request.url, 'http://stripe.local') ?? new URL('http://stripe.local/');
      if (url.pathname.startsWith('/__fake/')) {
        return answerControl({ account, keys, faults, limiter, clock }, request.method, url.pathname, request.body);
      }
      pass();
      const requestId = `req_${requestIds.text(14, LETTERS)}`;
      const desk = { account, keys, kept, limiter, faults, sleep, endpoints };
      const answered = await answerCall(desk, request, url, requestId);
      return answered === null ? null : printed(account, request, requestId, answered);
    },
  };
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

function printed(account: StripeAccount, request: ApiRequest, requestId: string, answer: Answer): ApiResponse {
  const key = request.headers['idempotency-key'];
  return {
    status: answer.status,
    headers: {
      'content-type': 'application/json',
      date: new Date(account.now() * 1000).toUTCString(),
      'request-id': requestId,
      'stripe-version': request.headers['stripe-version'] ?? API_VERSION,
      ...(key === undefined ? {} : { 'idempotency-key': key }),
      ...answer.headers,
    },
    body: printAsStripe(answer.body),
  };
}

type Desk = {
  readonly account: StripeAccount;
  readonly keys: ApiKeys;
  readonly kept: IdempotencyKeys<Answer>;
  readonly limiter: RateLimiter;
  readonly faults: ApiFaults;
  readonly sleep: (ms: number) => Promise<void>;
  readonly endpoints: readonly Endpoint[];
};

async function answerCall(desk: Desk, request: ApiRequest, url: URL, requestId: string): Promise<Answer | null> {
  const { account, faults, kept } = desk;
  const fault = faults.strike(request.method, url.pathname);
  const key = request.method === 'POST' ? request.headers['idempotency-key'] : undefined;
  let held = false;
  const answer = async (): Promise<Answer> => {
    const refusal = desk.keys.refusal(request.headers.authorization);
    if (refusal !== null) throw refusal;
    const version = versionOf(request.headers['stripe-version']);
    const path = url.pathname.replace(/^\/v1\//, '');
    const { endpoint, id } = matchOf(desk, request.method, url.pathname, path);
    const limited = desk.limiter.admit(`${endpoint.method} ${endpoint.path}`);
    if (limited !== null) throw tooManyRequests(limited);
    const form = parseForm(request.method === 'POST' ? request.body : url.search.slice(1));
    const work = endpoint.prepare({ account, books: account.books, id: idFrom(id), version }, form);
    const expand = expandPaths(form);
    checkDepth(expand);
    if (key !== undefined) {
      const before = kept.claim(key, JSON.stringify([request.method, url.pathname, sorted(form)]));
      if (before !== null) return { ...before, headers: { ...before.headers, 'idempotent-replayed': 'true' } };
      held = true;
    }
    if (fault?.delayMs !== undefined) await desk.sleep(fault.delayMs);
    if (fault?.status !== undefined && fault.afterWork !== true) throw faultError(fault);
    if (fault?.reset === true && fault.afterWork !== true) {
      throw new StripeError(500, 'cut before any work', {}, false);
    }
    const object = account.books.during({ id: requestId, idempotencyKey: key ?? null }, work);
    // What is due by now happens now: test debits settle, test disputes open.
    if (request.method !== 'GET') account.advance(0);
    // What was written stands: only reads refuse a path for what is found at its end.
    const body = shown(account, object, { expand, strict: request.method === 'GET' }, version);
    if (fault?.status !== undefined) throw faultError(fault);
    return { status: 200, body, headers: { 'original-request': requestId } };
  };

  try {
    const given = await answer();
    if (held && key !== undefined) kept.keep(key, given);
    return fault?.reset === true ? null : given;
  } catch (error) {
    const refusal = error instanceof StripeError ? error : crashed(error);
    const { missingForKey, words } = account.books.guesses;
    const body = words === 'likely' ? refusal.body : withoutWords(refusal.body);
    const given: Answer = { status: refusal.status, body, headers: refusal.headers };
    if (held && key !== undefined) {
      const missing = refusal.status === 404 || isMissing(refusal.body);
      if (refusal.began && (missingForKey === 'kept' || !missing)) kept.keep(key, given);
      else kept.release(key);
    }
    return fault?.reset === true ? null : given;
  }
}

/** The same parameters in another order are the same. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return entries.map(([key, inner]) => [key, sorted(inner)]);
}

/** Code, parameter, type and status stay: what a caller may rely on. */
function withoutWords({ error, ...rest }: JsonObject): JsonObject {
  if (error === undefined || !isHash(error)) return rest;
  return { ...rest, error: { ...error, message: 'Nobody recorded the words of this error.' } };
}

function isMissing(body: JsonObject): boolean {
  return JSON.stringify(body).includes('"code":"resource_missing"');
}

/** A fault of ours would be one of theirs: 500, without the details. */
function crashed(error: unknown): StripeError {
  console.error(error);
  return new StripeError(500, 'An unexpected error occurred in the local Stripe account; its log tells more.', {
    type: 'api_error',
  });
}

function matchOf({ account, endpoints }: Desk, method: string, pathname: string, path: string) {
  const found = pathname.startsWith('/v1/')
    ? (findEndpoint(endpoints, method, path) ?? readEndpoint(account, method, path, pathname))
    : undefined;
  if (found === undefined) throw unknownUrl(method, pathname);
  return found;
}

function shown(
  account: StripeAccount,
  object: JsonObject,
  { expand, strict }: { readonly expand: readonly string[]; readonly strict: boolean },
  version: string | null,
): JsonObject {
  const render = (it: JsonObject): JsonObject => renderObject(account.books, it, shapeOf(version));
  return expandIn(account, render(stripeOrdered(object)), expand, render, strict);
}

function expandPaths(form: Form): readonly string[] {
  return Object.values(typeof form.expand === 'object' ? form.expand : {}).flatMap((path) =>
    Array.isArray(path) ? path.map(String) : [String(path)],
  );
}

/** Broken escapes are no id of ours: looked up as they are, and not found. */
function idFrom(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Null without a header. Throws for what is no version. */
function versionOf(header: string | undefined): string | null {
  if (header === undefined || isVersion(header)) return header ?? null;
  throw new StripeError(400, `Invalid Stripe API version: ${header}`, {}, false);
}
