import path from 'node:path';
import * as contract from '@payments/console/contract';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runOps } from '../../ops/test/run-ops.ts';
import { openEars, type RunningConsole, startConsole } from '../src/console/console.ts';
import { totalsByMetrics } from './metric-sums.fixture.ts';
import {
  expectSameStory,
  rowsNamed,
  type SmallMachine,
  START_WITHIN_MS,
  startSmall,
  TEST_WITHIN_MS,
} from './small-machine.fixture.ts';

const root = path.resolve(import.meta.dirname, '../../..');

/** The page's server against a machine that really runs. */
describe('the console', { timeout: TEST_WITHIN_MS }, () => {
  const ears = openEars();
  const errors: unknown[] = [];
  let small: SmallMachine;
  let page: RunningConsole;

  beforeAll(async () => {
    small = await startSmall({
      ...{ seed: 43, twinRate: 0.05, delivery: { duplicateRate: 0.1, reorderWindow: 4 }, ears },
      // Row locks are waited for by the wall's clock.
      ...{ haste: { retries: 4, queues: 20 }, org: { locks: { waitMs: 200 } } },
    });
    page = await startConsole({ machine: small, ears, root, port: 0, onError: (error) => errors.push(error) });
    await small.live({ customers: 4 });
  }, START_WITHIN_MS);
  afterAll(async () => {
    await page.close();
    await small.close();
  });

  async function get<Schema extends v.GenericSchema>(address: string, schema: Schema) {
    const answer = await fetch(`${page.url}${address}`);
    expect([address, answer.status]).toEqual([address, 200]);
    return v.parse(schema, await answer.json());
  }
  async function post(address: string, body: unknown = {}) {
    const headers = { 'content-type': 'application/json', [contract.OWN_HEADER]: '1' };
    const answer = await fetch(`${page.url}${address}`, { method: 'POST', headers, body: JSON.stringify(body) });
    return { status: answer.status, body: v.parse(v.union([contract.Done, contract.Problem]), await answer.json()) };
  }
  async function press(address: string, body: unknown = {}): Promise<string> {
    const answer = await post(address, body);
    expect([address, answer]).toMatchObject([address, { status: 200 }]);
    return v.parse(contract.Done, answer.body).message;
  }
  const snapshot = () => get('/api/snapshot', contract.Snapshot);
  const Batches = v.object({ batches: v.array(contract.Batch) });
  const Letters = v.object({ letters: v.array(contract.Letter), groups: v.array(contract.LetterGroup) });
  const Replays = v.object({ replays: v.array(contract.Replay) });

  describe('shows', () => {
    it('every event once, page by page, newest first, each with its outcome', async () => {
      const seen: v.InferOutput<typeof contract.EventLine>[] = [];
      for (let before: string | null = ''; before !== null; ) {
        const some: v.InferOutput<typeof contract.EventPage> = await get(
          `/api/events?limit=30&before=${before}`,
          contract.EventPage,
        );
        seen.push(...some.events);
        before = some.next;
      }
      expect(seen.map(({ id }) => id).sort()).toEqual(
        small.account
          .events()
          .map(({ id }) => id)
          .sort(),
      );
      for (const { id, lane, outcome, stripeAt } of seen) {
        expect([id, lane]).toEqual([id, small.tally.laneOf(id)]);
        expect([id, outcome]).not.toEqual([id, 'under way']);
        expect(stripeAt).toBe((small.account.events().find((event) => event.id === id)?.created ?? 0) * 1_000);
      }
      const outcomes = new Set(seen.map(({ outcome }) => outcome));
      for (const outcome of ['written', 'unrouted'] as const) expect(outcomes).toContain(outcome);
      expect(seen.some(({ deliveries }) => deliveries > 1)).toBe(true);
    });

    it('those that are searched for, by lane, outcome, id or type', async () => {
      const bulk = await get('/api/events?lane=bulk&outcome=written&limit=200', contract.EventPage);
      expect(bulk.total).toBeGreaterThan(0);
      for (const event of bulk.events) expect(event).toMatchObject({ lane: 'bulk', outcome: 'written' });
      const [one] = bulk.events;
      const found = await get(`/api/events?search=${one?.objectId}`, contract.EventPage);
      expect(found.events.map(({ id }) => id)).toContain(one?.id);
      for (const event of found.events) expect(event.objectId).toBe(one?.objectId);
      expect((await get('/api/events?search=no.such.type', contract.EventPage)).total).toBe(0);
    });

    it('the story of an urgent event: what happened, its machine with the states it went through, row and event', async () => {
      const search = '/api/events?lane=realtime&outcome=written&search=subscription.created';
      const [event] = (await get(search, contract.EventPage)).events;
      const story = await get(`/api/events/${event?.id}`, contract.EventStory);
      expect(story.event).toEqual(event);
      expect(story.steps.map(({ place }) => place)).toEqual(
        expect.arrayContaining(['ingress', 'realtime', 'salesforce']),
      );
      expect(story.steps[0]?.place).toBe('ingress');
      expect(story.machine).toMatchObject({ name: 'Subscriptions', status: 'SUCCEEDED', start: 'Claim', cause: null });
      const visited = story.machine?.states.flatMap(({ name, visits }) => (visits.length > 0 ? name : []));
      // A repeat may be the execution that is shown: it ends earlier.
      expect([
        ['Claim', 'Duplicate?', 'Sync', 'Settle'],
        ['Claim', 'Duplicate?', 'Duplicate'],
      ]).toContainEqual(visited);
      expect(story.machine?.states.find(({ name }) => name === 'Sync')?.next).toEqual(['Settle', 'Park']);
      const written = { object: 'Stripe_Subscription__c', key: event?.objectId, what: 'written' };
      expect(story.rows[0]).toMatchObject(written);
      // The plans of its items, and the customer when its own event had not come yet.
      const others = story.rows.slice(1).map(({ object, what }) => `${what} ${object}`);
      expect(others).toContain('its plan Pricing_Plan__c');
      for (const other of others) expect(other).toMatch(/^its (plan Pricing_Plan__c|parent Stripe_Customer__c)$/);
      const step = story.steps.findLast(({ place }) => place === 'salesforce');
      expect(step?.detail?.split(', ')[0]).toBe(story.rows.length === 1 ? '1 row' : `${story.rows.length} rows`);
      expect(story.unnamed).toBe(0);
      expect(story.body).toEqual(small.account.events().find(({ id }) => id === event?.id));
    });

    it('the story of a bulk event: queued, buffered, written with its batch', async () => {
      const [event] = (await get('/api/events?lane=bulk&outcome=written', contract.EventPage)).events;
      const story = await get(`/api/events/${event?.id}`, contract.EventStory);
      const places = story.steps.map(({ place }) => place);
      expect(places).toEqual(expect.arrayContaining(['ingress', 'queue', 'buffer', 'salesforce']));
      expect(story.machine).toBeNull();
      expect(story.rows[0]).toMatchObject({ object: expect.stringMatching(/__c$/), id: expect.stringMatching(/^a/) });
    });

    it('the batches with the rows that Salesforce counts', async () => {
      const { batches } = await get('/api/batches', Batches);
      const told = [...small.org.org.rows('Sync_Batch__c')].map(({ columns }) => columns);
      expect(told.length).toBeGreaterThan(1);
      for (const { Batch_Key__c: key, Rows_Sent__c: sent, Rows_Refused__c: refused, Transport__c: transport } of told) {
        const batch = batches.find(({ id }) => id === key);
        expect([key, batch]).toMatchObject([key, { refused, finishedAt: expect.any(Number) }]);
        // A batch may hold rows that are equal to what Salesforce has, and are not sent.
        expect(batch?.rows).toBeGreaterThanOrEqual(Number(sent));
        expect(batch?.transport.toLowerCase()).toBe(String(transport).toLowerCase());
      }
    });

    it('the rows of Salesforce, each with its columns and the events that touched it', async () => {
      const first = await get('/api/rows', contract.RowPage);
      expect(first.objects.find(({ name }) => name === 'Stripe_Customer__c')?.rows).toBe(
        small.org.org.count('Stripe_Customer__c'),
      );
      const [row] = (await get('/api/rows?object=Stripe_Subscription__c', contract.RowPage)).rows;
      const detail = await get(`/api/rows/Stripe_Subscription__c/${row?.id}`, contract.RowDetail);
      expect(detail.row).toEqual(row);
      const status = detail.columns.find(({ name }) => name === 'Status__c');
      expect(status).toEqual({ name: 'Status__c', label: 'Status', value: row?.status });
      expect(detail.events.length).toBeGreaterThan(0);
      expect((await get(`/api/rows?search=${row?.key}&object=Stripe_Subscription__c`, contract.RowPage)).rows).toEqual([
        row,
      ]);
    });
  });

  it('streams a snapshot, then every hop of what comes, and each switch', async () => {
    const heard = await listen(page.url);
    await heard.until(({ event, data }) => event === 'snapshot' && v.is(contract.Snapshot, data));
    const isWrite = ({ event, data }: Told) =>
      event === 'hop' && v.is(contract.Hop, data) && data.from === 'realtime' && data.to === 'salesforce';
    const written = async () => {
      await press('/api/life/new-customer');
      // Events wait to be overtaken; nothing comes after these.
      await small.still();
      return heard.has(isWrite);
    };
    // Where more hops come at once than an eye can follow, some are left out: on a busy machine it may be these.
    await expect.poll(written, { timeout: 60_000 }).toBe(true);
    await press('/api/trouble/salesforce-slow', { on: true });
    await heard.until(({ event, data }) => event === 'trouble' && v.is(v.object({ on: v.literal(true) }), data));
    await press('/api/trouble/salesforce-slow', { on: false });
    await small.still();
    heard.close();
  });

  describe('makes life', () => {
    const statusOf = (id: string) => rowsNamed(small, 'Stripe_Subscription__c', id)[0]?.columns.Status__c;
    const idIn = (text: string) => /(sub|pi)_\w+/.exec(text)?.[0] ?? '';

    it('a customer subscribes, fails to pay, pays at last, and leaves', async () => {
      const id = idIn(await press('/api/life/new-customer'));
      await small.still();
      expect(statusOf(id)).toBe('active');
      const failing = idIn(await press('/api/life/failed-payment'));
      await small.still();
      expect([failing, statusOf(failing)]).toEqual([id, 'past_due']);
      expect(idIn(await press('/api/life/recovered-payment'))).toBe(id);
      await small.still();
      expect(statusOf(id)).toBe('active');
      expect(idIn(await press('/api/life/cancellation'))).toBe(id);
      await small.still();
      expect(statusOf(id)).toBe('canceled');
    });

    it('a payment is refunded, another disputed', async () => {
      const row = (key: string) => rowsNamed(small, 'Payment_Transaction__c', key)[0]?.columns;
      const refunded = idIn(await press('/api/life/refund'));
      const disputed = idIn(await press('/api/life/dispute'));
      await small.still();
      expect(refunded).not.toBe(disputed);
      expect(row(refunded)?.Amount_Refunded__c).toBe(row(refunded)?.Amount__c);
      expect(row(disputed)?.Dispute_Status__c).toBe('needs_response');
    });

    it('and nothing that has no button', async () => {
      expect(await post('/api/life/immortality')).toMatchObject({ status: 404, body: { error: { code: 'NotFound' } } });
    });
  });

  describe('makes trouble, and ends it', () => {
    const isOn = async (name: string) => (await snapshot()).troubles.find((each) => each.name === name)?.on;

    it.each(['salesforce-down', 'row-locks', 'api-limit', 'stripe-429'])('%s', async (name) => {
      expect(await isOn(name)).toBe(false);
      await press(`/api/trouble/${name}`, { on: true });
      // The same switch twice is on once.
      await press(`/api/trouble/${name}`, { on: true });
      expect(await isOn(name)).toBe(true);
      const before = small.org.org.count('Stripe_Subscription__c');
      await press('/api/life/new-customer');
      if (name === 'salesforce-down') {
        // Between two probes it is open; during one, half open.
        const down = { health: 'Down', circuit: 'open', healthReason: expect.stringContaining('circuit') };
        await expect.poll(snapshot, { timeout: 60_000 }).toMatchObject(down);
        expect(small.org.org.count('Stripe_Subscription__c')).toBe(before);
      }
      await press(`/api/trouble/${name}`, { on: false });
      expect(await isOn(name)).toBe(false);
      await small.still();
      expect(small.org.org.count('Stripe_Subscription__c')).toBe(before + 1);
    });

    it.each(['duplicate-storm', 'put-events-partial', 'redis-flush'])('%s, which is over at once', async (name) => {
      await press(`/api/trouble/${name}`, { on: true });
      expect(await isOn(name)).toBe(false);
      expect((await post(`/api/trouble/${name}`, { on: false })).status).toBe(409);
      await press('/api/life/new-customer');
      await small.still();
    });

    it('not one that is none, nor without saying whether on or off', async () => {
      expect((await post('/api/trouble/earthquake', { on: true })).status).toBe(404);
      expect((await post('/api/trouble/api-limit', { on: 'yes' })).status).toBe(400);
    });

    it('and in the end Salesforce and Stripe say the same', () => expectSameStory(small));
  });

  describe('shows what was given up', () => {
    it('with the reason and what to do, and tries one again', async () => {
      const refused = [{ errorCode: 'STRING_TOO_LONG', message: 'too long', fields: ['Status__c'] }];
      // On a busy machine the retries of five minutes come meanwhile: what they note in Sync_Failure__c is let through.
      const rows = { urlRegex: '/composite(?!/sobjects/Sync_)' };
      const fault = small.org.org.fault({ match: rows, effect: { status: 400, body: refused } });
      await press('/api/life/new-customer');
      const failed = async () =>
        (await get('/api/letters', Letters)).letters.filter(({ queue }) => queue === 'FailedExecutions').length;
      await expect.poll(failed, { timeout: 60_000 }).toBeGreaterThan(0);
      await small.still();
      small.org.org.liftFault(fault);
      const { letters, groups } = await get('/api/letters', Letters);
      const urgent = letters.filter(({ queue }) => queue === 'FailedExecutions');
      expect(urgent[0]).toMatchObject({
        eventId: expect.stringMatching(/^evt_/),
        remedy: expect.stringContaining('redrive'),
      });
      expect(groups.find(({ queue }) => queue === 'FailedExecutions')?.count).toBe(urgent.length);
      expect((await snapshot()).totals.deadLetters).toBe(letters.filter(({ queue }) => queue !== 'Unrouted').length);
      expect(await press('/api/letters/redrive', { queue: 'FailedExecutions', ids: [urgent[0]?.id] })).toBe(
        '1 redriven.',
      );
      expect((await get('/api/letters', Letters)).letters.map(({ id }) => id)).not.toContain(urgent[0]?.id);
      await press('/api/letters/redrive', { queue: 'FailedExecutions' });
      await press('/api/letters/redrive', { queue: 'BulkParked' });
      await small.still();
      expect((await get('/api/letters', Letters)).letters.filter(({ queue }) => queue !== 'Unrouted')).toEqual([]);
      expect((await post('/api/letters/redrive', { queue: 'Bulk' })).status).toBe(404);
    });
  });

  describe('replays the archive', () => {
    it('of a time, whole or by type, and lists the replays', async () => {
      const to = Date.now();
      const said = [
        await press('/api/replays', { from: to - 3_600_000, to, types: [] }),
        await press('/api/replays', { from: to - 3_600_000, to, types: ['customer.subscription.created'] }),
      ];
      // Beside these there may be one that Redis' loss made necessary.
      const mine = async () =>
        (await get('/api/replays', Replays)).replays.filter(({ name }) => said.some((text) => text.includes(name)));
      const states = async () => (await mine()).map(({ state }) => state);
      await expect.poll(states, { timeout: 60_000 }).toEqual(['COMPLETED', 'COMPLETED']);
      await small.still();
      expectSameStory(small);
    });

    it('not of the future, nor of what no lane takes, and cancels none that is not there', async () => {
      const at = Date.now();
      expect((await post('/api/replays', { from: at + 1_000, to: at + 2_000, types: [] })).status).toBe(400);
      expect((await post('/api/replays', { from: at - 1_000, to: at, types: ['plan.created'] })).status).toBe(400);
      expect((await post('/api/replays/nobody/cancel')).status).toBe(404);
    });
  });

  describe('its numbers', () => {
    it('are those of payments-ops status, and those of the metrics', async () => {
      await small.still();
      const status = async () => {
        const said = await runOps(['status', '--json', '--local', small.road.awsUrl]);
        return v.parse(v.object({ totals: contract.Snapshot.entries.totals }), said.json()).totals;
      };
      const readings = async () => [
        (await snapshot()).totals,
        await status(),
        { ...(await totalsByMetrics(small)), deadLetters: 0 },
      ];
      const asText = (totals: object) => JSON.stringify(Object.entries(totals).sort());
      // A function that runs on a schedule may call Salesforce between two of these readings.
      await expect
        .poll(async () => [...new Set((await readings()).map(asText))], { timeout: 20_000 })
        .toEqual([expect.any(String)]);
      const { totals, places } = await snapshot();
      for (const count of [totals.received, totals.duplicates, totals.rowsWritten]) expect(count).toBeGreaterThan(0);
      // What the picture counts from the log is what the metrics count.
      expect(places.find(({ name }) => name === 'ingress')?.passed).toBe(totals.received);
    });
  });

  it('had no trouble of its own', () => expect(errors).toEqual([]));
});

type Told = { readonly event: string; readonly data: unknown };

/** An open page. */
async function listen(url: string) {
  const gone = new AbortController();
  const answer = await fetch(`${url}/api/stream`, { signal: gone.signal });
  const told: Told[] = [];
  const waiting = new Set<() => void>();
  void (async () => {
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of answer.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      const parts = text.split('\n\n');
      text = parts.pop() ?? '';
      for (const part of parts) {
        const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(part) ?? [];
        if (event !== undefined && data !== undefined) told.push({ event, data: JSON.parse(data) });
      }
      for (const wake of waiting) wake();
    }
  })().catch(() => {});
  return {
    async until(fits: (one: Told) => boolean): Promise<void> {
      while (!told.some(fits)) await new Promise<void>((resolve) => waiting.add(resolve));
    },
    has: (fits: (one: Told) => boolean) => told.some(fits),
    close: () => gone.abort(),
  };
}
