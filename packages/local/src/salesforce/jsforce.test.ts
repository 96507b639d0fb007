import { Connection, OAuth2 } from 'jsforce/lib/core.js';
import 'jsforce/lib/api/bulk2.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunningOrg } from './serve-org.ts';
import { send, startOrg, V } from './test-org.ts';

/** What the product's own client sees, unchanged. */
let running: RunningOrg;
let connection: Connection;
let refreshes = 0;

beforeEach(async () => {
  running = await startOrg({ bulk: { queueMs: 5, chunkMs: 1 } });
  refreshes = 0;
  const oauth2 = new OAuth2({ loginUrl: running.url, clientId: 'local-client', clientSecret: 'local-secret' });
  const login = () => oauth2.requestToken({ grant_type: 'client_credentials' });
  const { access_token: accessToken } = await login();
  connection = new Connection({
    instanceUrl: running.url,
    accessToken,
    version: '66.0',
    refreshFn: (_, done) => {
      refreshes++;
      login().then(
        (token) => done(null, token.access_token),
        (error: Error) => done(error),
      );
    },
  });
});
afterEach(() => running.close());

const customers = () => connection.sobject('Stripe_Customer__c');

describe('jsforce', () => {
  test('sees what a client written by hand sees, answers and refusals', async () => {
    await customers().upsert({ Stripe_Customer_ID__c: 'cus_1', Customer_Name__c: 'Acme' }, 'Stripe_Customer_ID__c');
    const subscription = {
      Stripe_Subscription_ID__c: 'sub_1',
      Stripe_Customer__r: { Stripe_Customer_ID__c: 'cus_1' },
    };
    await connection.sobject('Stripe_Subscription__c').upsert(subscription, 'Stripe_Subscription_ID__c');
    const soql = (text: string) => `${V}/query?q=${encodeURIComponent(text)}`;
    const reads = [
      `${V}/sobjects`,
      `${V}/sobjects/Stripe_Customer__c/describe`,
      `${V}/sobjects/Stripe_Customer__c/Stripe_Customer_ID__c/cus_1`,
      soql('SELECT Id, Stripe_Customer__r.Name FROM Stripe_Subscription__c'),
      soql('SELECT Id, (SELECT Id FROM Stripe_Subscriptions__r) FROM Stripe_Customer__c'),
      soql('SELECT COUNT(Id) n FROM Stripe_Customer__c'),
    ];
    const byHand = (method: string, url: string, body?: object) =>
      send(running, method, url, body, { authorization: `Bearer ${connection.accessToken}` });
    for (const url of reads) expect(await connection.request(url)).toEqual((await byHand('GET', url)).body);
    const refusals: readonly ['GET' | 'POST' | 'PATCH', string, object?][] = [
      ['GET', soql('SELECT Nope__c FROM Account')],
      ['GET', `${V}/sobjects/Account/001000000000000AAA`],
      ['POST', `${V}/sobjects/Account`, {}],
      ['PATCH', `${V}/sobjects/Stripe_Customer__c/Stripe_Customer_ID__c/cus_2`, { Customer_Email__c: 'none' }],
      [
        'PATCH',
        `${V}/sobjects/Stripe_Subscription__c/Stripe_Subscription_ID__c/sub_2`,
        {
          Stripe_Customer__r: { Stripe_Customer_ID__c: 'cus_9' },
        },
      ],
    ];
    for (const [method, url, body] of refusals) {
      const [refusal] = [(await byHand(method, url, body)).body].flat();
      const { errorCode, message } = Object(refusal);
      const text = body === undefined ? {} : { body: JSON.stringify(body) };
      await expect(
        connection.request({ method, url, headers: { 'content-type': 'application/json' }, ...text }),
      ).rejects.toMatchObject({ errorCode, message });
    }
  });

  test('logs in by authorize, too: the answer carries an id', async () => {
    const other = new Connection({
      loginUrl: running.url,
      instanceUrl: running.url,
      version: '66.0',
      oauth2: { loginUrl: running.url, clientId: 'local-client', clientSecret: 'local-secret' },
    });
    const user = await other.authorize({ grant_type: 'client_credentials' });
    expect(user.organizationId).toBe('00D000000000001EAA');
  });

  test('creates, upserts, retrieves, updates and deletes', async () => {
    const made = await customers().upsert(
      { Stripe_Customer_ID__c: 'cus_1', Customer_Name__c: 'Acme' },
      'Stripe_Customer_ID__c',
    );
    expect(made).toMatchObject({ success: true, created: true });
    const again = await customers().upsert(
      { Stripe_Customer_ID__c: 'cus_1', Customer_Name__c: 'Acme Ltd' },
      'Stripe_Customer_ID__c',
    );
    expect(again).toMatchObject({ id: made.id, created: false });
    expect(await customers().retrieve(made.id ?? '')).toMatchObject({
      Name: 'SC-000001',
      Customer_Name__c: 'Acme Ltd',
    });
    await customers().destroy(made.id ?? '');
    await expect(customers().retrieve(made.id ?? '')).rejects.toMatchObject({ errorCode: 'ENTITY_IS_DELETED' });
  });

  test('upserts an array as one collections call', async () => {
    const rows = Array.from({ length: 200 }, (_, i) => ({ Stripe_Customer_ID__c: `cus_${i}` }));
    const results = await customers().upsert(rows, 'Stripe_Customer_ID__c');
    expect(results).toHaveLength(200);
    expect(running.org.apiCalls().byKind).toEqual({ collections: 1 });
    expect(connection.limitInfo.apiUsage).toEqual({ used: 1, limit: 100_000 });
  });

  test('an upsert without its key is an error, never every row', async () => {
    await expect(customers().upsert({ Customer_Name__c: 'x' }, 'Stripe_Customer_ID__c')).rejects.toThrow();
    expect(running.org.count('Stripe_Customer__c')).toBe(0);
  });

  test('renews an expired session once and repeats the request', async () => {
    running.org.preset({ preset: 'expireToken' });
    const limits = await connection.request<Record<string, unknown>>('/services/data/v66.0/limits');
    expect(limits).toHaveProperty('DailyApiRequests');
    expect(refreshes).toBe(1);
  });

  test('sees an HTML maintenance page as ERROR_HTTP_503', async () => {
    running.org.preset({ preset: 'maintenanceHtml', times: 1 });
    const put = connection.requestPost('/services/data/v66.0/composite', { compositeRequest: [] });
    await expect(put).rejects.toMatchObject({ errorCode: 'ERROR_HTTP_503' });
  });

  test('pages through a query by its locators', async () => {
    const rows = Array.from({ length: 450 }, (_, i) => `cus_${i}`);
    for (const id of rows) running.org.insert('Stripe_Customer__c', { Stripe_Customer_ID__c: id });
    const found: unknown[] = [];
    let page = await connection.query<Record<string, unknown>>('SELECT Stripe_Customer_ID__c FROM Stripe_Customer__c', {
      headers: { 'Sforce-Query-Options': 'batchSize=200' },
    });
    const first = page.nextRecordsUrl ?? '';
    const locatorOf = (url: string) => /(\w+)-\d+$/.exec(url)?.[1] ?? '';
    for (;;) {
      found.push(...page.records.map((record) => record.Stripe_Customer_ID__c));
      if (page.done || page.nextRecordsUrl === undefined) break;
      page = await connection.queryMore<Record<string, unknown>>(page.nextRecordsUrl);
    }
    expect(found).toEqual(rows);
    expect(running.org.apiCalls().byKind.query).toBe(3);
    for (const locator of ['0r8XX-200', `${locatorOf(first)}-450`, `${locatorOf(first)}-99999`]) {
      await expect(connection.queryMore(`/services/data/v66.0/query/${locator}`)).rejects.toMatchObject({
        errorCode: 'INVALID_QUERY_LOCATOR',
      });
    }
  });

  test('describes: the external id is unique and case-sensitive, statuses are restricted', async () => {
    const { fields } = await connection.sobject('Stripe_Subscription__c').describe();
    expect(fields.find(({ name }) => name === 'Stripe_Subscription_ID__c')).toMatchObject({
      externalId: true,
      unique: true,
      caseSensitive: true,
      idLookup: true,
      byteLength: 765,
    });
    const status = fields.find(({ name }) => name === 'Status__c');
    expect(status).toMatchObject({ type: 'picklist', restrictedPicklist: true });
    expect(status?.picklistValues?.map(({ value }) => value)).toContain('paused');
    expect((await connection.describeGlobal()).sobjects.map(({ name }) => name)).toContain('Payment_Failed__e');
  });

  test('runs a Bulk 2.0 job through, with its own transport and raw results', async () => {
    const job = connection.bulk2.createJob({
      object: 'Stripe_Customer__c',
      operation: 'upsert',
      externalIdFieldName: 'Stripe_Customer_ID__c',
      lineEnding: 'LF',
    });
    await job.open();
    await connection.request(
      {
        method: 'PUT',
        url: `/services/data/v66.0/jobs/ingest/${job.id}/batches`,
        body: 'Stripe_Customer_ID__c,Customer_Email__c\ncus_1,a@example.com\ncus_2,none\n',
        headers: { 'content-type': 'text/csv' },
      },
      { retry: { maxRetries: 0 } },
    );
    await job.close();
    await expect.poll(async () => (await job.check()).state, { interval: 5 }).toBe('JobComplete');
    expect(await job.check()).toMatchObject({ numberRecordsProcessed: 2, numberRecordsFailed: 1 });
    expect(await job.getFailedResults(true)).toContain(
      'INVALID_EMAIL_ADDRESS:Customer Email: invalid email address: none:Customer_Email__c --',
    );
    expect(await job.getSuccessfulResults(true)).toContain('"true","cus_1"');
  });

  test('loadAndWaitForResults works on its chunked upload', async () => {
    const results = await connection.bulk2.loadAndWaitForResults({
      object: 'Stripe_Customer__c',
      operation: 'upsert',
      externalIdFieldName: 'Stripe_Customer_ID__c',
      input: 'Stripe_Customer_ID__c\ncus_1\n',
      pollInterval: 20,
      pollTimeout: 5000,
    });
    expect(results.successfulResults).toMatchObject([{ Stripe_Customer_ID__c: 'cus_1', sf__Created: 'true' }]);
  });
});
