import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { CLOSED } from '@payments/core/circuit';
import { StripeEventSchema } from '@payments/core/event';
import { type Fetched, needs, plan } from '@payments/core/plan';
import { columnsOf } from '@payments/core/record';
import { UPSERT_KEYS, writtenColumns } from '@payments/core/written-columns';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { type BatchAccount, tell } from './bulk/account.ts';
import { report } from './bulk/report.ts';
import type { BufferedRow } from './bulk/row.ts';
import { poisonedRow } from './operations/list-poisoned.ts';
import { partsOf } from './realtime/composite.ts';
import { park } from './realtime/park.ts';

/**
 * The other half of the promise that the integration user may do what it does and no more: the table that its permission
 * set is compared with names what the code writes, every column of it and nothing else.
 */
const FIXTURES = path.join(import.meta.dirname, '../../core/fixtures');
const NOW_MS = 1_790_000_004_000;
const WHOLE = { id: 'g', since: 0, cause: 'empty', state: 'whole', unsettledAt: null } as const;
const MARK = { writeId: 'evt_1', correlationId: 'c-1' };

const fixture = (file: string) =>
  v.parse(StripeEventSchema, JSON.parse(readFileSync(path.join(FIXTURES, file), 'utf8')));

type Written = Map<string, Set<string>>;

function note(written: Written, object: string, columns: Iterable<string>): void {
  const known = written.get(object) ?? new Set();
  for (const column of columns) known.add(column);
  written.set(object, known);
}

const TIERED = {
  ...{ id: 'price_gold', object: 'price', currency: 'eur', active: true, billing_scheme: 'tiered' },
  ...{ tiers_mode: 'graduated', recurring: { interval: 'month', interval_count: 1, usage_type: 'licensed' } },
  product: { id: 'prod_1', name: 'Gold', description: 'All of it', active: true },
  tiers: [{ up_to: null, unit_amount: 500, flat_amount: 100 }],
};

/** What Stripe says to whatever an event makes the code ask. */
function answered(source: Parameters<typeof needs>[0]): Fetched {
  const fetched = new Map<string, { readonly body: unknown; readonly at: number }>();
  for (let turn = 0; turn < 3; turn += 1) {
    for (const { key } of needs(source, fetched)) {
      const body = key.startsWith('price:') ? { ...TIERED, id: key.slice('price:'.length) } : null;
      fetched.set(key, { body, at: NOW_MS / 1000 });
    }
  }
  return fetched;
}

function writtenByEvents(): Written {
  const written: Written = new Map();
  for (const file of readdirSync(FIXTURES)) {
    const source = { event: fixture(file), fetchedAt: null };
    const { records, paymentFailed } = plan(source, answered(source));
    for (const record of records) {
      note(written, record.object, Object.keys(columnsOf(record, MARK)));
      note(
        written,
        record.object,
        record.parents.map(({ field }) => field),
      );
      note(written, record.object, [record.externalIdField]);
    }
    for (const { kind, part } of partsOf([], paymentFailed, MARK, '66.0')) {
      if (kind === 'event') note(written, 'Payment_Failed__e', Object.keys(part.body ?? {}));
    }
  }
  return written;
}

/** One batch with one row that is parked. */
async function writtenByBatches(written: Written): Promise<void> {
  const row: BufferedRow = {
    ...{ id: '{}', columns: {}, owners: {}, attempts: 4, apart: 0, lagged: 0 },
    ...{ events: ['evt_1'], eventId: 'evt_1', correlationId: 'c-1' },
    ...{ receivedAt: NOW_MS, oldestAt: NOW_MS, newestAt: NOW_MS, firstBufferedAt: NOW_MS, notBefore: 0 },
  };
  const outcome = { kind: 'failed', retry: false, code: 'STRING_TOO_LONG', category: 'Data', apart: false } as const;
  const account: BatchAccount = {
    ...{ object: 'Stripe_Customer__c', batchId: 'b_1', parked: [{ key: 'cus_1', row, outcome }] },
    ...{ rows: new Map([['cus_1', row]]), outcomes: new Map([['cus_1', outcome]]) },
    meta: {
      startedAt: NOW_MS,
      jobId: '750',
      transport: 'bulk',
      calls: 1,
      setbacks: 0,
      parkedSent: true,
      jobStartedAt: NOW_MS,
    },
  };
  await tell(account, {
    salesforce: async (request) => {
      for (const { url, body } of v.parse(Composite, request.body).compositeRequest) {
        const rows = v.is(Collection, body) ? body.records : [body];
        for (const { attributes: _type, ...columns } of rows) note(written, objectIn(url), Object.keys(columns));
      }
      return { status: 200, body: { compositeResponse: [] } };
    },
    version: '66.0',
    nowMs: NOW_MS,
  });
}

