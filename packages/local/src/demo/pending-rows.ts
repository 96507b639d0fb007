import type { Machine } from '../machine.ts';

/**
 * Every second Checkout session is opened from a row that Salesforce made first, as Apex does. The rows are there before
 * anything moves, so that their ids, which travel in the events' metadata, are the same in every run.
 */
export function pendingRows(machine: Machine, customers: number): () => string | null {
  const rows = Array.from({ length: customers }, () =>
    machine.org.org.insert('Stripe_Subscription__c', { Sync_Status__c: 'Pending' }),
  );
  let asked = 0;
  return () => {
    asked += 1;
    return asked % 2 === 0 ? (rows.shift() ?? null) : null;
  };
}
