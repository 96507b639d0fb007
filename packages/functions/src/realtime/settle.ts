import { isThin } from '@payments/core/event';
import type { Count } from '@payments/core/metrics';
import type { Claims } from '../adapters/claims.ts';
import { claimsOf } from './claimed.ts';
import { type Identifiers, identifiersOf, isReplayed, type SettleInput, type SyncResult } from './machine-input.ts';

/** `lagMs`: from Stripe's `created` (whole seconds) to now. `pathMs`: from our receiving it to now. */
export type SettledLine = Identifiers & SyncResult & { readonly lagMs: number; readonly pathMs: number };

/** The story of the state `Settle`: Salesforce has confirmed, so the event is marked as done and its lag is told. */
export async function settle(
  input: SettleInput,
  world: {
    readonly claims: Pick<Claims, 'done'>;
    readonly nowMs: () => number;
    readonly log: (line: SettledLine) => void;
    readonly count: Count;
  },
): Promise<{ readonly settled: true }> {
  const { detail } = input.event;
  for (const id of claimsOf(detail.event)) await world.claims.done(id);
  const now = world.nowMs();
  const [lagMs, pathMs] = [now - detail.event.created * 1000, now - Date.parse(detail.receivedAt)];
  world.count('EventsHandled', 1, { Lane: 'realtime', Outcome: input.sync.outcome });
  // A replayed event is late by its nature; it would ring the alarm for an outage that is over.
  if (input.sync.outcome === 'written' && !isReplayed(input.event)) {
    world.count('SyncLag', lagMs, { Lane: 'realtime' });
    world.count('PathTime', pathMs);
  }
  world.log({
    ...identifiersOf(input),
    ...input.sync,
    lagMs,
    pathMs,
    ...(isThin(detail.event) ? { thin: true } : {}),
  });
  return { settled: true };
}
