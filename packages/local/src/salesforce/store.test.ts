import { describe, expect, test } from 'vitest';
import { systemClock } from './clock.ts';
import type { Engine } from './engine.ts';
import { DEFAULT_GUESSES } from './guesses.ts';
import { readRecord } from './record-input.ts';
import { runSoql } from './rest-query.ts';
import { saveRecord } from './save.ts';
import { loadSchema } from './schema-loader.ts';
import { makeEngine } from './serve-org.ts';
import { SCHEMA_DIR } from './test-org.ts';
import { transact } from './transaction.ts';

const schema = loadSchema(SCHEMA_DIR);

/** An org that holds this many customers, each with a subscription. */
function orgOf(customers: number) {
  const engine = makeEngine(schema, systemClock, DEFAULT_GUESSES);
  for (let n = 0; n < customers; n += 1) {
    upsert(engine, 'Stripe_Customer__c', `cus_${n}`, { Customer_Name__c: `Customer ${n}` });
    upsert(engine, 'Stripe_Subscription__c', `sub_${n}`, childOf(n));
  }
  return engine;
}

const KEYS: Readonly<Record<string, string>> = {
  Stripe_Customer__c: 'Stripe_Customer_ID__c',
  Stripe_Subscription__c: 'Stripe_Subscription_ID__c',
};
const childOf = (n: number) => ({ Stripe_Customer__r: { Stripe_Customer_ID__c: `cus_${n}` } });

function upsert(engine: Engine, name: string, value: string, record: Readonly<Record<string, unknown>>): void {
  const object = engine.schema.byName.get(name.toLowerCase());
  const key = object?.byName.get((KEYS[name] ?? '').toLowerCase());
  if (object === undefined || key === undefined) throw new Error(`the schema has no ${name}`);
  const write = () => {
    const input = readRecord(engine.schema, object, record, 'json', engine.guesses);
    return saveRecord(engine, object, { kind: 'upsert', key, value, updateOnly: false }, input);
  };
  transact(engine, { holdMs: 0, waitMs: 0 }, write, () => {});
}

/** Rows of any object that `work` makes the org read. */
function reads(engine: Engine, work: () => unknown): number {
  const total = () => [...engine.store.tables()].reduce((sum, table) => sum + table.rowsRead, 0);
  const before = total();
  work();
  return total() - before;
}

const query = (engine: Engine, soql: string) => runSoql(engine, soql, 66, false).outcome.result.totalSize;

/** `npm run bench` has the CPU time; this says why it does not grow. */
describe('what a request reads does not grow with the org', () => {
  const [small, large] = [orgOf(10), orgOf(3000)];
  const works: readonly [string, (engine: Engine) => unknown][] = [
    ['an upsert that updates', (engine) => upsert(engine, 'Stripe_Customer__c', 'cus_7', { Customer_Name__c: 'New' })],
    ['an upsert that creates', (engine) => upsert(engine, 'Stripe_Customer__c', 'cus_new', {})],
    ['a child with its parent by reference', (engine) => upsert(engine, 'Stripe_Subscription__c', 'sub_7', childOf(7))],
    [
      'a query by key',
      (engine) => query(engine, "SELECT Id FROM Stripe_Customer__c WHERE Stripe_Customer_ID__c = 'cus_7'"),
    ],
    [
      'a query by keys with a parent',
      (engine) =>
        query(
          engine,
          "SELECT Id, Stripe_Customer__r.Name FROM Stripe_Subscription__c WHERE Stripe_Subscription_ID__c IN ('sub_1', 'sub_2')",
        ),
    ],
  ];

  test.each(works)('%s', (_name, work) => {
    const few = reads(small, () => work(small));
    expect(reads(large, () => work(large))).toBe(few);
    expect(few).toBeLessThan(20);
  });

  test('while a query without a key reads every row', () => {
    const all = reads(large, () => query(large, "SELECT Id FROM Stripe_Customer__c WHERE Customer_Name__c = 'x'"));
    expect(all).toBeGreaterThanOrEqual(3000);
  });
});
