import type { JsonObject } from '@payments/core/event';
import * as v from 'valibot';
import { hash, text, whole } from './parameters.ts';
import type { Sequence } from './shelf.ts';
import { noSuch, StripeError } from './stripe-error.ts';

const BOUNDS = hash({
  gt: v.optional(whole()),
  gte: v.optional(whole()),
  lt: v.optional(whole()),
  lte: v.optional(whole()),
});

/** What a list in pages takes. */
export const PAGE_PARAMETERS = {
  ending_before: v.optional(text()),
  limit: v.optional(whole(1, 100)),
  starting_after: v.optional(text()),
};

/** What every list of objects takes: `created` is a second, or bounds of it. */
export const LIST_PARAMETERS = {
  ...PAGE_PARAMETERS,
  created: v.optional(v.lazy((given) => (typeof given === 'string' ? whole() : BOUNDS))),
};

export type PageRequest = {
  readonly limit: number;
  /** Bounds of `created` in epoch seconds, both possible. */
  readonly from: number;
  readonly to: number;
  readonly cursor: string | null;
  /** `older`: with `starting_after`, or without a cursor. */
  readonly towards: 'older' | 'newer';
};

type ListParameters = v.InferOutput<v.ObjectSchema<typeof LIST_PARAMETERS, undefined>>;

export function pageRequest(given: ListParameters): PageRequest {
  const { starting_after: after, ending_before: before, limit = 10 } = given;
  if (after !== undefined && before !== undefined) {
    throw new StripeError(400, 'You cannot parameterize both starting_after and ending_before.', {}, false);
  }
  return {
    limit,
    ...boundsOf(given.created),
    cursor: after ?? before ?? null,
    towards: after === undefined && before !== undefined ? 'newer' : 'older',
  };
}

function boundsOf(created: ListParameters['created']): Pick<PageRequest, 'from' | 'to'> {
  if (typeof created === 'number') return { from: created, to: created };
  const { gt, gte, lt, lte } = created ?? {};
  return {
    from: Math.max(0, gte ?? 0, gt === undefined ? 0 : gt + 1),
    to: Math.min(LAST_SECOND, lte ?? LAST_SECOND, lt === undefined ? LAST_SECOND : lt - 1),
  };
}

const LAST_SECOND = Number.MAX_SAFE_INTEGER - 1;

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
