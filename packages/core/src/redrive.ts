import type { Category } from './failure.ts';

/**
 * What is tried again by itself after it was given up. Plain values: the clock and the queues are elsewhere.
 *
 * A failure of the road (category Network: Salesforce away, a limit, a lock, a crash, a time-out) says nothing about the
 * event, so the same may succeed later. A rule of the org or a wrong value waits for a person.
 */
export type GivenUp = {
  readonly category: Category;
  /** How often it was tried again by itself since. */
  readonly redrives: number;
  /** Ms since 1970. */
  readonly givenUpAt: number;
};

/**
 * Minutes after which it is tried again, by how often that happened before. An outage that is over needs the first only.
 * What fails once more after the last is no outage: it stays for a person.
 */
export const REDRIVE_MINUTES = [0, 10, 30, 60, 120] as const;

/** `later`: leave it where it is and ask again. `never`: it is for a person. */
export function redriveVerdict({ category, redrives, givenUpAt }: GivenUp, nowMs: number): 'now' | 'later' | 'never' {
  if (category !== 'Network') return 'never';
  const minutes = REDRIVE_MINUTES[redrives];
  if (minutes === undefined) return 'never';
  return nowMs - givenUpAt >= minutes * 60_000 ? 'now' : 'later';
}

const REDRIVEN = /\.redrive-(\d+)$/;
/** Step Functions' limit. */
const MOST_CHARACTERS = 80;

/** How often an execution of this name was started anew. */
export function redrivesOf(name: string): number {
  return Number(REDRIVEN.exec(name)?.[1] ?? 0);
}

/**
 * The name of the execution that takes the place of another one: the same for the same one, so that a redrive which is
 * repeated after a crash starts nothing twice.
 */
export function redriveName(name: string): string {
  const suffix = `.redrive-${redrivesOf(name) + 1}`;
  return `${name.replace(REDRIVEN, '').slice(0, MOST_CHARACTERS - suffix.length)}${suffix}`;
}

/** One composite call, and a second one where the first has to be corrected. */
const CALLS_OF_AN_EXECUTION = 2;

/**
 * How many executions may be started now, by the calls that are free for what nobody waits for: as many as half of them
 * allow. What was given up comes after new urgent events, and leaves the other half to the rows that wait.
 */
export function redriveRoom(freeCalls: number): number {
  return Math.max(0, Math.floor(freeCalls / 2 / CALLS_OF_AN_EXECUTION));
}
