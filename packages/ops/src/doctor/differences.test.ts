import { describe, expect, it } from 'vitest';
import { differences, some } from './differences.ts';

describe('differences', () => {
  it.each<[string, unknown, unknown]>([
    ['numbers', 3, 3],
    ['objects whose keys have another order', { a: 1, b: { c: [1, { d: 2 }] } }, { b: { c: [1, { d: 2 }] }, a: 1 }],
    ['names in another order', { a: ['x', 'y'] }, { a: ['y', 'x'] }],
    ['nothing', { a: null }, { a: null }],
  ])('are none between equal %s', (_, found, wanted) => {
    expect(differences(found, wanted)).toEqual([]);
  });

  it.each<[unknown, unknown, readonly string[]]>([
    [{ a: { b: 3 } }, { a: { b: 185 } }, ['a.b is 3 instead of 185']],
    [{ a: '3' }, { a: 3 }, ['a is 3 instead of 3']],
    [{}, { a: 3 }, ['a is nothing instead of 3']],
    [{ a: 3 }, {}, ['a is 3 instead of nothing']],
    [{ a: false }, { a: null }, ['a is false instead of nothing']],
    [{ a: ['x', 'z'] }, { a: ['x', 'y'] }, ['a lacks y', 'a has z too many']],
    [{ a: ['x', 'x'] }, { a: ['x'] }, ['a names something twice']],
    [{ a: [1, 2] }, { a: [2, 1] }, ['a.0 is 1 instead of 2', 'a.1 is 2 instead of 1']],
    [{ a: [{ b: 1 }] }, { a: [{ b: 1 }, { b: 2 }] }, ['a.1 is nothing instead of {"b":2}']],
    [{ a: ['x'] }, { a: { x: 1 } }, ['a is ["x"] instead of {"x":1}']],
    [{ a: 'x'.repeat(200) }, { a: 'y' }, [`a is ${'x'.repeat(100)}… instead of y`]],
  ])('between %j and %j are told', (found, wanted, told) => {
    expect(differences(found, wanted)).toEqual(told);
  });
});

describe('some', () => {
  it('tells three, and how many more there are', () => {
    expect([some(['a']), some(['a', 'b', 'c']), some(['a', 'b', 'c', 'd', 'e'], '; ')]).toEqual([
      'a',
      'a, b, c',
      'a; b; c; 2 more',
    ]);
  });
});
