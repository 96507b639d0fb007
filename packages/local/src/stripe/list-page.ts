import type { JsonObject } from '@payments/core/event';
import { unknownParameters } from './parameters.ts';
import type { Sequence } from './shelf.ts';
import { noSuch, StripeError } from './stripe-error.ts';

/** What every list takes, read from its parameters. */
export type PageRequest = {
  readonly limit: number;
  /** Bounds of `created` in epoch seconds, both possible. */
  readonly from: number;
  readonly to: number;
  readonly cursor: string | null;
  /** `older`: with `starting_after`, or without a cursor. */
  readonly towards: 'older' | 'newer';
};

/** Parameters of every list. */
export const LIST_PARAMETERS = ['created', 'ending_before', 'limit', 'starting_after'] as const;

/** Throws the StripeError for a limit outside 1 to 100 or a bound that is no whole number. */
export function pageRequest(query: URLSearchParams): PageRequest {
  const after = query.get('starting_after');
  const before = query.get('ending_before');
  return {
    limit: limitOf(query.get('limit') ?? '10'),
    ...boundsOf(query),
    cursor: after ?? before,
    towards: after === null && before !== null ? 'newer' : 'older',
  };
}

/** Newest first; `starting_after` goes on with older ones, `ending_before` with newer. */
export function listPage<T extends JsonObject>(
  sequence: Sequence<T>,
  request: PageRequest,
  matches: (object: T) => boolean,
  list: { readonly noun: string; readonly url: string },
): JsonObject {
  const { limit, from, to, cursor, towards } = request;
  const first = firstPlace(sequence, from);
  const last = firstPlace(sequence, to + 1) - 1;
  const found: T[] = [];
  const visit = (place: number): boolean => {
    const object = sequence.at(place);
    if (matches(object)) found.push(object);
    return found.length <= limit;
  };
  const at = cursor === null ? null : placeOfCursor(sequence, cursor, towards, list.noun);
  if (towards === 'newer') {
    let place = Math.max(first, (at ?? -1) + 1);
    while (place <= last && visit(place)) place += 1;
  } else {
    let place = Math.min(last, (at ?? sequence.length) - 1);
    while (place >= first && visit(place)) place -= 1;
  }
  const data = found.slice(0, limit);
  return {
    object: 'list',
    data: towards === 'newer' ? data.reverse() : data,
    has_more: found.length > limit,
    url: list.url,
  };
}

function placeOfCursor(
  sequence: Sequence<unknown>,
  cursor: string,
  towards: PageRequest['towards'],
  noun: string,
): number {
  const place = sequence.placeOf(cursor);
  if (place === undefined) throw noSuch(noun, cursor, towards === 'newer' ? 'ending_before' : 'starting_after');
  return place;
}

/** The first place that was created at `seconds` or later. */
function firstPlace(sequence: Sequence<unknown>, seconds: number): number {
  let low = 0;
  let high = sequence.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sequence.createdAt(middle) < seconds) low = middle + 1;
    else high = middle;
  }
  return low;
}

function limitOf(asked: string): number {
  const limit = wholeNumber(asked, 'limit');
  if (limit >= 1 && limit <= 100) return limit;
  const bound = limit < 1 ? 'greater than or equal to 1' : 'less than or equal to 100';
  throw invalidInteger(`This value must be ${bound}.`, 'limit');
}

const BOUNDS: Readonly<Record<string, (seconds: number) => { readonly from?: number; readonly to?: number }>> = {
  created: (seconds) => ({ from: seconds, to: seconds }),
  'created[gte]': (seconds) => ({ from: seconds }),
  'created[gt]': (seconds) => ({ from: seconds + 1 }),
  'created[lte]': (seconds) => ({ to: seconds }),
  'created[lt]': (seconds) => ({ to: seconds - 1 }),
};

function boundsOf(query: URLSearchParams): { readonly from: number; readonly to: number } {
  let from = 0;
  let to = Number.MAX_SAFE_INTEGER - 1;
  for (const [name, value] of query) {
    if (!/^created\b/.test(name)) continue;
    const bound = BOUNDS[name];
    if (bound === undefined) throw unknownParameters([name]);
    const given = bound(wholeNumber(value, name));
    from = Math.max(from, given.from ?? from);
    to = Math.min(to, given.to ?? to);
  }
  return { from, to };
}

function wholeNumber(text: string, param: string): number {
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  throw invalidInteger(`Invalid integer: ${text}`, param);
}

function invalidInteger(message: string, param: string): StripeError {
  return new StripeError(400, message, { code: 'parameter_invalid_integer', param }, false);
}

/** A list that is short and stands in the order in which it is shown. */
export function inShownOrder<T extends JsonObject>(shown: readonly T[]): Sequence<T> {
  const all = [...shown].reverse();
  return {
    length: all.length,
    createdAt: () => 0,
    at: (place) => itemAt(all, place),
    placeOf: (id) => placeIn(all, id),
  };
}

/** Some places of a longer sequence, ascending. */
export function selection<T>(sequence: Sequence<T>, places: readonly number[]): Sequence<T> {
  return {
    length: places.length,
    createdAt: (index) => sequence.createdAt(itemAt(places, index)),
    at: (index) => sequence.at(itemAt(places, index)),
    placeOf: (id) => {
      const place = sequence.placeOf(id);
      const index = place === undefined ? -1 : places.indexOf(place);
      return index < 0 ? undefined : index;
    },
  };
}

export function itemAt<T>(items: readonly T[], place: number): T {
  const item = items[place];
  if (item === undefined) throw new RangeError(`there is nothing at ${place}`);
  return item;
}

function placeIn(items: readonly JsonObject[], id: string): number | undefined {
  const place = items.findIndex((item) => item.id === id);
  return place < 0 ? undefined : place;
}
