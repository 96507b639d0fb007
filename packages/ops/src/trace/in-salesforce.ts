import { ownersOf } from '@payments/core/record';
import { quoted } from '@payments/functions/adapters/soql';
import * as v from 'valibot';
import type { Org } from '../adapters/salesforce.ts';
import { BadInput } from '../frame/problem.ts';
import type { EventStory } from './story.ts';
import { type RowKey, type Subject, subjectOf } from './subject.ts';

/** What Salesforce has of an event or object: rows, failures, batches. Where things stand, never whom they are about. */

export type FoundRow = {
  readonly object: string;
  readonly id: string;
  readonly changedAt: string;
  readonly status: string | null;
  /** By owner; `null`: it has not spoken yet. */
  readonly versions: Readonly<Record<string, number | null>>;
};

export type FoundFailure = {
  readonly name: string;
  readonly status: string;
  readonly source: string;
  readonly category: string;
  readonly code: string;
  readonly message: string;
  readonly attempts: number;
  readonly lastFailedAt: string | null;
  readonly link: string | null;
};

export type FoundBatch = {
  readonly key: string;
  readonly name: string;
  readonly object: string;
  readonly transport: string;
  readonly jobId: string | null;
  readonly finishedAt: string | null;
};

const Global = v.object({ sobjects: v.array(v.object({ name: v.string(), keyPrefix: v.nullish(v.string()) })) });
const Columns = v.record(v.string(), v.unknown());

/** The columns of our objects that name something of Stripe. */
const NAMING: ReadonlyMap<string, string> = new Map([
  ['Stripe_Customer__c', 'Stripe_Customer_ID__c'],
  ['Stripe_Subscription__c', 'Stripe_Subscription_ID__c'],
  ['Payment_Transaction__c', 'Stripe_Payment_Intent_ID__c'],
  ['Pricing_Plan__c', 'Plan_Key__c'],
  ['Sync_Failure__c', 'Stripe_Event_ID__c'],
  ['Contact', 'Stripe_Customer_ID__c'],
]);

/** A record is about what its row names: its object in Stripe, or the event that failed. */
export async function subjectOfRecord(id: string, org: Org): Promise<Subject> {
  const { body } = await org.request({ method: 'GET', path: '/sobjects' });
  const object = v.parse(Global, body).sobjects.find(({ keyPrefix }) => keyPrefix === id.slice(0, 3))?.name;
  const field = NAMING.get(object ?? '');
  if (object === undefined || field === undefined) {
    throw new BadInput(
      `${id} is a record of ${object ?? 'an object that the org does not have'}, which names nothing of Stripe`,
    );
  }
  const [row] = await org.query(`SELECT ${field} FROM ${object} WHERE Id = ${quoted(id)}`, Columns);
  const named = row?.[field];
  const subject = typeof named === 'string' ? subjectOf(named) : null;
  if (subject === null) throw new BadInput(`${id} (${object}) is not there, or names nothing of Stripe`);
  return subject;
}

export async function rowsOf(subject: Subject, stories: readonly EventStory[], org: Org): Promise<readonly FoundRow[]> {
  const keys = subject.kind === 'object' ? subject.rows.map((key) => ({ ...key, value: subject.id })) : [];
  const objects = new Set(stories.flatMap(({ objectId }) => objectId ?? []));
  const named = subject.kind === 'object' ? [] : [...objects].flatMap(keysOf);
  const found = await Promise.all([...keys, ...named].map((key) => rowsAt(key, org)));
  return found.flat();
}

function keysOf(objectId: string): readonly (RowKey & { readonly value: string })[] {
  const subject = subjectOf(objectId);
  return subject?.kind === 'object' ? subject.rows.map((key) => ({ ...key, value: objectId })) : [];
}

async function rowsAt(
  { object, field, value }: RowKey & { readonly value: string },
  org: Org,
): Promise<readonly FoundRow[]> {
  const owners = [...ownersOf(object)];
  const versions = owners.map(([, { versionField }]) => versionField);
  const status = STATUS.get(object);
  const columns = ['Id', 'LastModifiedDate', ...(status === undefined ? [] : [status]), ...versions];
  const rows = await org.query(
    `SELECT ${columns.join(', ')} FROM ${object} WHERE ${field} = ${quoted(value)} ORDER BY CreatedDate LIMIT 10`,
    Columns,
  );
  return rows.map((row) => ({
    object,
    id: String(row.Id),
    changedAt: new Date(String(row.LastModifiedDate)).toISOString(),
    status: status === undefined || typeof row[status] !== 'string' ? null : row[status],
    versions: Object.fromEntries(
      owners.map(([owner, { versionField }]) => {
        const version = row[versionField];
        return [owner, typeof version === 'number' ? version : null];
      }),
    ),
  }));
}

/** A status says where something stands and nothing about a person. */
const STATUS: ReadonlyMap<string, string> = new Map([
  ['Stripe_Customer__c', 'Subscription_Status__c'],
  ['Stripe_Subscription__c', 'Status__c'],
  ['Payment_Transaction__c', 'Status__c'],
]);

const text = v.nullish(v.string(), '');
const FailureRow = v.object({
  Name: text,
  Status__c: text,
  Source__c: text,
  Category__c: text,
  Code__c: text,
  Message__c: text,
  Attempts__c: v.nullish(v.number(), 0),
  Last_Failed_At__c: v.nullish(v.string(), null),
  Execution_Link__c: v.nullish(v.string(), null),
});

export async function failuresOf(subject: Subject, org: Org): Promise<readonly FoundFailure[]> {
  const field = subject.kind === 'event' ? 'Stripe_Event_ID__c' : 'Stripe_Object_ID__c';
  const columns = Object.keys(FailureRow.entries).join(', ');
  const rows = await org.query(
    `SELECT ${columns} FROM Sync_Failure__c WHERE ${field} = ${quoted(subject.id)} ORDER BY CreatedDate DESC LIMIT 20`,
    FailureRow,
  );
  return rows.map((row) => ({
    name: row.Name,
    status: row.Status__c,
    source: row.Source__c,
    category: row.Category__c,
    code: row.Code__c,
    message: row.Message__c,
    attempts: row.Attempts__c,
    lastFailedAt: isoOrNull(row.Last_Failed_At__c),
    link: row.Execution_Link__c,
  }));
}

const BatchRow = v.object({
  Batch_Key__c: text,
  Name: text,
  Object__c: text,
  Transport__c: text,
  Job_ID__c: v.nullish(v.string(), null),
  Finished_At__c: v.nullish(v.string(), null),
});

export async function batchesOf(stories: readonly EventStory[], org: Org): Promise<readonly FoundBatch[]> {
  const keys = [...new Set(stories.flatMap(({ batches }) => batches))].slice(0, 50);
  if (keys.length === 0) return [];
  const rows = await org.query(
    `SELECT ${Object.keys(BatchRow.entries).join(', ')} FROM Sync_Batch__c WHERE Batch_Key__c IN (${keys.map(quoted).join(', ')})`,
    BatchRow,
  );
  return rows.map((row) => ({
    key: row.Batch_Key__c,
    name: row.Name,
    object: row.Object__c,
    transport: row.Transport__c,
    jobId: row.Job_ID__c,
    finishedAt: isoOrNull(row.Finished_At__c),
  }));
}

/** Salesforce writes `2026-11-25T10:00:00.000+0000`. */
function isoOrNull(text: string | null): string | null {
  return text === null ? null : new Date(text).toISOString();
}
