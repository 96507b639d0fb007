import { expect, test } from 'vitest';
import { PLACES } from '../../contract.ts';
import { type RoadLayout, roadLayout, type Spot } from './layout.ts';

const WIDTHS = [288, 328, 412, 560, 688, 819, 820, 944, 1_110, 1_620];

const overlaps = (a: Spot, b: Spot): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

/** The points of a path, control points left out. */
function ends(path: string): readonly [number, number][] {
  const numbers = path.match(/-?\d+(\.\d+)?/g)?.map(Number) ?? [];
  const first: [number, number] = [numbers[0] ?? Number.NaN, numbers[1] ?? Number.NaN];
  return [first];
}

test.each(WIDTHS)('at %d px every place stands, inside, beside the others', (width) => {
  const layout = roadLayout(width);
  expect(layout.spots.map(({ name }) => name).toSorted()).toEqual([...PLACES].toSorted());
  for (const spot of layout.spots) {
    expect(spot.x).toBeGreaterThanOrEqual(0);
    expect(spot.x + spot.width).toBeLessThanOrEqual(width);
    expect(spot.y + spot.height).toBeLessThanOrEqual(layout.height);
    expect(spot.width).toBeGreaterThanOrEqual(86);
    expect(layout.spots.filter((other) => other !== spot && overlaps(spot, other))).toEqual([]);
  }
});

test.each(WIDTHS)('at %d px every line begins at the edge of the place it comes from', (width) => {
  const layout: RoadLayout = roadLayout(width);
  expect(layout.lines).toHaveLength(11);
  for (const { from, path } of layout.lines) {
    const spot = layout.spots.find(({ name }) => name === from);
    const [x, y] = ends(path)[0] ?? [Number.NaN, Number.NaN];
    expect(spot).toBeDefined();
    if (spot === undefined) continue;
    expect(x === spot.x || x === spot.x + spot.width || y === spot.y + spot.height || y === spot.y).toBe(true);
    expect(x).toBeGreaterThanOrEqual(spot.x);
    expect(x).toBeLessThanOrEqual(spot.x + spot.width);
    expect(y).toBeGreaterThanOrEqual(spot.y);
    expect(y).toBeLessThanOrEqual(spot.y + spot.height);
  }
});

test('the picture lies where there is room and stands where there is not', () => {
  expect(roadLayout(820).shape).toBe('wide');
  expect(roadLayout(819).shape).toBe('tall');
});
