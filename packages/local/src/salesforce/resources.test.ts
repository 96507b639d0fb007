import { generateKeyPairSync, sign } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { manualClock } from './clock.ts';
import type { RunningOrg } from './serve-org.ts';
import { send, startOrg, TOKEN, V } from './test-org.ts';

/** The resources that operators' tools use: graph, tree, bulk query, deployment, SOAP, JWT login. */
const clock = manualClock(Date.UTC(2026, 10, 23));
const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
let running: RunningOrg;
beforeEach(async () => {
  running = await startOrg({ clock, jwtPublicKey: keys.publicKey.export({ type: 'spki', format: 'pem' }).toString() });
});
afterEach(() => running.close());

describe('graph', () => {
  const part = (referenceId: string, body: object = {}) => ({
    method: 'PATCH',
    url: `${V}/sobjects/Stripe_Customer__c/Stripe_Customer_ID__c/${referenceId}`,
    referenceId,
    body,
  });

  test('each graph stands or falls alone', async () => {
    const reply = await send(running, 'POST', `${V}/composite/graph`, {
      graphs: [
        { graphId: 'good', compositeRequest: [part('c1'), part('c2')] },
        { graphId: 'bad', compositeRequest: [part('c3'), part('c4', { Nope__c: 1 })] },
      ],
    });
    expect(reply).toMatchObject({
      status: 200,
      body: {
        graphs: [
          {
            graphId: 'good',
            isSuccessful: true,
            graphResponse: { compositeResponse: [{ httpStatusCode: 201 }, { httpStatusCode: 201 }] },
          },
          {
            graphId: 'bad',
            isSuccessful: false,
            graphResponse: {
              compositeResponse: [
                { body: [{ errorCode: 'PROCESSING_HALTED' }] },
                { body: [{ errorCode: 'INVALID_FIELD' }] },
              ],
            },
          },
        ],
      },
    });
    expect(running.org.count('Stripe_Customer__c')).toBe(2);
    expect(running.org.apiCalls().byKind).toEqual({ graph: 1 });
  });

  test('after 14 failed graphs the rest are not tried, and 76 are too many', async () => {
    const graphs = (n: number) =>
      Array.from({ length: n }, (_, i) => ({
        graphId: `g${i}`,
        compositeRequest: [part(`c${i}`, i < 14 ? { Nope__c: 1 } : {})],
      }));
    const reply = await send(running, 'POST', `${V}/composite/graph`, { graphs: graphs(15) });
    expect(reply.text).toContain('Too many graphs failed');
    expect(running.org.count('Stripe_Customer__c')).toBe(0);
    expect((await send(running, 'POST', `${V}/composite/graph`, { graphs: graphs(76) })).status).toBe(400);
  });
});

describe('tree', () => {
  const post = (records: readonly object[]) =>
    send(running, 'POST', `${V}/composite/tree/Stripe_Customer__c`, { records });
  const node = (type: string, referenceId: string, fields: object) => ({
    attributes: { type, referenceId },
    ...fields,
  });

  test('inserts parents with their children', async () => {
    const child = node('Stripe_Subscription__c', 'sub', { Stripe_Subscription_ID__c: 'sub_1' });
    const reply = await post([
      node('Stripe_Customer__c', 'cust', {
        Stripe_Customer_ID__c: 'cus_1',
        Stripe_Subscriptions__r: { records: [child] },
      }),
    ]);
    expect(reply).toMatchObject({
      status: 201,
      body: { hasErrors: false, results: [{ referenceId: 'cust' }, { referenceId: 'sub' }] },
    });
    expect([...running.org.rows('Stripe_Subscription__c')]).toMatchObject([
      { columns: { Stripe_Customer__r: 'cus_1' } },
    ]);
  });

  test('one error and nothing is saved', async () => {
    const reply = await post([
      node('Stripe_Customer__c', 'a', { Stripe_Customer_ID__c: 'cus_1' }),
      node('Stripe_Customer__c', 'b', { Stripe_Customer_ID__c: 'cus_1' }),
    ]);
    expect(reply).toMatchObject({
      status: 400,
      body: { hasErrors: true, results: [{ referenceId: 'b', errors: [{ statusCode: 'DUPLICATE_VALUE' }] }] },
    });
    expect(running.org.count('Stripe_Customer__c')).toBe(0);
  });
});

