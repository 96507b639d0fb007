import { randomUUID } from 'node:crypto';
import type { Count } from '@payments/core/metrics';
import type * as v from 'valibot';
import type { Batches } from '../adapters/batches.ts';
import type { Budget } from '../adapters/budget.ts';
import type { Circuit } from '../adapters/circuit.ts';
import type { Generation, GenerationStore } from '../adapters/generation.ts';
import type { Tie } from '../adapters/tie-list.ts';
import type { TakeInput, TakeResult } from './flush-state.ts';
import { reconcileTies, type TieWorld } from './reconcile-ties.ts';

/** One internal batch of Bulk API 2.0; ten megabytes at most on their way through a function. */
export const MOST_ROWS = 10_000;

/**
 * Of a Bulk job with one poll: create, upload, close, check, three results, what was refused, the account. A batch that is
 * begun with less may run out of calls between create and upload, and would begin again for ever.
 */
const CALLS_OF_A_BATCH = 9;

export type TakeLine = {
  readonly outcome: 'tie left' | 'tie given up';
  readonly stripeObjectId: string;
  readonly stripeEventId: string;
};

/**
 * The state `Take`: ties are asked about first, so that what Stripe says goes with this batch, and is asked for each minute
 * whether or not there is a batch. Then what is due of one object becomes a batch that nobody else has. A batch that a crash left comes
 * first. `nothing`: no row is due, another flush of this object is under way, Salesforce is away, or no call is left for bulk: then the rows stay in
 * the buffer, where their attempts are not counted and newer states still join them. The flush goes on whether or not Redis
 * has lost data: what it still has is written, the rest comes again (operations/recover.ts).
 */
export async function take(
  { object, execution }: v.InferOutput<typeof TakeInput>,
  world: TieWorld & {
    readonly batches: Pick<Batches, 'take'>;
    readonly circuit: Pick<Circuit, 'look'>;
    readonly budget: Pick<Budget, 'peek'>;
    readonly count: Count;
    readonly generation: Pick<GenerationStore, 'look'>;
    /** Called by whoever notices it first. */
    readonly lost: (generation: Generation) => void;
    readonly tell: (line: TakeLine) => void;
    readonly newId?: () => string;
  },
): Promise<TakeResult> {
  const generation = await world.generation.look();
  if (generation.noticed) world.lost(generation);
  const { retryAfterMs } = await world.circuit.look();
  if (retryAfterMs > 0) return { outcome: 'nothing', object, why: 'circuit-open' };
  if (!(await world.budget.peek('bulk', CALLS_OF_A_BATCH)).granted) {
    world.count('BudgetShed', 1, { Lane: 'bulk' });
    return { outcome: 'nothing', object, why: 'no-budget' };
  }
  const ties = await reconcileTies(object, world);
  const tell = (outcome: TakeLine['outcome']) => (tie: Tie) =>
    world.tell({ outcome, stripeObjectId: tie.key, stripeEventId: tie.eventId });
  ties.left.forEach(tell('tie left'));
  ties.givenUp.forEach(tell('tie given up'));
  const batchId = (world.newId ?? (() => `batch_${randomUUID()}`))();
  const taken = await world.batches.take(object, { batchId, holder: execution, most: MOST_ROWS });
  if (taken.kind !== 'taken') return { outcome: 'nothing', object, why: taken.kind };
  return { outcome: 'taken', object, batchId: taken.batchId, token: taken.token, rows: taken.rows };
}
