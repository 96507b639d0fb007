import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Owner, writeMark } from '@payments/core/record';
import * as v from 'valibot';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunningOrg } from '../serve-org.ts';
import { SCHEMA_DIR, send, startOrg, V } from '../test-org.ts';

let running: RunningOrg;
beforeEach(async () => {
  running = await startOrg();
});
afterEach(() => running.close());

const mark = (writeId: string, fetchedOwners: readonly Owner[] = []) =>
  writeMark({ writeId, fetchedOwners, correlationId: 'test' });
const put = async (object: string, key: string, id: string, body: object) => {
  const reply = await send(running, 'PATCH', `${V}/sobjects/${object}/${key}/${id}`, body);
  expect(reply.text).toContain('"success":true');
};
const customer = (id: string, body: object) => put('Stripe_Customer__c', 'Stripe_Customer_ID__c', id, body);
const subscription = (id: string, body: object) => put('Stripe_Subscription__c', 'Stripe_Subscription_ID__c', id, body);
const only = (object: string) => [...running.org.rows(object)][0]?.columns ?? {};

describe('the freshness guard', () => {
  const Cases = v.array(
    v.object({
      name: v.string(),
      stored: v.nullable(v.number()),
      incoming: v.number(),
      changes: v.boolean(),
      guard: v.optional(v.picklist(['apply', 'refuse', 'keep'])),
    }),
  );
  const file = new URL('../../../../core/src/freshness.cases.json', import.meta.url);
  const shared = v.parse(Cases, JSON.parse(readFileSync(file, 'utf8'))).filter((each) => each.guard !== undefined);

  test.each(shared)('$name → $guard', async ({ stored, incoming, changes, guard }) => {
    await customer('cus_1', { Customer_Name__c: 'old', Stripe_Version__c: stored });
    await customer('cus_1', {
      Customer_Name__c: changes ? 'new' : 'old',
      Stripe_Version__c: incoming,
      Stripe_Write__c: mark('evt_2', ['customer']),
    });
    const row = only('Stripe_Customer__c');
    const applied = guard === 'apply';
    expect(row.Stripe_Version__c).toBe(applied ? incoming : stored);
    expect(row.Customer_Name__c).toBe(applied && changes ? 'new' : 'old');
    expect(row.Refused_Write__c).toBe(guard === 'refuse' ? 'evt_2' : null);
    expect(row.Stripe_Write__c).toBeNull();
  });

  test('each owner is judged alone: a refused session does not hold back the subscription', async () => {
    await subscription('sub_1', {
      Status__c: 'active',
      Sync_Status__c: 'Pending',
      Stripe_Version__c: 1050,
      Session_Version__c: 2050,
    });
    await subscription('sub_1', {
      Status__c: 'past_due',
      Sync_Status__c: 'Checkout Created',
      Stripe_Version__c: 3050,
      Session_Version__c: 1050,
      Stripe_Write__c: mark('evt_3'),
    });
    expect(only('Stripe_Subscription__c')).toMatchObject({
      Status__c: 'past_due',
      Stripe_Version__c: 3050,
      Sync_Status__c: 'Pending',
      Session_Version__c: 2050,
      Refused_Write__c: 'evt_3',
    });
    expect(running.org.guard()).toEqual({ refused: 1, kept: 0 });
  });

  test("a user's edit is not judged, and a refused write does not count as a change", async () => {
    await customer('cus_1', { Customer_Name__c: 'Acme', Stripe_Version__c: 5050 });
    const before = running.org.committedAt('Stripe_Customer__c', 'cus_1');
    await new Promise((resolve) => setImmediate(resolve));
    await customer('cus_1', { Customer_Name__c: 'Stale', Stripe_Version__c: 1050, Stripe_Write__c: mark('evt_1') });
    expect(running.org.committedAt('Stripe_Customer__c', 'cus_1')).toBe(before);
    await customer('cus_1', { Customer_Name__c: 'Edited', Stripe_Version__c: 1050 });
    expect(only('Stripe_Customer__c')).toMatchObject({ Customer_Name__c: 'Edited', Stripe_Version__c: 1050 });
  });
});

