import { keyOf, mergeRecords } from '@payments/core/batch';
import { guard } from '@payments/core/freshness';
import type { Owner, OwnerVersion, SalesforceRecord } from '@payments/core/record';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import cases from '../../../core/src/freshness.cases.json' with { type: 'json' };
import { emptyRedis, type TestRedis } from '../../test/redis-server.ts';
import { type BufferedRow, incomingFrom, recordFrom } from '../bulk/row.ts';
import { type Batches, type Held, LAG_MS, redisBatches } from './batches.ts';
import { type Buffer, redisBuffer } from './buffer.ts';
import { bufferState } from './buffer-state.ts';

let server: TestRedis;
const clock = { now: 0 };
let buffer: Buffer;
let batches: Batches;
beforeAll(async () => {
  server = await emptyRedis();
  buffer = redisBuffer(server.redis, () => clock.now);
  batches = redisBatches(server.redis, () => clock.now);
});
afterAll(() => server.stop());
beforeEach(async () => {
  clock.now = Date.UTC(2026, 10, 25);
  await server.redis.flushall();
});

const PAYMENT = 'Payment_Transaction__c';
const SECOND = 1_700_000_000;

type State = {
  readonly eventId: string;
  readonly second: number;
  readonly externalId?: string;
  readonly rowId?: string;
  readonly owners: Readonly<Partial<Record<Owner, OwnerVersion>>>;
  readonly fields: SalesforceRecord['fields'];
  readonly parents?: SalesforceRecord['parents'];
  readonly settle?: boolean;
  readonly receivedAt?: number;
};

function recordOf({ externalId = 'pi_1', rowId, owners, fields, parents = [] }: State): SalesforceRecord {
  const externalIdField = 'Stripe_Payment_Intent_ID__c';
  return { object: PAYMENT, externalIdField, externalId, rowId: rowId ?? null, owners, fields, parents };
}

async function put(...states: readonly State[]) {
  const rows = states.map((state) => ({
    key: keyOf(recordOf(state)),
    incoming: incomingFrom(recordOf(state), {
      eventId: state.eventId,
      atSecond: state.second,
      receivedAt: state.receivedAt ?? clock.now,
      fetched: Object.values(state.owners).some(({ fetched }) => fetched),
      correlationId: `c-${state.eventId}`,
      settle: state.settle === true,
    }),
  }));
  return buffer.put(PAYMENT, rows);
}

function intent(eventId: string, version: number, fields: State['fields'], fetched = false): State {
  return { eventId, second: Math.floor(version / 100), owners: { payment_intent: { version, fetched } }, fields };
}

async function take(holder = 'one', most = 100): Promise<Held> {
  const taken = await batches.take(PAYMENT, { batchId: `b-${holder}`, holder, most });
  if (taken.kind !== 'taken') throw new Error(taken.kind);
  return taken;
}

async function waiting(): Promise<readonly SalesforceRecord[]> {
  const stored = await server.redis.hvals(`buffer:{${PAYMENT}}:rows`);
  return stored.map((text) => recordFrom(PAYMENT, rowOf(text)));
}

function rowOf(text: string): BufferedRow {
  return JSON.parse(text);
}

