import type { AuditRow } from '@payments/core/audit-columns';
import type { PaymentFailed } from '@payments/core/plan';
import { columnsOf, type FieldValue, ownersOf, type Parent, type SalesforceRecord } from '@payments/core/record';

/**
 * Records as the body of one composite call: parents, rows, the platform event, and the reading back of what the guard
 * kept, in one transaction. Salesforce promises an order for explicit references only, so a child names its parent, and
 * the reading names its row, by `@{ref.id}`.
 */
export const MAX_PARTS = 25;

export type Mark = { readonly writeId: string; readonly correlationId: string };

export type Part = {
  readonly method: 'GET' | 'PATCH' | 'POST';
  readonly url: string;
  readonly referenceId: string;
  readonly body?: Readonly<Record<string, FieldValue | Readonly<Record<string, string>>>>;
};

export type PlacedPart =
  | { readonly kind: 'own' | 'write' | 'read'; readonly part: Part; readonly record: SalesforceRecord }
  | { readonly kind: 'event'; readonly part: Part };

/** Whether the guard judges the record: a stub (version 0) is never counted as refused, so nobody reads it back. */
export function isJudged(record: SalesforceRecord): boolean {
  return Object.values(record.owners).some((said) => said.version > 0);
}

/**
 * Stripe's metadata may name a row of ours. Stripe and people copy metadata from one subscription to the next, so the
 * row may be another's already, whose external id must not be replaced: then this one has to get a row of its own.
 */
function namesOurRow(record: SalesforceRecord): record is SalesforceRecord & { externalId: string; rowId: string } {
  return record.rowId !== null && record.externalId !== null;
}

/**
 * Splits records into calls of at most {@link MAX_PARTS}, in their order, keeping room for the event in the last. A
 * child whose parent went in an earlier call names it by external id.
 */
export function inCalls(
  records: readonly SalesforceRecord[],
  withEvent: boolean,
): readonly (readonly SalesforceRecord[])[] {
  const calls: SalesforceRecord[][] = [[]];
  let parts = 0;
  for (const record of records) {
    const cost = 1 + (isJudged(record) ? 1 : 0) + (namesOurRow(record) ? 1 : 0);
    if (parts + cost > MAX_PARTS - (withEvent ? 1 : 0)) {
      calls.push([]);
      parts = 0;
    }
    calls.at(-1)?.push(record);
    parts += cost;
  }
  return calls;
}

/** `version` is the API's, `66.0`. */
export function partsOf(
  records: readonly SalesforceRecord[],
  paymentFailed: PaymentFailed | null,
  mark: Mark,
  version: string,
): readonly PlacedPart[] {
  const base = `/services/data/v${version}/sobjects`;
  /** What a child writes into its lookup, by the parent's object and external id. */
  const ids = new Map<string, string>();
  const parts: PlacedPart[] = [];
  records.forEach((record, index) => {
    const referenceId = `r${index}`;
    const id = record.rowId ?? `@{${referenceId}.id}`;
    if (namesOurRow(record)) parts.push({ kind: 'own', record, part: freeRow(record, referenceId, version) });
    parts.push({ kind: 'write', record, part: write(record, referenceId, ids, mark, base) });
    if (record.externalId !== null) ids.set(`${record.object}:${record.externalId}`, id);
    if (isJudged(record)) {
      const fields = ['Refused_Write__c', ...[...ownersOf(record.object).values()].map((owned) => owned.versionField)];
      const url = `${base}/${record.object}/${id}?fields=${fields.join(',')}`;
      parts.push({ kind: 'read', record, part: { method: 'GET', url, referenceId: `${referenceId}read` } });
    }
  });
  if (paymentFailed !== null) {
    const body = platformEvent(paymentFailed, mark.correlationId);
    parts.push({
      kind: 'event',
      part: { method: 'POST', url: `${base}/Payment_Failed__e`, referenceId: 'failed', body },
    });
  }
  return parts;
}

function write(
  record: SalesforceRecord,
  referenceId: string,
  ids: ReadonlyMap<string, string>,
  mark: Mark,
  base: string,
): Part {
  const body = { ...columnsOf(record, mark), ...lookups(record.parents, ids) };
  const at = (path: string) => `${base}/${record.object}/${path}`;
  if (record.externalId === null) {
    return { method: 'PATCH', url: at(encodeURIComponent(record.rowId)), referenceId, body };
  }
  if (record.rowId !== null) {
    // The row was made in Salesforce before Stripe had an id for it: this write gives it one.
    const named = { ...body, [record.externalIdField]: record.externalId };
    return { method: 'PATCH', url: at(`@{${referenceId}own.records[0].Id}`), referenceId, body: named };
  }
  const url = at(`${record.externalIdField}/${encodeURIComponent(record.externalId)}`);
  return { method: 'PATCH', url, referenceId, body };
}

/** Finds the row unless it is another's; without a find the reference to it fails, and with it the whole call. */
function freeRow(
  { object, externalIdField, externalId, rowId }: SalesforceRecord & { externalId: string; rowId: string },
  referenceId: string,
  version: string,
): Part {
  const text = (value: string) => `'${value.replace(/[\\']/g, '\\$&')}'`;
  const free = `${externalIdField} = null OR ${externalIdField} = ${text(externalId)}`;
  const query = `SELECT Id FROM ${object} WHERE Id = ${text(rowId)} AND (${free})`;
  const url = `/services/data/v${version}/query?q=${encodeURIComponent(query)}`;
  return { method: 'GET', url, referenceId: `${referenceId}own` };
}

function lookups(
  parents: readonly Parent[],
  ids: ReadonlyMap<string, string>,
): Record<string, string | Record<string, string>> {
  return Object.fromEntries(
    parents.map((parent) => {
      const id = ids.get(`${parent.object}:${parent.externalId}`);
      return id === undefined
        ? [parent.field.replace(/__c$/, '__r'), { [parent.externalIdField]: parent.externalId }]
        : [parent.field, id];
    }),
  );
}

function platformEvent(failed: PaymentFailed, correlationId: string): Record<string, FieldValue> {
  const columns: AuditRow<'Payment_Failed__e'> = {
    Event_ID__c: failed.eventId,
    Stripe_Subscription_ID__c: failed.subscriptionId,
    Stripe_Customer_ID__c: failed.customerId,
    Stripe_Payment_Intent_ID__c: failed.paymentIntentId,
    Stripe_Invoice_ID__c: failed.invoiceId,
    Amount__c: failed.amount,
    Currency__c: failed.currency,
    Failure_Code__c: failed.code,
    Attempt_Count__c: failed.attemptCount,
    Next_Attempt_At__c: failed.nextAttemptAt,
    Is_Final__c: failed.isFinal,
    Correlation_ID__c: correlationId,
  };
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== null));
}
