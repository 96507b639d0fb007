import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CompiledPattern, matches, parsePattern } from './pattern.ts';
import { PatternIndex } from './pattern-index.ts';
import type { Acceptance, Scalar } from './pattern-operators.ts';

/** A leaf with the array elements it lies in, by the array's place in the event. */
interface Leaf {
  readonly value: unknown;
  readonly at: ReadonlyMap<string, number>;
}

/** Every leaf under its dotted path, as event-ruler flattens an event. */
function flatten(node: unknown, path: string, place: string, at: Leaf['at'], leaves: Map<string, Leaf[]>): void {
  if (Array.isArray(node)) {
    for (const [index, element] of node.entries()) {
      const inside = typeof element === 'object' && element !== null ? new Map([...at, [place, index]]) : at;
      flatten(element, path, `${place}[${index}]`, inside, leaves);
    }
  } else if (typeof node === 'object' && node !== null) {
    for (const [key, value] of Object.entries(node)) {
      flatten(value, path === '' ? key : `${path}.${key}`, `${place}.${key}`, at, leaves);
    }
  } else leaves.set(path, [...(leaves.get(path) ?? []), { value: node, at }]);
}

const consistent = (a: Leaf['at'], b: Leaf['at']) =>
  [...b].every(([array, index]) => (a.get(array) ?? index) === index);

/** Tries every combination of leaves; `null` in a field's list stands for absence. */
function everyCombination(
  fields: readonly [string, readonly (number | null)[]][],
  leaves: Map<string, Leaf[]>,
): boolean {
  const from = (step: number, chosen: Leaf['at']): boolean => {
    const [path, accepted] = fields[step] ?? [];
    if (path === undefined || accepted === undefined) return true;
    const possible = (leaves.get(path) ?? []).filter(({ at }) => consistent(chosen, at));
    const present = possible.some(
      ({ value, at }) =>
        typeof value === 'number' && accepted.includes(value) && from(step + 1, new Map([...chosen, ...at])),
    );
    return present || (accepted.includes(null) && possible.length === 0 && from(step + 1, chosen));
  };
  return from(0, new Map());
}

const { event } = fc.letrec((tie) => ({
  event: fc.dictionary(fc.constantFrom('a', 'b', 'a.b'), tie('value'), { maxKeys: 3, noNullPrototype: true }),
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'medium' },
    fc.integer({ min: 0, max: 1 }),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'a.b'), tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
}));
const field = fc.tuple(
  fc.array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 4 }).map((steps) => steps.join('.')),
  fc.uniqueArray(fc.constantFrom(0, 1, null), { minLength: 1, maxLength: 2 }),
);
const fields = fc.uniqueArray(field, { minLength: 1, maxLength: 4, selector: ([path]) => path });

describe('the search for one consistent choice of array elements', () => {
  it('finds what trying every combination finds', () => {
    let found = 0;
    fc.assert(
      fc.property(event, fields, (anEvent, someFields) => {
        const sorted = someFields.toSorted(([a], [b]) => (a < b ? -1 : 1));
        const leaves = new Map<string, Leaf[]>();
        flatten(anEvent, '', '', new Map(), leaves);
        const expected = everyCombination(sorted, leaves);
        if (expected) found += 1;
        const text = someFields.map(([path, accepted]) => [
          path,
          accepted.map((value) => (value === null ? { exists: false } : value)),
        ]);
        expect(matches(parsePattern(JSON.stringify(Object.fromEntries(text))), anEvent)).toBe(expected);
      }),
      { numRuns: 20_000, seed: 7 },
    );
    // Both answers have to be common for this to prove anything.
    expect(found).toBeGreaterThan(2000);
    expect(found).toBeLessThan(18_000);
  });
});

describe('an index of patterns', () => {
  it('evaluates only the patterns that name the detail type of the event', () => {
    let evaluated = 0;
    class Counted extends CompiledPattern {
      override matchesPaths(...args: Parameters<CompiledPattern['matchesPaths']>): boolean {
        evaluated += 1;
        return super.matchesPaths(...args);
      }
    }
    const equals = (value: Scalar): Acceptance => ({
      values: new Set([value]),
      tests: [],
      acceptsAbsence: false,
      usesWildcard: false,
    });
    const rules = Array.from({ length: 1000 }, (_, i) => {
      const fields = new Map([
        ['detail-type', equals(`type.${i}`)],
        ['detail.n', equals(1)],
      ]);
      return [new Counted([fields]), i] as const;
    });
    const index = new PatternIndex(rules);
    expect(index.matching({ source: 's', 'detail-type': 'type.500', detail: { n: 1 } })).toEqual([500]);
    expect(evaluated).toBe(1);
  });
});
