import type { JsonObject } from '@payments/core/event';
import type { StripeAccount } from './account.ts';
import type { Match } from './endpoint.ts';
import type { Form } from './form.ts';
import { stripeOrdered } from './json.ts';
import { unknownParameters } from './parameters.ts';
import type { Collection } from './resources.ts';
import { collections } from './resources.ts';
import { noSuch, StripeError } from './stripe-error.ts';

/** GET of an object, a list, or an invoice's lines; undefined: no such path. */
export function readEndpoint(
  account: StripeAccount,
  method: string,
  path: string,
  pathname: string,
): Match | undefined {
  const segments = path.split('/');
  const name = segments[0] === 'checkout' ? segments.slice(0, 2).join('/') : (segments[0] ?? '');
  const [id, part, ...rest] = segments.slice(name.split('/').length);
  const collection = collections(account).get(name);
  const lines = name === 'invoices' && part === 'lines';
  if (method !== 'GET' || collection === undefined || rest.length > 0 || (part !== undefined && !lines))
    return undefined;
  return {
    id: id ?? '',
    endpoint: {
      method,
      path: id === undefined ? name : `${name}/:id`,
      prepare: (call, form) => {
        checkFilters(form, id === undefined ? [...LIST, ...collection.filters] : lines ? LIST : []);
        return () => {
          if (id === undefined) return list([...collection.all()].reverse(), form, pathname, collection.matches);
          const found = collection.get(call.id);
          if (found === undefined) throw noSuch(collection.noun, call.id, paramOf(collection), 404);
          if (lines) return list(account.books.invoices.get(call.id)?.lines.data ?? [], form, pathname, () => true);
          return account.isDeleted(call.id) ? { id: call.id, object: collection.noun, deleted: true } : found;
        };
      },
    },
  };
}

const LIST = ['created', 'ending_before', 'limit', 'starting_after'];

/** A filter that isn't applied would answer with too much: it is refused as an unknown one. */
function checkFilters(form: Form, known: readonly string[]): void {
  const unknown = Object.keys(form).filter((name) => name !== 'expand' && !known.includes(name));
  if (unknown.length > 0) throw unknownParameters(unknown);
}

/** Which parameter a 404 names; the elder resources say `id`. */
function paramOf(collection: Collection): string {
  const named: Readonly<Record<string, string>> = {
    payment_intent: 'intent',
    'checkout.session': 'session',
    invoice: 'invoice',
  };
  return named[collection.noun] ?? 'id';
}

/** Newest first; `starting_after` goes to older ones, `ending_before` to newer. */
function list(
  all: readonly JsonObject[],
  form: Form,
  url: string,
  matches: (object: JsonObject, query: URLSearchParams) => boolean,
): JsonObject {
  const query = flat(form);
  const asked = query.get('limit') ?? '10';
  const limit = /^-?\d{1,9}$/.test(asked) ? Number(asked) : Number.NaN;
  if (!Number.isInteger(limit) || limit < 1 || limit > 100) {
    const bound = limit < 1 ? 'greater than or equal to 1' : 'less than or equal to 100';
    const message = Number.isInteger(limit) ? `This value must be ${bound}.` : `Invalid integer: ${query.get('limit')}`;
    throw new StripeError(400, message, { code: 'parameter_invalid_integer', param: 'limit' }, false);
  }
  const chosen = all.filter((object) => createdWithin(object, query) && matches(object, query));
  const after = query.get('starting_after');
  const before = query.get('ending_before');
  const cursor = after ?? before;
  const at = cursor === null ? -1 : chosen.findIndex((object) => object.id === cursor);
  if (cursor !== null && at < 0) {
    throw noSuch('object', cursor, after === null ? 'ending_before' : 'starting_after');
  }
  const rest = before !== null ? chosen.slice(0, at) : chosen.slice(at + 1);
  const data = before !== null ? rest.slice(-limit) : rest.slice(0, limit);
  return { object: 'list', data: data.map((object) => stripeOrdered(object)), has_more: rest.length > limit, url };
}

/** `a[b]`, as filters name it. */
function flat(form: Form): URLSearchParams {
  const query = new URLSearchParams();
  const add = (prefix: string, value: unknown): void => {
    if (typeof value === 'string') query.append(prefix, value);
    else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) add(prefix === '' ? key : `${prefix}[${key}]`, inner);
    }
  };
  add('', form);
  return query;
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
