import type { AuditRow } from '@payments/core/audit-columns';
import type { SObjectName } from '@payments/core/record';
import * as v from 'valibot';
import type { BatchMeta } from '../adapters/batches.ts';
import { chunks } from '../adapters/batches.ts';
import type { Salesforce } from '../adapters/salesforce.ts';
import type { RowOutcome } from './outcome.ts';
import type { BufferedRow } from './row.ts';

/** What a batch leaves behind in Salesforce for people: one audit row, and one row per parked row. */

export type ParkedRow = {
  readonly key: string;
  readonly row: BufferedRow;
  readonly outcome: Extract<RowOutcome, { kind: 'failed' }>;
};

export type BatchAccount = {
  readonly object: SObjectName;
  readonly batchId: string;
  readonly meta: BatchMeta;
  readonly rows: ReadonlyMap<string, BufferedRow>;
  readonly outcomes: ReadonlyMap<string, RowOutcome>;
  readonly parked: readonly ParkedRow[];
};

/** A composite call takes five collections; one place is the audit row's own. */
const COLLECTIONS_PER_CALL = 4;
const ROWS_PER_COLLECTION = 200;

const Answer = v.object({
  compositeResponse: v.array(
    v.object({ httpStatusCode: v.number(), referenceId: v.nullable(v.string()), body: v.unknown() }),
  ),
});
const Rows = v.array(v.object({ success: v.boolean() }));

/**
 * Writes the account by upsert, so that it may be told twice. Gives how many of its rows Salesforce did not take: they
 * are in the log and in the queue BulkParked all the same.
 */
export async function tell(
  account: BatchAccount,
  world: { readonly salesforce: Salesforce; readonly version: string; readonly nowMs: number },
): Promise<{ readonly untold: number }> {
  const base = `/services/data/v${world.version}`;
  const rows = [...account.parked.map((row) => failureRow(account, row, world.nowMs)), ...resolvedRows(account)];
  const failures = chunks(rows, ROWS_PER_COLLECTION).map((some, index) => ({
    method: 'PATCH',
    url: `${base}/composite/sobjects/Sync_Failure__c/Failure_Key__c`,
    referenceId: `failures${index}`,
    body: { allOrNone: false, records: some.map((row) => ({ attributes: { type: 'Sync_Failure__c' }, ...row })) },
  }));
  const audit = {
    method: 'PATCH',
    url: `${base}/sobjects/Sync_Batch__c/Batch_Key__c/${encodeURIComponent(account.batchId)}`,
    referenceId: 'audit',
    body: auditRow(account, world.nowMs),
  };
  const [first = [], ...others] = chunks(failures, COLLECTIONS_PER_CALL);
  let untold = 0;
  for (const parts of [[audit, ...first], ...others]) {
    const body = { allOrNone: false, collateSubrequests: false, compositeRequest: parts };
    const answer = v.parse(Answer, (await world.salesforce({ method: 'POST', path: '/composite', body })).body);
    for (const part of parts) {
      const said = answer.compositeResponse.find(({ referenceId }) => referenceId === part.referenceId);
      untold += untoldIn(said, 'records' in part.body ? part.body.records.length : 1);
    }
  }
  return { untold };
}

function untoldIn(said: { readonly httpStatusCode: number; readonly body: unknown } | undefined, sent: number): number {
  if (said === undefined || said.httpStatusCode >= 300) return sent;
  const rows = v.safeParse(Rows, said.body);
  return rows.success ? rows.output.filter(({ success }) => !success).length : 0;
}

const iso = (ms: number) => new Date(ms).toISOString();

function auditRow({ object, meta, rows, outcomes }: BatchAccount, nowMs: number): AuditRow<'Sync_Batch__c'> {
  const count = (...kinds: readonly RowOutcome['kind'][]) =>
    [...outcomes.values()].filter(({ kind }) => kinds.includes(kind)).length;
  const events = [...rows.values()];
  return {
    Object__c: object,
    Transport__c: meta.transport === 'bulk' ? 'Bulk' : 'Collections',
    Job_ID__c: meta.jobId,
    Rows_Sent__c: count('written', 'refused', 'failed'),
    Rows_Succeeded__c: count('written'),
    Rows_Refused__c: count('refused'),
    Rows_Failed__c: count('failed'),
    Oldest_Event_At__c: iso(events.reduce((oldest, { oldestAt }) => Math.min(oldest, oldestAt), nowMs)),
    Newest_Event_At__c: iso(events.reduce((newest, { newestAt }) => Math.max(newest, newestAt), 0)),
    Started_At__c: iso(meta.startedAt),
    Finished_At__c: iso(nowMs),
    // This call included.
    API_Calls_Used__c: meta.calls + 1,
  };
}

/** By its event; while its parent is missing, by that: whatever else comes of the row fails for the same reason. */
export function failureKeyOf({ key, row, outcome }: ParkedRow): string {
  return `stripe.webhook:${outcome.parent ?? row.eventId}:${key}`.slice(0, 255);
}

/** A row that was given up before and put back is in the org now, or the org has something newer. */
export function resolvedRows({ rows, outcomes }: BatchAccount): readonly AuditRow<'Sync_Failure__c'>[] {
  return [...rows].flatMap(([key, { failures = [] }]) => {
    const kind = outcomes.get(key)?.kind ?? 'failed';
    if (kind === 'failed') return [];
    const what = { Source__c: 'bulk', Stripe_Object_ID__c: key.slice(0, 255), Status__c: 'Resolved' } as const;
    return failures.map((Failure_Key__c) => ({ Failure_Key__c, ...what }));
  });
}

function whyGivenUp(object: SObjectName, key: string, { code, parent }: ParkedRow['outcome']): string {
  if (parent === undefined) return `Salesforce refused ${object} ${key}: ${code}.`;
  return `${object} ${key} refers to ${parent}, which Salesforce does not have and did not take: see its own row here.`;
}

function failureRow({ object }: BatchAccount, parked: ParkedRow, nowMs: number): AuditRow<'Sync_Failure__c'> {
  const { key, row, outcome } = parked;
  const { eventId } = row;
  return {
    Failure_Key__c: failureKeyOf(parked),
    Source__c: 'bulk',
    Stripe_Event_ID__c: eventId,
    Stripe_Object_ID__c: key.slice(0, 255),
    Correlation_ID__c: row.correlationId,
    Event_Created_At__c: iso(row.newestAt),
    Category__c: outcome.category,
    Code__c: outcome.code.slice(0, 255),
    Message__c: `${whyGivenUp(object, key, outcome)} Correct the cause, then set this to Retrying.`,
    Attempts__c: (row.tried ?? 0) + row.attempts + 1,
    First_Failed_At__c: iso(row.attempts === 0 && row.tried === undefined ? nowMs : row.firstBufferedAt),
    Last_Failed_At__c: iso(nowMs),
    Status__c: 'Open',
  };
}
