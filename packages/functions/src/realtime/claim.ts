import { RetryLater } from '@payments/core/failure';
import type { Count } from '@payments/core/metrics';
import type { Claims } from '../adapters/claims.ts';
import { identifiersOf, isReplayed, type StepInput } from './machine-input.ts';

export type ClaimLine = { readonly outcome: 'mine' | 'duplicate'; readonly replayed?: true };

/**
 * The story of the state `Claim`: one execution at a time handles an event, and a handled one is not handled again.
 * Throws RetryLater while another execution's lease is alive: it may yet fail, and then this one takes over.
 */
export async function claim(
  input: StepInput,
  world: {
    readonly claims: Pick<Claims, 'claim'>;
    readonly nowMs: () => number;
    readonly log: (line: ClaimLine) => void;
    readonly count: Count;
  },
): Promise<{ readonly outcome: 'mine' | 'duplicate' }> {
  const { stripeEventId } = identifiersOf(input);
  const outcome = await world.claims.claim(stripeEventId, input.execution, world.nowMs());
  if (outcome === 'held') {
    throw new RetryLater(`${stripeEventId} is being handled by another execution: it may yet fail, so ask again`, {
      code: 'CLAIMED',
      category: 'Network',
    });
  }
  if (outcome === 'duplicate') {
    world.count('Duplicates', 1, { Lane: 'realtime' });
    world.count('EventsHandled', 1, { Lane: 'realtime', Outcome: 'duplicate' });
  }
  const replayed = isReplayed(input.event);
  if (replayed) world.count('Replayed', 1, { Lane: 'realtime' });
  world.log({ outcome, ...(replayed ? { replayed } : {}) });
  return { outcome };
}
