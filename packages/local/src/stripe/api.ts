import { createServer } from 'node:http';
import type { JsonObject } from '@payments/core/event';
import type { StripeAccount } from './account.ts';
import { API_VERSION } from './books.ts';
import { expandIn } from './expand.ts';
import { printAsStripe, stripeOrdered } from './json.ts';
import { collections } from './resources.ts';

export type ApiRequest = {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
};
export type ApiResponse = { readonly status: number; readonly headers: Record<string, string>; readonly body: string };

/** Answers as api.stripe.com does; the `Date` header tells the account's simulated time. Reads only. */
export function stripeApi(account: StripeAccount): (request: ApiRequest) => ApiResponse {
  return (request) => {
    const url = new URL(request.url, 'http://stripe.local');
    const answer = authorized(request.headers.authorization) ? read(account, request.method, url) : UNAUTHORIZED;
    return {
      status: answer.status,
      headers: {
        'content-type': 'application/json',
        date: new Date(account.now() * 1000).toUTCString(),
        'request-id': account.books.ids.long('req_', 14),
        'stripe-version': request.headers['stripe-version'] ?? API_VERSION,
      },
      body: printAsStripe(answer.body),
    };
  };
}

type Answer = { readonly status: number; readonly body: JsonObject };

const failure = (status: number, error: JsonObject): Answer => ({ status, body: { error } });
const UNAUTHORIZED = failure(401, {
  message: 'A secret key is needed: Authorization: Bearer sk_test_…',
  type: 'invalid_request_error',
});

function authorized(header: string | undefined): boolean {
  return /^Bearer (sk|rk)_(test|live)_\w+$/.test(header ?? '') || /^Basic \S+$/.test(header ?? '');
}

function read(account: StripeAccount, method: string, url: URL): Answer {
  const path = url.pathname
    .replace(/^\/v1\//, '')
    .split('/')
    .map(decodeURIComponent);
  const lines = path[0] === 'invoices' && path[2] === 'lines';
  const name = path[0] === 'checkout' ? `checkout/${path[1] ?? ''}` : (path[0] ?? '');
  const id = path[0] === 'checkout' ? path[2] : path[1];
  const collection = collections(account).get(name);
  if (collection === undefined || method !== 'GET') {
    return failure(404, {
      message: `Unrecognized request URL (${method}: ${url.pathname}).`,
      type: 'invalid_request_error',
    });
  }
  const expand = [...url.searchParams].filter(([key]) => /^expand(\[\d*\])?$/.test(key)).map(([, value]) => value);
  if (id === undefined) return list(account, [...collection.all()].reverse(), url, collection.matches, expand);
  const found = collection.get(id);
  if (found === undefined) return missing(collection.noun, id);
  if (lines) {
    const data = account.books.invoices.get(id)?.lines.data ?? [];
    return list(account, data, url, () => true, expand);
  }
  if (account.isDeleted(id)) return { status: 200, body: { id, object: collection.noun, deleted: true } };
  return { status: 200, body: expandIn(account, stripeOrdered(found), expand) };
}

function missing(noun: string, id: string): Answer {
  return failure(404, {
    code: 'resource_missing',
    doc_url: 'https://stripe.com/docs/error-codes/resource-missing',
    message: `No such ${noun}: '${id}'`,
    param: 'id',
    type: 'invalid_request_error',
  });
}

/** Newest first; `starting_after` goes to older ones, `ending_before` to newer. */
function list(
  account: StripeAccount,
  all: readonly JsonObject[],
  url: URL,
  matches: (object: JsonObject, query: URLSearchParams) => boolean,
  expand: readonly string[],
): Answer {
  const query = url.searchParams;
  const limit = Number(query.get('limit') ?? '10');
  if (!Number.isInteger(limit) || limit < 1 || limit > 100) {
    return failure(400, { message: 'limit must be 1 to 100', param: 'limit', type: 'invalid_request_error' });
  }
  const chosen = all.filter((object) => createdWithin(object, query) && matches(object, query));
  const after = query.get('starting_after');
  const before = query.get('ending_before');
  const cursor = after ?? before;
  const at = cursor === null ? -1 : chosen.findIndex((object) => object.id === cursor);
  if (cursor !== null && at < 0) return missing('object', cursor);
  const rest = before !== null ? chosen.slice(0, at) : chosen.slice(at + 1);
  const data = before !== null ? rest.slice(-limit) : rest.slice(0, limit);
  const body: JsonObject = {
    object: 'list',
    data: data.map((object) => stripeOrdered(object)),
    has_more: rest.length > limit,
    url: url.pathname,
  };
  return { status: 200, body: expandIn(account, body, expand) };
}

function createdWithin(object: JsonObject, query: URLSearchParams): boolean {
  const created = typeof object.created === 'number' ? object.created : 0;
  const bound = (name: string, holds: (limit: number) => boolean): boolean => {
    const value = query.get(name);
    return value === null || holds(Number(value));
  };
  return (
    bound('created', (limit) => created === limit) &&
    bound('created[gte]', (limit) => created >= limit) &&
    bound('created[gt]', (limit) => created > limit) &&
    bound('created[lte]', (limit) => created <= limit) &&
    bound('created[lt]', (limit) => created < limit)
  );
}

/** Serves the account on loopback; port 0 takes a free one. */
export async function serveStripe(
  account: StripeAccount,
  options: { readonly port: number; readonly host?: string },
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const handle = stripeApi(account);
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([key, value]) => [key, value?.toString()]),
      );
      const body = Buffer.concat(chunks).toString('utf8');
      const answer = handle({ method: request.method ?? 'GET', url: request.url ?? '/', headers, body });
      response.writeHead(answer.status, answer.headers).end(answer.body);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host ?? '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
