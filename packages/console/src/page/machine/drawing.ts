/** A machine's layout in px: along the page where there is room, else from top to bottom. Pure; tested. */
import type { Arrow, MachineLayout } from './layout.ts';

export type Drawing = {
  readonly width: number;
  readonly height: number;
  readonly along: boolean;
  readonly boxes: ReadonlyMap<string, Box>;
  readonly arrows: readonly Arrow[];
};
export type Box = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

const BOX = { width: 112, height: 40 };
const GAP = { step: 44, track: 28, narrow: 8 };
const WIDEST_GAP = 96;
/** Narrower, and names would not fit: the drawing is wider than its frame then, which scrolls. */
const NARROWEST = 56;
/** Room around for badges and for arrows that go back. */
const EDGE = 12;

export function drawing(layout: MachineLayout, width: number): Drawing {
  const { steps, tracks, arrows } = layout;
  const along = width >= 2 * EDGE + steps * BOX.width + (steps - 1) * GAP.step;
  // Across a narrow page the tracks share its width.
  const share = Math.floor((width - 2 * EDGE - (tracks - 1) * GAP.narrow) / tracks);
  const boxWidth = along ? BOX.width : Math.max(NARROWEST, Math.min(BOX.width, share));
  const room = (width - 2 * EDGE - BOX.width) / Math.max(1, steps - 1);
  const stepPx = along ? Math.min(BOX.width + WIDEST_GAP, room) : BOX.height + GAP.step - 8;
  const trackPx = along ? BOX.height + GAP.track : boxWidth + GAP.narrow;
  const extent = (count: number, pitch: number, size: number): number => 2 * EDGE + (count - 1) * pitch + size;
  const boxes = layout.cells.map(({ name, step, track }): [string, Box] => {
    const x = EDGE + (along ? step * stepPx : track * trackPx);
    const y = EDGE + (along ? track * trackPx : step * stepPx);
    return [name, { x, y, width: boxWidth, height: BOX.height }];
  });
  return {
    along,
    width: along ? extent(steps, stepPx, boxWidth) : extent(tracks, trackPx, boxWidth),
    height: along ? extent(tracks, trackPx, BOX.height) : extent(steps, stepPx, BOX.height),
    boxes: new Map(boxes),
    arrows,
  };
}

export function box(view: Drawing, name: string): Box | null {
  return view.boxes.get(name) ?? null;
}

/** An SVG path from one state's edge to the other's. */
export function arrowPath(view: Drawing, { from, to }: Pick<Arrow, 'from' | 'to'>): string {
  const a = view.boxes.get(from);
  const b = view.boxes.get(to);
  if (a === undefined || b === undefined) return '';
  return view.along ? along(a, b) : turned(along(turn(a), turn(b)));
}

const turn = ({ x, y, width, height }: Box): Box => ({ x: y, y: x, width: height, height: width });

/** Paths here are absolute pairs, so that x and y change places by swapping each pair. */
function turned(path: string): string {
  return path.replace(/(-?[\d.]+) (-?[\d.]+)/g, '$2 $1');
}

function along(a: Box, b: Box): string {
  const ay = a.y + a.height / 2;
  const by = b.y + b.height / 2;
  const ax = a.x + a.width;
  const stepsOn = b.x - a.x > a.width;
  if (stepsOn && ay === by) return `M${ax} ${ay}L${b.x} ${by}`;
  if (stepsOn) {
    const half = Math.min(36, (b.x - ax) / 2 + 12);
    return `M${ax} ${ay}C${ax + half} ${ay} ${b.x - half} ${by} ${b.x} ${by}`;
  }
  // One above the other, or back: from edge to edge, bowed so that it does not run through a state between.
  const downwards = by > ay;
  const fromY = downwards ? a.y + a.height : a.y;
  const toY = downwards ? b.y : b.y + b.height;
  const fromX = a.x + a.width / 2;
  const toX = b.x + b.width / 2;
  if (ay === by) {
    const bow = a.y - 22;
    return `M${fromX} ${a.y}C${fromX} ${bow} ${toX} ${bow} ${toX} ${b.y}`;
  }
  const half = (toY - fromY) / 2;
  return `M${fromX} ${fromY}C${fromX} ${fromY + half} ${toX} ${toY - half} ${toX} ${toY}`;
}