async function writtenByPark(written: Written): Promise<void> {
  const detail = { priority: 'high', lane: 'realtime', receivedAt: '2026-09-21T14:13:23.000Z', correlationId: 'c-1' };
  const event = { detail: { ...detail, event: fixture('customer.updated.basil.json') } };
  await park(
    { event, execution: 'arn:aws:states:eu-west-1:123456789012:execution:x:1', error: { Error: 'X', Cause: '' } },
    {
      claims: { release: async () => true },
      salesforce: async ({ path: url, body }) => {
        note(written, objectIn(url), Object.keys(v.parse(Columns, body)));
        return { status: 201, body: { created: true } };
      },
      acquire: async () => ({ granted: true, retryAfterMs: 0 }),
      nowMs: () => NOW_MS,
      count: () => {},
      log: () => {},
    },
  );
}

async function writtenByReport(written: Written): Promise<void> {
  const granted = { granted: true, retryAfterMs: 0 } as const;
  await report(
    { execution: 'x' },
    {
      coverage: {
        measure: async () => ({ unsettledSince: NOW_MS, waitingSince: NOW_MS }),
        confirmed: async () => {},
        known: async () => {},
      },
      generation: { look: async () => ({ ...WHOLE, noticed: false }) },
      notes: {
        turn: async () => ({ receivedAt: NOW_MS, lastBatch: 'batch_1', reportedAt: null, said: '' }),
        reported: async () => {},
      },
      budget: { acquire: async () => granted, usage: async () => ({ windows: [], orgUsed: 1, orgMax: 2 }) },
      circuit: { look: async () => ({ ...CLOSED, retryAfterMs: 0 }) },
      salesforce: async ({ path: url, body }) => {
        const columns = Object.keys(v.parse(Columns, body));
        note(
          written,
          objectIn(url),
          columns.map((column) => column.replace(/__r$/, '__c')),
        );
        return { status: 200, body: {} };
      },
      nowMs: () => NOW_MS,
      lost: () => {},
    },
  );
}

function writtenByPoison(written: Written): void {
  const detail = { priority: 'low', lane: 'bulk', receivedAt: '2026-09-21T14:13:23.000Z', correlationId: 'c-1' };
  const event = fixture('customer.updated.basil.json');
  const body = JSON.stringify({
    ...{ id: 'x', 'detail-type': event.type, source: 's', time: 't', detail: { ...detail, event } },
  });
  const row = poisonedRow({ body, handle: 'h', sentAt: NOW_MS, attributes: {} });
  note(written, 'Sync_Failure__c', Object.keys(row));
}

const Columns = v.record(v.string(), v.unknown());
const Composite = v.object({ compositeRequest: v.array(v.object({ url: v.string(), body: Columns })) });
const Collection = v.object({ records: v.array(Columns) });
const objectIn = (url: string): string => /sobjects\/(\w+)/.exec(url)?.[1] ?? '';

test('the table of written columns is what the code writes: nothing is missing, nothing is too much', async () => {
  const written = writtenByEvents();
  await writtenByBatches(written);
  await writtenByPark(written);
  await writtenByReport(written);
  writtenByPoison(written);
  // The key of an upsert stands in the address.
  for (const object of written.keys()) note(written, object, [UPSERT_KEYS.get(object) ?? []].flat());
  const table = writtenColumns();
  for (const [object, columns] of written) {
    expect([...columns].sort(), object).toEqual([...(table.get(object)?.keys() ?? [])].sort());
  }
  expect([...written.keys()].sort()).toEqual([...table.keys()].sort());
});
