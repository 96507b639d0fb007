import { describe, expect, it, test } from 'vitest';
import { endpointOf, limitOf, pauseFor, STRIPE_LIMITS } from './stripe-limits.ts';

test.each([
  ['/v1/prices/price_1', 'GET /v1/prices/:id'],
  ['/v1/prices/price_2?expand[]=tiers', 'GET /v1/prices/:id'],
  ['/v1/events', 'GET /v1/events'],
  ['/v1/invoices/in_1/lines', 'GET /v1/invoices/:id/lines'],
  ['/v1/customers/search?query=x', 'GET /v1/customers/search'],
  ['/v1/checkout/sessions', 'GET /v1/checkout/sessions'],
  ['/v1/checkout/sessions/cs_1', 'GET /v1/checkout/sessions/:id'],
  ['/v1/checkout/sessions/cs_1/line_items', 'GET /v1/checkout/sessions/:id/line_items'],
])('%s is the operation %s', (path, endpoint) => expect(endpointOf(path)).toBe(endpoint));

describe('limits', () => {
  it('are 25 a second for an operation, 20 for a search, 100 for a live account and 25 for a sandbox', () => {
    expect(limitOf('GET /v1/prices/:id', STRIPE_LIMITS.live)).toBe(25);
    expect(limitOf('GET /v1/customers/search', STRIPE_LIMITS.live)).toBe(20);
    expect([STRIPE_LIMITS.live.perSecond, STRIPE_LIMITS.sandbox.perSecond]).toEqual([100, 25]);
  });
});

describe('a 429 asks for a pause', () => {
  it.each([
    ['endpoint-rate', 'endpoint'],
    ['endpoint-concurrency', 'endpoint'],
    ['global-rate', 'account'],
    ['global-concurrency', 'account'],
    [null, 'account'],
    ['something-new', 'account'],
  ] as const)('%s: of the %s', (reason, scope) => expect(pauseFor(reason, '3')).toEqual({ scope, ms: 3_000 }));

  it('of nobody when it is about one object', () => expect(pauseFor('resource-specific', '3')).toBeNull());

  it.each([
    [null, 1_000],
    ['', 1_000],
    ['soon', 1_000],
    ['-5', 1_000],
    ['Infinity', 1_000],
    ['0', 0],
    ['0.5', 500],
    ['86400', 60_000],
  ])('Retry-After %s: %d ms', (header, ms) => expect(pauseFor('global-rate', header)?.ms).toBe(ms));
});
