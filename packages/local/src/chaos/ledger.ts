/** What struck, whom it touched, and how long they took to get over it. */
import type { Injection } from './injection.ts';

/** `at` in ms since 1970. */
export type Hit = { readonly injection: number; readonly at: number; readonly events: readonly string[] };

export type FaultFigures = {
  readonly fault: string;
  /** Injections in the schedule. */
  readonly planned: number;
  /** How often it struck; an injection may strike several times, or never find what it waits for. */
  readonly injected: number;
  /** Different events. */
  readonly touched: number;
  readonly recovered: number;
  /** From its last strike until an event had settled; 0 for those that had before. */
  readonly medianMs: number;
  readonly longestMs: number;
};

export function figuresOf(
  injections: readonly Injection[],
  hits: readonly Hit[],
  settledAt: (eventId: string) => number | null,
): readonly FaultFigures[] {
  const faultOf = new Map(injections.map(({ number, fault }) => [number, fault]));
  return [...new Set(faultOf.values())].map((fault) => {
    const own = hits.filter(({ injection }) => faultOf.get(injection) === fault);
    const last = new Map<string, number>();
    for (const { at, events } of own) for (const id of events) last.set(id, at);
    const took = [...last]
      .flatMap(([id, at]) => {
        const settled = settledAt(id);
        return settled === null ? [] : [Math.max(0, settled - at)];
      })
      .sort((a, b) => a - b);
    return {
      fault,
      planned: injections.filter((one) => one.fault === fault).length,
      injected: own.length,
      touched: last.size,
      recovered: took.length,
      medianMs: took[Math.floor((took.length - 1) / 2)] ?? 0,
      longestMs: took.at(-1) ?? 0,
    };
  });
}
