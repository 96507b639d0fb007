import { WRITE_ORDER } from '@payments/core/record';
import * as v from 'valibot';
import { type Budget, freeCalls, type Limits } from '../adapters/budget.ts';
import type { Circuit } from '../adapters/circuit.ts';
import type { SentHashes } from '../adapters/sent-hashes.ts';
import { type ParkedLetter, readLetter } from '../bulk/parked-letter.ts';
import { type PutBack, type PutBackWorld, putBack } from './put-back.ts';

/**
 * What an operator's machine cannot do itself on AWS, because Redis is in the VPC: `payments-ops` invokes this function by
 * name. It tells how Redis stands, puts rows that were given up back into the buffer, and forgets what was last sent for rows
 * that another road than the two lanes wrote, or that somebody removed.
 */

/** Of one order: a letter may have a megabyte, and Lambda takes six. */
export const MOST_LETTERS = 50;
/** Of one order to forget. */
export const MOST_KEYS = 2_000;

export const Order = v.variant('action', [
  v.object({ action: v.literal('standing') }),
  v.object({
    action: v.literal('put back'),
    /** Bodies of messages of the queue BulkParked. */
    letters: v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(MOST_LETTERS)),
  }),
  v.object({
    action: v.literal('forget'),
    object: v.picklist(WRITE_ORDER),
    /** External ids of rows; core's keyOf for a row without one. */
    keys: v.pipe(v.array(v.pipe(v.string(), v.maxLength(300))), v.minLength(1), v.maxLength(MOST_KEYS)),
  }),
]);

export const StandingAnswer = v.object({
  circuit: v.picklist(['closed', 'open', 'half-open']),
  /** Calls to Salesforce that may be made at once without touching what is kept for urgent events. */
  freeCalls: v.number(),
});
/** In the order of the letters. */
export const PutBackAnswer = v.object({ outcomes: v.array(v.picklist(['back', 'later', 'unreadable'])) });

export const ForgetAnswer = v.object({ forgotten: v.number() });

export type OperatorWorld = PutBackWorld & {
  readonly budget: Pick<Budget, 'usage'>;
  readonly sent: Pick<SentHashes, 'forget'>;
  readonly limits: Limits;
  readonly circuit: Circuit['look'];
  readonly log: (line: { readonly outcome: 'put back'; readonly rows: number; readonly later: number }) => void;
};

export async function operate(
  order: v.InferOutput<typeof Order>,
  world: OperatorWorld,
): Promise<v.InferOutput<typeof StandingAnswer | typeof PutBackAnswer | typeof ForgetAnswer>> {
  if (order.action === 'standing') {
    const [{ state }, usage] = await Promise.all([world.circuit(), world.budget.usage()]);
    return { circuit: state, freeCalls: freeCalls(usage, world.limits) };
  }
  if (order.action === 'forget') return { forgotten: await world.sent.forget(order.object, order.keys) };
  const letters = order.letters.map(readLetter);
  const readable = letters.filter((letter): letter is ParkedLetter => letter !== null);
  const became = await putBack(readable, world);
  let next = 0;
  const outcomes = letters.map((letter): PutBack => {
    if (letter === null) return 'unreadable';
    next += 1;
    return became[next - 1] ?? 'unreadable';
  });
  const count = (outcome: PutBack) => outcomes.filter((each) => each === outcome).length;
  world.log({ outcome: 'put back', rows: count('back'), later: count('later') });
  return { outcomes };
}
