import { rowNamedIn, sessionOf, unnamed, withRowIds } from '@payments/core/naming';
import type { Owner, SalesforceRecord } from '@payments/core/record';
import type { FreshnessStore } from '../adapters/freshness-store.ts';
import type { RowNames } from '../adapters/row-names.ts';
import type { StripeReader } from '../adapters/stripe.ts';

/** Gives subscriptions the row of ours that they were bought for, where nothing in the event says so. */
export type NameRows = (records: readonly SalesforceRecord[]) => Promise<readonly SalesforceRecord[]>;

const OWNERS: readonly Owner[] = ['subscription', 'session', 'invoice'];

/**
 * Asks Stripe once for a subscription that was not written yet: a written one has its row. When Stripe does not answer, the
 * record goes as it is; better a row that a person may have to merge than an event that waits for a courtesy.
 */
export function rowNamer(world: {
  readonly stripe: StripeReader;
  readonly rowNames: RowNames;
  readonly freshness: Pick<FreshnessStore, 'known'>;
}): NameRows {
  const rowOf = async (subscriptionId: string): Promise<string | null> => {
    const written = await world.freshness.known(OWNERS.map((owner) => ({ owner, externalId: subscriptionId })));
    if (written.some((known) => known !== null)) return null;
    const known = await world.rowNames.get(subscriptionId);
    if (known !== undefined) return known;
    const answer = await world.stripe(sessionOf(subscriptionId)).catch(() => null);
    if (answer === null) return null;
    const rowId = rowNamedIn(answer);
    await world.rowNames.remember(subscriptionId, rowId);
    return rowId;
  };
  return async (records) => {
    const rowIds = new Map<string, string>();
    for (const id of new Set(unnamed(records))) {
      const rowId = await rowOf(id);
      if (rowId !== null) rowIds.set(id, rowId);
    }
    return rowIds.size === 0 ? records : withRowIds(records, rowIds);
  };
}
