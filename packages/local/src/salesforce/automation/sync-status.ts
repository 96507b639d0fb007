import type { Stored } from '../schema.ts';

const FINISHED = 2;
const STEPS = new Map<Stored, number>([
  ['Pending', 0],
  ['Checkout Created', 1],
  ['Completed', FINISHED],
  ['Failed', FINISHED],
]);

const stepOf = (status: Stored) => STEPS.get(status) ?? -1;

/**
 * `Sync_Status__c` only moves forward, and not from one end to the other; a finished Checkout keeps no link, because a
 * dead link is worse than none. Returns the columns to set over an update. As SignupProgress does in Apex.
 */
export function forwardSyncStatus(stored: Stored, next: Stored): Readonly<Record<string, Stored>> {
  const back = stepOf(next) < stepOf(stored);
  const betweenEnds = stepOf(next) === FINISHED && stepOf(stored) === FINISHED && next !== stored;
  const status = back || betweenEnds ? stored : next;
  const kept = status === next ? {} : { Sync_Status__c: status };
  return stepOf(status) === FINISHED ? { ...kept, Checkout_URL__c: null, Checkout_Link__c: null } : kept;
}
