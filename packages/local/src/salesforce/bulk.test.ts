import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { manualClock } from './clock.ts';
import type { RunningOrg } from './serve-org.ts';
import { send, startOrg, V } from './test-org.ts';

const clock = manualClock(Date.UTC(2026, 10, 23));
let running: RunningOrg;

beforeEach(async () => {
  running = await startOrg({ clock, random: () => 0, bulk: { queueMs: 1000, chunkMs: 100 } });
});
afterEach(() => running.close());

const CUSTOMERS = {
  object: 'Stripe_Customer__c',
  operation: 'upsert',
  externalIdFieldName: 'Stripe_Customer_ID__c',
};

async function createJob(body: object = CUSTOMERS): Promise<string> {
  const reply = await send(running, 'POST', `${V}/jobs/ingest`, body);
  expect(reply.status).toBe(200);
  return /"id":"(750\w+)"/.exec(reply.text)?.[1] ?? '';
}

async function upload(csv: string, body: object = CUSTOMERS): Promise<string> {
  const id = await createJob(body);
  const put = await send(running, 'PUT', `${V}/jobs/ingest/${id}/batches`, csv, { 'content-type': 'text/csv' });
  expect(put).toMatchObject({ status: 201, text: '' });
  await send(running, 'PATCH', `${V}/jobs/ingest/${id}`, { state: 'UploadComplete' });
  return id;
}

const job = (id: string) => send(running, 'GET', `${V}/jobs/ingest/${id}`).then(({ body }) => body);
const results = (id: string, kind: string) => send(running, 'GET', `${V}/jobs/ingest/${id}/${kind}`);

describe('the life of a job', () => {
  test('Open, UploadComplete, InProgress, JobComplete, each in its time', async () => {
    const reply = await send(running, 'POST', `${V}/jobs/ingest`, CUSTOMERS);
    const id = /"id":"(750\w+)"/.exec(reply.text)?.[1] ?? '';
    expect(reply.body).toMatchObject({
      state: 'Open',
      apiVersion: 66,
      concurrencyMode: 'Parallel',
      contentUrl: `services/data/v66.0/jobs/ingest/${id}/batches`,
      lineEnding: 'LF',
    });
    const rows = Array.from({ length: 250 }, (_, i) => `cus_${i}`).join('\n');
    await send(running, 'PUT', `${V}/jobs/ingest/${id}/batches`, `Stripe_Customer_ID__c\n${rows}\n`);
    const closed = await send(running, 'PATCH', `${V}/jobs/ingest/${id}`, { state: 'UploadComplete' });
    expect(closed.body).toMatchObject({ state: 'UploadComplete' });
    expect(closed.body).not.toHaveProperty('contentUrl');
    clock.advance(999);
    expect(await job(id)).toMatchObject({ state: 'UploadComplete', numberRecordsProcessed: 0 });
    clock.advance(101);
    expect(await job(id)).toMatchObject({ state: 'InProgress', numberRecordsProcessed: 200 });
    clock.advance(100);
    expect(await job(id)).toMatchObject({
      state: 'JobComplete',
      jobType: 'V2Ingest',
      numberRecordsProcessed: 250,
      numberRecordsFailed: 0,
      totalProcessingTime: 200,
    });
    expect(running.org.count('Stripe_Customer__c')).toBe(250);
  });

  test('a second upload and closing twice are INVALIDJOBSTATE', async () => {
    const id = await upload('Stripe_Customer_ID__c\ncus_1\n');
    expect((await send(running, 'PUT', `${V}/jobs/ingest/${id}/batches`, 'x')).body).toMatchObject([
      { errorCode: 'INVALIDJOBSTATE' },
    ]);
    expect((await send(running, 'PATCH', `${V}/jobs/ingest/${id}`, { state: 'UploadComplete' })).status).toBe(400);
    expect((await results(id, 'failedResults')).status).toBe(400);
  });

  test('deleting a queued job loses its rows without a word', async () => {
    const id = await upload('Stripe_Customer_ID__c\ncus_1\n');
    expect((await send(running, 'DELETE', `${V}/jobs/ingest/${id}`)).status).toBe(204);
    clock.advance(60_000);
    expect(running.org.count('Stripe_Customer__c')).toBe(0);
    expect((await send(running, 'GET', `${V}/jobs/ingest/${id}`)).status).toBe(404);
  });

  test('jobs are kept seven days', async () => {
    const id = await upload('Stripe_Customer_ID__c\ncus_1\n');
    clock.advance(8 * 86_400_000);
    expect((await send(running, 'GET', `${V}/jobs/ingest/${id}`)).status).toBe(404);
  });

  test('an unknown object, a missing key and a field that is none are refused at creation', async () => {
    const create = (body: object) => send(running, 'POST', `${V}/jobs/ingest`, body);
    expect((await create({ ...CUSTOMERS, object: 'Nope__c' })).body).toMatchObject([{ errorCode: 'INVALIDENTITY' }]);
    expect((await create({ object: 'Stripe_Customer__c', operation: 'upsert' })).body).toMatchObject([
      { errorCode: 'INVALIDJOB' },
    ]);
    expect((await create({ ...CUSTOMERS, externalIdFieldName: 'Customer_Name__c' })).status).toBe(400);
  });
});

