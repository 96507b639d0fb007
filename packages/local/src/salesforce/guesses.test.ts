import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { OrgGuesses } from './guesses.ts';
import type { RunningOrg } from './serve-org.ts';
import { SCHEMA_DIR, send as sendTo, startOrg, V } from './test-org.ts';

let running: RunningOrg | undefined;

afterEach(() => running?.close());

/** What `work` gives on an org of its own with these switches. */
async function onOrg<T>(
  guesses: Partial<OrgGuesses>,
  work: (send: Send) => Promise<T>,
  schemaDir = SCHEMA_DIR,
): Promise<T> {
  await running?.close();
  const org = await startOrg({ guesses, schemaDir });
  running = org;
  return work((method, path, body) => sendTo(org, method, `${V}${path}`, body));
}

type Send = (method: string, path: string, body?: unknown) => ReturnType<typeof sendTo>;

const CUSTOMER = '/sobjects/Stripe_Customer__c/Stripe_Customer_ID__c/cus_AbC';
const SUBSCRIPTION = '/sobjects/Stripe_Subscription__c/Stripe_Subscription_ID__c/sub_1';
const PAYMENT = '/sobjects/Payment_Transaction__c/Stripe_Payment_Intent_ID__c/pi_1';
const PARENT = { Stripe_Customer__r: { Stripe_Customer_ID__c: 'cus_AbC' } };
const idOf = (reply: { readonly body: unknown }): string => String(Object(reply.body).id);

test('a decimal beyond its scale is rounded or refused', async () => {
  const write = (send: Send) => send('PATCH', PAYMENT, { Amount__c: 1.0006 });
  expect((await onOrg({}, write)).status).toBe(201);
  expect(await onOrg({ beyondScale: 'reject' }, write)).toMatchObject({
    status: 400,
    body: [{ errorCode: 'NUMBER_OUTSIDE_VALID_RANGE' }],
  });
});

test('blanks at the ends of text are kept or dropped', async () => {
  const read = async (send: Send) => {
    await send('PATCH', CUSTOMER, { Customer_Name__c: ' Acme ' });
    return Object((await send('GET', CUSTOMER)).body).Customer_Name__c;
  };
  expect(await onOrg({}, read)).toBe(' Acme ');
  expect(await onOrg({ trimText: true }, read)).toBe('Acme');
});

test('null for a checkbox is refused or means false', async () => {
  const write = (send: Send) => send('PATCH', SUBSCRIPTION, { Cancel_At_Period_End__c: null });
  expect(await onOrg({}, write)).toMatchObject({
    status: 400,
    body: [{ errorCode: 'INVALID_TYPE_ON_FIELD_IN_RECORD', fields: ['Cancel_At_Period_End__c'] }],
  });
  expect((await onOrg({ nullCheckbox: 'false' }, write)).status).toBe(201);
});

test('a parent named twice is refused, or its external id wins', async () => {
  const write = async (send: Send) => {
    const other = idOf(await send('PATCH', CUSTOMER.replace('cus_AbC', 'cus_2'), {}));
    const own = idOf(await send('PATCH', CUSTOMER, {}));
    const reply = await send('PATCH', SUBSCRIPTION, { ...PARENT, Stripe_Customer__c: other });
    const parent = reply.status === 201 ? Object((await send('GET', SUBSCRIPTION)).body).Stripe_Customer__c : null;
    return { reply, won: parent === own };
  };
  expect(await onOrg({}, write)).toMatchObject({ reply: { status: 400, body: [{ errorCode: 'INVALID_FIELD' }] } });
  expect(await onOrg({ parentTwice: 'linkWins' }, write)).toMatchObject({ reply: { status: 201 }, won: true });
});

test('a row lock on a single record is a 500 or a 400', async () => {
  const write = async (send: Send) => {
    running?.org.preset({ preset: 'lockRow', id: idOf(await send('PATCH', CUSTOMER, {})), times: 1 });
    return send('PATCH', CUSTOMER, {});
  };
  const body = [{ errorCode: 'UNABLE_TO_LOCK_ROW' }];
  expect(await onOrg({}, write)).toMatchObject({ status: 500, body });
  expect(await onOrg({ lockStatus: 400 }, write)).toMatchObject({ status: 400, body });
});

test('the key of a missing parent is told as it was sent or in lower case', async () => {
  const write = async (send: Send) => (await send('PATCH', SUBSCRIPTION, PARENT)).text;
  expect(await onOrg({}, write)).toContain('Foreign key external ID: cus_AbC not found');
  expect(await onOrg({ foreignKeyEcho: 'lowerCase' }, write)).toContain('Foreign key external ID: cus_abc not found');
});

