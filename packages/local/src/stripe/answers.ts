import type { JsonObject } from '@payments/core/event';
import type { StripeAccount } from './account.ts';
import type { ApiFaults, Fault } from './api-faults.ts';
import { openApiFaults } from './api-faults.ts';
import { API_VERSION } from './books.ts';
import { checkoutEndpoints } from './checkout-endpoints.ts';
import { answerControl } from './control.ts';
import { customerEndpoints } from './customer-endpoints.ts';
import { disputeEndpoints } from './dispute-endpoints.ts';
import type { Endpoint } from './endpoint.ts';
import { findEndpoint } from './endpoint.ts';
import { expandIn } from './expand.ts';
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
import type { RateLimitedReason, RateLimiter, RateLimits } from './rate-limits.ts';
import { openRateLimiter, WIDE_LIMITS } from './rate-limits.ts';
import { readEndpoint } from './reads.ts';
import { refundEndpoints } from './refund-endpoints.ts';
import { StripeError, unknownUrl } from './stripe-error.ts';
import { subscriptionEndpoints } from './subscription-endpoints.ts';
import { renderObject, shapeOf } from './versions.ts';
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
  const keys = openIdempotencyKeys<Answer>(clock);
  const limiter = openRateLimiter(clock, options.limits ?? WIDE_LIMITS);
  const faults = openApiFaults();
  // Of their own: a read must not change the ids that a seed gives.
  const requestIds = randomFrom(0x7e9);
  const pass = options.timePasses === true ? passingTime(account, clock) : () => {};
  const endpoints = [...ENDPOINTS, ...(options.endpoints ?? [])];
  return {
    faults,
    limiter,
    answer: async (request) => {
      const url = URL.parse(request.url, 'http://stripe.local') ?? new URL('http://stripe.local/');
      if (url.pathname.startsWith('/__fake/')) {
        return answerControl({ account, faults, limiter, clock }, request.method, url.pathname, request.body);
      }
      pass();
      const requestId = `req_${requestIds.text(14, LETTERS)}`;
      const answered = await answerCall({ account, keys, limiter, faults, sleep, endpoints }, request, url, requestId);
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
  readonly keys: IdempotencyKeys<Answer>;
  readonly limiter: RateLimiter;
  readonly faults: ApiFaults;
  readonly sleep: (ms: number) => Promise<void>;
  readonly endpoints: readonly Endpoint[];
};

async function answerCall(desk: Desk, request: ApiRequest, url: URL, requestId: string): Promise<Answer | null> {
  const { account, faults } = desk;
  const fault = faults.strike(request.method, url.pathname);
  const key = request.method === 'POST' ? request.headers['idempotency-key'] : undefined;
  let held = false;
  const answer = async (): Promise<Answer> => {
    const version = versionOf(request.headers['stripe-version']);
    const path = url.pathname.replace(/^\/v1\//, '');
    const { endpoint, id } = matchOf(desk, request.method, url.pathname, path);
    const limited = desk.limiter.admit(`${endpoint.method} ${endpoint.path}`);
    if (limited !== null) return rateLimited(limited);
    const form = parseForm(request.method === 'POST' ? request.body : url.search.slice(1));
    const work = endpoint.prepare({ account, books: account.books, id: idFrom(id), version }, form);
    if (key !== undefined) {
      const kept = desk.keys.claim(key, JSON.stringify([request.method, url.pathname, sorted(form)]));
      if (kept !== null) return { ...kept, headers: { ...kept.headers, 'idempotent-replayed': 'true' } };
      held = true;
    }
    if (fault?.delayMs !== undefined) await desk.sleep(fault.delayMs);
    if (fault?.status !== undefined && fault.afterWork !== true) return faulty(fault);
    if (fault?.reset === true && fault.afterWork !== true) {
      throw new StripeError(500, 'cut before any work', {}, false);
    }
    const object = account.books.during({ id: requestId, idempotencyKey: key ?? null }, work);
    // What is due by now happens now: test debits settle, test disputes open.
    if (request.method !== 'GET') account.advance(0);
    const body = shown(account, object, form, version);
    const success: Answer = { status: 200, body, headers: { 'original-request': requestId } };
    return fault?.status === undefined ? success : faulty(fault);
  };

  try {
    if (!authorized(request.headers.authorization)) return UNAUTHORIZED;
    if (isExpired(request.headers.authorization, account.books.expiredKeys)) return EXPIRED;
    const given = await answer();
    if (held && key !== undefined) keepOrRelease(desk, key, given, fault);
    return fault?.reset === true ? null : given;
  } catch (error) {
    const refusal = error instanceof StripeError ? error : crashed(error);
    const { missingForKey, words } = account.books.guesses;
    const body = words === 'likely' ? refusal.body : withoutWords(refusal.body);
    const given: Answer = { status: refusal.status, body, headers: {} };
    if (held && key !== undefined) {
      const missing = refusal.status === 404 || isMissing(refusal.body);
      if (refusal.began && (missingForKey === 'kept' || !missing)) desk.keys.keep(key, given);
      else desk.keys.release(key);
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

/** Stored are successes and 500s; a refusal for being busy is not, as work never began. */
function keepOrRelease(desk: Desk, key: string, given: Answer, fault: Fault | null): void {
  const began = given.status < 400 || given.status >= 500 || fault?.afterWork === true;
  if (began) desk.keys.keep(key, given);
  else desk.keys.release(key);
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

function shown(account: StripeAccount, object: JsonObject, form: Form, version: string | null): JsonObject {
  const render = (it: JsonObject): JsonObject => renderObject(account.books, it, shapeOf(version));
  const expand = Object.values(typeof form.expand === 'object' ? form.expand : {}).flatMap((path) =>
    Array.isArray(path) ? path.map(String) : [String(path)],
  );
  return expandIn(account, render(stripeOrdered(object)), expand, render);
}

function authorized(header: string | undefined): boolean {
  return /^Bearer (sk|rk)_(test|live)_\w+$/.test(header ?? '') || /^Basic \S+$/.test(header ?? '');
}

function isExpired(header: string | undefined, expired: ReadonlySet<string>): boolean {
  const basic = /^Basic (\S+)$/.exec(header ?? '')?.[1];
  const key =
    basic === undefined ? header?.replace(/^Bearer /, '') : Buffer.from(basic, 'base64').toString().split(':')[0];
  return key !== undefined && expired.has(key);
}

/** docs.stripe.com/error-codes: `api_key_expired`. The key itself is masked there. */
const EXPIRED: Answer = {
  status: 401,
  headers: {},
  body: {
    error: { code: 'api_key_expired', message: 'Expired API Key provided.', type: 'invalid_request_error' },
  },
};

const UNAUTHORIZED: Answer = {
  status: 401,
  headers: { 'www-authenticate': 'Basic realm="Stripe"' },
  body: {
    error: {
      message:
        "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
      type: 'invalid_request_error',
    },
  },
};

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
  if (header === undefined || /^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$/.test(header)) return header ?? null;
  throw new StripeError(400, `Invalid Stripe API version: ${header}`, {}, false);
}

function rateLimited(reason: RateLimitedReason): Answer {
  return {
    status: 429,
    headers: { 'stripe-rate-limited-reason': reason },
    body: {
      error: {
        code: 'rate_limit',
        doc_url: 'https://stripe.com/docs/error-codes/rate-limit',
        message:
          'Request rate limit exceeded. You can learn more about rate limits here https://stripe.com/docs/rate-limits.',
        type: 'invalid_request_error',
      },
    },
  };
}

function faulty(fault: Fault): Answer {
  const status = fault.status ?? 500;
  return {
    status,
    headers: fault.headers ?? {},
    body: {
      error: {
        ...(fault.code === undefined ? {} : { code: fault.code }),
        message: fault.message ?? 'An unknown error occurred.',
        type: fault.type ?? (status >= 500 ? 'api_error' : 'invalid_request_error'),
      },
    },
  };
}
