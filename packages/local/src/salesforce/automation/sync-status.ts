import type { Stored } from '../schema.ts';

const STEPS = new Map<Stored, number>([
  ['Pending', 0],
  ['Checkout Created', 1],
  ['Failed', 2],
  ['Completed', 3],
]);
const FIRST_END = 2;

const stepOf = (status: Stored) => STEPS.get(status) ?? -1;

/**
 * `Sync_Status__c` only moves forward: a signup whose link expired may still be paid by another one, and what is paid stays
 * paid. A finished Checkout keeps no link, because a dead link is worse than none. Returns the columns to set over an update.
 * As SignupProgress does in Apex.
 */
export function forwardSyncStatus(stored: Stored, next: Stored): Readonly<Record<string, Stored>> {
  const status = stepOf(next) < stepOf(stored) ? stored : next;
  const kept = status === next ? {} : { Sync_Status__c: status };
  return stepOf(status) >= FIRST_END ? { ...kept, Checkout_URL__c: null, Checkout_Link__c: null } : kept;
}
