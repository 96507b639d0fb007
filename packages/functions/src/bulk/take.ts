import { randomUUID } from 'node:crypto';
import type * as v from 'valibot';
import type { Batches } from '../adapters/batches.ts';
import type { TakeInput, TakeResult } from './flush-state.ts';

/** One internal batch of Bulk API 2.0; ten megabytes at most on their way through a function. */
export const MOST_ROWS = 10_000;

/**
 * The state `Take`: what is due of one object becomes a batch that nobody else has. A batch that a crash left comes
 * first. `nothing`: no row is due, or another flush of this object is under way.
 */
export async function take(
  { object, execution }: v.InferOutput<typeof TakeInput>,
  world: { readonly batches: Pick<Batches, 'take'>; readonly newId?: () => string },
): Promise<TakeResult> {
  const batchId = (world.newId ?? (() => `batch_${randomUUID()}`))();
  const taken = await world.batches.take(object, { batchId, holder: execution, most: MOST_ROWS });
  if (taken.kind !== 'taken') return { outcome: 'nothing', object };
  return { outcome: 'taken', object, batchId: taken.batchId, token: taken.token, rows: taken.rows };
}
