import { CLOSED } from '@payments/core/circuit';
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
import { redisCircuit } from '../adapters/circuit.ts';
import { guardedBudget, guardedSalesforce } from '../adapters/guarded.ts';
import { take } from './take.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await emptyRedis();
});
afterAll(() => server.stop());

const MINUTE = 60_000;
const SETTINGS = { failures: 5, openMs: 10_000, longestOpenMs: MINUTE, probeMs: 45_000 };

describe('while Salesforce is away', () => {
  let world: FlushBench;

  beforeEach(async () => {
    await server.redis.flushall();
    const bench = flushBench(server.redis);
    const { nowMs, count } = bench;
    const circuit = redisCircuit(server.redis, SETTINGS, { nowMs, count, log: () => {} });
    const salesforce = guardedSalesforce(bench.org.salesforce, { circuit, slowMs: 20_000, nowMs });
    world = { ...bench, circuit, salesforce, budget: guardedBudget(bench.budget, circuit) };
  });

  /** The machine's tries of a minute and what it waits between them. */
  async function minuteOfFlushes(): Promise<readonly string[]> {
    const errors: string[] = [];
    const end = world.clock.now + MINUTE;
    for (const wait of [2, 4, 8, 16, 30]) {
      const flushed = await flushIn(world, CUSTOMER).catch((error: unknown) => error);
      if (flushed instanceof Error) errors.push(flushed.name);
      world.clock.now += wait * 1_000;
    }
    world.clock.now = end;
    return errors;
  }

  it('rows wait in the buffer, use up no attempt and hardly a call, and are written once it is back', async () => {
    await bufferedIn(world, [
      ['evt_1', customer({})],
      ['evt_2', customer({ id: 'cus_2' })],
    ]);
    world.org.fault = () => failure(503, 'SERVER_UNAVAILABLE');
    for (let minute = 0; minute < 120; minute += 1) await minuteOfFlushes();
    // Five to open it, then a probe or two a minute.
    expect(world.org.requests.length).toBeLessThan(250);
    // A change that comes meanwhile joins the row, unless that is in the batch that is held.
    await bufferedIn(world, [['evt_3', customer({ id: 'cus_3' })]]);

    world.org.fault = () => null;
    for (let minute = 0; minute < 8; minute += 1) await minuteOfFlushes();
    expect(world.org.rows(CUSTOMER).map((row) => row.Stripe_Customer_ID__c)).toEqual(['cus_1', 'cus_2', 'cus_3']);
    expect(world.lines.filter(({ outcome }) => outcome === 'parked' || outcome === 'given back')).toEqual([]);
    expect(world.org.accounts().failures).toEqual([]);
  });

  it('nothing is taken, so that newer states still join the rows that wait', async () => {
    await bufferedIn(world, [['evt_1', customer({ name: 'old' })]]);
    world.circuit = { look: async () => ({ ...CLOSED, state: 'open', until: 5_000, retryAfterMs: 5_000 }) };
    expect(await take({ object: CUSTOMER, execution: 'x' }, world)).toEqual({
      outcome: 'nothing',
      object: CUSTOMER,
      why: 'circuit-open',
    });
    await bufferedIn(world, [['evt_2', customer({ name: 'new', at: SECOND + 1 })]]);
    expect(await world.buffer.waiting(CUSTOMER)).toBe(1);
    expect(world.org.requests).toEqual([]);
  });
});
