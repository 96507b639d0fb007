import { isThin } from '@payments/core/event';
import type { Claims } from '../adapters/claims.ts';
import { type Identifiers, identifiersOf, type SettleInput, type SyncResult } from './machine-input.ts';

/** `lagMs`: from Stripe's `created` (whole seconds) to now. `pathMs`: from our receiving it to now. */
export type SettledLine = Identifiers & SyncResult & { readonly lagMs: number; readonly pathMs: number };

/** The story of the state `Settle`: Salesforce has confirmed, so the event is marked as done and its lag is told. */
export async function settle(
  input: SettleInput,
  world: {
    readonly claims: Pick<Claims, 'done'>;
    readonly nowMs: () => number;
    readonly log: (line: SettledLine) => void;
  },
): Promise<{ readonly settled: true }> {
  const { detail } = input.event;
  await world.claims.done(detail.event.id);
  const now = world.nowMs();
  world.log({
    ...identifiersOf(input),
    ...input.sync,
    lagMs: now - detail.event.created * 1000,
    pathMs: now - Date.parse(detail.receivedAt),
    ...(isThin(detail.event) ? { thin: true } : {}),
  });
  return { settled: true };
}
