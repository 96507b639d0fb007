import { expect, test } from 'vitest';
import { systemClock } from './clock.ts';
import { DEFAULT_SWITCHES } from './engine.ts';
import { readRecord } from './record-input.ts';
import { saveRecord } from './save.ts';
import { loadSchema } from './schema-loader.ts';
import { makeEngine } from './serve-org.ts';
import { SCHEMA_DIR } from './test-org.ts';
import { transact } from './transaction.ts';

const ROWS = 100_000;
const SAMPLE = 5000;

test('with 100,000 rows an upsert takes well under a millisecond of CPU', () => {
  const engine = makeEngine(loadSchema(SCHEMA_DIR), systemClock, DEFAULT_SWITCHES);
  const object = engine.schema.byName.get('stripe_customer__c');
  const key = object?.byName.get('stripe_customer_id__c');
  if (object === undefined || key === undefined) throw new Error('the schema has no customer');
  const upsert = (i: number, version: number) => {
    const record = {
      Customer_Name__c: `Customer ${i}`,
      Customer_Email__c: `c${i}@example.com`,
      Stripe_Version__c: version,
      Stripe_Write__c: 'evt_1;;x',
    };
    transact(
      engine,
      { holdMs: 0, waitMs: 0 },
      () => {
        const input = readRecord(engine.schema, object, record, 'json', engine.switches);
        return saveRecord(engine, object, { kind: 'upsert', key, value: `cus_${i}`, updateOnly: false }, input);
      },
      () => {},
    );
  };
  for (let i = 0; i < ROWS; i++) upsert(i, 1050);
  expect(engine.store.table(object.name).size).toBe(ROWS);
  const before = process.cpuUsage();
  for (let i = 0; i < SAMPLE; i++) upsert((i * 7919) % ROWS, 2050);
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1000 / SAMPLE).toBeLessThan(0.3);
});
