/**
 * How fast time passes on this machine. At another speed than 1 everything that tells the time tells the same: functions,
 * AWS, Salesforce, Stripe's signatures; every wait between tries shrinks with it. Only work takes as long as it takes: a
 * function's time-out, a Wait state and a timer inside a function are in the wall's seconds.
 */
import type { Clock } from './salesforce/clock.ts';

export type Pace = {
  readonly speed: number;
  /** When both clocks said the same: ms since 1970. */
  readonly since: number;
};

export const REAL_TIME: Pace = { speed: 1, since: 0 };

/** What the machine's clock says at a moment of the wall's; both in ms since 1970. */
export function machineTime({ speed, since }: Pace, wall: number): number {
  return Math.round(since + (wall - since) * speed);
}

export function wallTime({ speed, since }: Pace, machine: number): number {
  return Math.round(since + (machine - since) / speed);
}

export function clockAt(pace: Pace): Clock {
  return {
    now: () => machineTime(pace, Date.now()),
    after(ms, task) {
      const timer = setTimeout(task, ms / pace.speed);
      return () => clearTimeout(timer);
    },
  };
}
