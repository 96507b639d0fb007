import type { Count } from '@payments/core/metrics';
import { mayBeShed } from '@payments/core/shedding';
import type { Budget } from '../adapters/budget.ts';
import type { Claims } from '../adapters/claims.ts';
import type { LetterSink } from '../adapters/queues.ts';
import type { StatusNotes } from '../adapters/status-notes.ts';
import { claimed, claimsOf } from './claimed.ts';
import { type BusEvent, identifiersOf, isReplayed, type StepInput } from './machine-input.ts';

/** `shed`: handed to the bulk lane. */
export type ClaimOutcome = 'mine' | 'duplicate' | 'shed';
export type ClaimLine = { readonly outcome: ClaimOutcome; readonly twin?: true; readonly replayed?: true };

/**
 * The story of the state `Claim`: one execution at a time handles an event, and a handled one is not handled again, nor its
 * twin.
 * Throws BudgetWait while another execution's lease is alive: it may yet fail, and then this one takes over.
 *
 * When the last Salesforce calls are kept for those who cannot wait, an event that can goes to the bulk queue instead: sent
 * first and released then, so that a crash between the two sends it twice rather than never, and twice is one row there.
 */
export async function claim(
  input: StepInput,
  world: {
    readonly claims: Claims;
    readonly budget: Pick<Budget, 'peek'>;
    /** The bulk queue. */
    readonly bulk: LetterSink;
    readonly received: StatusNotes['received'];
    readonly nowMs: () => number;
    readonly log: (line: ClaimLine) => void;
    readonly count: Count;
  },
): Promise<{ readonly outcome: ClaimOutcome }> {
  const { type } = identifiersOf(input);
  const [{ outcome: known, twin }] = await Promise.all([
    claimed(input, world),
    world.received(Date.parse(input.event.detail.receivedAt)),
  ]);
  const sheds = known === 'mine' && mayBeShed(type) && !(await world.budget.peek('low-value', 1)).granted;
  if (sheds) {
    await world.bulk.send([JSON.stringify(asBulk(input.event))]);
    for (const id of claimsOf(input.event.detail.event)) await world.claims.release(id, input.execution);
    world.count('BudgetShed', 1, { Lane: 'realtime' });
  }
  const outcome = sheds ? 'shed' : known;
  if (outcome === 'duplicate') world.count('Duplicates', 1);
  if (outcome !== 'mine') world.count('EventsHandled', 1, { Lane: 'realtime', Outcome: outcome });
  const replayed = isReplayed(input.event);
  if (replayed) world.count('Replayed', 1, { Lane: 'realtime' });
  world.log({ outcome, ...(twin ? { twin } : {}), ...(replayed ? { replayed } : {}) });
  return { outcome };
}

function asBulk(event: BusEvent): BusEvent {
  return { ...event, detail: { ...event.detail, priority: 'low', lane: 'bulk' } };
}
