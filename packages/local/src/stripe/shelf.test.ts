import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { parseForm } from './form.ts';
import { LIST_PARAMETERS, listPage, pageRequest } from './list-page.ts';
import { checkParameters } from './parameters.ts';
import { Overlay, type Past, Shelf } from './shelf.ts';

type Thing = { id: string; created: number; owner: string };

/** A million things of the past, one a second, every thousandth of one owner; counts what is made. */
function million() {
  const made: number[] = [];
  const past: Past<Thing> = {
    size: 1_000_000,
    createdAt: (place) => 1000 + place,
    make: (place) => {
      made.push(place);
      return { id: `t_${place}`, created: 1000 + place, owner: `o_${place % 1000}` };
    },
    placeOf: (id) => (/^t_\d+$/.test(id) ? Number(id.slice(2)) : undefined),
    having: (_, owner) => Array.from({ length: 1000 }, (_place, n) => n * 1000 + Number(owner.slice(2))),
  };
  const shelf = new Shelf<Thing>({ owner: ({ owner }) => owner });
  shelf.startWith(past);
  return { shelf, made };
}

const listed = (shelf: Shelf<Thing>, query: string) => {
  const request = pageRequest(checkParameters(v.object(LIST_PARAMETERS), parseForm(query)));
  return listPage(shelf, request, () => true, { noun: 'thing', url: '/v1/things' });
};

describe('a list looks only at what it shows', () => {
  test.each([
    ['the newest', 'limit=100'],
    ['a range of time', 'limit=100&created[gte]=5000&created[lt]=9000'],
    ['the middle', 'limit=100&starting_after=t_500000'],
    ['backwards', 'limit=100&ending_before=t_500000'],
  ])('of a million: %s', (_name, query) => {
    const { shelf, made } = million();
    expect(listed(shelf, query)).toMatchObject({ has_more: true, data: { length: 100 } });
    expect(made.length).toBe(101);
  });

  test('an indexed value: nothing is made to find it', () => {
    const { shelf, made } = million();
    expect(shelf.placesHaving('owner', 'o_7')).toHaveLength(1000);
    expect(made).toEqual([]);
  });
});

test('bounds of created hold both ways, alone and together', () => {
  const { shelf } = million();
  const places = (query: string) => Object(listed(shelf, query)).data.map(({ id }: Thing) => id);
  expect(places('created[gte]=1003&created[lt]=1005')).toEqual(['t_4', 't_3']);
  expect(places('created[gt]=1003&created[lte]=1005')).toEqual(['t_5', 't_4']);
  expect(places('created=1003')).toEqual(['t_3']);
  expect(places('created[lt]=1002&ending_before=t_0')).toEqual(['t_1']);
  expect(places('created[gte]=1005&created[lt]=1005')).toEqual([]);
  expect(places('created[lt]=1005&starting_after=t_9')).toEqual(['t_4', 't_3', 't_2', 't_1', 't_0']);
});

test.each(['created[gte]=soon', 'created[since]=1', 'limit=0', 'limit=101', 'limit=ten', 'created[gte]=1.5'])(
  '%s is refused',
  (query) => {
    expect(() => listed(million().shelf, query)).toThrow(expect.objectContaining({ status: 400 }));
  },
);

test('what somebody may change is kept, what somebody looks at is not', () => {
  const { shelf } = million();
  Object(shelf.peek('t_5')).owner = 'changed';
  expect(shelf.peek('t_5')?.owner).toBe('o_5');
  Object(shelf.get('t_5')).owner = 'changed';
  expect(shelf.peek('t_5')?.owner).toBe('changed');
});

test('the present comes after the past and is looked up with it; nothing older is taken', () => {
  const { shelf } = million();
  shelf.add({ id: 'now', created: 2_000_000, owner: 'o_7' });
  expect(shelf.placesHaving('owner', 'o_7').at(-1)).toBe(1_000_000);
  expect(shelf.get('now')?.created).toBe(2_000_000);
  expect(() => shelf.add({ id: 'late', created: 1_999_999, owner: 'o_7' })).toThrow(/older/);
  const none = { size: 0, createdAt: () => 0, make: shelf.at, placeOf: () => undefined, having: () => [] };
  expect(() => shelf.startWith(none)).toThrow(RangeError);
});

test('an overlay shows copies of what lies under it and leaves nothing there', () => {
  const { shelf } = million();
  const overlay = new Overlay(shelf);
  Object(overlay.get('t_5')).owner = 'changed';
  overlay.add({ id: 'mine', created: 5, owner: 'o_5' });
  expect([overlay.peek('t_5')?.owner, shelf.peek('t_5')?.owner]).toEqual(['changed', 'o_5']);
  expect([overlay.has('mine'), shelf.has('mine'), overlay.get('none')]).toEqual([true, false, undefined]);
  expect(overlay.having('owner', 'o_5').map(({ id }) => id)).toEqual(['mine']);
  expect(overlay.peekHaving('owner', 'o_9')?.id).toBe('t_9');
});
