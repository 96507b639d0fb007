import type { SalesforceRecord } from '@payments/core/record';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { failure } from '../../test/fake-org.ts';
import { bufferedIn, CUSTOMER, customer, type FlushBench, flushBench, flushIn } from '../../test/flush-bench.ts';
import { emptyRedis, type TestRedis } from '../../test/redis-server.ts';
import type { SalesforceFailure } from '../adapters/salesforce-failure.ts';
import { MOST_ROWS } from './take.ts';

const POISONED = 'cus_1350';
/** Rows in one call: fifty calls bring ten thousand. */
const CALLS = 50;
/** Where it is not about their number: ten calls, and above the break-even where a job is made. */
const FEWER_ROWS = 2_000;
const FEWER_CALLS = 10;
const BREAK_EVEN = 1_000;
/** From two hundred rows to one: eight halvings, two calls each. */
const SEARCH = 16;

let server: TestRedis;
beforeAll(async () => {
  server = await emptyRedis();
});
afterAll(() => server.stop());

let world: FlushBench;
beforeEach(async () => {
  await server.redis.flushall();
  world = flushBench(server.redis);
});

const collections = () =>
  world.org.requests.filter(({ path }) => path.startsWith(`/composite/sobjects/${CUSTOMER}/`)).length;
/** A call that carries the poisoned row, as whole. */
const carries = (body: unknown) => JSON.stringify(body ?? '').includes(`"${POISONED}"`);

async function bufferRows(
  count: number,
  change: (id: string) => Partial<Pick<SalesforceRecord, 'fields'>> = () => ({}),
): Promise<void> {
  const ids = Array.from({ length: count }, (_, n) => `cus_${n}`);
  await bufferedIn(
    world,
    ids.map((id) => [`evt_${id}`, { ...customer({ id }), ...change(id) }] as const),
  );
}

/** All but the poisoned row are there, by their first try; it alone is given up. */
async function expectOneParked(rows: number, code: string, attempts = 1): Promise<void> {
  expect(world.org.rows(CUSTOMER)).toHaveLength(rows - 1);
  expect(world.org.row(CUSTOMER, POISONED)).toBeUndefined();
  expect(world.org.accounts().failures).toMatchObject([
    { Stripe_Object_ID__c: POISONED, Code__c: code, Attempts__c: attempts },
  ]);
  expect(world.letters).toHaveLength(1);
  expect(await world.buffer.waiting(CUSTOMER)).toBe(0);
  const tried = world.lines.flatMap((line) => ('attempts' in line && (line.attempts ?? 0) > 0 ? [line] : []));
  expect(tried.filter(({ stripeObjectId }) => stripeObjectId !== POISONED)).toEqual([]);
}

describe('one poisoned row among ten thousand', { timeout: 60_000 }, () => {
  it.each([
    { transport: 'Collections', bulkAbove: MOST_ROWS, calls: CALLS },
    { transport: 'Bulk', bulkAbove: 2_000, calls: 0 },
  ])('by $transport is given up by itself, in the calls that are needed anyway', async ({ bulkAbove, calls }) => {
    world = { ...world, bulkAbove };
    await bufferRows(MOST_ROWS);
    world.org.rowFault = (object, key) =>
      object === CUSTOMER && key === POISONED ? { code: 'STRING_TOO_LONG', message: 'data value too large' } : null;
    await flushIn(world, CUSTOMER);
    await expectOneParked(MOST_ROWS, 'STRING_TOO_LONG');
    expect(collections()).toBe(calls);
  });

  it('that has the org refuse its whole call is found by halving', async () => {
    world = { ...world, bulkAbove: MOST_ROWS };
    await bufferRows(MOST_ROWS);
    world.org.fault = ({ path, body }) =>
      path.includes(CUSTOMER) && carries(body) ? failure(400, 'JSON_PARSER_ERROR') : null;
    await flushIn(world, CUSTOMER);
    await expectOneParked(MOST_ROWS, 'JSON_PARSER_ERROR');
    expect(collections()).toBeLessThanOrEqual(CALLS + SEARCH);
  });
});

