import type { SObjectName } from '@payments/core/record';
import * as v from 'valibot';
import type { Salesforce } from '../adapters/salesforce.ts';
import { SalesforceFailure } from '../adapters/salesforce-failure.ts';

/**
 * Which of the rows that metadata names belong to another Stripe object already. Metadata is copied: a second
 * subscription may name the row of the first, and a write by row id would take it over, leaving the first without one.
 * One query, at most as many ids as a Collections call has rows (200 ids are 4,200 characters of the 16,384 of a URI).
 */
const Page = v.object({ records: v.array(v.record(v.string(), v.unknown())) });

/** External ids by the first fifteen characters of the row's id; rows that are gone or free are not in it. */
export async function ownersOfRows(
  object: SObjectName,
  externalIdField: string,
  rowIds: readonly string[],
  salesforce: Salesforce,
): Promise<ReadonlyMap<string, string>> {
  // Ids from metadata were checked to be alphanumeric when the record was made; anything else never reaches a query.
  const ids = [...new Set(rowIds)].filter((id) => /^[A-Za-z0-9]{15,18}$/.test(id));
  if (ids.length === 0) return new Map();
  const soql = `SELECT Id, ${externalIdField} FROM ${object} WHERE Id IN (${ids.map((id) => `'${id}'`).join(', ')})`;
  let body: unknown;
  try {
    body = (await salesforce({ method: 'GET', path: `/query?q=${encodeURIComponent(soql)}` })).body;
  } catch (error) {
    // One id that is none (anybody may write metadata) has the whole query refused: it must not hold up the others.
    if (!(error instanceof SalesforceFailure) || error.status !== 400) throw error;
    if (ids.length === 1) return new Map();
    const middle = Math.ceil(ids.length / 2);
    const halves = [ids.slice(0, middle), ids.slice(middle)];
    const found: (readonly [string, string])[] = [];
    for (const half of halves) found.push(...(await ownersOfRows(object, externalIdField, half, salesforce)));
    return new Map(found);
  }
  const owners = new Map<string, string>();
  for (const row of v.parse(Page, body).records) {
    const owner = row[externalIdField];
    if (typeof row.Id === 'string' && typeof owner === 'string') owners.set(row.Id.slice(0, 15), owner);
  }
  return owners;
}
