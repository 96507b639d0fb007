import type { Count } from '@payments/core/metrics';
import type { Lane } from '@payments/core/routes';
import * as v from 'valibot';
import type { Instrument } from '../adapters/instrument.ts';
import { type Crossing, crossing } from './crossing.ts';
import { identifiersOf, type StepInput } from './machine-input.ts';

/** What is said of a step that failed. Identifiers are on the line already; the message stays with the execution. */
export type FailureLine = {
  readonly step: string;
  /** What the machine does about it: RetryLater, NeverRetry, BudgetWait or ParentWait. */
  readonly error: string;
  readonly code: string;
  readonly category: string;
};

export type FailureLog = Pick<Instrument['log'], 'info' | 'warn' | 'error'>;

/**
 * Another execution holds the event or its object, its parent is not there yet, no call is left, others have their turn, the
 * circuit is open, the run is over: nothing was tried, or nothing is wrong with it.
 */
const WAITS: ReadonlySet<string> = new Set([
  'CLAIMED',
  'OBJECT_BUSY',
  'PARENT_MISSING',
  'NO_BUDGET',
  'STRIPE_TURN',
  'READ_IN_PROGRESS',
  'LOGIN_IN_PROGRESS',
  'CIRCUIT_OPEN',
  'NOT_COVERED',
  'OUT_OF_TIME',
]);

/** No try was made of it, so none is counted. */
export function isWaiting({ code }: Pick<Crossing, 'code'>): boolean {
  return WAITS.has(code);
}

/** Counts and logs a step that failed, louder the less the machine can do about it. */
export function tellFailure(
  failure: Crossing,
  where: { readonly step: string; readonly lane: Lane; readonly type?: string },
  world: { readonly log: FailureLog; readonly count: Count },
): void {
  const { name: error, code, category } = failure;
  const line: FailureLine = { step: where.step, error, code, category };
  if (isWaiting(failure)) {
    world.log.info('waiting', line);
    return;
  }
  const { lane: Lane, type } = where;
  const about = type === undefined ? { Lane } : { Lane, EventType: type };
  world.count('Tries', 1, about);
  world.count('Errors', 1, { ...about, Category: category });
  world.log[error === 'NeverRetry' ? 'error' : 'warn']('step failed', line);
}

/** A step of the realtime machines as a handler: parses, puts the event's identifiers on every line, tells a failure. */
export function realtimeStep<Input extends StepInput, Result>(
  { log, about, count, around }: Instrument,
  step: 'claim' | 'sync' | 'settle',
  schema: v.GenericSchema<unknown, Input>,
  run: (input: Input) => Promise<Result>,
): (input: unknown) => Promise<Result> {
  return around(async (received) => {
    let type: string | undefined;
    try {
      const input = v.parse(schema, received);
      type = input.event.detail.event.type;
      about(identifiersOf(input));
      const result = await run(input);
      if (step === 'sync') count('Tries', 1, { Lane: 'realtime', EventType: type });
      return result;
    } catch (error) {
      const failure = crossing(error);
      const where = { step, lane: 'realtime', ...(type === undefined ? {} : { type }) } as const;
      tellFailure(failure, where, { log, count });
      throw failure;
    }
  });
}
