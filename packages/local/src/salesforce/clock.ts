/** Time as the org sees it, handed in so that tests decide when something happens. */
export type Clock = {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs `task` after `ms`; the returned function calls it off. */
  after(ms: number, task: () => void): () => void;
};

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * A clock that stands still until it is told to move; due tasks run in order of their time. `waiting` tells how many tasks
 * there are: a request that is to wait has arrived when its own is among them.
 */
export function manualClock(start: number): Clock & { advance(ms: number): void; waiting(): number } {
  let time = start;
  let sequence = 0;
  const tasks = new Map<number, { readonly at: number; readonly order: number; readonly task: () => void }>();
  const nextDue = (until: number) =>
    [...tasks].filter(([, { at }]) => at <= until).sort(([, a], [, b]) => a.at - b.at || a.order - b.order)[0];
  return {
    now: () => time,
    after(ms, task) {
      const key = sequence++;
      tasks.set(key, { at: time + ms, order: key, task });
      return () => tasks.delete(key);
    },
    waiting: () => tasks.size,
    advance(ms) {
      const until = time + ms;
      for (let due = nextDue(until); due !== undefined; due = nextDue(until)) {
        tasks.delete(due[0]);
        time = Math.max(time, due[1].at);
        due[1].task();
      }
      time = until;
    },
  };
}