describe('rows and results', () => {
  test('results are shuffled, failures say CODE:message:fields, parents come by dotted column', async () => {
    const header = 'Stripe_Subscription_ID__c,Status__c,Stripe_Customer__r.Stripe_Customer_ID__c';
    await upload('Stripe_Customer_ID__c\ncus_1\n');
    clock.advance(5000);
    const id = await upload(
      `${header}\nsub_1,active,cus_1\nsub_2,active,cus_9\nsub_3,"as,leep",\nsub_4,paused,cus_1\n`,
      {
        object: 'Stripe_Subscription__c',
        operation: 'upsert',
        externalIdFieldName: 'Stripe_Subscription_ID__c',
      },
    );
    clock.advance(5000);
    expect(await job(id)).toMatchObject({ state: 'JobComplete', numberRecordsProcessed: 4, numberRecordsFailed: 2 });
    const failed = await results(id, 'failedResults/');
    expect(failed.headers.get('sforce-numberofrecords')).toBe('2');
    expect(failed.headers.get('sforce-locator')).toBe('null');
    const [first, ...lines] = failed.text.trimEnd().split('\n');
    expect(first).toBe(`"sf__Id","sf__Error",${header}`);
    expect(lines.sort()).toEqual([
      '"","INVALID_FIELD:Foreign key external ID: cus_9 not found for field Stripe_Customer_ID__c in entity Stripe_Customer__c:--","sub_2","active","cus_9"',
      '"","INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST:Status: bad value for restricted picklist field: as,leep:Status__c --","sub_3","as,leep",""',
    ]);
    const good = (await results(id, 'successfulResults')).text.trimEnd().split('\n');
    expect(good[0]).toBe(`"sf__Id","sf__Created",${header}`);
    expect(good.slice(1).map((line) => /"(sub_\d)"/.exec(line)?.[1])).toEqual(['sub_4', 'sub_1']);
    expect((await results(id, 'unprocessedRecords')).text).toBe(`${header}\n`);
  });

  test('an empty cell leaves alone, #N/A clears', async () => {
    await upload('Stripe_Customer_ID__c,Customer_Name__c,Customer_Phone__c\ncus_1,Acme,123\n');
    clock.advance(5000);
    await upload('Stripe_Customer_ID__c,Customer_Name__c,Customer_Phone__c\ncus_1,,#N/A\n');
    clock.advance(5000);
    expect([...running.org.rows('Stripe_Customer__c')]).toMatchObject([
      { columns: { Customer_Name__c: 'Acme', Customer_Phone__c: null } },
    ]);
  });

  test('one key twice fails within 200 rows; in different chunks the second updates', async () => {
    const ids = ['cus_x', ...Array.from({ length: 199 }, (_, i) => `cus_${i}`), 'cus_x', 'cus_y', 'cus_y'];
    const id = await upload(`Stripe_Customer_ID__c\n${ids.join('\n')}\n`);
    clock.advance(5000);
    expect(await job(id)).toMatchObject({ numberRecordsProcessed: 203, numberRecordsFailed: 2 });
    expect((await results(id, 'failedResults')).text).toContain(
      'DUPLICATE_VALUE:Duplicate external id specified: cus_y:Stripe_Customer_ID__c --',
    );
  });

  test.each([
    ['an unknown column', 'Stripe_Customer_ID__c,Foo__c\ncus_1,x\n', 'InvalidBatch : Field name not found : Foo__c'],
    [
      'a byte order mark',
      '\uFEFFStripe_Customer_ID__c\ncus_1\n',
      'InvalidBatch : Field name not found : \uFEFFStripe_Customer_ID__c',
    ],
    [
      'an unknown relationship',
      'Stripe_Customer_ID__c,Foo__r.Bar__c\ncus_1,x\n',
      'InvalidBatch : Unable to find relationship: Foo__r',
    ],
    [
      'a needless type',
      'Stripe_Customer_ID__c,Contact:Contact__r.Email\ncus_1,x\n',
      'InvalidBatch : type is not needed for non polymorphic foreign key references: Contact__r',
    ],
    [
      'another line ending',
      'Stripe_Customer_ID__c\r\ncus_1\r\n',
      'ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF',
    ],
  ])('%s fails the whole job, with 0 of 0 rows', async (_, csv, errorMessage) => {
    const id = await upload(csv);
    clock.advance(5000);
    expect(await job(id)).toMatchObject({
      state: 'Failed',
      errorMessage,
      numberRecordsProcessed: 0,
      numberRecordsFailed: 0,
    });
    expect(running.org.count('Stripe_Customer__c')).toBe(0);
    expect((await results(id, 'unprocessedrecords')).headers.get('sforce-numberofrecords')).toBe('1');
  });
});

