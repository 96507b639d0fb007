import type * as v from 'valibot';
import type { Batches } from '../adapters/batches.ts';
import type { ReleaseResult, TakeInput } from './flush-state.ts';

/**
 * The state `Release`: a flush that gives up an object lets go of it, so that the next one resumes the batch instead of
 * waiting for the lease to run out. What the given-up flush may still be doing is fenced by its token.
 */
export async function release(
  { object, execution }: v.InferOutput<typeof TakeInput>,
  world: { readonly batches: Pick<Batches, 'release'> },
): Promise<ReleaseResult> {
  return { object, released: await world.batches.release(object, execution) };
}
