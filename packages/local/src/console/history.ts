/** How things went in the last ten minutes: one point every other second, so 300 at most. Pure. */
export const POINT_EVERY_MS = 2_000;
const KEPT_MS = 10 * 60_000;

export type Counts = {
  /** Since the start. */
  readonly received: number;
  readonly written: number;
  /** Calls in the smallest window of the budget; `null`: not known. */
  readonly calls: number | null;
};

export type History = {
  /** Takes a point unless the last one is too young. */
  note(at: number, counts: Counts): void;
  /** Events per second: [ms since 1970, received, written], oldest first. */
  rates(): readonly (readonly [number, number, number])[];
  /** [ms since 1970, calls], oldest first. */
  calls(): readonly (readonly [number, number])[];
};

export function createHistory(): History {
  let last: { readonly at: number; readonly counts: Counts } | null = null;
  let rates: (readonly [number, number, number])[] = [];
  let calls: (readonly [number, number])[] = [];
  return {
    note(at, counts) {
      if (last !== null && at - last.at < POINT_EVERY_MS) return;
      if (last !== null) {
        const seconds = (at - last.at) / 1_000;
        const perSecond = (now: number, before: number) => Math.round((Math.max(0, now - before) / seconds) * 10) / 10;
        const { received, written } = last.counts;
        rates.push([at, perSecond(counts.received, received), perSecond(counts.written, written)]);
      }
      if (counts.calls !== null) calls.push([at, counts.calls]);
      last = { at, counts };
      rates = rates.filter(([when]) => when > at - KEPT_MS);
      calls = calls.filter(([when]) => when > at - KEPT_MS);
    },
    rates: () => rates,
    calls: () => calls,
  };
}
