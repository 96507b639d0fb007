import type { JsonObject } from '@payments/core/event';
import * as v from 'valibot';
import type { StripeAccount } from './account.ts';
import type { Match } from './endpoint.ts';
import { withoutExpand } from './endpoint.ts';
import type { Form } from './form.ts';
import type { PageRequest } from './list-page.ts';
import { inShownOrder, LIST_PARAMETERS, listPage, PAGE_PARAMETERS, pageRequest } from './list-page.ts';
import { checkParameters, unknownParameters } from './parameters.ts';
import type { Collection, Given } from './resources.ts';
import { collections } from './resources.ts';
import { noSuch } from './stripe-error.ts';

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
        const parameters = withoutExpand(form);
        if (id === undefined) {
          const given = checked({ ...LIST_PARAMETERS, ...collection.filters }, parameters);
          const request = pageRequest(checkParameters(v.object(LIST_PARAMETERS), parameters));
          return () => listOf(account, collection, given, request, pathname);
        }
        checked(lines ? PAGE_PARAMETERS : {}, parameters);
        const request = pageRequest(checkParameters(v.object(PAGE_PARAMETERS), parameters));
        return () => {
          const found = collection.get(call.id);
          if (found === undefined) throw noSuch(collection.noun, call.id, paramOf(collection), 404);
          if (lines) return linesOf(account, call.id, request, pathname);
          return account.isDeleted(call.id) ? { id: call.id, object: collection.noun, deleted: true } : found;
        };
      },
    },
  };
}

function listOf(
  account: StripeAccount,
  collection: Collection,
  given: Given,
  request: PageRequest,
  url: string,
): JsonObject {
  const { noun } = collection;
  const { cursor } = request;
  const gone = cursor !== null && account.isDeleted(cursor) && account.books.guesses.deletedCursor === 'refused';
  if (gone) throw noSuch(noun, cursor, request.towards === 'newer' ? 'ending_before' : 'starting_after');
  const matches = (object: JsonObject): boolean =>
    !account.isDeleted(String(object.id)) && collection.matches(object, given);
  const from = Math.max(request.from, collection.since?.() ?? 0);
  return listPage(collection.sequence(given), { ...request, from }, matches, { noun, url });
}

/** Lines of an invoice stand in its own order. */
function linesOf(account: StripeAccount, id: string, request: PageRequest, url: string): JsonObject {
  const lines = inShownOrder(account.books.invoices.peek(id)?.lines.data ?? []);
  return listPage(lines, request, () => true, { noun: 'line_item', url });
}

/** A filter that isn't applied would answer with too much: it is refused as an unknown one. */
function checked(entries: v.ObjectEntries, form: Form): Given {
  const unknown = Object.keys(form).filter((name) => !Object.hasOwn(entries, name));
  if (unknown.length > 0) throw unknownParameters(unknown);
  return checkParameters(v.strictObject(entries), form);
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
