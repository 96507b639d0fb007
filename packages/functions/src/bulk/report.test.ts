import { CLOSED } from '@payments/core/circuit';
import { BudgetWait } from '@payments/core/failure';
import type { MetricName } from '@payments/core/metrics';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { failure } from '../../test/fake-org.ts';
import {
  bufferedIn,
  CUSTOMER,
  customer,
  type FlushBench,
  flushBench,
  flushIn,
  SECOND,
} from '../../test/flush-bench.ts';
import { emptyRedis, type TestRedis } from '../../test/redis-server.ts';
import type { Usage } from '../adapters/budget.ts';
import { bufferState } from '../adapters/buffer-state.ts';
import type { Generation } from '../adapters/generation.ts';
import type { SalesforceRequest } from '../adapters/salesforce.ts';
import { SalesforceFailure } from '../adapters/salesforce-failure.ts';
import { measure } from '../operations/measure.ts';
import { type ReportWorld, report } from './report.ts';
import { incomingFrom } from './row.ts';

let server: TestRedis;
let bench: FlushBench;
/** What the row says, and every write of it. */
let row: Record<string, unknown>;
let writes: SalesforceRequest[];
let fault: (request: SalesforceRequest) => Error | null;
let lost: Generation[];

beforeAll(async () => {
  server = await emptyRedis();
});
afterAll(() => server.stop());
beforeEach(async () => {
  await server.redis.flushall();
  bench = flushBench(server.redis);
  [row, writes, fault, lost] = [{}, [], () => null, []];
});

const MINUTE = 60_000;
const iso = (ms: number) => new Date(ms).toISOString();

function world(over: Partial<ReportWorld> = {}): ReportWorld {
  return {
    ...bench,
    salesforce: async (request) => {
      writes.push(request);
      const refused = fault(request);
      if (refused !== null) throw refused;
      if (typeof request.body === 'object') Object.assign(row, request.body);
      return { status: 204, body: null };
    },
    lost: (generation) => lost.push(generation),
    ...over,
  };
}

/** A minute passes, and the flush ends. */
async function minute(over: Partial<ReportWorld> = {}) {
  bench.clock.now += MINUTE;
  return report({ execution: `arn:flush:${bench.clock.now}` }, world(over));
}

/** As `recover` leaves it, when it is done. */
async function whole(): Promise<void> {
  const { id } = await bench.generation.look();
  await bench.generation.learn(id, 'recovering', bench.clock.now);
  await bench.generation.finish(id);
}