describe('jobs that go wrong on demand', () => {
  const rows = `Stripe_Customer_ID__c\n${Array.from({ length: 10 }, (_, i) => `cus_${i}`).join('\n')}\n`;

  test('a job fails after some rows: the others are unprocessed', async () => {
    running.org.preset({ preset: 'jobFail', errorMessage: 'InternalServerError : try again', rowsFirst: 4 });
    const id = await upload(rows);
    clock.advance(5000);
    expect(await job(id)).toMatchObject({
      state: 'Failed',
      errorMessage: 'InternalServerError : try again',
      numberRecordsProcessed: 4,
    });
    expect((await results(id, 'unprocessedrecords')).text.trimEnd().split('\n')).toHaveLength(7);
    expect((await results(id, 'successfulResults')).headers.get('sforce-numberofrecords')).toBe('4');
  });

  test('a stuck job moves on after it was looked at often enough', async () => {
    running.org.preset({ preset: 'jobStuck', polls: 3 });
    const id = await upload(rows);
    clock.advance(60_000);
    for (let i = 0; i < 3; i++) expect(await job(id)).toMatchObject({ state: 'InProgress' });
    clock.advance(100);
    expect(await job(id)).toMatchObject({ state: 'JobComplete' });
  });

  test('an aborted job and single bad rows', async () => {
    running.org.preset({ preset: 'jobAbort', object: 'Stripe_Customer__c' });
    running.org.preset({
      preset: 'partialFailures',
      rows: { cus_3: { code: 'UNABLE_TO_LOCK_ROW', message: 'busy: try' } },
    });
    const aborted = await upload(rows);
    const partial = await upload(rows);
    clock.advance(5000);
    expect(await job(aborted)).toMatchObject({ state: 'Aborted' });
    expect((await results(partial, 'failedResults')).text).toContain('"","UNABLE_TO_LOCK_ROW:busy: try:--","cus_3"');
  });

  test('a full storage fails every new row', async () => {
    running.org.preset({ preset: 'storageFull' });
    const id = await upload(rows);
    clock.advance(5000);
    expect(await job(id)).toMatchObject({ numberRecordsFailed: 10 });
    expect((await results(id, 'failedResults')).text).toContain('STORAGE_LIMIT_EXCEEDED:storage limit exceeded:--');
  });
});

describe('other operations', () => {
  const contacts = (operation: string) => ({ object: 'Contact', operation });

  test('insert, update by Id, delete by Id, each with its own key column', async () => {
    const made = await upload('LastName,HasOptedOutOfEmail\nA,true\nB,maybe\n', contacts('insert'));
    clock.advance(5000);
    expect((await results(made, 'failedResults')).text).toContain(
      'INVALID_TYPE_ON_FIELD_IN_RECORD:Email Opt Out: value not of required type: maybe:HasOptedOutOfEmail --',
    );
    const [{ id } = { id: '' }] = [...running.org.rows('Contact')];
    await upload(`Id,LastName\n${id},Z\n,Y\n`, contacts('update'));
    clock.advance(5000);
    expect([...running.org.rows('Contact')].map(({ columns }) => columns.LastName)).toEqual(['Z']);
    const keyless = await upload('LastName\nA\n', contacts('delete'));
    const gone = await upload(`Id\n${id}\n${id}\n`, contacts('delete'));
    clock.advance(5000);
    expect(await job(keyless)).toMatchObject({
      state: 'Failed',
      errorMessage: 'InvalidBatch : Field name not found : Id',
    });
    expect(await job(gone)).toMatchObject({ state: 'JobComplete', numberRecordsFailed: 1 });
    expect((await results(gone, 'failedResults')).text).toContain('ENTITY_IS_DELETED:entity is deleted:--');
    expect(running.org.count('Contact')).toBe(0);
  });

  test('other delimiters and CRLF come back as they were sent', async () => {
    const id = await upload('Stripe_Customer_ID__c|Customer_Name__c\r\ncus_1|"a|b\r\nc"\r\n', {
      ...CUSTOMERS,
      columnDelimiter: 'PIPE',
      lineEnding: 'CRLF',
    });
    clock.advance(5000);
    expect((await results(id, 'successfulResults')).text).toMatch(
      /^"sf__Id"\|"sf__Created"\|Stripe_Customer_ID__c\|Customer_Name__c\r\n"a0\w{16}"\|"true"\|"cus_1"\|"a\|b\r\nc"\r\n$/,
    );
  });

  test('a client aborts, and jobs are listed', async () => {
    const id = await upload('Stripe_Customer_ID__c\ncus_1\n');
    expect((await send(running, 'PATCH', `${V}/jobs/ingest/${id}`, { state: 'Aborted' })).body).toMatchObject({
      state: 'Aborted',
    });
    clock.advance(5000);
    expect((await results(id, 'unprocessedrecords')).headers.get('sforce-numberofrecords')).toBe('1');
    expect((await send(running, 'GET', `${V}/jobs/ingest`)).body).toMatchObject({
      done: true,
      records: [{ id, state: 'Aborted' }],
    });
  });
});
