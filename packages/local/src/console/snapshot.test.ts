import * as contract from '@payments/console/contract';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { createHistory } from './history.ts';
import type { RoadLook } from './road-look.ts';
import { snapshotOf } from './snapshot.ts';

const NOW = 10_000_000;
const NOBODY = { count: 0, since: null };
const REDIS: NonNullable<RoadLook['redis']> = {
  buffer: NOBODY,
  circuit: { state: 'closed', bad: 0, why: '' },
  usage: {
    windows: [{ window: 'minute', windowMs: 60_000, used: 30, limit: 600 }],
    ...{ orgUsed: null, orgMax: null },
  },
};
const WELL: RoadLook = {
  ...{ at: NOW, undelivered: 0, ingress: 0, bus: 0 },
  ...{ realtime: NOBODY, flush: NOBODY, queue: NOBODY, unrouted: NOBODY, deadLetters: NOBODY },
  redis: REDIS,
  totals: {
    ...{ received: 9, published: 7, duplicates: 1, staleRefused: 0 },
    ...{ rowsWritten: 6, failures: 0, deadLetters: 0, salesforceCalls: 5 },
  },
  lag: { since: 'stripe', realtime: { p50: 10, p95: 20, p99: 30, count: 4 }, bulk: null },
  told: { health: 'Healthy', reason: '' },
};

function of(change: Partial<RoadLook>): contract.Snapshot {
  const look = { ...WELL, ...change };
  const ledger = { passed: () => 3 };
  const parts = { look, startedAt: 1, ledger, history: createHistory(), troubles: [], lives: [] };
  return v.parse(contract.Snapshot, snapshotOf(parts));
}
const place = (name: string, change: Partial<RoadLook>) => of(change).places.find((each) => each.name === name);

describe('the snapshot', () => {
  it('of a road where all is well is healthy, and tells of each place once', () => {
    const snapshot = of({});
    expect(snapshot).toMatchObject({ health: 'Healthy', healthReason: null, circuit: 'closed' });
    expect(snapshot.places.map(({ name }) => name)).toEqual([...contract.PLACES]);
    expect(snapshot.budget.windows).toEqual([{ name: 'minute', seconds: 60, used: 30, limit: 600 }]);
  });

  it.each<[string, Partial<RoadLook>, string, string]>([
    ['Redis is away', { redis: null }, 'Down', 'Redis does not answer'],
    [
      'the circuit is open',
      { redis: { ...REDIS, circuit: { state: 'open', bad: 5, why: 'HTTP_503' } } },
      'Down',
      'HTTP_503',
    ],
    [
      'Salesforce fails',
      { redis: { ...REDIS, circuit: { state: 'closed', bad: 2, why: 'HTTP_503' } } },
      'Degraded',
      'fails',
    ],
    [
      'calls run out',
      {
        redis: {
          ...REDIS,
          usage: { ...REDIS.usage, windows: [{ window: 'day', windowMs: 1_000, used: 9, limit: 10 }] },
        },
      },
      'Degraded',
      '90 %',
    ],
    ['rows are late', { redis: { ...REDIS, buffer: { count: 1, since: NOW - 400_000 } } }, 'Degraded', 'waited'],
    ['Redis was lost', { told: { health: 'Degraded', reason: 'Redis lost data at noon' } }, 'Degraded', 'Redis lost'],
  ])('says so when %s', (_, change, health, reason) => {
    expect(of(change)).toMatchObject({ health, healthReason: expect.stringContaining(reason) });
  });

  it('marks the places where something is wrong, with the reason', () => {
    const open = { redis: { ...REDIS, circuit: { state: 'open', bad: 5, why: 'x' } as const } };
    expect(place('salesforce', open)).toMatchObject({ state: 'trouble', reason: 'the circuit is open' });
    expect(place('dead letters', { deadLetters: { count: 2, since: NOW - 5 } })).toMatchObject({
      state: 'trouble',
      here: 2,
    });
    expect(place('buffer', { redis: null })).toMatchObject({ state: 'trouble' });
    expect(place('realtime', { realtime: { count: 1, since: NOW - 31_000 } })).toMatchObject({
      state: 'trouble',
      ageMs: 31_000,
    });
    expect(place('realtime', { realtime: { count: 1, since: NOW - 2_000 } })).toMatchObject({ state: 'busy' });
    // What no lane takes is no failure.
    expect(place('unrouted', { unrouted: { count: 9, since: 1 } })).toMatchObject({ state: 'fine', reason: null });
  });
});

describe('the last ten minutes', () => {
  it('are at most 300 points, a point every other second, oldest first', () => {
    const history = createHistory();
    for (let at = 0; at <= 3_600_000; at += 500) {
      history.note(at, { received: at / 100, written: at / 200, calls: at / 1_000 });
    }
    const [rates, calls] = [history.rates(), history.calls()];
    expect([rates.length, calls.length]).toEqual([300, 300]);
    expect(rates.at(-1)).toEqual([3_600_000, 10, 5]);
    expect(rates[0]?.[0]).toBe(3_600_000 - 299 * 2_000);
    expect(calls.at(-1)).toEqual([3_600_000, 3_600]);
  });

  it('say nothing of calls while nobody knows them', () => {
    const history = createHistory();
    history.note(0, { received: 0, written: 0, calls: null });
    history.note(2_000, { received: 10, written: 0, calls: null });
    expect([history.calls(), history.rates()]).toEqual([[], [[2_000, 5, 0]]]);
  });
});
