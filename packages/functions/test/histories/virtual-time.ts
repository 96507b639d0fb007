/** Time that passes only when everybody waits for it: many thousand workers side by side, in one order for one seed. */
export type VirtualTime = {
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Runs until nobody waits any more. */
  readonly run: () => Promise<void>;
};

export function virtualTime(): VirtualTime {
  const due = new Map<number, (() => void)[]>();
  let now = 0;
  return {
    now: () => now,
    sleep: (ms) =>
      new Promise((resolve) => {
        const at = now + Math.max(0, Math.round(ms));
        const others = due.get(at);
        if (others === undefined) due.set(at, [resolve]);
        else others.push(resolve);
      }),
    run: async () => {
      await breath();
      while (due.size > 0) {
        let next = Number.POSITIVE_INFINITY;
        // Someone always waits within the next milliseconds, so looking for him beats keeping them sorted.
        for (let at = now; at < now + 1_000 && next === Number.POSITIVE_INFINITY; at += 1) if (due.has(at)) next = at;
        if (next === Number.POSITIVE_INFINITY) for (const at of due.keys()) next = Math.min(next, at);
        now = next;
        const woken = due.get(now) ?? [];
        due.delete(now);
        for (const wake of woken) wake();
        await breath();
      }
    },
  };
}

/** Lets all that is ready run. */
function breath(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The same numbers for the same seed, from 0 up to 1 (mulberry32, public domain). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