test('a fixed master named again without a change is taken or refused; another one always is', async () => {
  const plan = async (send: Send, key: string) =>
    idOf(await send('PATCH', `/sobjects/Pricing_Plan__c/Plan_Key__c/${key}`, { Name: key }));
  const write = async (send: Send) => {
    const own = await plan(send, 'own');
    const statuses: number[] = [];
    for (const Pricing_Plan__c of [own, own, await plan(send, 'other')]) {
      const tier = { Name: 'first', Pricing_Plan__c, Tier_Number__c: 1 };
      statuses.push((await send('PATCH', '/sobjects/Pricing_Tier__c/Tier_Key__c/own:1', tier)).status);
    }
    return statuses;
  };
  const schemaDir = withFixedMaster();
  try {
    expect(await onOrg({}, write, schemaDir)).toEqual([201, 200, 400]);
    expect(await onOrg({ sameMaster: 'reject' }, write, schemaDir)).toEqual([201, 400, 400]);
  } finally {
    rmSync(schemaDir, { recursive: true });
  }
});

/** The project's metadata with a tier that cannot change its plan. */
function withFixedMaster(): string {
  const copy = mkdtempSync(path.join(tmpdir(), 'fixed-master-'));
  cpSync(path.join(SCHEMA_DIR, 'force-app'), copy, { recursive: true });
  const field = 'main/default/objects/Pricing_Tier__c/fields/Pricing_Plan__c.field-meta.xml';
  const xml = readFileSync(path.join(copy, field), 'utf8');
  const reparentable = /<reparentableMasterDetail>true</;
  expect(xml).toMatch(reparentable);
  writeFileSync(path.join(copy, field), xml.replace(reparentable, '<reparentableMasterDetail>false<'));
  return copy;
}

test('a Bulk job for an unknown object is INVALIDENTITY or INVALIDJOB', async () => {
  const write = (send: Send) => send('POST', '/jobs/ingest', { object: 'Nope__c', operation: 'insert' });
  expect((await onOrg({}, write)).body).toMatchObject([{ errorCode: 'INVALIDENTITY' }]);
  expect((await onOrg({ bulkUnknownObject: 'INVALIDJOB' }, write)).body).toMatchObject([{ errorCode: 'INVALIDJOB' }]);
});

test('polling a job costs calls, or only its creation does', async () => {
  const poll = async (send: Send) => {
    const { body } = await send('POST', '/jobs/ingest', { object: 'Stripe_Customer__c', operation: 'insert' });
    await send('GET', `/jobs/ingest/${Object(body).id}`);
    return running?.org.apiCalls().byKind;
  };
  expect(await onOrg({}, poll)).toEqual({ bulkIngest: 2 });
  expect(await onOrg({ bulkCounting: 'jobOnly' }, poll)).toEqual({ bulkIngest: 1 });
});

test('a wrong column in one record of many fails the call or that row', async () => {
  const records = ['a', 'b'].map((key) => ({
    attributes: { type: 'Stripe_Customer__c' },
    Stripe_Customer_ID__c: key,
    ...(key === 'b' ? { Nope__c: 1 } : {}),
  }));
  const write = (send: Send) =>
    send('PATCH', '/composite/sobjects/Stripe_Customer__c/Stripe_Customer_ID__c', { records });
  expect((await onOrg({}, write)).status).toBe(400);
  expect((await onOrg({ collectionInput: 'row' }, write)).body).toMatchObject([{ success: true }, { success: false }]);
});

test('words that nobody recorded are likely ones or withheld; codes, and words that are known, stay', async () => {
  const guessed = [
    (send: Send) => send('PATCH', SUBSCRIPTION, { Stripe_Customer__r: null }),
    (send: Send) =>
      send('POST', '/composite', {
        compositeRequest: Array.from({ length: 6 }, (_, n) => ({
          method: 'GET',
          url: `${V}/query?q=SELECT+Id+FROM+Account`,
          referenceId: `r${n}`,
        })),
      }),
    async (send: Send) => {
      const { body } = await send('POST', '/jobs/ingest', { object: 'Stripe_Customer__c', operation: 'insert' });
      return send('GET', `/jobs/ingest/${Object(body).id}/failedResults`);
    },
  ];
  for (const call of guessed) {
    const [likely, withheld] = [await onOrg({}, call), await onOrg({ words: 'withheld' }, call)];
    expect(withheld.text).toContain('"message":"Nobody recorded the words of this error."');
    expect(likely.text).not.toContain('Nobody recorded');
    const codes = (text: string) => text.match(/"errorCode":"\w+"/g);
    expect([codes(withheld.text), withheld.status]).toEqual([codes(likely.text), likely.status]);
  }
  const known = await onOrg({ words: 'withheld' }, (send) => send('PATCH', SUBSCRIPTION, PARENT));
  expect(known.text).toContain('Foreign key external ID: cus_AbC not found');
});
