import { LISTS, type ListName } from '@payments/core/listing';
import type { Salesforce } from '@payments/functions/adapters/salesforce';
import type { StripeReader } from '@payments/functions/adapters/stripe';
import { describe, expect, it } from 'vitest';
import type { Checkpoint } from './checkpoint.ts';
import { type BackfillWorld, runBackfill } from './run-backfill.ts';

const YEARS = 4 * 365 * 86_400;

/** Newest first; half of all within one day, after years with next to nothing. */
function skewed(place: number, size: number): number {
  const age = place / size;
  if (age < 0.45) return YEARS - Math.floor((age / 0.45) * 86_400 * 30);
  if (age < 0.95) return YEARS - 86_400 * 31 - Math.floor(((age - 0.45) / 0.5) * 86_400);
  return Math.floor((1 - (age - 0.95) / 0.05) * (YEARS / 2));
}

type Asked = { readonly path: string; readonly from: number; readonly to: number };

/** Customers and a subscription for each, as Stripe lists them: made when they are asked for. */
function stripeOf(size: number, createdAt = skewed) {
  const asked: Asked[] = [];
  const objects = {
    '/v1/customers': (place: number) => ({ id: `cus_${place}`, name: `Customer ${place}` }),
    '/v1/subscriptions': (place: number) => ({ id: `sub_${place}`, customer: `cus_${place}`, status: 'active' }),
  };
  const isListed = (path: string): path is keyof typeof objects => Object.hasOwn(objects, path);
  const stripe: StripeReader = async ({ path, query }) => {
    const given = new Map(query);
    const [from, to] = [Number(given.get('created[gte]')), Number(given.get('created[lte]'))];
    asked.push({ path, from, to });
    const data: object[] = [];
    const after = given.get('starting_after');
    let place = after === undefined ? firstAtOrBefore(to, size, createdAt) : Number(after.split('_')[1]) + 1;
    if (isListed(path)) {
      for (; data.length < 100 && place < size && createdAt(place, size) >= from; place += 1) {
        data.push({ ...objects[path](place), created: createdAt(place, size) });
      }
    }
    const more = isListed(path) && place < size && createdAt(place, size) >= from;
    await new Promise((resolve) => setImmediate(resolve));
    return { body: { object: 'list', data, has_more: more }, at: YEARS + 60 };
  };
  return { stripe, asked };
}

