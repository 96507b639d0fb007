/**
 * What Stripe allows an account, in requests a second (docs.stripe.com/rate-limits): of all endpoints together, and of
 * each named operation by itself, whatever object it is about. The others who use the account, Apex among them, share
 * both, so a 429 may come all the same; it is honoured by a pause.
 */
export type StripeLimits = { readonly perSecond: number; readonly perEndpoint: number };

export const STRIPE_LIMITS = {
  live: { perSecond: 100, perEndpoint: 25 },
  sandbox: { perSecond: 25, perEndpoint: 25 },
} as const satisfies Readonly<Record<string, StripeLimits>>;

/** Search is allowed less than other endpoints. */
const SEARCHES_PER_SECOND = 20;

/** First words of a path that are no list of objects by themselves: `/v1/checkout/sessions`. */
const FAMILIES: ReadonlySet<string> = new Set([
  'billing',
  'billing_portal',
  'checkout',
  'radar',
  'tax',
  'test_helpers',
]);

/**
 * The operation that a GET of a path calls: `GET /v1/prices/:id`. An id is known by its place, after the name of a list:
 * prices and customers may have ids that people chose.
 */
export function endpointOf(path: string): string {
  const [, version = '', ...segments] = path.split('?')[0]?.split('/') ?? [];
  const first = FAMILIES.has(segments[0] ?? '') ? 2 : 1;
  const named = segments.map((segment, index) =>
    index >= first && (index - first) % 2 === 0 && segment !== 'search' ? ':id' : segment,
  );
  return `GET /${[version, ...named].join('/')}`;
}

export function limitOf(endpoint: string, limits: StripeLimits): number {
  return endpoint.endsWith('/search') ? Math.min(SEARCHES_PER_SECOND, limits.perEndpoint) : limits.perEndpoint;
}

export type Pause = { readonly scope: 'account' | 'endpoint'; readonly ms: number };

/** Long enough for a window of Stripe's to empty, when it does not say how long. */
const WINDOW_MS = 1_000;
/** A header that asks for more is not believed: the machine's own wait asks again. */
const LONGEST_MS = 60_000;

/**
 * What a 429 asks of everyone who calls. `reason` is the header `Stripe-Rate-Limited-Reason`, `retryAfter` the header
 * `Retry-After` in seconds. `null`: it is about one object (`resource-specific`, a lock): the others may go on. Without a
 * reason the whole account is taken to be meant.
 */
export function pauseFor(reason: string | null, retryAfter: string | null): Pause | null {
  if (reason === 'resource-specific') return null;
  const seconds = retryAfter === null || retryAfter.trim() === '' ? Number.NaN : Number(retryAfter);
  const ms = Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds * 1_000, LONGEST_MS) : WINDOW_MS;
  const endpoint = reason === 'endpoint-rate' || reason === 'endpoint-concurrency';
  return { scope: endpoint ? 'endpoint' : 'account', ms };
}
