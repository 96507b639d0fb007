import { compareVersions } from '@payments/core/freshness';
import { type Owner, ownersOf, type SalesforceRecord, type SObjectName } from '@payments/core/record';
import * as v from 'valibot';
import type { Salesforce } from '../adapters/salesforce.ts';

/** What the org's guard refused of a batch: it notes the batch's id in the rows it kept. */

const Page = v.object({
  done: v.boolean(),
  nextRecordsUrl: v.optional(v.nullable(v.string())),
  records: v.array(v.record(v.string(), v.unknown())),
});

export type RefusedRow = { readonly salesforceId: string | null; readonly versions: Readonly<Record<string, unknown>> };

/** By external id and by Salesforce id. Objects without versions are never refused, and not asked. */
export async function refusedRows(
  object: SObjectName,
  externalIdField: string,
  batchId: string,
  salesforce: Salesforce,
): Promise<ReadonlyMap<string, RefusedRow>> {
  const versionFields = [...ownersOf(object).values()].map(({ versionField }) => versionField);
  if (versionFields.length === 0) return new Map();
  const columns = ['Id', externalIdField, ...versionFields].join(', ');
  const soql = `SELECT ${columns} FROM ${object} WHERE Refused_Write__c = '${batchId}'`;
  const found = new Map<string, RefusedRow>();
  let path: string | null = `/query?q=${encodeURIComponent(soql)}`;
  while (path !== null) {
    const answer = await salesforce({ method: 'GET', path });
    const page: v.InferOutput<typeof Page> = v.parse(Page, answer.body);
    for (const row of page.records) {
      const salesforceId = typeof row.Id === 'string' ? row.Id : null;
      const externalId = row[externalIdField];
      const refused = { salesforceId, versions: row };
      if (typeof externalId === 'string') found.set(externalId, refused);
      if (salesforceId !== null) found.set(salesforceId.slice(0, 15), refused);
    }
    // `/services/data/v66.0/query/01g…-2000`
    const next = /\/query\/[^/]+$/.exec(page.nextRecordsUrl ?? '')?.[0];
    path = page.done || next === undefined ? null : next;
  }
  return found;
}

export function refusedRowOf(record: SalesforceRecord, rows: ReadonlyMap<string, RefusedRow>): RefusedRow | null {
  const byKey = record.externalId === null ? undefined : rows.get(record.externalId);
  return byKey ?? (record.rowId === null ? undefined : rows.get(record.rowId.slice(0, 15))) ?? null;
}

/** Which owners' columns were kept: a newer version is stored, or ours (a tie). */
export function refusedOwners(
  record: SalesforceRecord,
  row: RefusedRow,
): { readonly refused: readonly Owner[]; readonly ties: readonly Owner[] } {
  const refused: Owner[] = [];
  const ties: Owner[] = [];
  for (const [owner, { versionField }] of ownersOf(record.object)) {
    const said = record.owners[owner];
    const stored = row.versions[versionField];
    if (said === undefined || said.version === 0 || typeof stored !== 'number') continue;
    const order = compareVersions(stored, said.version);
    if (order === 'known') refused.push(owner);
    // An equal version is stored after a write that stood as well, where another owner of the row was refused: asking
    // Stripe once too often is harmless, not asking is not.
    if (order === 'equal') ties.push(owner);
  }
  return { refused: [...refused, ...ties], ties };
}
