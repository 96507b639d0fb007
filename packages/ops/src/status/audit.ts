import * as v from 'valibot';
import type { Org } from '../adapters/salesforce.ts';
import { failureGroups } from './failure-groups.ts';
import type { Batch, Standing, Told } from './standing.ts';

/** What the middleware has told people in Salesforce. */

const BATCHES = 5;

const text = v.nullish(v.string(), '');
const whole = v.nullish(v.number(), 0);
const BatchRow = v.object({
  Name: text,
  Object__c: text,
  Transport__c: text,
  Rows_Sent__c: whole,
  Rows_Succeeded__c: whole,
  Rows_Refused__c: whole,
  Rows_Failed__c: whole,
  Finished_At__c: v.nullish(v.string(), null),
});

const StatusRow = v.object({
  Health__c: text,
  Health_Reason__c: text,
  Last_Event_Received_At__c: v.nullish(v.string(), null),
  Oldest_Unsettled_Event_At__c: v.nullish(v.string(), null),
  LastModifiedDate: v.string(),
});

export async function auditOf(org: Org, nowMs: number): Promise<Pick<Standing, 'failures' | 'batches' | 'told'>> {
  const rows = await org.query(
    `SELECT ${Object.keys(BatchRow.entries).join(', ')} FROM Sync_Batch__c ORDER BY CreatedDate DESC, Name DESC LIMIT ${BATCHES}`,
    BatchRow,
  );
  const [told] = await org.query(
    `SELECT ${Object.keys(StatusRow.entries).join(', ')} FROM Integration_Status__c LIMIT 1`,
    StatusRow,
  );
  return {
    failures: await failureGroups(org),
    batches: rows.map(batchOf),
    told: told === undefined ? null : toldBy(told, nowMs),
  };
}

function batchOf(row: v.InferOutput<typeof BatchRow>): Batch {
  return {
    name: row.Name,
    object: row.Object__c,
    transport: row.Transport__c,
    sent: row.Rows_Sent__c,
    succeeded: row.Rows_Succeeded__c,
    refused: row.Rows_Refused__c,
    failed: row.Rows_Failed__c,
    finishedAt: isoOf(row.Finished_At__c),
  };
}

function toldBy(row: v.InferOutput<typeof StatusRow>, nowMs: number): Told {
  return {
    health: row.Health__c,
    reason: row.Health_Reason__c,
    lastEventAt: isoOf(row.Last_Event_Received_At__c),
    oldestUnsettledAt: isoOf(row.Oldest_Unsettled_Event_At__c),
    ageSeconds: Math.max(0, Math.round((nowMs - Date.parse(row.LastModifiedDate)) / 1000)),
  };
}

/** Salesforce writes `2026-11-25T10:00:00.000+0000`. */
function isoOf(text: string | null): string | null {
  return text === null ? null : new Date(text).toISOString();
}
