import { settleCustomers } from './automation/after-save.ts';
import type { Engine } from './engine.ts';

export type LockTiming = {
  /** How long a write keeps its rows and their parents locked, in ms; 0 means that writers never meet. */
  readonly holdMs: number;
  /** How long another writer waits before its row fails; Salesforce waits 10 s. */
  readonly waitMs: number;
};

/**
 * Runs `work` as one transaction and hands its result to `done`: at once when nobody holds its rows, else as soon as they
 * are free. `work` may run several times; each earlier run is rolled back. When the wait is over its failures stand.
 */
export function transact<T>(engine: Engine, timing: LockTiming, work: () => T, done: (result: T) => void): void {
  const { locks, clock, store } = engine;
  const deadline = clock.now() + timing.waitMs;
  const attempt = () => {
    locks.blockedBy.clear();
    locks.touched.clear();
    const result = work();
    if (locks.blockedBy.size > 0 && clock.now() < deadline) {
      store.rollbackTo({ rows: 0, events: 0 });
      return waitForRows();
    }
    const touched = [...locks.touched];
    store.commit();
    settleCustomers(engine);
    if (timing.holdMs <= 0 || touched.length === 0) return done(result);
    const release = locks.hold(touched);
    clock.after(timing.holdMs, () => {
      release();
      done(result);
    });
  };
  const waitForRows = () => {
    let woken = false;
    const wake = () => {
      if (woken) return;
      woken = true;
      cancel();
      attempt();
    };
    const cancel = clock.after(deadline - clock.now(), wake);
    // A release is seen in the next turn, after the holder has finished.
    locks.whenFree([...locks.blockedBy], () => clock.after(0, wake));
  };
  attempt();
}
