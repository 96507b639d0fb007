import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RunningOrg } from './serve-org.ts';
import { send, startOrg, V } from './test-org.ts';

let dataDir: string;
let running: RunningOrg;
beforeEach(async () => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'org-'));
  running = await startOrg({ dataDir });
});
afterEach(async () => {
  await running.close();
  rmSync(dataDir, { recursive: true });
});

const customer = (id: string, body: object = {}) =>
  send(running, 'PATCH', `${V}/sobjects/Stripe_Customer__c/Stripe_Customer_ID__c/${id}`, body);
const rows = () => [...running.org.rows('Stripe_Customer__c')];

async function restart(): Promise<void> {
  await running.close();
  running = await startOrg({ dataDir });
}

test('rows, events, ids and auto-numbers survive a restart, deleted rows stay deleted', async () => {
  await customer('cus_1', { Customer_Name__c: 'Acme' });
  const gone = /a0\w{16}/.exec((await customer('cus_2')).text)?.[0];
  await send(running, 'DELETE', `${V}/sobjects/Stripe_Customer__c/${gone}`);
  await send(running, 'POST', `${V}/sobjects/Payment_Failed__e`, { Event_ID__c: 'evt_1' });
  const before = rows();
  await restart();
  expect(rows()).toEqual(before);
  expect(running.org.platformEvents).toMatchObject([{ replayId: 1, fields: { Event_ID__c: 'evt_1' } }]);
  expect((await customer('cus_1')).body).toMatchObject({ created: false });
  await customer('cus_3');
  expect(rows().map(({ columns }) => columns.Name)).toEqual(['SC-000001', 'SC-000003']);
  await restart();
  await restart();
  expect(rows().map(({ key }) => key)).toEqual(['cus_1', 'cus_3']);
  expect(new Set([...rows().map(({ id }) => id), gone]).size).toBe(3);
});

test('a rolled back transaction leaves nothing on the disk', async () => {
  const records = ['good', 'x'.repeat(256)].map((id) => ({
    attributes: { type: 'Stripe_Customer__c' },
    Stripe_Customer_ID__c: id,
  }));
  await send(running, 'POST', `${V}/composite/sobjects`, { allOrNone: true, records });
  await restart();
  expect(running.org.count('Stripe_Customer__c')).toBe(0);
});

test('a line that a kill cut short is left out', async () => {
  await customer('cus_1');
  await running.close();
  appendFileSync(path.join(dataDir, 'org-log.jsonl'), '{"rows":[{"object":"Stripe_Cust');
  running = await startOrg({ dataDir });
  expect(rows().map(({ key }) => key)).toEqual(['cus_1']);
});

test('data of another schema is refused with a reason', async () => {
  await running.close();
  appendFileSync(
    path.join(dataDir, 'org-log.jsonl'),
    '{"counters":[{"object":"Old__c","keyPrefix":"a99","nextId":2,"nextNumber":1}]}\n',
  );
  await expect(startOrg({ dataDir })).rejects.toThrow('Old__c is not in the schema any more');
  rmSync(path.join(dataDir, 'org-log.jsonl'));
  running = await startOrg({ dataDir });
});
