import type { RecoverySettings, ReplaySeen } from '@payments/core/recovery';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failure } from '../../test/fake-org.ts';
import { CUSTOMER, type FlushBench, flushBench, flushIn } from '../../test/flush-bench.ts';
import { emptyRedis, type TestRedis } from '../../test/redis-server.ts';
import { LATE_KEPT_MS } from '../adapters/coverage.ts';
import type { Redis } from '../adapters/redis.ts';
import type { Salesforce } from '../adapters/salesforce.ts';
import { aggregate } from '../bulk/aggregate.ts';
import { report } from '../bulk/report.ts';
import { recover } from './recover.ts';

/**
 * Customers change; Stripe, the queue and the archive take their time; the flush runs; Redis loses everything, or its last
 * minutes, whenever it likes. A day later the org has to say what Stripe says. Virtual time, a real Redis, the deployed
 * stories of Aggregate, the flush, Report and Recover.
 */
let server: TestRedis;
beforeAll(async () => {
  server = await emptyRedis();
});
afterAll(() => server.stop());

const MINUTE = 60_000;
const SETTINGS: RecoverySettings = {
  ...{ marginMs: 15 * MINUTE, archiveLagMs: 15 * MINUTE, retentionMs: 30 * 24 * 60 * MINUTE },
};

type Happening =
  /** `sentAfter`: minutes until Stripe delivers it; `queuedFor`: minutes that it then waits in SQS; `archivedAfter`: minutes. */
  | {
      readonly kind: 'change';
      readonly customer: number;
      readonly name: number;
      readonly sentAfter: number;
      readonly queuedFor: number;
      readonly archivedAfter: number;
    }
  | { readonly kind: 'minutes'; readonly count: number }
  | { readonly kind: 'snapshot' | 'flushall' | 'failover' }
  | { readonly kind: 'salesforce away'; readonly minutes: number };

type Event = { readonly id: string; readonly body: string; readonly receivedAt: number; readonly archivedAt: number };

