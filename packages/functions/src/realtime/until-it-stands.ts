import { RetryLater } from '@payments/core/failure';
import type { Verdict } from '@payments/core/freshness';

/** How often Stripe is asked for one event's sake. Each reading is of a later second than the one before. */
export const MAX_READINGS = 4;

export type Standing<State> = {
  readonly state: State;
  /** `dropped`: something newer stood already, nothing was written. */
  readonly outcome: 'written' | 'dropped';
  readonly readings: number;
};

/**
 * Brings one event's state to where it stands or something newer does. Another state of the same second, known to Redis or
 * only to the org's guard, is settled by a reading: what Stripe says in a later second is newer than both. Where Stripe has
 * the object no more, the guard has the last word. To be run by one worker per object at a time: readings of two workers
 * would not cross (their second is the fence), but refuse each other.
 *
 * Throws RetryLater when the object went on changing, each second, through {@link MAX_READINGS} readings.
 */
export async function untilItStands<State>(
  eventId: string,
  first: State,
  steps: {
    readonly judge: (state: State) => Promise<Verdict>;
    /** What Stripe says now; `null` when it has the object no more. */
    readonly read: () => Promise<State | null>;
    /** Writes and remembers what stood; `tie`: the org kept another state of the same second. */
    readonly write: (state: State, readings: number) => Promise<{ readonly tie: boolean }>;
  },
): Promise<Standing<State>> {
  let state = first;
  for (let readings = 0; ; readings += 1) {
    const verdict = await steps.judge(state);
    if (verdict === 'stale') return { state, outcome: 'dropped', readings };
    if (verdict === 'apply' && !(await steps.write(state, readings)).tie)
      return { state, outcome: 'written', readings };
    if (readings === MAX_READINGS) throw undecided(eventId);
    const present = await steps.read();
    if (present === null) {
      if (verdict === 'tie') await steps.write(state, readings);
      return { state, outcome: 'written', readings };
    }
    state = present;
  }
}

export function undecided(eventId: string): RetryLater {
  return new RetryLater(`${eventId}: the object changed in every second in which Stripe was asked for it`, {
    code: 'TIE_UNDECIDED',
    category: 'Network',
  });
}
