import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as v from 'valibot';
import { afterEach, expect, test } from 'vitest';
import type { RunningOrg } from './serve-org.ts';
import { SCHEMA_DIR, send, startOrg, V } from './test-org.ts';

/** The middleware logs in by its app, and may then do what the permission set Stripe_Integration_User says. */
let running: RunningOrg;
const folders: string[] = [];
afterEach(async () => {
  await running.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

async function asApp(method: string, url: string, body: object) {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: 'local-client',
    client_secret: 'local-secret',
  });
  const login = await fetch(`${running.url}/services/oauth2/token`, { method: 'POST', body: form });
  const { access_token: token } = v.parse(v.object({ access_token: v.string() }), await login.json());
  return send(running, method, url, body, { authorization: `Bearer ${token}` });
}

/** The project's own metadata, its permission set otherwise. */
function without(change: (permissionSet: string) => string): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'rights-'));
  folders.push(dir);
  for (const name of ['objects', 'globalValueSets', 'customMetadata', 'permissionsets']) {
    cpSync(path.join(SCHEMA_DIR, 'force-app/main/default', name), path.join(dir, name), { recursive: true });
  }
  const file = path.join(dir, 'permissionsets/Stripe_Integration_User.permissionset-meta.xml');
  const before = readFileSync(file, 'utf8');
  const after = change(before);
  expect(after).not.toBe(before);
  writeFileSync(file, after);
  return dir;
}

const CUSTOMER = `${V}/sobjects/Stripe_Customer__c/Stripe_Customer_ID__c/cus_1`;

test('writes what its permission set lets it write', async () => {
  running = await startOrg();
  expect((await asApp('PATCH', CUSTOMER, { Customer_Name__c: 'Ada' })).status).toBe(201);
  expect((await asApp('PATCH', CUSTOMER, { Customer_Name__c: 'Ada L.' })).status).toBe(200);
  const event = { Event_ID__c: 'evt_1', Is_Final__c: true };
  expect((await asApp('POST', `${V}/sobjects/Payment_Failed__e`, event)).status).toBe(201);
});

test('a column that it cannot see does not exist for it', async () => {
  running = await startOrg({
    schemaDir: without((set) => set.replace('Stripe_Customer__c.Customer_Name__c', 'Stripe_Customer__c.Other__c')),
  });
  const reply = await asApp('PATCH', CUSTOMER, { Customer_Name__c: 'Ada' });
  expect(reply).toMatchObject({ status: 400, text: expect.stringContaining("No such column 'Customer_Name__c'") });
  expect(running.org.count('Stripe_Customer__c')).toBe(0);
});

test('a column that it may only read is refused by name', async () => {
  running = await startOrg();
  const reply = await asApp('PATCH', CUSTOMER, { Refused_Write__c: 'x' });
  expect(reply).toMatchObject({ status: 400, text: expect.stringContaining('INVALID_FIELD_FOR_INSERT_UPDATE') });
});

test('an object that it has no part in takes no row from it', async () => {
  running = await startOrg();
  const reply = await asApp('POST', `${V}/sobjects/Stripe_Request__c`, { Status__c: 'Pending' });
  expect(reply).toMatchObject({ status: 400, text: expect.stringContaining('entity type cannot be inserted') });
});

test("an administrator's own session and the org's own automations are not held to it", async () => {
  running = await startOrg();
  expect((await send(running, 'PATCH', CUSTOMER, { Subscription_Status__c: 'Active' })).status).toBe(201);
  const active = { Status__c: 'active', Stripe_Customer__r: { Stripe_Customer_ID__c: 'cus_1' } };
  await asApp('PATCH', `${V}/sobjects/Stripe_Subscription__c/Stripe_Subscription_ID__c/sub_1`, active);
  expect([...running.org.rows('Stripe_Customer__c')][0]?.columns.Subscription_Status__c).toBe('Active');
});