describe('newest wins, as in freshness.ts', () => {
  it.each(cases)('$name', async ({ stored, incoming, changes }) => {
    if (stored !== null) await put(intent('evt_stored', stored, { Status__c: 'processing' }));
    const fields = { Status__c: changes ? 'succeeded' : 'processing' };
    await put(intent(changes ? 'evt_incoming' : 'evt_stored', incoming, fields));
    const [row] = await waiting();
    const verdict = guard(stored, { version: incoming, changes });
    expect(row?.fields.Status__c).toBe(verdict === 'apply' ? fields.Status__c : 'processing');
    if (stored !== null && verdict !== 'apply') expect(row?.owners.payment_intent?.version).toBe(stored);
  });

  const version = fc.record({
    second: fc.integer({ min: SECOND, max: SECOND + 6 }),
    rank: fc.constantFrom(10, 50, 90),
  });
  const states = fc
    .uniqueArray(
      fc.record({
        version,
        owner: fc.constantFrom<Owner>('payment_intent', 'charge', 'dispute'),
        value: fc.string({ unit: 'binary' }),
        fetched: fc.boolean(),
      }),
      // Equal versions of two events are ties: they are asked of Stripe, not merged.
      { selector: ({ version: { second, rank }, owner }) => `${owner} ${second} ${rank}`, minLength: 1, maxLength: 12 },
    )
    .map((list) =>
      list.map(({ version: { second, rank }, owner, value, fetched }, index): State => {
        const columns = {
          payment_intent: 'Failure_Code__c',
          charge: 'Payment_Method_Type__c',
          dispute: 'Dispute_Reason__c',
        };
        const column = Object.entries(columns).find(([name]) => name === owner)?.[1] ?? '';
        const owners = { [owner]: { version: second * 100 + rank, fetched } };
        return { eventId: `evt_${index}`, second, owners, fields: { [column]: value } };
      }),
    );

  it('gives what a fold in the order of versions gives, however events are shuffled and repeated', async () => {
    await fc.assert(
      fc.asyncProperty(
        states.chain((list) =>
          fc.tuple(fc.constant(list), fc.shuffledSubarray([...list, ...list], { minLength: list.length * 2 })),
        ),
        async ([list, delivered]) => {
          await server.redis.flushall();
          for (let at = 0; at < delivered.length; at += 10) await put(...delivered.slice(at, at + 10));
          const [row] = await waiting();
          const folded = list.map(recordOf).reduce(mergeRecords);
          expect(row?.fields).toEqual(folded.fields);
          expect(row?.owners).toEqual(folded.owners);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('keeps a column that only the older state mentions, whichever came first', async () => {
    const older = intent('evt_1', SECOND * 100 + 50, { Failure_Code__c: 'a', Failure_Message__c: 'old' });
    const newer = intent('evt_2', (SECOND + 1) * 100 + 50, { Failure_Code__c: null });
    for (const order of [
      [older, newer],
      [newer, older],
    ]) {
      await server.redis.flushall();
      await put(...order);
      expect((await waiting())[0]?.fields).toEqual({ Failure_Code__c: null, Failure_Message__c: 'old' });
    }
  });

  it('forgets what a stub guessed as soon as its owner speaks', async () => {
    await put(
      intent('evt_stub', 0, { Failure_Code__c: 'guess' }),
      intent('evt_1', SECOND * 100 + 50, { Status__c: 'succeeded' }),
    );
    expect((await waiting())[0]?.fields).toEqual({ Status__c: 'succeeded' });
  });

  it('lets a lookup be set, and cleared by a newer state', async () => {
    const parent = {
      field: 'Stripe_Customer__c',
      object: 'Stripe_Customer__c',
      externalIdField: 'Stripe_Customer_ID__c',
      externalId: 'cus_1',
    } as const;
    await put({ ...intent('evt_1', SECOND * 100 + 50, {}), parents: [parent] });
    expect((await waiting())[0]?.parents).toEqual([parent]);
    await put(intent('evt_2', (SECOND + 1) * 100 + 50, { Stripe_Customer__c: null }));
    expect((await waiting())[0]).toMatchObject({ parents: [], fields: { Stripe_Customer__c: null } });
  });
});

describe('ties', () => {
  const version = SECOND * 100 + 50;

  it('are reported and leave the stored state alone, until a state that was read in a later second settles them', async () => {
    await put(intent('evt_1', version, { Status__c: 'processing' }));
    expect((await put(intent('evt_2', version, { Status__c: 'canceled' }))).outcomes).toEqual(['tie']);
    expect((await waiting())[0]?.fields.Status__c).toBe('processing');
    const read = (at: number) => put(intent('evt_2', at, { Status__c: 'succeeded' }, true));
    expect((await read(version)).outcomes).toEqual(['tie']);
    expect((await read(version + 100)).outcomes).toEqual(['stored']);
    expect((await waiting())[0]?.fields.Status__c).toBe('succeeded');
  });

  it('are two readings of one second as well, which two workers may bring in the wrong order', async () => {
    await put(intent('evt_1', version, { Status__c: 'succeeded' }, true));
    expect((await put(intent('evt_1', version, { Status__c: 'processing' }, true))).outcomes).toEqual(['tie']);
    expect((await put(intent('evt_2', version, { Status__c: 'processing' }, true))).outcomes).toEqual(['tie']);
    expect((await waiting())[0]?.fields.Status__c).toBe('succeeded');
  });

  it('are none between an event and what was read for its sake: the reading is the later', async () => {
    const [heard, read] = [
      intent('evt_1', version, { Status__c: 'processing' }),
      intent('evt_1', version, { Status__c: 'succeeded' }, true),
    ];
    for (const order of [
      [heard, read],
      [read, heard],
    ]) {
      await server.redis.flushall();
      for (const state of order) await put(state);
      expect((await waiting())[0]?.fields.Status__c).toBe('succeeded');
    }
  });

  it('are reported too when the other state is being sent at this moment', async () => {
    await put(intent('evt_1', version, { Status__c: 'processing' }));
    await take();
    expect((await put(intent('evt_2', version, { Status__c: 'canceled' }))).outcomes).toEqual(['tie']);
  });

  it('with a state that is being sent leave a row that the next flush can read, though Stripe never answers', async () => {
    await put(intent('evt_1', version, { Status__c: 'processing' }));
    const sent = await take();
    await put(intent('evt_2', version, { Status__c: 'canceled' }));
    await batches.finish(sent);
    const rows = await batches.rows(await take());
    expect([...rows.values()].map(({ events }) => events)).toEqual([['evt_2']]);
  });

  it('are none when both say the same, as invoice.paid and invoice.payment_succeeded do', async () => {
    await put(intent('evt_1', version, { Status__c: 'processing', Currency__c: 'USD' }));
    const twin = intent('evt_2', version, { Status__c: 'processing' });
    expect((await put(twin)).outcomes).toEqual(['stored']);
    expect((await waiting())[0]?.fields).toEqual({ Status__c: 'processing', Currency__c: 'USD' });
    await take();
    expect((await put(twin)).outcomes).toEqual(['stored']);
  });

  it('are ties when one of them says more than the other', async () => {
    await put(intent('evt_1', version, { Status__c: 'processing' }));
    const more = intent('evt_2', version, { Status__c: 'processing', Amount__c: '5' });
    expect((await put(more)).outcomes).toEqual(['tie']);
  });

  it('that nobody can break end with the greater event id, whichever came first', async () => {
    const a = { ...intent('evt_a', version, { Status__c: 'processing' }), settle: true };
    const b = { ...intent('evt_b', version, { Status__c: 'canceled' }), settle: true };
    await put(a, b);
    expect((await waiting())[0]?.fields.Status__c).toBe('canceled');
    await server.redis.flushall();
    await put(b, a);
    expect((await waiting())[0]?.fields.Status__c).toBe('canceled');
  });

  it('between stubs are none', async () => {
    expect((await put(intent('evt_1', 0, {}), intent('evt_2', 0, {}))).outcomes).toEqual(['stored', 'stale']);
  });
});

describe('put', () => {
  it('answers for each record of a call and says how many rows wait', async () => {
    const other = { ...intent('evt_3', SECOND * 100 + 50, {}), externalId: 'pi_2' };
    const result = await put(
      intent('evt_1', (SECOND + 1) * 100 + 50, { Status__c: 'succeeded' }),
      intent('evt_2', SECOND * 100 + 50, { Status__c: 'processing' }),
      other,
    );
    expect(result).toEqual({ outcomes: ['stored', 'stale', 'stored'], waiting: 2 });
  });

  it('carries any text unharmed', async () => {
    const hostile = ['\ud800', '"\\\u0000', '#N/A', '𝒳\u2028', '{"v":1}', '@{x.id}', '1e999'];
    for (const value of hostile) {
      await server.redis.flushall();
      expect((await put(intent('evt_1', SECOND * 100 + 50, { Failure_Code__c: value }))).outcomes).toEqual(['stored']);
      expect((await waiting())[0]?.fields.Failure_Code__c).toBe(value);
    }
  });

  it('remembers each event of a row once, and when the row first came', async () => {
    await put(intent('evt_1', SECOND * 100 + 50, {}));
    clock.now += 5_000;
    await put(intent('evt_1', SECOND * 100 + 50, {}), intent('evt_2', (SECOND + 9) * 100 + 50, {}));
    const row = rowOf((await server.redis.hget(`buffer:{${PAYMENT}}:rows`, 'pi_1')) ?? '');
    expect(row).toMatchObject({
      events: ['evt_1', 'evt_2'],
      firstBufferedAt: clock.now - 5_000,
      oldestAt: SECOND * 1_000,
      newestAt: (SECOND + 9) * 1_000,
      eventId: 'evt_2',
      correlationId: 'c-evt_2',
    });
  });
});

describe('the state of the buffer', () => {
  it('counts what waits and what is taken, and knows since when', async () => {
    const state = bufferState(server.redis);
    expect(await state(PAYMENT)).toEqual({ rows: 0, since: null });
    await put({ ...intent('evt_1', SECOND * 100 + 50, {}), externalId: 'pi_1' });
    const first = clock.now;
    clock.now += 5_000;
    await put({ ...intent('evt_2', SECOND * 100 + 50, {}), externalId: 'pi_2' });
    expect(await state(PAYMENT)).toEqual({ rows: 2, since: first });
    const held = await take('one', 1);
    expect(await state(PAYMENT)).toEqual({ rows: 2, since: clock.now });
    clock.now += 1_000;
    await batches.finish(held);
    expect(await state(PAYMENT)).toEqual({ rows: 1, since: clock.now - 1_000 });
  });
});

describe('take', () => {
  it('moves the oldest due rows, as many as asked for, and leaves the rest', async () => {
    for (const [index, externalId] of ['pi_1', 'pi_2', 'pi_3'].entries()) {
      clock.now += 1;
      await put({ ...intent(`evt_${index}`, SECOND * 100 + 50, {}), externalId });
    }
    const held = await take('one', 2);
    expect([...(await batches.rows(held)).keys()].sort()).toEqual(['pi_1', 'pi_2']);
    expect(await buffer.waiting(PAYMENT)).toBe(1);
  });

  it('has nothing for an empty buffer, and lets go of the lease', async () => {
    expect(await batches.take(PAYMENT, { batchId: 'b', holder: 'one', most: 10 })).toEqual({ kind: 'empty' });
    expect(await batches.take(PAYMENT, { batchId: 'b', holder: 'two', most: 10 })).toEqual({ kind: 'empty' });
  });

  it('keeps a second flush of the object out while the first one lives', async () => {
    await put(intent('evt_1', SECOND * 100 + 50, {}));
    await take('one');
    expect(await batches.take(PAYMENT, { batchId: 'b', holder: 'two', most: 10 })).toEqual({ kind: 'busy' });
  });

  it('gives a batch that a crash left to the next flush, and fences the one that was thought dead', async () => {
    await put(intent('evt_1', SECOND * 100 + 50, {}));
    const dead = await take('one');
    await put({ ...intent('evt_2', SECOND * 100 + 50, {}), externalId: 'pi_2' });
    clock.now += 5 * 60_000 + 1;
    const heir = await take('two');
    expect(heir.batchId).toBe(dead.batchId);
    expect([...(await batches.rows(heir)).keys()]).toEqual(['pi_1']);
    await expect(batches.record(dead, new Map([['pi_1', { kind: 'unchanged', stored: {} }]]))).rejects.toMatchObject({
      code: 'FENCED',
    });
    await expect(batches.finish(dead)).rejects.toMatchObject({ code: 'FENCED' });
    await batches.record(heir, new Map([['pi_1', { kind: 'unchanged', stored: {} }]]));
    expect(await batches.outcomes(dead)).toEqual(new Map([['pi_1', { kind: 'unchanged', stored: {} }]]));
  });

  it('gives a batch that its holder let go to the next flush at once, and fences the one that let go', async () => {
    await put(intent('evt_1', SECOND * 100 + 50, {}));
    const first = await take('one');
    expect(await batches.release(PAYMENT, 'two')).toBe(false);
    expect(await batches.take(PAYMENT, { batchId: 'b', holder: 'two', most: 10 })).toEqual({ kind: 'busy' });
    expect(await batches.release(PAYMENT, 'one')).toBe(true);
    expect((await take('two')).batchId).toBe(first.batchId);
    await expect(batches.finish(first)).rejects.toMatchObject({ code: 'FENCED' });
  });

  it('fences a flush from before a loss of Redis: tokens do not begin anew', async () => {
    await put(intent('evt_1', SECOND * 100 + 50, {}));
    const before = await take('one');
    await server.redis.flushall();
    await put(intent('evt_1', SECOND * 100 + 50, {}));
    await take('two');
    await expect(batches.finish(before)).rejects.toMatchObject({ code: 'FENCED' });
  });

  it('gives the same holder its own batch again', async () => {
    await put(intent('evt_1', SECOND * 100 + 50, {}));
    expect(await take('one')).toEqual(await take('one'));
  });

  it('survives two takes at once: every row is in one batch only', async () => {
    await put(intent('evt_1', SECOND * 100 + 50, {}));
    const by = (holder: string) => batches.take(PAYMENT, { batchId: holder, holder, most: 10 });
    const kinds = (await Promise.all([by('one'), by('two'), by('three')])).map(({ kind }) => kind);
    expect(kinds.sort()).toEqual(['busy', 'busy', 'taken']);
  });
});

describe('our own row', () => {
  const ours = 'a0B000000000001AAA';
  const plain = intent('evt_1', SECOND * 100 + 50, { Status__c: 'processing' });
  const naming = { ...intent('evt_2', (SECOND + 1) * 100 + 50, { Status__c: 'succeeded' }), rowId: ours };

  it.each([
    ['first', [naming, plain]],
    ['last', [plain, naming]],
    [
      'in an older state',
      [
        { ...plain, second: SECOND + 9 },
        { ...intent('evt_0', 0, {}), rowId: ours },
      ],
    ],
  ])('is known when the state that names it comes %s', async (_, states) => {
    for (const state of states) await put(state);
    expect((await waiting())[0]?.rowId).toBe(ours);
  });

  it('is known when the state that names it came in while another was being sent', async () => {
    await put(plain);
    const held = await take();
    await put(naming);
    await batches.giveBack(held, [{ key: 'pi_1', attempts: 1, notBefore: clock.now, apart: false, lags: false }]);
    expect((await waiting())[0]?.rowId).toBe(ours);
  });
});

describe('whether a row names ours', () => {
  it('is told of rows that wait and of rows that are being sent, however many are asked about', async () => {
    const state = (externalId: string, rowId?: string) => ({
      ...intent('evt_1', SECOND * 100 + 50, {}),
      ...{ externalId, ...(rowId === undefined ? {} : { rowId }) },
    });
    await put(state('pi_sent', 'a0B000000000001AAA'), state('pi_other'));
    await take();
    await put(state('pi_waits', 'a0B000000000002AAA'), state('pi_plain'));
    const others = Array.from({ length: 1_200 }, (_, n) => `pi_${n}`);
    const asked = ['pi_sent', 'pi_other', ...others, 'pi_waits', 'pi_plain'];
    expect(await buffer.named(PAYMENT, asked)).toEqual(new Set(['pi_sent', 'pi_waits']));
    expect(await buffer.named(PAYMENT, [])).toEqual(new Set());
  });
});

describe('giveBack', () => {
  it('makes a row wait until its time although a newer state comes in', async () => {
    await put(intent('evt_1', SECOND * 100 + 50, { Status__c: 'processing' }));
    const held = await take();
    await batches.giveBack(held, [
      { key: 'pi_1', attempts: 1, notBefore: clock.now + 2_000, apart: false, lags: false },
    ]);
    await batches.finish(held);
    await put(intent('evt_2', (SECOND + 1) * 100 + 50, { Status__c: 'succeeded' }));
    expect((await batches.take(PAYMENT, { batchId: 'b2', holder: 'two', most: 10 })).kind).toBe('empty');
  });

  it('makes a row wait until its time, with its attempts', async () => {
    await put(intent('evt_1', SECOND * 100 + 50, { Status__c: 'processing' }));
    const held = await take();
    await batches.giveBack(held, [
      { key: 'pi_1', attempts: 1, notBefore: clock.now + 2_000, apart: false, lags: false },
    ]);
    expect(await batches.finish(held)).toBe(0);
    expect((await batches.take(PAYMENT, { batchId: 'b2', holder: 'two', most: 10 })).kind).toBe('empty');
    clock.now += 2_000;
    const again = await take('two');
    expect((await batches.rows(again)).get('pi_1')).toMatchObject({ attempts: 1, apart: 0 });
  });

  it('never overwrites a newer state that came in meanwhile, and adds what that does not mention', async () => {
    await put(intent('evt_1', SECOND * 100 + 50, { Status__c: 'processing', Failure_Code__c: 'kept' }));
    const held = await take();
    await put(intent('evt_2', (SECOND + 1) * 100 + 50, { Status__c: 'succeeded' }));
    const back = [{ key: 'pi_1', attempts: 1, notBefore: clock.now, apart: true, lags: false }];
    await batches.giveBack(held, back);
    await batches.giveBack(held, back);
    expect((await waiting())[0]).toMatchObject({
      fields: { Status__c: 'succeeded', Failure_Code__c: 'kept' },
      owners: { payment_intent: { version: (SECOND + 1) * 100 + 50 } },
    });
    expect(await batches.finish(held)).toBe(1);
    const row = (await batches.rows(await take('one'))).get('pi_1');
    expect(row).toMatchObject({ events: ['evt_1', 'evt_2'], attempts: 1, apart: 1 });
  });
});

describe('a row that only lags', () => {
  const lags = { key: 'pi_1', attempts: 0, notBefore: 0, apart: false, lags: true };
  const empty = () => batches.take(PAYMENT, { batchId: 'b2', holder: 'two', most: 10 });

  async function lagging(): Promise<void> {
    await put(intent('evt_1', SECOND * 100 + 50, { Status__c: 'processing' }));
    const held = await take();
    // Settle may run twice.
    await batches.giveBack(held, [lags]);
    await batches.giveBack(held, [lags]);
    expect(await batches.finish(held)).toBe(0);
  }

  it('waits ten minutes from the receipt of its event and is no row that waits for the flush', async () => {
    await lagging();
    expect(await buffer.waiting(PAYMENT)).toBe(0);
    clock.now += LAG_MS - 1;
    expect((await empty()).kind).toBe('empty');
    clock.now += 1;
    const held = await take('three');
    expect((await batches.rows(held)).get('pi_1')).toMatchObject({ events: ['evt_1'], attempts: 0 });
    await batches.finish(held);
    clock.now += LAG_MS;
    expect((await empty()).kind).toBe('empty');
  });

  it('is due at once when something newer is said of it, and holds both', async () => {
    await lagging();
    const { waiting: rows } = await put(intent('evt_2', (SECOND + 1) * 100 + 50, { Status__c: 'canceled' }));
    expect(rows).toBe(1);
    expect((await batches.rows(await take('three'))).get('pi_1')).toMatchObject({ events: ['evt_1', 'evt_2'] });
  });

  it('keeps its newer state when an older one comes late', async () => {
    await lagging();
    const late = await put(intent('evt_0', (SECOND - 5) * 100 + 50, { Status__c: 'requires_action' }));
    expect(late).toEqual({ outcomes: ['stale'], waiting: 0 });
    expect((await waiting())[0]).toMatchObject({ fields: { Status__c: 'processing' } });
  });

  it('does not wait when something newer came while it was in flight', async () => {
    await put(intent('evt_1', SECOND * 100 + 50, { Status__c: 'processing' }));
    const held = await take();
    await put(intent('evt_2', (SECOND + 1) * 100 + 50, { Status__c: 'canceled' }));
    await batches.giveBack(held, [lags]);
    await batches.giveBack(held, [lags]);
    expect(await batches.finish(held)).toBe(1);
    expect((await batches.rows(await take('one'))).get('pi_1')).toMatchObject({ events: ['evt_1', 'evt_2'] });
  });
});

describe('finish', () => {
  it('ends the batch and says how many rows are due', async () => {
    await put(intent('evt_1', SECOND * 100 + 50, {}));
    const held = await take();
    await batches.note(held, { setbacks: 2, transport: 'bulk', jobId: '750x', jobStartedAt: 5 });
    await batches.countCall(held);
    expect(await batches.meta(held)).toEqual({
      setbacks: 2,
      parkedSent: false,
      startedAt: clock.now,
      transport: 'bulk',
      jobId: '750x',
      jobStartedAt: 5,
      calls: 1,
    });
    await put({ ...intent('evt_2', SECOND * 100 + 50, {}), externalId: 'pi_2' });
    expect(await batches.finish(held)).toBe(1);
    expect(await batches.meta(held)).toBeNull();
    expect(await batches.rows(held)).toEqual(new Map());
  });
});
