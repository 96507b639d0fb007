import type { Seen } from '@payments/core/agreement';
import { RetryLater } from '@payments/core/failure';
import type { Resource } from '@payments/core/listing';
import { beforeEach, describe, expect, it } from 'vitest';
import { counting } from '../../../test/counted.ts';
import type { Salesforce } from '../../adapters/salesforce.ts';
import { type NightlyLine, type NightlyWorld, nightly } from './nightly.ts';
import { reconcile } from './reconcile.ts';

const NOW = Date.UTC(2026, 10, 29, 2) / 1_000;
const [OCTOBER, NOVEMBER] = [Date.UTC(2026, 9, 5) / 1_000, Date.UTC(2026, 10, 5) / 1_000];

type Customer = { id: string; object: 'customer'; name: string; created: number; livemode: boolean; metadata: object };
type Row = { key: string; name: string; month: string; changed: string; deleted?: boolean };

let customers: Customer[];
/** What events of the last minutes are about. */
let moving: string[];
let rows: Row[];
let remembered: Map<Resource, Seen>;
let queries: string[];
let lines: NightlyLine[];
let counted: ReturnType<typeof counting>;

const customer = (id: string, created: number, name = `name of ${id}`): Customer => ({
  ...{ id, object: 'customer', name, created, livemode: false, metadata: {} },
});
const LONG_AGO = '2026-11-20T10:00:00.000+0000';
const rowOf = ({ id, name, created }: Customer): Row => ({
  ...{ key: id, name, changed: LONG_AGO, month: new Date(created * 1_000).toISOString().slice(0, 7) },
});

beforeEach(() => {
  customers = [customer('cus_1', OCTOBER), customer('cus_2', OCTOBER + 60), customer('cus_3', NOVEMBER)];
  rows = customers.map(rowOf);
  moving = [];
  [remembered, queries, lines, counted] = [new Map(), [], [], counting()];
});

const stripe: NightlyWorld['stripe'] = async ({ path, query }) => {
  if (path === '/v1/events' && !query.some(([name]) => name === 'types[]' || name === 'type')) {
    const since = Number(query.find(([name]) => name === 'created[gte]')?.[1]);
    expect(since).toBe(NOW - 300);
    const data = moving.map((id) => ({ id: `evt_${id}`, data: { object: { id: 'sub_1', customer: id } } }));
    return { body: { data, has_more: false }, at: NOW };
  }
  if (path !== '/v1/customers') return { body: { data: [], has_more: false }, at: NOW };
  const bound = (name: string, none: number) => Number(query.find(([key]) => key === name)?.[1] ?? none);
  const data = customers
    .filter(({ created }) => created >= bound('created[gte]', 0) && created <= bound('created[lte]', NOW))
    .sort((a, b) => b.created - a.created);
  return { body: { data, has_more: false }, at: NOW };
};

/** Enough of SOQL for what is asked. */
const salesforce: Salesforce = async ({ path }) => {
  const soql = decodeURIComponent(path.replace('/query?q=', ''));
  queries.push(soql);
  if (!soql.includes('FROM Stripe_Customer__c')) return { status: 200, body: { done: true, records: [] } };
  if (soql.includes('GROUP BY')) {
    const counted = rows.filter(({ deleted }) => deleted !== true || !soql.includes('Deleted_In_Stripe__c = false'));
    const records = [...Map.groupBy(counted, ({ month }) => month)].map(([month, some]) => ({
      ...{ madeYear: Number(month.slice(0, 4)), madeMonth: Number(month.slice(5)), howMany: some.length },
      latest: some
        .map(({ changed }) => changed)
        .sort()
        .at(-1),
    }));
    return { status: 200, body: { done: true, records } };
  }
  const from = /CreatedDate >= (\d{4}-\d\d)/.exec(soql)?.[1];
  const named = [...soql.matchAll(/'(cus_\w+)'/g)].map(([, key]) => key);
  const records = rows
    .filter(({ key, month }) => (named.length > 0 ? named.includes(key) : from === undefined || month === from))
    .map(({ key, name, deleted = false }) => ({
      ...{ Stripe_Customer_ID__c: key, Customer_Name__c: name, Deleted_In_Stripe__c: deleted },
    }));
  return { status: 200, body: { done: true, records } };
};

const night = (more: Partial<NightlyWorld> = {}) => {
  queries = [];
  lines = [];
  return nightly({
    ...{
      stripe,
      salesforce,
      sleep: async () => {},
      nowMs: () => NOW * 1_000,
      stopAtMs: NOW * 1_000 + 1,
      mostRows: 1_000,
    },
    agreements: {
      last: async (resource) => remembered.get(resource) ?? null,
      remember: async (resource, seen) => void remembered.set(resource, seen),
    },
    ...{ count: counted.count, log: (_level, line) => lines.push(line) },
    ...more,
  });
};
const reading = () => queries.filter((soql) => soql.includes('FROM Stripe_Customer__c') && !soql.includes('GROUP BY'));
const differing = () =>
  lines.flatMap((line) => (line.outcome === 'differs' ? [[line.kind, line.stripeObjectId, line.column]] : []));

