import { contentHash, onlyOwners } from '@payments/core/batch';
import { judge, type Known } from '@payments/core/freshness';
import type { Plan } from '@payments/core/plan';
import { ownersOf, type SalesforceRecord } from '@payments/core/record';
import type { Subject } from '../adapters/freshness-store.ts';

/** One owner's say in one record of a plan, with its version. Stubs (version 0) are no subject: they lose to anything. */
export type Said = Subject & {
  readonly version: number;
  readonly fetched: boolean;
  readonly record: SalesforceRecord;
  /** Of the owner's own columns: invoice.paid and invoice.payment_succeeded share a second and say the same. */
  readonly content: string;
};

export function saidBy(plan: Plan): readonly Said[] {
  return plan.records.flatMap((record) =>
    [...ownersOf(record.object).keys()].flatMap((owner) => {
      const said = record.owners[owner];
      if (said === undefined || said.version === 0) return [];
      const content = contentHash(onlyOwners(record, new Set([owner])) ?? record);
      return [{ owner, externalId: record.externalId ?? record.rowId, ...said, record, content }];
    }),
  );
}

/**
 * `stale`: for every owner that speaks, something newer was written: nothing has to be sent. `tie`: another event of
 * the same second was written for one of them: ask Stripe. Else `apply`: what is stale in it, the org's guard refuses.
 */
export function judgePlan(
  said: readonly Said[],
  known: readonly (Known | null)[],
  eventId: string,
): 'apply' | 'stale' | 'tie' {
  const verdicts = said.map((each, index) => judge(known[index] ?? null, { ...each, eventId }));
  if (verdicts.includes('tie')) return 'tie';
  return verdicts.length > 0 && verdicts.every((verdict) => verdict === 'stale') ? 'stale' : 'apply';
}