test('a bulk query gives its rows as CSV, page by page', async () => {
  const parent = running.org.insert('Stripe_Customer__c', {
    Stripe_Customer_ID__c: 'cus_1',
    Customer_Name__c: 'A "quoted", name',
  });
  for (const id of ['s1', 's2', 's3'])
    running.org.insert('Stripe_Subscription__c', { Stripe_Subscription_ID__c: id, Stripe_Customer__c: parent });
  const query = 'SELECT Stripe_Subscription_ID__c, Stripe_Customer__r.Customer_Name__c FROM Stripe_Subscription__c';
  const made = await send(running, 'POST', `${V}/jobs/query`, { operation: 'query', query });
  const id = /750\w{15}/.exec(made.text)?.[0];
  expect(made.body).toMatchObject({ state: 'UploadComplete', object: 'Stripe_Subscription__c' });
  expect((await send(running, 'GET', `${V}/jobs/query/${id}/results`)).status).toBe(400);
  clock.advance(100);
  expect((await send(running, 'GET', `${V}/jobs/query/${id}`)).body).toMatchObject({
    state: 'JobComplete',
    numberRecordsProcessed: 3,
    jobType: 'V2Query',
  });
  const page = await send(running, 'GET', `${V}/jobs/query/${id}/results?maxRecords=2`);
  expect(page.text).toBe(
    '"Stripe_Subscription_ID__c","Stripe_Customer__r.Customer_Name__c"\n"s1","A ""quoted"", name"\n"s2","A ""quoted"", name"\n',
  );
  const last = await send(
    running,
    'GET',
    `${V}/jobs/query/${id}/results?locator=${page.headers.get('sforce-locator')}`,
  );
  expect([last.headers.get('sforce-locator'), last.headers.get('sforce-numberofrecords')]).toEqual(['null', '1']);
  expect((await send(running, 'DELETE', `${V}/jobs/query/${id}`)).status).toBe(204);
  expect(
    (await send(running, 'POST', `${V}/jobs/query`, { operation: 'query', query: 'SELECT FROM' })).body,
  ).toMatchObject([{ errorCode: 'MALFORMED_QUERY' }]);
});

test('a deployment is accepted, pending at first, then succeeded with its components', async () => {
  const entry = (name: string) => {
    const head = Buffer.alloc(46);
    head.writeUInt32LE(0x02014b50, 0);
    head.writeUInt16LE(name.length, 28);
    return Buffer.concat([head, Buffer.from(name)]);
  };
  const zip = Buffer.concat(['package.xml', 'objects/Thing__c.object'].map(entry));
  const form = new FormData();
  form.append('entity_content', new Blob(['{"deployOptions":{}}'], { type: 'application/json' }));
  form.append('file', new Blob([new Uint8Array(zip)], { type: 'application/zip' }), 'deploy.zip');
  const headers = { authorization: `Bearer ${TOKEN}` };
  const made = await fetch(`${running.url}${V}/metadata/deployRequest`, { method: 'POST', headers, body: form });
  expect(made.status).toBe(201);
  const id = /0Af\w{15}/.exec(await made.text())?.[0];
  const look = () => send(running, 'GET', `${V}/metadata/deployRequest/${id}?includeDetails=true`);
  expect((await look()).body).toMatchObject({ id, deployResult: { status: 'Pending', done: false } });
  expect((await look()).body).toMatchObject({
    deployResult: {
      status: 'Succeeded',
      numberComponentsDeployed: 1,
      details: { componentSuccesses: [{ fullName: 'Thing__c', componentType: 'CustomObject' }] },
    },
  });
});

test('a taken port is said in words', async () => {
  await expect(startOrg({ port: Number(new URL(running.url).port) })).rejects.toThrow(
    /Port \d+ on 127\.0\.0\.1 is taken/,
  );
});

test('a deployment without package.xml is refused', async () => {
  expect((await send(running, 'POST', `${V}/metadata/deployRequest`, 'no zip')).body).toMatchObject([
    { message: 'No package.xml found in the deployed zip.' },
  ]);
  expect((await send(running, 'GET', `${V}/metadata/deployRequest/0Af000000000001`)).status).toBe(404);
});

test('anonymous Apex is answered and says that nothing ran; a bad session is a SOAP fault', async () => {
  const soap = (token: string) =>
    send(
      running,
      'POST',
      '/services/Soap/s/66.0/00D000000000001EAA',
      `<e><sessionId>${token}</sessionId><executeAnonymous/></e>`,
      { 'content-type': 'text/xml' },
    );
  const reply = await soap(TOKEN);
  expect(reply.status).toBe(200);
  expect(reply.text).toContain('This local org does not run Apex');
  expect(await soap('nope')).toMatchObject({ status: 500, text: expect.stringContaining('INVALID_SESSION_ID') });
});

describe('JWT login', () => {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const login = (claims: object, privateKey = keys.privateKey) => {
    const seconds = clock.now() / 1000;
    const body = `${encode({ alg: 'RS256' })}.${encode({ iss: 'local-client', sub: 'integration@local.example', exp: seconds + 60, ...claims })}`;
    const assertion = `${body}.${sign('RSA-SHA256', Buffer.from(body), privateKey).toString('base64url')}`;
    const form = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion });
    return send(running, 'POST', '/services/oauth2/token', form.toString(), {
      'content-type': 'application/x-www-form-urlencoded',
    });
  };

  test('needs the right key, client, user and time', async () => {
    expect((await login({})).status).toBe(200);
    const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    expect((await login({}, stranger)).body).toMatchObject({
      error: 'invalid_grant',
      error_description: 'invalid assertion',
    });
    expect((await login({ iss: 'x' })).body).toMatchObject({ error: 'invalid_client_id' });
    expect((await login({ sub: 'x' })).body).toMatchObject({ error: 'invalid_grant' });
    expect((await login({ exp: 1 })).body).toMatchObject({ error_description: 'expired assertion' });
  });
});

