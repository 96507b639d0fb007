import { keyOf } from '@payments/core/batch';
import { CLOSED } from '@payments/core/circuit';
import type { SalesforceRecord, SObjectName } from '@payments/core/record';
import { redisBatches } from '../src/adapters/batches.ts';
import { redisBudget } from '../src/adapters/budget.ts';
import { redisBuffer } from '../src/adapters/buffer.ts';
import type { Circuit } from '../src/adapters/circuit.ts';
import { claims } from '../src/adapters/claims.ts';
import { coverage } from '../src/adapters/coverage.ts';
import { freshnessStore } from '../src/adapters/freshness-store.ts';
import { generationStore } from '../src/adapters/generation.ts';
import { orphans } from '../src/adapters/orphans.ts';
import type { Redis } from '../src/adapters/redis.ts';
import { sentHashes } from '../src/adapters/sent-hashes.ts';
import { statusNotes } from '../src/adapters/status-notes.ts';
import type { StripeReader } from '../src/adapters/stripe.ts';
import { tieList } from '../src/adapters/tie-list.ts';
import { awaitJob } from '../src/bulk/await.ts';
import { read } from '../src/bulk/read.ts';
import { incomingFrom } from '../src/bulk/row.ts';
import { type SettleLine, settle } from '../src/bulk/settle.ts';
import { type TakeLine, take } from '../src/bulk/take.ts';
import { write } from '../src/bulk/write.ts';
import { counting } from './counted.ts';
import { type FakeOrg, fakeOrg } from './fake-org.ts';

/** The five steps of a flush around a Redis, a fake org and a clock that a test moves. */

export const CUSTOMER = 'Stripe_Customer__c';
export const PAYMENT = 'Payment_Transaction__c';
/** Stripe's time of whatever a test buffers, unless it says otherwise. */
export const SECOND = 1_790_000_000;

export type FlushBench = ReturnType<typeof flushBench>;

export function flushBench(redis: Redis) {
  const clock = { now: SECOND * 1_000 + 60_000 };
  const nowMs = () => clock.now;
  const org: FakeOrg = fakeOrg();
  const lines: SettleLine[] = [];
  const letters: string[] = [];
  const told: TakeLine[] = [];
  const budget = redisBudget(
    redis,
    { perMinute: 1e6, perHour: 1e6, perDay: 1e6, realtimeReserve: 0.2, lowValueReserve: 0.05 },
    nowMs,
  );
  const stripe: StripeReader = async () => ({ body: null, at: SECOND });
  const circuit: Pick<Circuit, 'look'> = { look: async () => ({ ...CLOSED, retryAfterMs: 0 }) };
  const { count, counted, sum, valuesOf } = counting();
  return {
    clock,
    org,
    lines,
    /** What lies in the queue BulkParked. */
    letters,
    parked: {
      send: async (bodies: readonly string[]) => {
        letters.push(...bodies);
      },
    },
    ...{ count, counted, sum, valuesOf },
    batches: redisBatches(redis, nowMs),
    buffer: redisBuffer(redis, nowMs),
    budget,
    circuit,
    claims: claims(redis),
    freshness: freshnessStore(redis),
    generation: generationStore(redis, nowMs),
    lost: () => {},
    tell: (line: TakeLine) => {
      told.push(line);
    },
    told,
    notes: statusNotes(redis, nowMs, 50_000),
    coverage: coverage(redis, nowMs),
    salesforce: org.salesforce,
    sent: sentHashes(redis),
    stripe,
    nameRows: async (records: readonly SalesforceRecord[]) => records,
    orphans: orphans(redis, nowMs),
    ties: tieList(redis),
    bulkAbove: 2_000,
    version: '66.0',
    nowMs,
    log: (line: SettleLine) => {
      lines.push(line);
    },
  };
}

type Said = {
  readonly id?: string;
  readonly event?: string;
  readonly at?: number;
  readonly name?: string;
  readonly fetched?: boolean;
  readonly rowId?: string;
};

export function customer({ id = 'cus_1', at = SECOND, name = 'Ada', fetched = false, rowId }: Said): SalesforceRecord {
  return {
    ...{ object: CUSTOMER, externalIdField: 'Stripe_Customer_ID__c', externalId: id, rowId: rowId ?? null },
    ...{ fields: { Customer_Name__c: name }, parents: [] },
    owners: { customer: { version: at * 100 + 50, fetched } },
  };
}

export function payment(id: string, parent: string, at = SECOND): SalesforceRecord {
  const parents = [
    { field: CUSTOMER, object: CUSTOMER, externalIdField: 'Stripe_Customer_ID__c', externalId: parent } as const,
  ];
  return {
    ...{ object: PAYMENT, externalIdField: 'Stripe_Payment_Intent_ID__c', externalId: id, rowId: null },
    ...{ fields: { Status__c: 'succeeded', Amount__c: '10.99' }, parents },
    owners: { payment_intent: { version: at * 100 + 90, fetched: false } },
  };
}

export async function bufferedIn(
  bench: Pick<FlushBench, 'buffer' | 'clock'>,
  records: readonly (readonly [event: string, record: SalesforceRecord])[],
): Promise<void> {
  for (const [object, some] of Map.groupBy(records, ([, record]) => record.object)) {
    const said = { atSecond: SECOND, receivedAt: bench.clock.now, fetched: false };
    const rows = some.map(([eventId, record]) => ({
      key: keyOf(record),
      incoming: incomingFrom(record, { ...said, eventId, correlationId: `c-${eventId}` }),
    }));
    await bench.buffer.put(object, rows);
  }
}

/** What the machine does: one pass, or as many as are due. Gives the number of batches. */
export async function flushIn(
  bench: FlushBench,
  object: SObjectName,
  execution = 'arn:flush:1',
  passes = 5,
): Promise<number> {
  for (let pass = 1; pass <= passes; pass += 1) {
    const taken = await take({ object, execution }, bench);
    if (taken.outcome === 'nothing') return pass - 1;
    let state = await write(taken, bench);
    for (let polls = 0; !state.done; polls += 1) {
      if (polls > 50) throw new Error('the job never ended');
      bench.clock.now += state.waitSeconds * 1_000;
      state = await awaitJob(state, bench);
    }
    const { more } = await settle(await read(state, bench), bench);
    if (!more) return pass;
  }
  return passes;
}
