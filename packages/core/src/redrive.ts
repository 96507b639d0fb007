import type { Category } from './failure.ts';

/**
 * What is started anew by itself after it failed. Plain values: the clock and the queue are elsewhere.
 *
 * A failure of the road (category Network: Salesforce away, a limit, a crash, a time-out) says nothing about the event, so
 * the same input may succeed later. A rule of the org or a wrong value waits for a person, and so does an execution that a
 * person has stopped.
 */
export type FailedExecution = {
  readonly name: string;
  readonly status: 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  readonly category: Category;
  /** Ms since 1970. */
  readonly failedAt: number;
};

/**
 * Minutes after its end at which an execution is started anew, by how often that happened before. An outage that is over
 * needs the first only. What fails once more after the last is no outage: it stays for a person.
 */
export const REDRIVE_MINUTES = [0, 10, 30, 60, 120] as const;

/** `later`: leave it where it is and ask again. `never`: it is for a person. */
export function redriveVerdict(failed: FailedExecution, nowMs: number): 'now' | 'later' | 'never' {
  if (failed.status === 'ABORTED' || failed.category !== 'Network') return 'never';
  const minutes = REDRIVE_MINUTES[redrivesOf(failed.name)];
  if (minutes === undefined) return 'never';
  return nowMs - failed.failedAt >= minutes * 60_000 ? 'now' : 'later';
}

const REDRIVEN = /\.redrive-(\d+)$/;
/** Step Functions' limit. */
const MOST_CHARACTERS = 80;

/** How often an execution of this name took the place of one that failed. */
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