function firstAtOrBefore(second: number, size: number, createdAt: typeof skewed): number {
  let [low, high] = [0, size];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (createdAt(middle, size) > second) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Takes whatever it is told, by Bulk jobs and by Collections, and remembers the keys. */
function orgOf() {
  const keys = new Set<string>();
  const objects = new Map<string, string>();
  let parentless = 0;
  const take = (object: string, key: string, parent: string | undefined) => {
    keys.add(key);
    if (object === 'Stripe_Subscription__c' && !keys.has(parent ?? '')) parentless += 1;
  };
  const salesforce: Salesforce = async ({ method, path, body }) => {
    const [, first = '', , id = '', part] = path.split('?')[0]?.split('/') ?? [];
    if (first === 'query') return { status: 200, body: { done: true, records: [] } };
    if (first === 'composite') {
      const { records } = Object(body);
      for (const record of records) {
        const parent = Object.values(Object(record.Stripe_Customer__r))[0];
        const key = record.Stripe_Subscription_ID__c ?? record.Stripe_Customer_ID__c;
        take(record.attributes.type, key, String(parent));
      }
      return { status: 200, body: records.map(() => ({ id: 'a00000000000001AAA', success: true, errors: [] })) };
    }
    if (method === 'POST') {
      const job = `7500000000000${String(objects.size).padStart(2, '0')}`;
      objects.set(job, Object(body).object);
      return { status: 200, body: { id: job } };
    }
    if (part === 'batches') {
      const [header = '', ...lines] = String(body).trimEnd().split('\n');
      const parent = header.split(',').indexOf('Stripe_Customer__r.Stripe_Customer_ID__c');
      for (const line of lines) take(objects.get(id) ?? '', line.split(',')[0] ?? '', line.split(',')[parent]);
      return { status: 201, body: null };
    }
    if (part !== undefined) return { status: 200, body: 'sf__Id\n' };
    return { status: 200, body: { id, state: 'JobComplete' } };
  };
  return { salesforce, keys, parentless: () => parentless };
}

function begun(): Checkpoint {
  const resources: Checkpoint['resources'] = ['customers', 'subscriptions'];
  return {
    ...{ version: 1, stage: 'test', account: '123456789012', resources, since: 0, until: YEARS },
    lists: resources.flatMap((resource) =>
      LISTS[resource].map(({ name }) => ({ name, read: 0, requests: 0, left: [{ from: 0, to: YEARS }] })),
    ),
    ...{ written: {}, newer: 0, failures: 0, failed: [] },
  };
}

const WORLD = {
  forget: async () => {},
  save: async () => {},
  sleep: async () => {},
  stopped: () => false,
  onProgress: () => {},
};

/** Every call of another system is counted; from the one numbered `last` on nothing happens, or no answer comes any more. */
function mortal(world: BackfillWorld, last: number, dies: 'before' | 'after'): { readonly world: BackfillWorld } {
  let calls = 0;
  const step =
    <A extends readonly unknown[], R>(io: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      calls += 1;
      if (calls > last || (calls === last && dies === 'before')) throw new Error('killed');
      const answer = await io(...args);
      if (calls >= last) throw new Error('killed');
      return answer;
    };
  const { stripe, salesforce, forget, save } = world;
  return {
    world: {
      ...world,
      ...{ stripe: step(stripe), salesforce: step(salesforce), forget: step(forget), save: step(save) },
    },
  };
}

const keysOf = (size: number) =>
  new Set(Array.from({ length: size }, (_, place) => [`cus_${place}`, `sub_${place}`]).flat());

describe('a backfill', () => {
  it('reads skewed lists with at most a fifth more requests than there are pages, and writes parents first', async () => {
    const size = 20_000;
    const [{ stripe }, org, state] = [stripeOf(size), orgOf(), begun()];
    await runBackfill(state, { ...WORLD, stripe, salesforce: org.salesforce });
    expect(org.keys).toEqual(keysOf(size));
    expect(org.parentless()).toBe(0);
    for (const list of state.lists.filter(({ read }) => read > 0)) {
      expect(list).toMatchObject({ read: size, left: [] });
      expect(list.requests).toBeLessThanOrEqual(1.2 * (size / 100));
    }
  });

  it.each([10_000, 60_000])(
    'holds no more of %i than of any other number, and its checkpoint stays small',
    async (size) => {
      const [{ stripe }, org, state] = [stripeOf(size), orgOf(), begun()];
      const rowsAtOnce = { atLeast: 1_000, atMost: 2_000 };
      let [held, longest, ranges] = [0, 0, 0];
      const totals = new Map<ListName, { readonly read: number; readonly standing: number }>();
      await runBackfill(state, {
        ...{ ...WORLD, stripe, salesforce: org.salesforce, rowsAtOnce },
        // The writer is slower than the readers.
        forget: async () => {
          for (let turn = 0; turn < 30; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        },
        save: async (now) => {
          longest = Math.max(longest, JSON.stringify(now).length);
          ranges = Math.max(ranges, ...now.lists.map(({ left }) => left.length));
        },
        onProgress: ({ name }, said) => {
          totals.set(name, said);
          held = Math.max(
            held,
            [...totals.values()].reduce((sum, { read, standing }) => sum + read - standing, 0),
          );
        },
      });
      expect(org.keys.size).toBe(2 * size);
      // What is written, what is gathered, and one page of each of the eight readers.
      expect(held).toBeLessThanOrEqual(2 * (rowsAtOnce.atMost + 800) + 800);
      expect(ranges).toBeLessThanOrEqual(60);
      expect(longest).toBeLessThan(5_000);
    },
  );

  it('goes on after a kill at any call: everything is written, and only what was not yet known to stand is read again', async () => {
    const size = 1_500;
    const rowsAtOnce = { atLeast: 1_100, atMost: 1_200 };
    const whole = keysOf(size);
    let kills = 0;
    for (let last = 1; ; last += 1) {
      const org = orgOf();
      let saved = begun();
      const world: BackfillWorld = {
        ...{ ...WORLD, salesforce: org.salesforce, rowsAtOnce, stripe: stripeOf(size).stripe },
        save: async (now) => {
          saved = structuredClone(now);
        },
      };
      const first = mortal(world, last, last % 2 === 0 ? 'before' : 'after');
      const outcome = await runBackfill(structuredClone(saved), first.world).then(
        () => 'done',
        (error: Error) => error.message,
      );
      if (outcome === 'done') break;
      expect(outcome).toBe('killed');
      kills += 1;
      const { stripe, asked } = stripeOf(size);
      const left = new Map<string, { readonly from: number; readonly to: number }[]>();
      for (const list of [...LISTS.customers, ...LISTS.subscriptions]) {
        left.set(list.path, saved.lists.find(({ name }) => name === list.name)?.left ?? []);
      }
      await runBackfill(structuredClone(saved), { ...world, stripe });
      expect(org.keys).toEqual(whole);
      for (const { path, from, to } of asked) {
        expect(left.get(path)?.some((range) => from >= range.from && to <= range.to)).toBe(true);
      }
    }
    expect(kills).toBeGreaterThan(40);
  });

  it('reads the second again within which it was interrupted', async () => {
    const size = 250;
    const org = orgOf();
    let saved = begun();
    let saves = 0;
    const world: BackfillWorld = {
      ...{ ...WORLD, salesforce: org.salesforce, rowsAtOnce: { atLeast: 100, atMost: 100 } },
      stripe: stripeOf(size, () => YEARS / 2).stripe,
      save: async (now) => {
        saves += 1;
        saved = structuredClone(now);
      },
    };
    await runBackfill(saved, { ...world, stopped: () => saves > 0 });
    expect(org.keys.size).toBeLessThan(size);
    await runBackfill(structuredClone(saved), world);
    expect(org.keys).toEqual(keysOf(size));
  });

  it('says of nothing that it stands which Salesforce did not take', async () => {
    let saved = begun();
    const save = async (now: Checkpoint) => {
      saved = structuredClone(now);
    };
    const salesforce: Salesforce = () => Promise.reject(new Error('the org is away'));
    const running = runBackfill(begun(), { ...WORLD, salesforce, save, stripe: stripeOf(50).stripe });
    await expect(running).rejects.toThrow('the org is away');
    expect(saved.lists).toEqual(begun().lists);
  });

  it('has the bulk lane forget what it sent before, once the rows stand and before that is saved', async () => {
    const size = 50;
    const org = orgOf();
    const forgotten = new Set<string>();
    await runBackfill(begun(), {
      ...{ ...WORLD, salesforce: org.salesforce, stripe: stripeOf(size).stripe },
      forget: async (_object, keys) => {
        for (const key of keys) {
          expect(org.keys.has(key)).toBe(true);
          forgotten.add(key);
        }
      },
      save: async ({ lists }) => {
        const standing = lists.reduce((sum, { read }) => sum + read, 0);
        expect(standing).toBe(forgotten.size);
      },
    });
    expect(forgotten).toEqual(keysOf(size));
  });

  it('writes what was read when Stripe stops answering, and stops the other readers', async () => {
    const org = orgOf();
    const account = stripeOf(20_000);
    let saved = begun();
    const stripe: StripeReader = async (need) => {
      if (account.asked.length === 60) throw new Error('no answer');
      return account.stripe(need);
    };
    const save = async (now: Checkpoint) => {
      saved = structuredClone(now);
    };
    const running = runBackfill(saved, { ...WORLD, stripe, save, salesforce: org.salesforce });
    await expect(running).rejects.toThrow('no answer');
    const read = saved.lists.reduce((sum, list) => sum + list.read, 0);
    expect(read).toBe(org.keys.size);
    expect(read).toBeGreaterThan(5_000);
  });
});
