/**
 * Where the places of the road stand and how the lines between them run, for a width in px. Two pictures: along the page
 * (`wide`), and from top to bottom where that would not fit (`tall`). Pure; tested.
 */
import type { PlaceName } from '../../contract.ts';

export type Spot = {
  readonly name: PlaceName;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
};

export type LineLane = 'trunk' | 'realtime' | 'bulk' | 'astray';

export type Line = {
  readonly from: PlaceName;
  readonly to: PlaceName;
  readonly lane: LineLane;
  /** An SVG path, from one spot's edge to the other's. */
  readonly path: string;
};

export type RoadLayout = {
  readonly shape: 'wide' | 'tall';
  readonly width: number;
  readonly height: number;
  readonly spots: readonly Spot[];
  readonly lines: readonly Line[];
};

const WIDE_FROM = 820;

/** What is joined, in the order it is drawn: what went astray lies under the rest. */
const JOINED: readonly (readonly [PlaceName, PlaceName, LineLane])[] = [
  ['realtime', 'dead letters', 'astray'],
  ['flush', 'dead letters', 'astray'],
  ['bus', 'unrouted', 'astray'],
  ['stripe', 'ingress', 'trunk'],
  ['ingress', 'bus', 'trunk'],
  ['bus', 'queue', 'bulk'],
  ['queue', 'buffer', 'bulk'],
  ['buffer', 'flush', 'bulk'],
  ['flush', 'salesforce', 'bulk'],
  ['bus', 'realtime', 'realtime'],
  ['realtime', 'salesforce', 'realtime'],
];

export function roadLayout(width: number): RoadLayout {
  const { spots, height, shape } = width >= WIDE_FROM ? wide(width) : tall(width);
  const lines = JOINED.map(([from, to, lane]) => ({ from, to, lane, path: pathBetween(spots, shape, from, to) }));
  return { shape, width, height, spots, lines };
}

/** Also for two places that no drawn line joins, such as an urgent event that was shed to the queue. */
export function pathBetween(
  spots: readonly Spot[],
  shape: RoadLayout['shape'],
  from: PlaceName,
  to: PlaceName,
): string {
  const a = spots.find(({ name }) => name === from);
  const b = spots.find(({ name }) => name === to);
  if (a === undefined || b === undefined || a === b) return '';
  return shape === 'wide' ? across(a, b) : down(a, b);
}

function wide(width: number): { spots: Spot[]; height: number; shape: 'wide' } {
  const gap = Math.round(Math.min(64, Math.max(20, width * 0.032)));
  const card = Math.floor((width - 6 * gap) / 7);
  const high = 84;
  const pitch = high + 34;
  // To the last px of the width, whatever its division leaves over.
  const x = (column: number): number => Math.round((column * (width - card)) / 6);
  const spot = (name: PlaceName, column: number, row: number, rows = 1): Spot => ({
    name,
    x: x(column),
    y: row * pitch,
    width: card,
    height: high + (rows - 1) * pitch,
  });
  return {
    shape: 'wide',
    height: high + 2 * pitch,
    spots: [
      spot('stripe', 0, 1),
      spot('ingress', 1, 1),
      spot('bus', 2, 0, 3),
      spot('realtime', 4, 0),
      spot('queue', 3, 1),
      spot('buffer', 4, 1),
      spot('flush', 5, 1),
      spot('salesforce', 6, 0, 3),
      spot('unrouted', 3, 2),
      spot('dead letters', 5, 2),
    ],
  };
}

function tall(width: number): { spots: Spot[]; height: number; shape: 'tall' } {
  const gap = width < 480 ? 10 : 24;
  const card = Math.floor((width - 2 * gap) / 3);
  const half = Math.floor((width - gap) / 2);
  const high = 78;
  const bar = 58;
  const between = 26;
  const lanes = high + between + bar + between;
  const x = (column: number): number => Math.round((column * (width - card)) / 2);
  const y = (row: number): number => lanes + row * (high + between);
  const spot = (name: PlaceName, column: number, row: number): Spot => ({
    name,
    x: x(column),
    y: y(row),
    width: card,
    height: high,
  });
  return {
    shape: 'tall',
    height: y(3) + bar,
    spots: [
      { name: 'stripe', x: 0, y: 0, width: half, height: high },
      { name: 'ingress', x: width - half, y: 0, width: half, height: high },
      { name: 'bus', x: 0, y: high + between, width, height: bar },
      spot('realtime', 0, 1),
      spot('queue', 1, 0),
      spot('buffer', 1, 1),
      spot('flush', 1, 2),
      { name: 'salesforce', x: 0, y: y(3), width, height: bar },
      spot('unrouted', 2, 0),
      spot('dead letters', 2, 2),
    ],
  };
}

const middle = (from: number, size: number): number => from + size / 2;
const within = (value: number, from: number, size: number): number => Math.min(from + size, Math.max(from, value));

/** From the right edge to the left edge; straight where both share a height, else around a corner. */
function across(a: Spot, b: Spot): string {
  const below = b.y > a.y + a.height;
  if (below && Math.abs(middle(a.x, a.width) - middle(b.x, b.width)) < 1)
    return `M${middle(a.x, a.width)} ${a.y + a.height}V${b.y}`;
  const fromX = b.x > a.x ? a.x + a.width : a.x;
  const toX = b.x > a.x ? b.x : b.x + b.width;
  const lower = a.height < b.height ? a : b;
  const y = middle(lower.y, lower.height);
  const fromY = within(y, a.y, a.height);
  const toY = within(y, b.y, b.height);
  if (fromY === toY) return `M${fromX} ${fromY}H${toX}`;
  // The last gap before the target is free of other places.
  const cornerX = b.x > a.x ? toX - 12 : toX + 12;
  return corner(fromX, middle(a.y, a.height), cornerX, toX, middle(b.y, b.height));
}

function corner(fromX: number, fromY: number, cornerX: number, toX: number, toY: number): string {
  const turn = Math.min(10, Math.abs(toY - fromY) / 2, Math.abs(toX - cornerX), Math.abs(cornerX - fromX));
  const right = Math.sign(cornerX - fromX) * turn;
  const downwards = Math.sign(toY - fromY) * turn;
  const out = Math.sign(toX - cornerX) * turn;
  return (
    `M${fromX} ${fromY}H${cornerX - right}Q${cornerX} ${fromY} ${cornerX} ${fromY + downwards}` +
    `V${toY - downwards}Q${cornerX} ${toY} ${cornerX + out} ${toY}H${toX}`
  );
}

/** From the lower edge to the upper edge; sidewards where both stand in one row. */
function down(a: Spot, b: Spot): string {
  if (a.y === b.y) {
    const rightwards = b.x > a.x;
    return `M${rightwards ? a.x + a.width : a.x} ${middle(a.y, a.height)}H${rightwards ? b.x : b.x + b.width}`;
  }
  const narrow = a.width < b.width ? a : b;
  const x = middle(narrow.x, narrow.width);
  const fromX = within(x, a.x, a.width);
  const toX = within(x, b.x, b.width);
  const downwards = b.y > a.y;
  const fromY = downwards ? a.y + a.height : a.y;
  const toY = downwards ? b.y : b.y + b.height;
  if (fromX === toX) return `M${fromX} ${fromY}V${toY}`;
  return `M${middle(a.x, a.width)} ${fromY}C${middle(a.x, a.width)} ${middle(fromY, toY - fromY)} ${middle(b.x, b.width)} ${middle(fromY, toY - fromY)} ${middle(b.x, b.width)} ${toY}`;
}
