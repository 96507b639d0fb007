import { EnvelopeSchema, type StripeEvent } from '@payments/core/event';
import { RetryLater } from '@payments/core/failure';
import * as v from 'valibot';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { counting } from '../../test/counted.ts';
import { emptyRedis, type TestRedis } from '../../test/redis-server.ts';
import { sweepPlace } from '../adapters/sweep-place.ts';
import { type SweepLine, type SweepWorld, sweep } from './sweep.ts';

/** Stripe's clock is a minute ahead of ours. */
const NOW = 1_790_000_060;
const OUR_NOW_MS = 1_790_000_000_000;
const HOUR = 3_600;
const MADE_AT_MS = OUR_NOW_MS - 24 * HOUR * 1_000;

type Made = StripeEvent & { readonly pending_webhooks: number };
let server: TestRedis;
let events: Made[];
/** Ids by when a line about them was logged, ms of our clock. */
let logged: { id: string; at: number }[];
let published: { id: string; lane: unknown }[];
let requests: (readonly (readonly [string, string])[])[];
let looks: { from: number; to: number }[];
let lines: SweepLine[];
let slept: number[];
let counted: ReturnType<typeof counting>;
let clock: number;

beforeAll(async () => {
  server = await emptyRedis();
});
afterAll(() => server.stop());
beforeEach(async () => {
  await server.redis.flushall();
  [events, logged, published, requests, looks, lines, slept] = [[], [], [], [], [], [], []];
  counted = counting();
  clock = OUR_NOW_MS;
});

function made(id: string, secondsAgo: number, more: Partial<Made> = {}): Made {
  const event: Made = {
    ...{ id, object: 'event', type: 'customer.updated', created: NOW - secondsAgo, livemode: false, api_version: null },
    ...{ data: { object: { id: 'cus_1' } }, pending_webhooks: 0 },
    ...more,
  };
  events.push(event);
  return event;
}

const accept = ({ id, created }: Made, afterSeconds = 2) =>
  logged.push({ id, at: (created - 60 + afterSeconds) * 1_000 });

/** As Stripe lists: newest first, a hundred at a time. */
const stripe: SweepWorld['stripe'] = async ({ query }) => {
  requests.push(query);
  const all = (name: string) => query.flatMap(([key, value]) => (key === name ? [value] : []));
  const [from, to] = ['created[gte]', 'created[lte]'].map((name) => Number(all(name)[0] ?? Number.NaN));
  const types = all('types[]');
  const matching = events
    .filter(({ type, created, pending_webhooks }) => {
      if (types.length > 0 && !types.includes(type)) return false;
      if (created < (from ?? 0) || created > (to ?? 0)) return false;
      return all('delivery_success').length === 0 || pending_webhooks > 0;
    })
    .sort((a, b) => b.created - a.created);
  const after = matching.findIndex(({ id }) => id === all('starting_after')[0]) + 1;
  return { body: { data: matching.slice(after, after + 100), has_more: matching.length > after + 100 }, at: NOW };
};

function world(more: Partial<SweepWorld> = {}): SweepWorld {
  return {
    stripe,
    accepted: {
      async *idsBetween(from, to) {
        looks.push({ from, to });
        yield logged.filter(({ at }) => at >= from && at <= to).map(({ id }) => id);
      },
    },
    place: sweepPlace(server.redis),
    madeAtMs: async () => MADE_AT_MS,
    publish: async ({ detail }) => {
      const { event, lane } = v.parse(EnvelopeSchema, JSON.parse(detail));
      published.push({ id: event.id, lane });
    },
    ...{ livemode: false, graceSeconds: 600, secondLookMs: 30_000 },
    nowMs: () => clock,
    stopAtMs: OUR_NOW_MS + 180_000,
    sleep: async (ms) => {
      slept.push(ms);
    },
    count: counted.count,
    log: (_level, line) => lines.push(line),
    ...more,
  };
}

const fedIds = () => published.map(({ id }) => id);

