import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { orphans } from '@payments/functions/adapters/orphans';
import { connectRedis, type Redis } from '@payments/functions/adapters/redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCustomer, deleteCustomer, updateCustomer } from '../src/stripe/customer.ts';
import { attempt, createIntent } from '../src/stripe/payment-intent.ts';
import { createPaymentMethod } from '../src/stripe/payment-method.ts';
import {
  changes,
  expectNothingParked,
  expectSameStory,
  rowsNamed,
  rowsOf,
  type SmallMachine,
  START_WITHIN_MS,
  startSmall,
  TEST_WITHIN_MS,
} from './small-machine.fixture.ts';

const RULE = `<?xml version="1.0" encoding="UTF-8"?>
<ValidationRule xmlns="http://soap.sforce.com/2006/04/metadata">
    <fullName>Address_Needed</fullName>
    <active>true</active>
    <errorConditionFormula>ISBLANK(Customer_Email__c)</errorConditionFormula>
    <errorMessage>A customer needs an e-mail address.</errorMessage>
</ValidationRule>
`;

/** Our project's schema, and a rule that an administrator added: no customer without an e-mail address. */
function schemaWithRule(): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'schema-'));
  const force = path.join(import.meta.dirname, '../../../salesforce/force-app');
  cpSync(force, path.join(dir, 'force-app'), { recursive: true });
  const rules = path.join(dir, 'force-app/main/default/objects/Stripe_Customer__c/validationRules');
  cpSync(path.join(force, 'main/default/objects/Stripe_Subscription__c/validationRules'), rules, { recursive: true });
  rmSync(path.join(rules, 'Currency_Three_Capitals.validationRule-meta.xml'));
  writeFileSync(path.join(rules, 'Address_Needed.validationRule-meta.xml'), RULE);
  return dir;
}

describe('families', { timeout: TEST_WITHIN_MS }, () => {
  const schemaDir = schemaWithRule();
  let small: SmallMachine;
  let redis: Redis;

  beforeAll(async () => {
    small = await startSmall({ seed: 31, org: { schemaDir }, delivery: { reorderWindow: 20 } });
    redis = connectRedis({ ...small.road.redis, tls: false, username: '', password: '' });
  }, START_WITHIN_MS);
  afterAll(async () => {
    redis.disconnect();
    await small.close();
    rmSync(schemaDir, { recursive: true });
  });

  it('whose parents Salesforce does not take empty come with the real ones, read from Stripe, in both lanes', async () => {
    await small.live({ customers: 3 });
    expectSameStory(small);
    expectNothingParked(small);
  });

  it('wait for a parent that Salesforce does not take at all, and follow it as soon as it comes', async () => {
    const { books } = small.account;
    const customer = createCustomer(books, { name: 'Nobody knows where' });
    const card = createPaymentMethod(books, { type: 'card', behaviour: 'pays', customer: customer.id });
    const intent = createIntent(books, { amount: 1_000, currency: 'eur', customer: customer.id });
    attempt(books, intent, card);
    const events = small.account.events().filter(({ data }) => data.object.id === intent.id);
    const urgent = events.find(({ type }) => type === 'payment_intent.succeeded');
    const parkingSet = orphans(redis, () => Date.now());
    const waiting = async () =>
      parkingSet.waiting([
        { kind: 'event', eventId: urgent?.id ?? '' },
        { kind: 'row', object: 'Payment_Transaction__c', key: intent.id },
      ]);
    await small.delivery.idle();
    const both = Array(2).fill(expect.objectContaining({ parent: customer.id }));
    await expect.poll(waiting, { timeout: 60_000, interval: 100 }).toEqual(both);
    expect(rowsNamed(small, 'Payment_Transaction__c', intent.id)).toEqual([]);

    updateCustomer(books, customer, { email: 'found@example.com' });
    await small.still();
    expectSameStory(small);
    expect(await waiting()).toEqual([null, null]);
    expect(rowsNamed(small, 'Payment_Transaction__c', intent.id)).toHaveLength(1);
    // Only the customer itself was refused as it really was, before it had an address.
    const failures = [...small.org.org.rows('Sync_Failure__c')].map(({ columns }) => columns.Stripe_Object_ID__c);
    expect(new Set(failures)).toEqual(new Set([customer.id]));
  });

  it('do not bring a deleted customer back, whatever is told of it afterwards, and by whichever road', async () => {
    const { books } = small.account;
    const customer = createCustomer(books, { name: 'Gone', email: 'gone@example.com' });
    updateCustomer(books, customer, { name: 'Nearly gone' });
    deleteCustomer(books, customer);
    await small.still();
    const tombstone = { Deleted_In_Stripe__c: true };
    expect(rowsNamed(small, 'Stripe_Customer__c', customer.id)).toMatchObject([{ columns: tombstone }]);
    const rows = rowsOf(small);
    const told = small.account.events().filter(({ data }) => data.object.id === customer.id);
    for (const round of ['what Redis knows', 'the org alone']) {
      if (round === 'the org alone') await small.forgetEverything();
      for (const event of told.toReversed()) expect((await small.resend(event)).status).toBe(200);
      // A payment of its, which names it as its parent, and a change that Stripe told late.
      const late = told.find(({ type }) => type === 'customer.updated');
      const later = { ...late, id: `evt_late_${round.length}`, created: small.account.now() + 60 };
      expect((await small.post(JSON.stringify(later))).status).toBe(200);
      await small.still();
      expect(changes(rows, rowsOf(small))).toEqual([]);
    }
  });
});
