import { onlyOwners, ownerHash } from '@payments/core/batch';
import { judge, type Known, type Verdict } from '@payments/core/freshness';
import { type Owner, ownersOf, type SalesforceRecord } from '@payments/core/record';
import type { Subject } from '../adapters/freshness-store.ts';

/** One owner's say in one record of a plan, with its version. Stubs (version 0) are no subject: they lose to anything. */
export type Said = Subject & {
  readonly version: number;
  readonly fetched: boolean;
  readonly record: SalesforceRecord;
  /** Of the owner's own columns: invoice.paid and invoice.payment_succeeded share a second and say the same. */
  readonly content: string;
};

export function saidBy(records: readonly SalesforceRecord[]): readonly Said[] {
  return records.flatMap((record) =>
    [...ownersOf(record.object).keys()].flatMap((owner) => {
      const said = record.owners[owner];
      if (said === undefined || said.version === 0) return [];
      const content = ownerHash(record, owner);
      return [{ owner, externalId: record.externalId ?? record.rowId, ...said, record, content }];
    }),
  );
}

/**
 * `stale`: for every owner that speaks, something newer was written: nothing has to be sent. `tie`: another state of the
 * same second was written for one of them: ask Stripe. Else `apply`; `fresh` are the records without what is stale in them.
 */
export function judgePlan(
  records: readonly SalesforceRecord[],
  said: readonly Said[],
  known: readonly (Known | null)[],
  eventId: string,
): { readonly verdict: Verdict; readonly fresh: readonly SalesforceRecord[] } {
  const verdicts = said.map((each, index) => judge(known[index] ?? null, { ...each, eventId }));
  const stale = said.filter((_, index) => verdicts[index] === 'stale');
  if (verdicts.includes('tie')) return { verdict: 'tie', fresh: records };
  if (said.length > 0 && stale.length === said.length) return { verdict: 'stale', fresh: [] };
  return { verdict: 'apply', fresh: records.flatMap((record) => withoutStale(record, stale)) };
}

/** A row that others refer to stays as a stub. One of which nothing is left is known, so its external id is enough. */
function withoutStale(record: SalesforceRecord, stale: readonly Said[]): readonly SalesforceRecord[] {
  const left = new Set<Owner>(ownersOf(record.object).keys());
  for (const each of stale) if (each.record === record) left.delete(each.owner);
  if (left.size === ownersOf(record.object).size) return [record];
  const fresh = onlyOwners(record, left);
  return fresh === null || Object.keys(fresh.owners).length === 0 ? [] : [fresh];
}