describe('the nightly comparison', () => {
  it('reads all rows the first time, and none while nothing has changed', async () => {
    expect(await night()).toMatchObject({ customers: 'agrees' });
    expect(reading()).toHaveLength(1);
    expect(await night()).toMatchObject({ customers: 'unchanged', payments: 'unchanged' });
    expect([reading(), counted.sum('LedgerDifferences')]).toEqual([[], 0]);
  });

  it('reads the month in which somebody changed a row, and tells the column', async () => {
    await night();
    rows = rows.map((row) =>
      row.key === 'cus_3' ? { ...row, name: 'Mallory', changed: '2026-11-28T22:00:00.000+0000' } : row,
    );
    expect(await night()).toMatchObject({ customers: 'disagrees' });
    expect(reading()[0]).toContain('CreatedDate >= 2026-11-01T00:00:00Z AND CreatedDate < 2026-12-01T00:00:00Z');
    expect(differing()).toEqual([['different', 'cus_3', 'Customer_Name__c']]);
    expect(counted.sum('LedgerDifferences', { Kind: 'different' })).toBe(1);
    // Until it is mended, and then it agrees again.
    expect(await night()).toMatchObject({ customers: 'disagrees' });
    rows = customers.map(rowOf);
    expect(await night()).toMatchObject({ customers: 'unchanged' });
  });

  it('finds a change in Stripe that never arrived, though no row of Salesforce has changed', async () => {
    await night();
    customers = customers.map((each) => (each.id === 'cus_1' ? { ...each, name: 'renamed' } : each));
    expect(await night()).toMatchObject({ customers: 'disagrees' });
    expect(differing()).toEqual([['different', 'cus_1', 'Customer_Name__c']]);
    // Of October's two customers only, by their names.
    expect(reading()[0]).toMatch(/IN \('cus_2', 'cus_1'\)/);
  });

  it('finds a row that is gone, and one that only Salesforce has', async () => {
    await night();
    rows = rows.filter(({ key }) => key !== 'cus_2');
    expect(await night()).toMatchObject({ customers: 'disagrees' });
    expect(differing()).toEqual([['missing', 'cus_2', null]]);
    rows = [
      ...customers.map(rowOf),
      { key: 'cus_nobody', name: 'x', month: '2026-11', changed: '2026-11-28T22:00:00.000+0000' },
    ];
    const gone: NightlyWorld['stripe'] = async (need) =>
      need.path.startsWith('/v1/customers/') ? { body: null, at: NOW } : stripe(need);
    expect(await night({ stripe: gone })).toMatchObject({ customers: 'disagrees' });
    expect(differing()).toEqual([['extra', 'cus_nobody', null]]);
  });

  it('does not judge what an event of the last minutes is about, and relies on nothing that it did not judge', async () => {
    rows = rows.map((row) => (row.key === 'cus_3' ? { ...row, name: 'on its way' } : row));
    moving = ['cus_3'];
    expect(await night()).toMatchObject({ customers: 'agrees' });
    expect([differing(), counted.sum('LedgerDifferences')]).toEqual([[], 0]);
    moving = [];
    expect(await night()).toMatchObject({ customers: 'disagrees' });
    expect(differing()).toEqual([['different', 'cus_3', 'Customer_Name__c']]);
  });

  it('says nothing of the row of a customer that was deleted in Stripe, and is in no list any more', async () => {
    rows.push({ key: 'cus_deleted', name: 'x', month: '2026-10', changed: LONG_AGO, deleted: true });
    const deleted: NightlyWorld['stripe'] = async (need) =>
      need.path === '/v1/customers/cus_deleted' ? { body: null, at: NOW } : stripe(need);
    expect(await night({ stripe: deleted })).toMatchObject({ customers: 'agrees' });
    expect(differing()).toEqual([]);
  });

  it('does not rely on a month that was being changed when it was counted', async () => {
    rows = rows.map((row) => (row.key === 'cus_3' ? { ...row, changed: '2026-11-29T01:59:58.000+0000' } : row));
    await night();
    await night();
    expect(reading()[0]).toContain('CreatedDate >= 2026-11-01');
  });

  it('leaves more rows than it may read to an operator', async () => {
    expect(await night({ mostRows: 2 })).toMatchObject({ customers: 'too many' });
    expect([reading(), lines[0]]).toEqual([[], expect.objectContaining({ outcome: 'too many', rows: 3 })]);
  });

  it('ends in time, and puts off what Salesforce or Stripe does not answer', async () => {
    expect(await night({ stopAtMs: NOW * 1_000 })).toMatchObject({ customers: 'unfinished', prices: 'unfinished' });
    const away = async () => {
      throw new RetryLater('Salesforce did not answer', { code: 'TIMEOUT', category: 'Network' });
    };
    expect(await night({ salesforce: away })).toMatchObject({ customers: 'put off' });
    expect(remembered.size).toBe(0);
  });

  it('whose time is over in the midst of it asks Stripe for no row that it has not come to', async () => {
    let now = NOW * 1_000;
    rows = [...rows, { key: 'cus_nobody', name: 'x', month: '2026-11', changed: LONG_AGO }];
    const asked: string[] = [];
    const slow: NightlyWorld['stripe'] = async (need) => {
      asked.push(need.path);
      // Salesforce's rows are known by now.
      if (reading().length > 0) now += 10_000;
      return stripe(need);
    };
    const stopAtMs = now + 5_000;
    expect(await night({ stripe: slow, nowMs: () => now, stopAtMs })).toMatchObject({ customers: 'unfinished' });
    expect(asked.filter((path) => path.startsWith('/v1/customers/'))).toEqual([]);
    expect(differing()).toEqual([]);
  });

  it('since a second begins with what was made in it', async () => {
    rows = [];
    const asked = { resources: ['customers' as const], since: NOVEMBER, until: NOW };
    const world = { stripe, salesforce, sleep: async () => {}, stopped: () => false, onProgress: () => {} };
    const { differences } = await reconcile(asked, world);
    expect(differences.map(({ kind, key }) => [kind, key])).toEqual([['missing', 'cus_3']]);
  });

  it('refuses counts that are none', async () => {
    await expect(
      night({ salesforce: async () => ({ status: 200, body: { records: [{ howMany: 'many' }] } }) }),
    ).rejects.toThrow();
  });
});