/** Everything around one Redis, minute by minute. */
function worldOf(redis: Redis, bench: FlushBench) {
  const { clock } = bench;
  const truth = new Map<string, string>();
  const archive: Event[] = [];
  let sent: { readonly at: number; readonly make: (receivedAt: number) => Event; readonly queuedFor: number }[] = [];
  let queue: { readonly at: number; readonly event: Event }[] = [];
  const replays = new Map<string, ReplaySeen>();
  let row: string | null | undefined;
  let awayUntil = 0;
  let events = 0;
  let snapshot: [string, Buffer, number][] = [];
  const begin = clock.now;

  const status: Salesforce = async ({ method, body }) => {
    if (clock.now < awayUntil) throw failure(503, 'SERVER_UNAVAILABLE');
    if (method === 'GET' && row === undefined) throw failure(404, 'NOT_FOUND');
    if (method === 'GET') return { status: 200, body: { Oldest_Unsettled_Event_At__c: row ?? null } };
    const said = typeof body === 'object' ? Reflect.get(body, 'Oldest_Unsettled_Event_At__c') : null;
    row = typeof said === 'string' ? said : (row ?? null);
    return { status: 204, body: null };
  };

  function change({
    customer,
    name,
    sentAfter,
    queuedFor,
    archivedAfter,
  }: Extract<Happening, { kind: 'change' }>): void {
    events += 1;
    // Each change has a second of its own: what shares one is histories.test.ts's.
    clock.now += 1_000;
    const created = Math.floor(clock.now / 1_000);
    const id = `cus_${customer}`;
    truth.set(id, `name ${name}`);
    const object = { id, object: 'customer', name: `name ${name}`, email: null };
    const event = {
      ...{ id: `evt_${events}`, object: 'event', type: 'customer.updated', created, livemode: false },
      ...{ api_version: null, data: { object } },
    };
    const make = (receivedAt: number): Event => {
      const at = new Date(receivedAt).toISOString();
      const detail = { priority: 'low', lane: 'bulk', receivedAt: at, correlationId: 'c', event };
      const entry = { id: 'x', 'detail-type': event.type, source: 'stripe.webhook', time: at, detail };
      return { id: event.id, body: JSON.stringify(entry), receivedAt, archivedAt: receivedAt + archivedAfter * MINUTE };
    };
    sent.push({ at: clock.now + sentAfter * MINUTE, make, queuedFor });
  }

  async function deliver(): Promise<void> {
    const due = sent.filter(({ at }) => at <= clock.now);
    sent = sent.filter(({ at }) => at > clock.now);
    for (const { make, queuedFor } of due) {
      const event = make(clock.now);
      archive.push(event);
      queue.push({ at: clock.now + queuedFor * MINUTE, event });
    }
    const ready = queue.filter(({ at }) => at <= clock.now);
    if (ready.length === 0) return;
    queue = queue.filter(({ at }) => at > clock.now);
    const messages = ready.map(({ event }, index) => ({ messageId: String(index), body: event.body }));
    const world = {
      ...{
        nameRows: bench.nameRows,
        stripe: bench.stripe,
        freshness: bench.freshness,
        buffer: bench.buffer,
        claims: bench.claims,
        count: bench.count,
      },
      ...{ received: bench.notes.received, startFlush: async () => {}, flushAbove: 1_000, log: () => {} },
      poisoned: bench.parked,
    };
    const { failed } = await aggregate(messages, world, new AbortController().signal);
    // Hidden for seven minutes, as in stacks/bulk.ts.
    ready.forEach(({ event }, index) => {
      if (failed.includes(String(index))) queue.push({ at: clock.now + 7 * MINUTE, event });
    });
  }

  async function minute(): Promise<void> {
    await deliver();
    const away = clock.now < awayUntil;
    bench.org.fault = () => (away ? failure(503, 'SERVER_UNAVAILABLE') : null);
    const execution = `arn:flush:${clock.now}`;
    await flushIn(bench, CUSTOMER, execution).catch(() => {});
    await report({ execution }, { ...bench, salesforce: status, lost: () => {} }).catch(() => {});
    await recover({
      ...{ generation: bench.generation, coverage: bench.coverage, budget: bench.budget, salesforce: status },
      ...{ settings: SETTINGS, nowMs: bench.nowMs, count: bench.count, log: () => {} },
      replays: {
        archiveCreatedAt: async () => begin - 24 * 60 * MINUTE,
        latest: async (recovery, replay) => replays.get(`${recovery} ${replay}`) ?? null,
        start: async ({ recovery, replay, attempt, from, to }) => {
          const at = clock.now;
          replays.set(`${recovery} ${replay}`, { attempt, state: 'completed', startedAt: at, endedAt: at });
          for (const event of archive) {
            const inside = event.receivedAt >= from && event.receivedAt <= to && event.archivedAt <= at;
            if (inside) queue.push({ at, event });
          }
        },
      },
    });
    clock.now += MINUTE;
  }

  async function happen(happening: Happening): Promise<void> {
    if (happening.kind === 'change') return change(happening);
    if (happening.kind === 'salesforce away') awayUntil = clock.now + happening.minutes * MINUTE;
    if (happening.kind === 'minutes') for (let count = 0; count < happening.count; count += 1) await minute();
    if (happening.kind === 'snapshot') snapshot = await dumpOf(redis);
    if (happening.kind === 'flushall') await redis.flushall();
    if (happening.kind === 'failover' && snapshot.length > 0) {
      await redis.flushall();
      for (const [key, data, ttl] of snapshot) await redis.restore(key, ttl, data);
      await redis.hset('generation:{redis}', 'server', 'the old primary');
    }
  }

  /** Everything has been sent, every outage is over, and nothing waits any more: at the most some hours. */
  async function theEnd(): Promise<void> {
    for (let minutes = 0; minutes < 10 * 60; minutes += 1) {
      await minute();
      const { unsettledSince } = await bench.coverage.measure('the end');
      const { state } = await bench.generation.look();
      const idle = sent.length === 0 && queue.length === 0 && unsettledSince === null && state === 'whole';
      if (idle && clock.now > awayUntil + LATE_KEPT_MS) return;
    }
    throw new Error('it never came to an end');
  }

  return { truth, happen, theEnd };
}

async function dumpOf(redis: Redis): Promise<[string, Buffer, number][]> {
  const all: [string, Buffer, number][] = [];
  for (const key of (await redis.nodes('master')[0]?.keys('*')) ?? []) {
    const [data, ttl] = [await redis.dumpBuffer(key), await redis.pttl(key)];
    if (data !== null) all.push([key, data, Math.max(0, ttl)]);
  }
  return all;
}