describe('one poisoned row among two thousand', () => {
  it('over which the org breaks is suspected when its call has broken twice before', async () => {
    world = { ...world, bulkAbove: FEWER_ROWS };
    await bufferRows(FEWER_ROWS);
    world.org.fault = ({ path, body }) =>
      path.includes(CUSTOMER) && carries(body) ? failure(500, 'UNKNOWN_EXCEPTION') : null;
    for (let broken = 0; broken < 2; broken += 1) {
      await expect(flushIn(world, CUSTOMER)).rejects.toMatchObject({ name: 'RetryLater', code: 'UNKNOWN_EXCEPTION' });
    }
    await flushIn(world, CUSTOMER);
    expect(collections()).toBeLessThanOrEqual(FEWER_CALLS + 2 + SEARCH);
    expect(world.org.rows(CUSTOMER)).toHaveLength(FEWER_ROWS - 1);
    for (const seconds of [2, 4, 8, 16, 32]) {
      world.clock.now += seconds * 1_000;
      for (let broken = 0; broken < 2; broken += 1) await flushIn(world, CUSTOMER).catch(() => 0);
      await flushIn(world, CUSTOMER);
    }
    await expectOneParked(FEWER_ROWS, 'UNKNOWN_EXCEPTION', 6);
  });

  it('that has its job fail goes apart with the others at once, and nobody loses a try', async () => {
    world = { ...world, bulkAbove: BREAK_EVEN };
    await bufferRows(FEWER_ROWS);
    failJobs('InvalidBatch : a row of it is none');
    world.org.rowFault = (object, key) =>
      object === CUSTOMER && key === POISONED ? { code: 'STRING_TOO_LONG', message: 'data value too large' } : null;
    expect(await flushIn(world, CUSTOMER)).toBe(2);
    await expectOneParked(FEWER_ROWS, 'STRING_TOO_LONG');
    expect([world.org.jobs.size, collections()]).toEqual([1, FEWER_CALLS]);
    expect([world.sum('Tries'), world.sum('Errors')]).toEqual([FEWER_ROWS, 1]);
  });

  it('that has its upload refused goes apart with the others in the same batch', async () => {
    world = { ...world, bulkAbove: BREAK_EVEN };
    await bufferRows(FEWER_ROWS);
    world.org.fault = ({ method, body }) =>
      method === 'PUT' || (method === 'PATCH' && carries(body)) ? failure(400, 'CLIENT_ERROR') : null;
    expect(await flushIn(world, CUSTOMER)).toBe(1);
    await expectOneParked(FEWER_ROWS, 'CLIENT_ERROR');
  });
});

describe('a column that the org lacks', () => {
  const noColumn = (): SalesforceFailure =>
    failure(400, 'INVALID_FIELD', "No such column 'Email__c' on sobject of type Stripe_Customer__c");

  it.each([
    { transport: 'Collections', bulkAbove: FEWER_ROWS },
    { transport: 'Bulk', bulkAbove: BREAK_EVEN },
  ])(
    'by $transport costs two calls more for each two hundred rows, and the rows without it nothing',
    async ({ bulkAbove }) => {
      world = { ...world, bulkAbove };
      const half = (id: string) => Number(id.slice('cus_'.length)) % 2 === 0;
      await bufferRows(FEWER_ROWS, (id) =>
        half(id) ? { fields: { Customer_Name__c: 'Ada', Email__c: 'ada@ada.de' } } : {},
      );
      failJobs('InvalidBatch : Field name not found : Email__c');
      world.org.fault = ({ path, body }) =>
        path.startsWith('/composite/sobjects') && JSON.stringify(body).includes('Email__c') ? noColumn() : null;
      await flushIn(world, CUSTOMER);
      expect(world.org.rows(CUSTOMER)).toHaveLength(FEWER_ROWS / 2);
      expect(world.org.accounts().failures).toHaveLength(FEWER_ROWS / 2);
      expect(world.org.accounts().failures[0]).toMatchObject({ Code__c: 'INVALID_FIELD', Attempts__c: 1 });
      expect(collections()).toBe(3 * FEWER_CALLS);
    },
  );
});

it('an org that breaks over everything is no row’s fault: the search ends', async () => {
  const ids = Array.from({ length: 200 }, (_, n) => `cus_${n}`);
  await bufferedIn(
    world,
    ids.map((id) => [`evt_${id}`, customer({ id })] as const),
  );
  world.org.fault = () => failure(500, 'UNKNOWN_EXCEPTION');
  const calls: number[] = [];
  for (let run = 0; run < 3; run += 1) {
    const before = collections();
    await expect(flushIn(world, CUSTOMER)).rejects.toMatchObject({ name: 'RetryLater' });
    calls.push(collections() - before);
  }
  expect(calls).toEqual([1, 1, 13]);
  world.org.fault = () => null;
  await flushIn(world, CUSTOMER);
  world.clock.now += 2_000;
  await flushIn(world, CUSTOMER);
  expect(world.org.rows(CUSTOMER)).toHaveLength(200);
});

it('a row that is given up is one letter, although Settle is run again after Salesforce could not be told', async () => {
  await bufferedIn(world, [['evt_1', customer({ id: POISONED })]]);
  world.org.rowFault = (object) => (object === CUSTOMER ? { code: 'STRING_TOO_LONG', message: '' } : null);
  const { salesforce } = world;
  world.salesforce = async (request) => {
    const account = JSON.stringify(request.body ?? '').includes('Sync_Batch__c');
    if (account) throw failure(503, 'SERVER_UNAVAILABLE');
    return salesforce(request);
  };
  for (let run = 0; run < 3; run += 1) await expect(flushIn(world, CUSTOMER)).rejects.toThrow();
  expect(world.letters).toHaveLength(1);
  world.salesforce = salesforce;
  await flushIn(world, CUSTOMER);
  expect(world.letters).toHaveLength(1);
  expect(world.org.accounts().failures).toHaveLength(1);
});

function failJobs(error: string): void {
  const { salesforce } = world.org;
  world.salesforce = async (request) => {
    for (const job of world.org.jobs.values()) {
      if (request.method === 'GET' && job.state === 'UploadComplete') Object.assign(job, { state: 'Failed', error });
    }
    return salesforce(request);
  };
}