describe('the Contact of a customer', () => {
  const contact = (LastName: string, more: object = {}) => running.org.insert('Contact', { LastName, ...more });

  test('is the one its write names, else the one with its Stripe id, else the only one with its e-mail', async () => {
    const named = contact('A', { Email: 'a@example.com' });
    const byId = contact('B', { Stripe_Customer_ID__c: 'cus_2' });
    const byMail = contact('C', { Email: 'C@example.com' });
    await customer('cus_1', { Contact_ID_In_Stripe__c: named, Customer_Email__c: 'c@example.com' });
    await customer('cus_2', { Customer_Email__c: 'c@example.com' });
    await customer('cus_3', { Customer_Email__c: 'c@example.com' });
    expect([...running.org.rows('Stripe_Customer__c')].map(({ columns }) => columns.Contact__c)).toEqual([
      named,
      byId,
      byMail,
    ]);
    expect([...running.org.rows('Contact')].map(({ key }) => key)).toEqual(['cus_1', 'cus_2', 'cus_3']);
  });

  test('is another one when Stripe names another, and a name that is gone changes nothing', async () => {
    const [first, second] = [contact('A'), contact('B')];
    await customer('cus_1', { Contact_ID_In_Stripe__c: first });
    await customer('cus_1', { Contact_ID_In_Stripe__c: second.slice(0, 15) });
    expect(only('Stripe_Customer__c').Contact__c).toBe(second);
    await customer('cus_1', { Contact_ID_In_Stripe__c: '003000000000009AAA' });
    expect(only('Stripe_Customer__c').Contact__c).toBe(second);
  });

  test('is not looked for when the administrator has switched matching off', async () => {
    const dir = mkdtempSync(path.join(tmpdir(), 'schema-'));
    for (const name of ['objects', 'globalValueSets', 'customMetadata']) {
      cpSync(path.join(SCHEMA_DIR, 'force-app/main/default', name), path.join(dir, name), { recursive: true });
    }
    const config = path.join(dir, 'customMetadata/Integration_Config.Default.md-meta.xml');
    const on = /(Contact_Matching_Enabled__c<\/field>\s*<value[^>]*>)true/;
    writeFileSync(config, readFileSync(config, 'utf8').replace(on, '$1false'));
    await running.close();
    running = await startOrg({ schemaDir: dir });
    rmSync(dir, { recursive: true });
    contact('A', { Email: 'a@example.com' });
    await customer('cus_1', { Customer_Email__c: 'a@example.com' });
    expect(only('Stripe_Customer__c').Contact__c).toBeNull();
  });

  test('stays empty and is listed when several have the e-mail', async () => {
    contact('A', { Email: 'a@example.com' });
    contact('B', { Email: 'a@example.com' });
    await customer('cus_1', { Customer_Email__c: 'A@example.com' });
    expect(only('Stripe_Customer__c').Contact__c).toBeNull();
    expect(running.org.ambiguousContacts()).toHaveLength(1);
  });

  test('is found for a stub when its first e-mail arrives', async () => {
    const id = contact('A', { Email: 'a@example.com' });
    await customer('cus_1', { Stripe_Version__c: 0, Stripe_Write__c: mark('evt_1') });
    await customer('cus_1', {
      Customer_Email__c: 'a@example.com',
      Stripe_Version__c: 1050,
      Stripe_Write__c: mark('evt_2'),
    });
    expect(only('Stripe_Customer__c').Contact__c).toBe(id);
  });
});

test('a row put in from inside counts for its customer, and one that is refused leaves nothing', () => {
  const parent = running.org.insert('Stripe_Customer__c', { Stripe_Customer_ID__c: 'cus_1' });
  const fields = { Stripe_Customer__c: parent, Status__c: 'active' };
  running.org.insert('Stripe_Subscription__c', { ...fields, Stripe_Subscription_ID__c: 'sub_1' });
  expect(only('Stripe_Customer__c').Subscription_Status__c).toBe('Active');
  expect(() => running.org.insert('Stripe_Subscription__c', { ...fields, Currency__c: 'eur' })).toThrow(
    'three capital letters',
  );
  expect(running.org.count('Stripe_Subscription__c')).toBe(1);
});

