import type { Count } from '@payments/core/metrics';
import type { GivenBack } from '../adapters/batches.ts';
import type { BatchAccount } from './account.ts';
import type { RowOutcome } from './outcome.ts';
import type { BufferedRow } from './row.ts';

/** How a settled batch is seen from outside: a log line for each of its rows, and what is counted. */

export type RowLine = {
  /** `left`: the empty row of a parent that Salesforce does not take; its children wait for the real one. */
  readonly outcome: 'written' | 'unchanged' | 'refused' | 'given back' | 'parked' | 'left';
  readonly batchId: string;
  /** The row's external id, which is the Stripe object's. */
  readonly stripeObjectId: string;
  /** The newest event in the row; all of them in `stripeEventIds`, where there are more. */
  readonly stripeEventId: string;
  readonly stripeEventIds?: readonly string[];
  readonly correlationId: string;
  readonly salesforceId?: string;
  /** Of a row that failed. */
  readonly code?: string;
  readonly attempts?: number;
};

export function rowLines(account: BatchAccount, givenBack: readonly GivenBack[]): readonly RowLine[] {
  const later = new Map(givenBack.map((row) => [row.key, row]));
  const parked = new Set(account.parked.map(({ key }) => key));
  return [...account.rows].map(([key, row]): RowLine => {
    const outcome = account.outcomes.get(key);
    const ids = { batchId: account.batchId, ...identifiersOf(key, row) };
    if (outcome === undefined || outcome.kind === 'failed') {
      const back = later.get(key);
      return {
        ...{ outcome: back !== undefined ? 'given back' : parked.has(key) ? 'parked' : 'left', ...ids },
        ...{ code: outcome?.code ?? 'NO_ANSWER', attempts: back?.attempts ?? row.attempts + 1 },
      };
    }
    const salesforceId = outcome.kind === 'unchanged' ? null : outcome.salesforceId;
    return { outcome: outcome.kind, ...ids, ...(salesforceId === null ? {} : { salesforceId }) };
  });
}

function identifiersOf(key: string, { events, eventId, correlationId }: BufferedRow) {
  return {
    stripeObjectId: key,
    stripeEventId: eventId,
    ...(events.length > 1 ? { stripeEventIds: events } : {}),
    correlationId,
  };
}

/** To be called once per batch, when it has ended. */
export function countBatch(
  { rows, outcomes, parked, meta }: BatchAccount,
  givenBack: readonly GivenBack[],
  { count, nowMs }: { readonly count: Count; readonly nowMs: number },
): void {
  const kinds = [...outcomes.values()].map(({ kind }) => kind);
  const of = (wanted: string) => kinds.filter((kind) => kind === wanted).length;
  count('RowsHandled', of('written'), { Outcome: 'written' });
  count('RowsHandled', of('unchanged'), { Outcome: 'unchanged' });
  count('RowsHandled', of('refused'), { Outcome: 'refused' });
  count('RowsHandled', givenBack.length, { Outcome: 'given-back' });
  count('RowsHandled', parked.length, { Outcome: 'parked' });
  const untried = [...outcomes.values()].filter(isUntried).length;
  count('Tries', rows.size - of('unchanged') - untried, { Lane: 'bulk' });
  for (const [key, row] of rows) {
    const outcome = outcomes.get(key);
    if (outcome !== undefined && isUntried(outcome)) continue;
    if (outcome === undefined || outcome.kind === 'failed') {
      count('Errors', 1, { Lane: 'bulk', Category: outcome?.category ?? 'Network' });
    } else if (outcome.kind === 'written') {
      if (row.lagged === 0) count('SyncLag', nowMs - row.oldestAt, { Lane: 'bulk' });
    } else if (outcome.kind === 'refused' && outcome.refused.length > outcome.ties.length) {
      count('StaleWritesRefused', 1, { Lane: 'bulk', By: 'guard' });
    }
  }
  for (const { outcome } of parked) count('Parked', 1, { Lane: 'bulk', Category: outcome.category });
  count('BatchTime', nowMs - meta.startedAt);
}

/** Its job failed before anyone looked at the row. */
function isUntried(outcome: RowOutcome): boolean {
  return outcome.kind === 'failed' && outcome.apart;
}