describe('the sweep', () => {
  it('feeds what is in Stripe and in no log, as the ingress would have published it, the eldest first', async () => {
    accept(made('evt_seen', 2 * HOUR));
    made('evt_gap', HOUR, { type: 'customer.subscription.deleted' });
    made('evt_undelivered', 3 * HOUR, { pending_webhooks: 1 });
    expect(await sweep(world())).toMatchObject({ fed: 2, behind: 0 });
    expect(published).toEqual([
      { id: 'evt_undelivered', lane: 'bulk' },
      { id: 'evt_gap', lane: 'realtime' },
    ]);
    expect([counted.sum('MissedEvents', { Found: 'undelivered' }), counted.sum('MissedEvents')]).toEqual([1, 2]);
    expect(lines.filter(({ outcome }) => outcome === 'fed')).toMatchObject([
      { found: 'undelivered', stripeEventId: 'evt_undelivered', stripeObjectId: 'cus_1' },
      { found: 'gap', stripeEventId: 'evt_gap' },
    ]);
  });

  it('says nothing of an event of ours that another endpoint of the account has not taken', async () => {
    accept(made('evt_theirs', HOUR, { pending_webhooks: 3 }));
    expect(await sweep(world())).toMatchObject({ fed: 0 });
    // And does not look for it in the log again hour by hour.
    looks = [];
    await sweep(world());
    expect(looks).toEqual([]);
  });

  it('takes an event for accepted that Stripe could deliver only a day later', async () => {
    accept(made('evt_late', 20 * HOUR), 19 * HOUR);
    expect(await sweep(world())).toMatchObject({ fed: 0 });
  });

  it('leaves alone what is younger than the grace, other types, and the other mode', async () => {
    made('evt_young', 300, { pending_webhooks: 1 });
    made('evt_other', HOUR, { type: 'payout.paid', pending_webhooks: 1 });
    made('evt_live', HOUR, { livemode: true, pending_webhooks: 1 });
    expect(await sweep(world())).toMatchObject({ fed: 0 });
    expect(fedIds()).toEqual([]);
  });

  it('feeds nothing twice: not in the same hour, and not in the next', async () => {
    made('evt_undelivered', HOUR, { pending_webhooks: 1 });
    made('evt_gap', HOUR);
    await sweep(world());
    await sweep(world());
    expect(fedIds()).toEqual(['evt_undelivered', 'evt_gap']);
  });

  it('looks a second time, after a while, before it calls an event missed', async () => {
    const event = made('evt_slow', HOUR);
    const sleep = async (ms: number) => {
      slept.push(ms);
      logged.push({ id: event.id, at: clock - 5_000 });
    };
    expect(await sweep(world({ sleep }))).toMatchObject({ fed: 0 });
    expect(slept).toEqual([30_000]);
  });

  it('goes on where the last one ended, and begins at the archive again when Redis has forgotten', async () => {
    await sweep(world());
    requests = [];
    expect(await sweep(world())).toMatchObject({ from: null, behind: 0 });
    await server.redis.flushall();
    made('evt_gap', 23 * HOUR);
    expect(await sweep(world())).toMatchObject({ fed: 1 });
  });

  it('does not ask for what was before this deployment', async () => {
    made('evt_before', 25 * HOUR, { pending_webhooks: 1 });
    expect(await sweep(world())).toMatchObject({ fed: 0, listed: 0 });
  });

  it('ends in time, says how far behind it is, and the next run goes on without skipping a second', async () => {
    for (let n = 0; n < 40; n += 1) accept(made(`evt_${n}`, 23 * HOUR - n * 1_800));
    const hasty: SweepWorld['stripe'] = (need) => {
      clock += 15_000;
      return stripe(need);
    };
    const first = await sweep(world({ stripe: hasty }));
    expect(first.behind).toBeGreaterThan(0);
    expect(lines.at(-1)).toMatchObject({ outcome: 'unfinished' });
    expect(counted.valuesOf('SweepBehind')).toEqual([first.behind]);
    made('evt_gap', 4 * HOUR);
    clock = OUR_NOW_MS;
    const second = await sweep(world());
    expect(Date.parse(second.from ?? '')).toBe(Date.parse(first.to ?? '') + 1_000);
    expect([second.behind, fedIds()]).toEqual([0, ['evt_gap']]);
  });

  it('skips no second between two pieces', async () => {
    const begin = 24 * HOUR;
    for (const second of [HOUR - 1, HOUR, HOUR + 1]) made(`evt_${second}`, begin - second);
    await sweep(world());
    expect(fedIds()).toEqual(['evt_3599', 'evt_3600', 'evt_3601']);
  });

  it('takes dense hours in pieces that it can hold', async () => {
    for (let n = 0; n < 4_500; n += 1) accept(made(`evt_${n}`, 2 * HOUR - Math.floor(n / 2)));
    made('evt_gap', HOUR + 1_800);
    expect(await sweep(world())).toMatchObject({ fed: 1, behind: 0 });
  });

  it('feeds what it has no time to look for, rather than stand still for ever', async () => {
    accept(made('evt_seen', HOUR));
    made('evt_gap', HOUR);
    const accepted: SweepWorld['accepted'] = {
      async *idsBetween() {
        clock += 200_000;
        yield [];
        yield ['evt_seen'];
      },
    };
    expect(await sweep(world({ accepted }))).toMatchObject({ fed: 2 });
    clock = OUR_NOW_MS;
    expect(await sweep(world())).toMatchObject({ from: null, behind: 0 });
  });

  it('puts off what Stripe does not answer, and keeps its place', async () => {
    await sweep(world());
    const away = async () => {
      throw new RetryLater('Stripe did not answer', { code: 'TIMEOUT', category: 'Network' });
    };
    await sweep(world({ stripe: away }));
    expect(lines.at(-1)).toEqual({ outcome: 'put off', why: 'TIMEOUT' });
    expect(await sweepPlace(server.redis).read()).toBe(NOW - 600);
  });

  it('fails, and keeps its place, when the bus does not take an event', async () => {
    made('evt_gap', HOUR);
    const publish = async () => {
      throw new Error('the bus did not take the event');
    };
    await expect(sweep(world({ publish }))).rejects.toThrow('the bus');
    expect(await sweep(world())).toMatchObject({ fed: 1 });
  });

  it('refuses what is no list of events', async () => {
    const wrong: SweepWorld['stripe'] = async () => ({ body: { data: 'none' }, at: NOW });
    await expect(sweep(world({ stripe: wrong }))).rejects.toThrow('no list');
  });
});
