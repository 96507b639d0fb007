import type { Salesforce } from '@payments/functions/adapters/salesforce';
import * as v from 'valibot';

/** An org that takes every row and keeps none: Bulk API 2.0, Collections and queries, as far as a backfill asks. */
export function forgetfulOrg(): Salesforce {
  let jobs = 0;
  return async ({ method, path, body }) => {
    if (path.startsWith('/query')) return { status: 200, body: { done: true, records: [] } };
    if (path.startsWith('/composite/')) {
      const { records } = v.parse(Collection, body);
      return { status: 200, body: records.map(() => ({ id: ROW, success: true, errors: [] })) };
    }
    if (/\/(failedResults|unprocessedrecords)$/.test(path)) return { status: 200, body: '"sf__Id"\n' };
    if (method === 'POST') {
      jobs += 1;
      return { status: 200, body: { id: `750${String(jobs).padStart(12, '0')}` } };
    }
    return { status: 200, body: { state: 'JobComplete' } };
  };
}

const ROW = 'a00000000000001AAA';
const Collection = v.object({ records: v.array(v.unknown()) });
