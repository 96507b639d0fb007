import { BudgetWait } from '@payments/core/failure';
import { changeName } from '@payments/core/twin';
import { type ClaimOutcome, type Claims, LEASE_MS } from '../adapters/claims.ts';
import type { StepInput } from './machine-input.ts';

export type ClaimedWorld = { readonly claims: Pick<Claims, 'claim' | 'done'>; readonly nowMs: () => number };

/**
 * Claims what an execution handles, or renews the claim: a lease is shorter than a wait for budget. `duplicate`: it has been
 * handled, or its twin has: another Event object of the same change.
 * Throws BudgetWait while another execution's lease is alive: that one may wait for hours for Salesforce, and may yet fail,
 * when this one takes over. Six tries would be spent long before, and a repeat would be parked that only had to wait.
 */
export async function claimed(
  input: StepInput,
  { claims, nowMs }: ClaimedWorld,
): Promise<{ readonly outcome: 'mine' | 'duplicate'; readonly twin: boolean }> {
  const [eventId, twinId] = claimsOf(input.event.detail.event);
  const own = free(await claims.claim(eventId, input.execution, nowMs()), eventId);
  if (own === 'duplicate' || twinId === undefined) return { outcome: own, twin: false };
  const change = free(await claims.claim(twinId, input.execution, nowMs()), eventId);
  // Its own mark, so that its repeats end there, and are seen as done by whoever looks for its id.
  if (change === 'duplicate') await claims.done(eventId);
  return { outcome: change, twin: change === 'duplicate' };
}

/** What is claimed, marked as done and released for an event: its id, and the change that it tells of. */
export function claimsOf(
  event: StepInput['event']['detail']['event'],
): readonly [eventId: string] | readonly [eventId: string, change: string] {
  const change = changeName(event);
  return change === null ? [event.id] : [event.id, change];
}

function free(outcome: ClaimOutcome, eventId: string): 'mine' | 'duplicate' {
  if (outcome !== 'held') return outcome;
  throw new BudgetWait(`${eventId} or its twin is being handled by another execution: it may yet fail, so ask again`, {
    code: 'CLAIMED',
    retryAfterMs: LEASE_MS,
  });
}