test('a revoked token is no token any more, and userinfo names the user', async () => {
  expect((await send(running, 'GET', '/services/oauth2/userinfo')).body).toMatchObject({
    preferred_username: 'integration@local.example',
    organization_id: '00D000000000001EAA',
  });
  await send(running, 'POST', '/services/oauth2/revoke', `token=${encodeURIComponent(TOKEN)}`);
  for (const url of ['/services/oauth2/userinfo', '/id/00D000000000001EAA/005000000000001AAA']) {
    expect(await send(running, 'GET', url)).toMatchObject({ status: 403, text: 'Bad_OAuth_Token' });
    expect(await (await fetch(`${running.url}${url}`)).text()).toBe('Missing_OAuth_Token');
  }
});

test('versions are listed without a session and without the limit header', async () => {
  const reply = await fetch(`${running.url}/services/data`);
  expect(await reply.json()).toContainEqual({ label: "Spring '26", url: '/services/data/v66.0', version: '66.0' });
  expect(reply.headers.has('sforce-limit-info')).toBe(false);
});

test('rows are counted by object, and parts of a path may have any case', async () => {
  await send(running, 'POST', `${V}/sobjects/Account`, { Name: 'Acme' });
  const { body } = await send(running, 'GET', `${V}/limits/recordCount?sObjects=Account,Contact`);
  expect(Object(body).sObjects).toEqual(
    expect.arrayContaining([
      { name: 'Account', count: 1 },
      { name: 'Contact', count: 0 },
    ]),
  );
  expect((await send(running, 'GET', `${V}/SOBJECTS/account/DESCRIBE`)).body).toMatchObject({ name: 'Account' });
  for (const path of ['limits/other', 'limits/recordCount/x', 'recent/x', 'sobjects/Account/describe/x/y']) {
    expect([path, (await send(running, 'GET', `${V}/${path}`)).status]).toEqual([path, 404]);
  }
  for (const path of ['sobjects', 'sobjects/Account/describe', 'limits']) {
    expect([path, (await send(running, 'POST', `${V}/${path}`, {})).status]).toEqual([path, 405]);
  }
});

describe('hostile requests get an answer, not a stack trace', () => {
  test('a broken percent sign, also while faults are armed', async () => {
    running.org.fault({ match: { externalId: 'cus_9' }, effect: { status: 503 } });
    const reply = await send(
      running,
      'PATCH',
      `${V}/sobjects/Stripe_Customer__c/Stripe_Customer_ID__c/cus_%E0%A4%A`,
      {},
    );
    expect(reply.status).toBe(201);
  });

  test('an encoded slash stays inside its key', async () => {
    await send(running, 'PATCH', `${V}/sobjects/Stripe_Customer__c/Stripe_Customer_ID__c/a%2Fb%3F`, {});
    expect([...running.org.rows('Stripe_Customer__c')].map(({ key }) => key)).toEqual(['a/b?']);
  });

  test('a body that is not the gzip it says, and one that is', async () => {
    const url = `${running.url}${V}/sobjects/Stripe_Customer__c/Stripe_Customer_ID__c/cus_1`;
    const headers = { authorization: `Bearer ${TOKEN}`, 'content-encoding': 'gzip' };
    expect((await fetch(url, { method: 'PATCH', headers, body: 'no gzip' })).status).toBe(400);
    const zipped = new Uint8Array(gzipSync('{"Customer_Name__c":"Zip"}'));
    expect((await fetch(url, { method: 'PATCH', headers, body: zipped })).status).toBe(201);
  });

  test('an address of 17 KB, JSON of every wrong shape, names from the prototype', async () => {
    expect((await send(running, 'GET', `${V}/query?q=${'x'.repeat(17_000)}`)).status).toBe(414);
    for (const body of [null, 1, 'x', [], { compositeRequest: 1 }, { compositeRequest: [{}] }]) {
      expect((await send(running, 'POST', `${V}/composite`, JSON.stringify(body))).status).toBe(400);
      expect((await send(running, 'POST', `${V}/composite/sobjects`, JSON.stringify(body))).status).toBe(400);
      expect((await send(running, 'POST', `${V}/jobs/ingest`, JSON.stringify(body))).status).toBe(400);
    }
    const key = `${V}/sobjects/Stripe_Customer__c/Stripe_Customer_ID__c/cus_1`;
    for (const name of ['__proto__', 'constructor', 'toString']) {
      expect((await send(running, 'PATCH', key, `{"${name}":"x"}`)).body).toMatchObject([
        { errorCode: 'INVALID_FIELD' },
      ]);
      expect((await send(running, 'GET', `${V}/sobjects/${name}/x`)).status).toBe(404);
    }
    expect(running.org.count('Stripe_Customer__c')).toBe(0);
  });
});
