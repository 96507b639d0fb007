/** The list of events as pages are put together. Pure; tested. */
import type { EventLine, EventPage } from '../../contract.ts';

export type EventList = {
  readonly lines: readonly EventLine[];
  /** The `before` of the next older page; null at the end. */
  readonly next: string | null;
  readonly total: number;
};

export const NONE: EventList = { lines: [], next: null, total: 0 };

/**
 * The newest page over what is there: newer lines before it, known ones as they are now. When more came than a page holds,
 * there is a gap, and the list begins anew.
 */
export function withNewest(list: EventList, page: EventPage): EventList {
  const last = page.events.at(-1);
  const known = last === undefined ? -1 : list.lines.findIndex(({ id }) => id === last.id);
  if (known < 0) return { lines: page.events, next: page.next, total: page.total };
  const fresh = new Set(page.events.map(({ id }) => id));
  const older = list.lines.slice(known + 1).filter(({ id }) => !fresh.has(id));
  return { lines: [...page.events, ...older], next: older.length === 0 ? page.next : list.next, total: page.total };
}

/** Known lines as they are now; nothing is put in, so that no line moves. */
export function withNews(list: EventList, page: EventPage): EventList {
  const news = new Map(page.events.map((line) => [line.id, line]));
  return { ...list, lines: list.lines.map((line) => news.get(line.id) ?? line) };
}

export function withOlder(list: EventList, page: EventPage): EventList {
  const known = new Set(list.lines.map(({ id }) => id));
  const older = page.events.filter(({ id }) => !known.has(id));
  return { lines: [...list.lines, ...older], next: page.next, total: Math.max(page.total, list.total) };
}

/** How many came since the list was last brought up to date. */
export function heldBack(list: EventList, page: EventPage): number {
  return Math.max(0, page.total - list.total);
}

/** Which rows are in sight: [first, one past the last]. `top`: how far the list's beginning is above the window's, px. */
export function inSight(
  rows: number,
  rowPx: number,
  top: number,
  windowPx: number,
  spare: number,
): readonly [number, number] {
  const first = Math.max(0, Math.floor(top / rowPx) - spare);
  const end = Math.min(rows, Math.ceil((top + windowPx) / rowPx) + spare);
  return first >= end ? [0, Math.min(rows, spare)] : [first, end];
}
