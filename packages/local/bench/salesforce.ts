/** One upsert in an org of a hundred thousand rows, against one in a small org: it must not grow with the rows. */
import path from 'node:path';
import { systemClock } from '../src/salesforce/clock.ts';
import { DEFAULT_GUESSES } from '../src/salesforce/guesses.ts';
import { readRecord } from '../src/salesforce/record-input.ts';
import { saveRecord } from '../src/salesforce/save.ts';
import { loadSchema } from '../src/salesforce/schema-loader.ts';
import { makeEngine } from '../src/salesforce/serve-org.ts';
import { transact } from '../src/salesforce/transaction.ts';
import { compare } from './compare.ts';

const schema = loadSchema(path.resolve(import.meta.dirname, '../../../salesforce'));

/** Updates customer after customer of an org that has this many. */
function updates(rows: number): () => void {
  const object = schema.byName.get('stripe_customer__c');
  const key = object?.byName.get('stripe_customer_id__c');
  if (object === undefined || key === undefined) throw new Error('the schema has no customer');
  const engine = makeEngine(schema, systemClock, DEFAULT_GUESSES);
  let version = 1_000;
  const upsert = (n: number): void => {
    version += 1;
    const record = {
      Customer_Name__c: `Customer ${n}`,
      Customer_Email__c: `c${n}@example.com`,
      Stripe_Version__c: version,
      Stripe_Write__c: `evt_${version};;x`,
    };
    const write = () => {
      const input = readRecord(schema, object, record, 'json', engine.guesses);
      return saveRecord(engine, object, { kind: 'upsert', key, value: `cus_${n}`, updateOnly: false }, input);
    };
    transact(engine, { holdMs: 0, waitMs: 0 }, write, () => {});
  };
  for (let n = 0; n < rows; n += 1) upsert(n);
  return () => upsert((version * 7919) % rows);
}

compare({
  title: 'org: an upsert by external id',
  unit: 'per row',
  variants: [
    { name: 'among 1,000 rows', run: updates(1_000) },
    { name: 'among 100,000 rows', run: updates(100_000) },
  ],
});
