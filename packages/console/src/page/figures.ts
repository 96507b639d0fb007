/** How numbers and times are written for people. British, short, the same everywhere on the page. */

const whole = new Intl.NumberFormat('en-GB');
// British English writes `1.2m`, which reads as metres or minutes.
const short = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });
const clockOf = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const dayOf = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `12,345`; from a hundred thousand on `1.2M`, so that a column never grows. */
export function count(n: number): string {
  return n < 100_000 ? whole.format(n) : short.format(n);
}

/** `1 row`, `2 rows`. */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** How long something took: `48 ms`, `2.1 s`, `3 min 20 s`, `2 h 5 min`. */
export function took(ms: number): string {
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  // 9,950 ms would round to "10.0 s" beside "10 s".
  if (ms < 9_950) return `${(ms / SECOND).toFixed(1)} s`;
  if (ms < MINUTE - SECOND / 2) return `${Math.round(ms / SECOND)} s`;
  if (ms < HOUR) return pair(ms, MINUTE, 'min', SECOND, 's');
  if (ms < DAY) return pair(ms, HOUR, 'h', MINUTE, 'min');
  return pair(ms, DAY, 'd', HOUR, 'h');
}

function pair(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const smalls = Math.round(ms / small);
  const per = large / small;
  const rest = smalls % per;
  const head = `${Math.floor(smalls / per)} ${largeName}`;
  return rest === 0 ? head : `${head} ${rest} ${smallName}`;
}

/** An age in one unit, for places where it changes each second: `now`, `12 s`, `3 min`, `2 h`, `4 d`. */
export function age(ms: number): string {
  if (ms < SECOND) return 'now';
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h`;
  return `${Math.floor(ms / DAY)} d`;
}

/** `now`, `12 s ago`. */
export function ago(at: number, now: number): string {
  const text = age(Math.max(0, now - at));
  return text === 'now' ? text : `${text} ago`;
}

/** By the browser's own time zone: `02:17:35`. */
export function clock(at: number): string {
  return clockOf.format(at);
}

/** `29 Nov 2026, 02:17:35`. */
export function dayAndClock(at: number): string {
  return `${dayOf.format(at)}, ${clockOf.format(at)}`;
}

/** Of a whole, 0–100, rounded so that neither 0 nor 100 is said of what is only nearly so. */
export function percent(part: number, all: number): number {
  if (all <= 0) return 0;
  const exact = (part / all) * 100;
  if (exact > 0 && exact < 1) return 1;
  if (exact > 99 && exact < 100) return 99;
  return Math.round(exact);
}

/** What `<input type="datetime-local">` takes and gives, by the browser's own time zone: `2026-11-29T02:17`. */
export function localInput(at: number): string {
  const date = new Date(at);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`;
}
