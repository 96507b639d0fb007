import { quoted } from '@payments/functions/adapters/soql';
import * as v from 'valibot';
import type { Org } from '../adapters/salesforce.ts';

const ROWS_PER_CALL = 200;
const Found = v.object({ Id: v.string() });

/** Only rows that are there: an upsert would make others. Gives how many were marked. */
export async function markDiscarded(keys: readonly string[], org: Org): Promise<number> {
  let marked = 0;
  for (let from = 0; from < keys.length; from += ROWS_PER_CALL) {
    const some = keys
      .slice(from, from + ROWS_PER_CALL)
      .map(quoted)
      .join(', ');
    const rows = await org.query(
      `SELECT Id FROM Sync_Failure__c WHERE Failure_Key__c IN (${some}) AND Status__c IN ('Open', 'Retrying')`,
      Found,
    );
    if (rows.length === 0) continue;
    const records = rows.map(({ Id: id }) => ({ attributes: { type: 'Sync_Failure__c' }, id, Status__c: 'Discarded' }));
    await org.request({ method: 'PATCH', path: '/composite/sobjects', body: { allOrNone: false, records } });
    marked += records.length;
  }
  return marked;
}