test("a customer's status follows all its subscriptions, the strongest first", async () => {
  await customer('cus_1', {});
  const parent = { Stripe_Customer__r: { Stripe_Customer_ID__c: 'cus_1' } };
  const seen: unknown[] = [];
  for (const [id, status] of [
    ['sub_1', 'canceled'],
    ['sub_2', 'unpaid'],
    ['sub_3', 'trialing'],
    ['sub_3', 'paused'],
    ['sub_2', 'incomplete'],
    ['sub_1', 'incomplete'],
  ] as const) {
    await subscription(id, { Status__c: status, ...parent });
    seen.push(only('Stripe_Customer__c').Subscription_Status__c);
  }
  expect(seen).toEqual(['Canceled', 'Past Due', 'Active', 'Past Due', 'Canceled', 'None']);
});

test('Sync_Status__c only moves forward, and a finished Checkout keeps no link', async () => {
  const link = { Checkout_URL__c: 'https://pay.example/1', Checkout_Link__c: 'https://pay.example/1' };
  const seen: unknown[] = [];
  await subscription('sub_1', { Sync_Status__c: 'Checkout Created', ...link });
  for (const status of ['Pending', 'Failed', 'Checkout Created', 'Completed', 'Failed']) {
    await subscription('sub_1', { Sync_Status__c: status });
    seen.push(only('Stripe_Subscription__c').Sync_Status__c);
  }
  expect(seen).toEqual(['Checkout Created', 'Failed', 'Failed', 'Completed', 'Completed']);
  expect(only('Stripe_Subscription__c')).toMatchObject({ Checkout_URL__c: null, Checkout_Link__c: null });
});

describe('the name of a subscription’s plan', () => {
  const Cases = v.array(
    v.object({
      name: v.string(),
      isNew: v.boolean(),
      priceBefore: v.nullable(v.string()),
      nameBefore: v.nullable(v.string()),
      price: v.nullable(v.string()),
      given: v.nullable(v.string()),
      catalogue: v.nullable(v.string()),
      expected: v.nullable(v.string()),
    }),
  );
  const file = new URL('plan-name.cases.json', import.meta.url);

  test.each(v.parse(Cases, JSON.parse(readFileSync(file, 'utf8'))))('$name', async (each) => {
    if (!each.isNew) {
      running.org.insert('Stripe_Subscription__c', {
        Stripe_Subscription_ID__c: 'sub_1',
        Stripe_Price_ID__c: each.priceBefore,
        Product_Plan_Name__c: each.nameBefore,
      });
    }
    if (each.catalogue !== null && each.price !== null) {
      running.org.insert('Pricing_Plan__c', { Plan_Key__c: each.price, Name: each.catalogue });
    }
    await subscription('sub_1', { Stripe_Price_ID__c: each.price, Product_Plan_Name__c: each.given });
    expect(only('Stripe_Subscription__c').Product_Plan_Name__c).toBe(each.expected);
  });

  test('is that of its items’ plans, which are named by their price before the catalogue has it', async () => {
    const Stripe_Subscription__c = running.org.insert('Stripe_Subscription__c', { Stripe_Subscription_ID__c: 'sub_1' });
    for (const [Plan_Key__c, Name] of [
      ['price_1', 'Gold'],
      ['price_2', 'Silver'],
    ]) {
      running.org.insert('Pricing_Plan__c', { Plan_Key__c, Name });
    }
    const item = async (key: string, body: object) => {
      await put('Pricing_Plan__c', 'Plan_Key__c', key, { Stripe_Subscription__c, ...body });
      return [...running.org.rows('Pricing_Plan__c')].find((row) => row.key === key)?.columns.Name;
    };
    expect(await item('si_1', { Stripe_Price_ID__c: 'price_1' })).toBe('Gold');
    expect(await item('si_1', { Stripe_Price_ID__c: 'price_2' })).toBe('Silver');
    expect(await item('si_1', { Stripe_Price_ID__c: 'price_1', Name: 'A nickname' })).toBe('A nickname');
    expect(await item('si_2', { Stripe_Price_ID__c: 'price_9' })).toBe('price_9');
  });
});