describe('the status row', () => {
  it('says that all is well, what came last, and that nothing is unsettled', async () => {
    await whole();
    const received = bench.clock.now;
    await bench.notes.received(received);
    await bench.notes.received(received - MINUTE);
    expect(await minute()).toEqual({ outcome: 'reported', health: 'Healthy', reason: null });
    expect(writes).toMatchObject([{ method: 'PATCH', path: '/sobjects/Integration_Status__c/Status_Key__c/default' }]);
    expect(row).toEqual({
      ...{ Name: 'Stripe', Health__c: 'Healthy', Health_Reason__c: null, Sync_Lag_Seconds__c: 0 },
      Last_Event_Received_At__c: iso(received),
      Oldest_Unsettled_Event_At__c: iso(bench.clock.now),
      ...{ API_Calls_Used__c: null, API_Calls_Limit__c: null },
      ...{ Calls_Hour__c: 0, Calls_Hour_Limit__c: 1e6, Calls_Day__c: 0, Calls_Day_Limit__c: 1e6 },
    });
  });

  it('names the oldest event that is not settled, in whole seconds and never a later one', async () => {
    await whole();
    bench.clock.now += 1_900;
    await bufferedIn(bench, [['evt_1', customer({})]]);
    const received = bench.clock.now;
    for (let minutes = 1; minutes <= 7; minutes += 1) await minute();
    expect(row.Oldest_Unsettled_Event_At__c).toBe(iso(received - 900));
    expect(row).toMatchObject({ Health__c: 'Degraded', Health_Reason__c: 'changes have waited for 7 minutes' });
    expect(row.Sync_Lag_Seconds__c).toBe(7 * 60);
    await flushIn(bench, CUSTOMER);
    await minute();
    expect(row.Oldest_Unsettled_Event_At__c).toBe(iso(Math.floor(bench.clock.now / 1_000) * 1_000));
    expect(row).toMatchObject({ Health__c: 'Healthy', Sync_Lag_Seconds__c: 0 });
  });

  it('names the event of a version that lags, which is no lag of the integration', async () => {
    await whole();
    await bufferedIn(bench, [['evt_1', customer({})]]);
    await flushIn(bench, CUSTOMER);
    await bufferedIn(bench, [['evt_2', customer({ at: SECOND + 9 })]]);
    const received = bench.clock.now;
    await flushIn(bench, CUSTOMER);
    await minute();
    expect(row).toMatchObject({ Oldest_Unsettled_Event_At__c: iso(received), Sync_Lag_Seconds__c: 0 });
  });

  it('points at the last batch that was told, and does without when its row is gone', async () => {
    await whole();
    await bufferedIn(bench, [['evt_1', customer({})]]);
    await flushIn(bench, CUSTOMER);
    await minute();
    const [audit] = bench.org.accounts().audits;
    expect(row.Last_Batch__r).toEqual({ Batch_Key__c: audit?.Batch_Key__c });
    fault = ({ body }) =>
      typeof body === 'object' && 'Last_Batch__r' in body
        ? new SalesforceFailure({
            ...{ what: 'PATCH', status: 400, errorCode: 'INVALID_FIELD' },
            text: 'Foreign key external ID: b not found for field Batch_Key__c in entity Sync_Batch__c',
          })
        : null;
    [row, writes] = [{}, []];
    await bench.notes.received(bench.clock.now);
    expect((await minute()).outcome).toBe('reported');
    expect(writes).toHaveLength(2);
    expect(row).not.toHaveProperty('Last_Batch__r');
  });

  it("tells the org's own count of calls once the org has", async () => {
    await whole();
    await bench.budget.observe({ used: 85_000, max: 100_000 });
    await minute();
    expect(row).toMatchObject({ API_Calls_Used__c: 85_000, API_Calls_Limit__c: 100_000, Health__c: 'Degraded' });
    expect(row.Health_Reason__c).toBe('85 % of the API calls are used');
  });

  it('tells the same figures as the metrics do, whose place is not the org', async () => {
    await whole();
    await bufferedIn(bench, [['evt_1', customer({})]]);
    bench.clock.now += MINUTE;
    const usage: Usage = {
      windows: [
        { window: 'minute', windowMs: MINUTE, used: 7, limit: 600 },
        { window: 'hour', windowMs: 60 * MINUTE, used: 420, limit: 10_000 },
        { window: 'day', windowMs: 1_440 * MINUTE, used: 5_150, limit: 80_000 },
      ],
      ...{ orgUsed: 9_001, orgMax: 100_000 },
    };
    const budget = { ...bench.budget, usage: async () => usage };
    const objects = [CUSTOMER] as const;
    const buffer = bufferState(server.redis);
    await measure({ ...bench, objects, buffer, budget, circuit: bench.circuit.look });
    await report({ execution: 'arn:flush:1' }, world({ budget }));

    const told = (metric: MetricName, dimensions = {}) => bench.valuesOf(metric, dimensions)[0];
    expect(row).toMatchObject({
      ...{ Calls_Hour__c: told('ApiCalls', { Window: 'hour' }), Calls_Day__c: told('ApiCalls', { Window: 'day' }) },
      API_Calls_Used__c: told('OrgApiCalls'),
      Sync_Lag_Seconds__c: told('BufferAge', { Object: CUSTOMER }),
    });
    expect(row).toMatchObject({ Calls_Hour__c: 420, Calls_Day__c: 5_150, API_Calls_Used__c: 9_001 });
    expect(row).toMatchObject({ Calls_Hour_Limit__c: 10_000, Calls_Day_Limit__c: 80_000, Sync_Lag_Seconds__c: 60 });
  });
});