/** Lets it all happen, and gives what the org says beside what Stripe says. `young`: nothing has ever run before. */
async function lived(happenings: readonly Happening[], young = false) {
  await server.redis.flushall();
  const bench = flushBench(server.redis);
  if (!young) {
    const { id } = await bench.generation.look();
    await bench.generation.learn(id, 'recovering', bench.clock.now);
    await bench.generation.finish(id);
  }
  const world = worldOf(server.redis, bench);
  for (const each of happenings) await world.happen(each);
  await world.theEnd();
  const org = new Map(bench.org.rows(CUSTOMER).map((row) => [row.Stripe_Customer_ID__c, row.Customer_Name__c]));
  return { org, stripe: world.truth };
}

type Change = Extract<Happening, { kind: 'change' }>;
const named = (name: number, over: Partial<Change> = {}): Happening => ({
  ...{ kind: 'change', customer: 1, name, sentAfter: 0, queuedFor: 0, archivedAfter: 0 },
  ...over,
});
const minutes = (count: number): Happening => ({ kind: 'minutes', count });
const away = (count: number): Happening => ({ kind: 'salesforce away', minutes: count });
const flushall: Happening = { kind: 'flushall' };
const snapshot: Happening = { kind: 'snapshot' };
const failover: Happening = { kind: 'failover' };

describe('a change that waited in Redis when Redis lost it', () => {
  it.each<[string, readonly Happening[]]>([
    ['comes again', [minutes(1), away(3), named(1), minutes(1), flushall]],
    [
      'comes again when its replica had not heard of it',
      [...[minutes(1), snapshot, away(3), named(1), minutes(1), failover]],
    ],
    [
      'comes again although the archive did not have it yet',
      [...[minutes(1), away(3), named(1, { archivedAfter: 10 }), minutes(1), flushall]],
    ],
    [
      'comes again although Salesforce, which knows from when on, was away for hours',
      [...[minutes(1), away(180), named(1), minutes(60), flushall, minutes(60)]],
    ],
    // The first replay lacks it. The second would bring it, but then everything is lost once more.
    [
      'comes again although Redis vanished once more during the recovery',
      [...[minutes(20), away(6), named(1, { archivedAfter: 10 }), minutes(5), flushall, minutes(14), flushall]],
    ],
    // While it waited in the queue the status had come to say that everything before was settled.
    [
      'comes again although it had waited in SQS for long',
      [...[minutes(1), named(1, { queuedFor: 40 }), minutes(39), away(20), minutes(2), flushall]],
    ],
  ])('%s', async (_what, happenings) => {
    const { org, stripe } = await lived(happenings);
    expect(org).toEqual(stripe);
  });
});

describe('a newer state that was not sent, because the org says the same already', () => {
  const skipped = [named(1), minutes(2), named(2, { sentAfter: 60 }), named(1)];

  it.each([0, 1, 5, 9, 10, 11, 30])(
    'beats an older one that comes late, %d minutes before a loss of Redis',
    async (count) => {
      const { org, stripe } = await lived([...skipped, minutes(1), minutes(count), flushall, minutes(90)]);
      expect(org).toEqual(stripe);
    },
  );
});

const rarely = (most: number) => fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: most }));
const change = fc.record({
  kind: fc.constant('change' as const),
  // Few names: a customer who is called as before is not sent again.
  ...{ customer: fc.integer({ min: 1, max: 2 }), name: fc.integer({ min: 1, max: 2 }) },
  ...{ sentAfter: rarely(90), queuedFor: rarely(60), archivedAfter: rarely(10) },
});
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 8, arbitrary: change },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('minutes' as const), count: fc.integer({ min: 1, max: 12 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('snapshot' as const, 'flushall' as const, 'failover' as const) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('salesforce away' as const), minutes: fc.integer({ min: 1, max: 40 }) }),
  },
);

describe('whatever Redis loses, and whenever', () => {
  it('the org says in the end what Stripe says', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(happening, { minLength: 1, maxLength: 30 }),
        fc.boolean(),
        async (happenings, young) => {
          const { org, stripe } = await lived(happenings, young);
          expect(org).toEqual(stripe);
        },
      ),
      { numRuns: 40 },
    );
  }, 120_000);
});
