/** The clock of an instance, from inside its thread. */
import { machineTime, type Pace } from '../pace.ts';

const WallDate = Date;

/** Milliseconds since 1970, whatever the instance believes. */
export function wallNow(): number {
  return WallDate.now();
}

/** Sets what `Date` says in this thread: the machine's time, and how far this instance is off it. Timers keep the wall's. */
export function setClock(pace: Pace, offMs: number): void {
  if (pace.speed === 1 && offMs === 0) {
    globalThis.Date = WallDate;
    return;
  }
  const now = (): number => machineTime(pace, WallDate.now()) + offMs;
  globalThis.Date = new Proxy(WallDate, {
    construct: (target, given) => Reflect.construct(target, given.length === 0 ? [now()] : given),
    apply: () => new WallDate(now()).toString(),
    get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
  });
}