describe('a status costs one call', () => {
  it('a minute at the most, whoever flushes', async () => {
    await whole();
    await minute();
    bench.clock.now += 20_000;
    expect(await report({ execution: 'arn:flush:by-size' }, world())).toEqual({ outcome: 'left out', why: 'turn' });
    expect(writes).toHaveLength(1);
    const { windows } = await bench.budget.usage();
    expect(windows[0]?.used).toBe(1);
  });

  it('in five minutes when nothing happens, so that silence can be told from death', async () => {
    await whole();
    const outcomes = [];
    for (let minutes = 1; minutes <= 11; minutes += 1) outcomes.push((await minute()).outcome);
    expect(outcomes.map((outcome) => outcome === 'reported')).toEqual([
      ...[true, false, false, false, false, true, false, false, false, false, true],
    ]);
    await bench.notes.received(bench.clock.now);
    expect((await minute()).outcome).toBe('reported');
  });

  it('and none while Salesforce is away or no call is left', async () => {
    await whole();
    const open = { look: async () => ({ ...CLOSED, retryAfterMs: 5_000 }) };
    expect(await minute({ circuit: open })).toEqual({ outcome: 'left out', why: 'circuit' });
    const none: ReportWorld['budget'] = {
      ...bench.budget,
      acquire: async () => ({ granted: false, retryAfterMs: 1_000 }),
    };
    expect(await minute({ budget: none })).toEqual({ outcome: 'left out', why: 'budget' });
    expect(writes).toEqual([]);
  });

  it('and is tried again the next minute when Salesforce failed', async () => {
    await whole();
    fault = () => failure(503, 'SERVER_UNAVAILABLE');
    await expect(minute()).rejects.toBeInstanceOf(BudgetWait);
    fault = () => null;
    expect((await minute()).outcome).toBe('reported');
  });
});

it('lets the buffer take a late event only when Salesforce has the row that covers it', async () => {
  await whole();
  await minute();
  const said = { eventId: 'evt_late', atSecond: SECOND, receivedAt: bench.clock.now - 60 * MINUTE };
  const incoming = incomingFrom(customer({}), { ...said, fetched: false, correlationId: 'c' });
  const put = async () => (await bench.buffer.put(CUSTOMER, [{ key: 'cus_1', incoming }])).outcomes[0];
  expect(await put()).toBe('late');
  fault = () => failure(503, 'SERVER_UNAVAILABLE');
  await expect(minute()).rejects.toBeInstanceOf(BudgetWait);
  expect(await put()).toBe('late');
  fault = () => null;
  await minute();
  expect(await put()).toBe('stored');
});

describe('after a loss of Redis', () => {
  it('the row keeps what it said until somebody has read it', async () => {
    await whole();
    await minute();
    const before = row.Oldest_Unsettled_Event_At__c;
    await server.redis.flushall();
    expect(await minute()).toMatchObject({ outcome: 'reported', health: 'Degraded' });
    expect(lost).toHaveLength(1);
    expect(row.Oldest_Unsettled_Event_At__c).toBe(before);
    expect(writes.at(-1)?.body).not.toHaveProperty('Oldest_Unsettled_Event_At__c');
    await minute();
    expect(lost).toHaveLength(1);
  });

  it('it says the same until the recovery is over, or less', async () => {
    const { id } = await bench.generation.look();
    const unsettled = bench.clock.now - 5 * MINUTE;
    await bench.generation.learn(id, 'recovering', unsettled);
    await minute();
    await minute();
    expect(row.Oldest_Unsettled_Event_At__c).toBe(iso(unsettled));
    await bench.coverage.known(unsettled - 60 * MINUTE);
    await bufferedIn({ ...bench, clock: { now: unsettled - 2 * MINUTE } }, [['evt_1', customer({})]]);
    await minute();
    expect(row.Oldest_Unsettled_Event_At__c).toBe(iso(unsettled - 2 * MINUTE));
    await flushIn(bench, CUSTOMER);
    await bench.generation.finish(id);
    await minute();
    expect(row.Oldest_Unsettled_Event_At__c).toBe(iso(bench.clock.now));
    expect(row.Health__c).toBe('Healthy');
  });

  it('it tells nothing new although Redis vanished after the figures were read', async () => {
    await whole();
    await minute();
    const before = row.Oldest_Unsettled_Event_At__c;
    const measure: ReportWorld['coverage']['measure'] = async (reporter) => {
      const measured = await bench.coverage.measure(reporter);
      await server.redis.flushall();
      return measured;
    };
    await bench.notes.received(bench.clock.now);
    await minute({ coverage: { ...bench.coverage, measure } });
    expect(row.Oldest_Unsettled_Event_At__c).toBe(before);
  });
});
