import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as contract from '@payments/console/contract';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Browser, hasChromium, launchChromium, type Page } from '../../console/test/chromium.fixture.ts';
import { runOps } from '../../ops/test/run-ops.ts';
import { buildPage } from '../src/console/build-page.ts';
import { openEars, type RunningConsole, startConsole } from '../src/console/console.ts';
import { metricSum, totalsByMetrics } from './metric-sums.fixture.ts';
import {
  expectSameStory,
  rowsNamed,
  type SmallMachine,
  START_WITHIN_MS,
  startSmall,
  TEST_WITHIN_MS,
} from './small-machine.fixture.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const SEEN_WITHIN_MS = 60_000;

/** The page in a browser, its server and the machine behind it, all of them real. */
describe.skipIf(!hasChromium)('someone at the console’s page', { timeout: TEST_WITHIN_MS }, () => {
  const wrongs: unknown[] = [];
  let small: SmallMachine;
  let served: RunningConsole;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    const ears = openEars();
    const [started, launched] = await Promise.all([
      startSmall({ seed: 44, ears, delivery: { reorderWindow: 3 }, haste: { retries: 4, queues: 20 } }),
      launchChromium(),
      buildPage(root, (line) => console.error(line)),
    ]);
    small = started;
    browser = launched;
    served = await startConsole({ machine: small, ears, root, port: 0, onError: (error) => wrongs.push(error) });
    const context = await browser.newContext({ viewport: { width: 1_280, height: 900 } });
    context.setDefaultTimeout(SEEN_WITHIN_MS);
    page = await context.newPage();
    page.on('pageerror', (error) => wrongs.push(error));
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== served.url) wrongs.push(`asked ${request.url()}`);
    });
    await page.goto(`${served.url}/`);
  }, START_WITHIN_MS);
  afterAll(async () => {
    await browser?.close();
    await served?.close();
    await small?.close();
    expect(wrongs).toEqual([]);
  });

  async function get<Schema extends v.GenericSchema>(address: string, schema: Schema) {
    return v.parse(schema, await (await fetch(`${served.url}${address}`)).json());
  }
  const road = () => page.getByRole('link', { name: 'Payments console' }).click();
  const view = (name: string) => page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name }).click();
  /** What the last button did, as the page says it; the next is another. */
  async function said(words: string): Promise<string> {
    const status = page.getByRole('status', { name: 'What the last button did' });
    const text = (await status.getByText(words).textContent()) ?? '';
    await status.getByRole('button', { name: 'Dismiss' }).click();
    return text;
  }
  /** Presses one that makes life and waits until nothing moves: events wait to be overtaken. */
  async function live(button: string, words: string): Promise<string> {
    await road();
    await page.getByRole('button', { name: button }).click();
    const text = await said(words);
    await small.still();
    return text;
  }
  async function openStory(search: string, type: string): Promise<void> {
    await view('Events');
    await page.getByRole('searchbox').fill(search);
    await page.getByRole('table').getByRole('link', { name: type }).first().click();
    await page.getByRole('heading', { level: 1, name: type }).waitFor();
  }

  describe('makes life and reads of it', () => {
    let subscription = '';
    const status = () => rowsNamed(small, 'Stripe_Subscription__c', subscription)[0]?.columns.Status__c;

    it('a new customer', async () => {
      subscription = /sub_\w+/.exec(await live('New customer', 'has subscribed'))?.[0] ?? '';
      await openStory(subscription, 'customer.subscription.created');
      await page.locator('.facts').getByText('written', { exact: true }).waitFor();
      await page.getByRole('heading', { name: 'Machine Subscriptions' }).waitFor();
      await page.getByRole('img', { name: /It went through Claim, .*Settle/ }).waitFor();
      await page.locator('.wrote').getByRole('link', { name: subscription }).click();
      await page.getByRole('heading', { name: 'Columns' }).waitFor();
      const events = page.getByRole('table', { name: 'Events that wrote to this row' });
      await events.getByRole('link', { name: 'customer.subscription.created' }).waitFor();
      expect(status()).toBe('active');
    });

    it('a failed payment', async () => {
      const text = await live('Failed payment', 'is past due');
      expect(text).toContain(subscription);
      const invoice = /in_\w+/.exec(text)?.[0] ?? '';
      await openStory(invoice, 'invoice.payment_failed');
      await page.locator('.facts').getByText('written', { exact: true }).waitFor();
      await page.getByRole('heading', { name: 'Machine Payments' }).waitFor();
      await page.getByRole('img', { name: /It went through Claim, .*Settle/ }).waitFor();
      const steps = page.locator('.steps .step-place');
      expect(await steps.allTextContents()).toEqual(expect.arrayContaining(['ingress', 'realtime', 'salesforce']));
      const body = page.locator('.body-card');
      await body
        .locator('summary')
        .filter({ hasText: /^object: / })
        .click();
      await body.getByText(invoice).first().waitFor();
      expect(status()).toBe('past_due');
    });

    it('a cancellation', async () => {
      expect(await live('Cancellation', 'is cancelled')).toMatch(/^sub_/);
      await openStory('customer.subscription.deleted', 'customer.subscription.deleted');
      await page.locator('.facts').getByText('written', { exact: true }).waitFor();
      await page.getByRole('heading', { name: 'Machine Subscriptions' }).waitFor();
      await page.getByRole('img', { name: /It went through Claim, .*Settle/ }).waitFor();
      const left = await page.locator('.facts').getByRole('link', { name: /^sub_/ }).textContent();
      expect(rowsNamed(small, 'Stripe_Subscription__c', left ?? '')[0]?.columns.Status__c).toBe('canceled');
    });
  });

  it('filters the events by lane and outcome as the server does', async () => {
    await view('Events');
    await page.getByRole('searchbox').fill('');
    const all = await get('/api/events?limit=200', contract.EventPage);
    expect(all.total).toBe(all.events.length);
    for (const { lane, outcome } of FILTERS) {
      await page.getByLabel('Lane').selectOption(lane || 'any');
      await page.getByLabel('Outcome').selectOption(outcome || 'any');
      const asked = new URLSearchParams(Object.entries({ lane, outcome, limit: '200' }).filter(([, value]) => value));
      const { events, total } = await get(`/api/events?${asked}`, contract.EventPage);
      expect(total).toBeGreaterThan(0);
      await page
        .locator('.view-title')
        .getByText(new RegExp(`^${total} (match|event)`))
        .waitFor();
      const drawn = v.parse(
        v.array(v.object({ id: v.string(), lane: v.string(), outcome: v.string() })),
        await page.locator('.events-body tr').evaluateAll((rows) =>
          rows.map((row) => ({
            id: row.querySelector('.row-link')?.getAttribute('href')?.split('/').at(-1),
            lane: row.querySelector('.cell-lane')?.textContent,
            outcome: row.querySelector('.cell-outcome')?.textContent,
          })),
        ),
      );
      expect(drawn.length).toBeGreaterThanOrEqual(Math.min(total, 20));
      expect(drawn).toEqual(events.slice(0, drawn.length).map(({ id, lane, outcome }) => ({ id, lane, outcome })));
      for (const { id, outcome: shown } of drawn) {
        if (lane) expect([id, small.tally.laneOf(id)]).toEqual([id, lane]);
        if (outcome) expect([id, shown]).toEqual([id, outcome]);
      }
    }
    await page.getByLabel('Lane').selectOption('unrouted');
    await page.getByLabel('Outcome').selectOption('written');
    await page.getByText('No event matches').waitFor();
    await page.getByRole('link', { name: 'Show all events' }).click();
    await page.locator('.view-title').getByText(`${all.total} events`).waitFor();
    expect(await page.getByLabel('Lane').inputValue()).toBe('');
  });

  it('reads of the API budget what the snapshot says, in the gauges and under the chart', async () => {
    await road();
    const apart = async () => {
      const drawn = (await page.locator('.gauge-of').allTextContents()).map((text) => {
        const [, name, used, limit, share] = /^Calls in the (\w+): ([\d,]+) of ([\d,]+), (\d+) %$/.exec(text) ?? [];
        return { name, used: plain(used), limit: plain(limit), share: Number(share) };
      });
      const chart = await page.getByRole('img', { name: 'Calls in the minute' }).getAttribute('aria-label');
      const { windows, history } = (await get('/api/snapshot', contract.Snapshot)).budget;
      const most = Math.max(...history.map(([, used]) => used));
      const told = windows.map(({ name, used, limit }) => ({ name, used, limit, share: shareOf(used, limit) }));
      return { drawn, told, chart: plain(/at most ([\d,]+) of/.exec(chart ?? '')?.[1]), most };
    };
    // A minute slides on between two looks.
    await expect
      .poll(apart, { timeout: SEEN_WITHIN_MS })
      .toSatisfy(({ drawn, told, chart, most }) => isDeepStrictEqual(drawn, told) && chart === most);
    const { drawn } = await apart();
    expect(drawn.map(({ name, limit }) => [name, limit])).toEqual([
      ['minute', 6_000],
      ['hour', 60_000],
      ['day', 90_000],
    ]);
    expect(drawn.at(-1)?.used).toBeGreaterThan(0);
  });

  it('makes trouble, sees it on the road, and ends it', async () => {
    await road();
    const down = page.getByRole('switch', { name: 'Salesforce is down' });
    await down.click();
    await said('until you switch it off');
    await page.getByRole('switch', { name: 'Salesforce is down', checked: true }).waitFor();
    await page.getByRole('button', { name: 'New customer' }).click();
    await said('has subscribed');
    await small.delivery.idle();
    await page.locator('.place-salesforce.is-trouble').waitFor();
    await page.getByRole('list', { name: 'Places in trouble' }).getByText('the circuit is').waitFor();
    await down.click();
    await said('Salesforce is down: over');
    await page.locator('.place-salesforce.is-trouble').waitFor({ state: 'detached' });
    await page.getByText('Healthy', { exact: true }).waitFor();
    await small.still();
  });

  it('redrives what was given up, one letter and then the rest, and nothing is left of it', async () => {
    const refused = [{ errorCode: 'STRING_TOO_LONG', message: 'too long', fields: ['Status__c'] }];
    const fault = small.org.org.fault({ match: { urlRegex: '/composite' }, effect: { status: 400, body: refused } });
    await live('New customer', 'has subscribed');
    small.org.org.liftFault(fault);
    await page.locator('.place-dead-letters.is-trouble').waitFor();
    await view('Dead letters');
    const given = page.getByRole('region', { name: /^FailedExecutions: / });
    const letter = given.getByRole('link', { name: /^evt_/ }).first();
    const id = (await letter.textContent()) ?? '';
    await given.getByRole('button', { name: `Redrive ${id}` }).click();
    await page.getByRole('dialog', { name: 'Redrive this letter?' }).getByRole('button', { name: 'Redrive' }).click();
    expect(await said('redriven')).toBe('1 redriven.');
    await page.getByRole('link', { name: id }).waitFor({ state: 'detached' });
    for (const queue of ['FailedExecutions', 'BulkParked']) {
      for (;;) {
        const group = page.getByRole('region', { name: new RegExp(`^${queue}: `) }).first();
        if ((await group.count()) === 0) break;
        await group.locator('.card-head').getByRole('button').click();
        await page.getByRole('dialog').getByRole('button', { name: 'Redrive' }).click();
        await said('redriven');
        await group.waitFor({ state: 'detached' });
      }
    }
    await page.getByText('No dead letter', { exact: true }).waitFor();
    await page.locator('.nav-count').waitFor({ state: 'detached' });
    await small.still();
    await page.goto(`${served.url}/#/events/${id}`);
    await page.locator('.facts').getByText('written', { exact: true }).waitFor();
    await page.locator('.steps').getByText('Given up').waitFor();
    expectSameStory(small);
  });

  it('replays the archive, sees the replay’s end, and nothing is written anew', async () => {
    const { events } = await get('/api/events?search=subscription.created&outcome=written', contract.EventPage);
    await view('Replays');
    await page.getByText('No replay yet').waitFor();
    await page.getByRole('button', { name: 'Last 60 min' }).click();
    await page.getByLabel('Types, all when empty').fill('customer.subscription.created');
    await page.getByRole('button', { name: 'Start replay' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Start replay' }).click();
    const name = /The replay (\S+) has started/.exec(await said('has started'))?.[1] ?? '';
    const replay = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name, exact: true }) });
    await replay.getByText('completed', { exact: true }).waitFor();
    await replay.getByText('100 %', { exact: true }).waitFor();
    await replay.getByText(/started .+ · ended (now|\d+ (s|min) ago)$/).waitFor();
    expect(await replay.getByRole('button').count()).toBe(0);
    await small.still();
    await page.goto(`${served.url}/#/events/${events[0]?.id}`);
    await page.locator('.facts').getByText('written', { exact: true }).waitFor();
    await page.locator('.steps').getByText('Handled already').waitFor();
    expectSameStory(small);
  });

  it('reads numbers that are those of payments-ops status and of GetMetricData', async () => {
    await small.still();
    await road();
    const totals = async () => {
      const drawn = v.parse(
        v.array(v.tuple([v.string(), v.string()])),
        await page
          .locator('.total')
          .evaluateAll((all) =>
            all.map((one) => [one.querySelector('dt')?.textContent, one.querySelector('.total-figure')?.textContent]),
          ),
      );
      const figures = new Map(drawn.map(([name, figure]) => [name, plain(figure)]));
      return Object.fromEntries(TOTALS.map(([name, key]) => [key, figures.get(name)]));
    };
    const Status = v.object({ totals: contract.Snapshot.entries.totals });
    const all = async () => ({
      page: await totals(),
      status: v.parse(Status, (await runOps(['status', '--json', '--local', small.road.awsUrl])).json()).totals,
      metrics: { ...(await totalsByMetrics(small)), deadLetters: 0 },
    });
    // The page is told each second.
    await expect
      .poll(all, { timeout: SEEN_WITHIN_MS })
      .toSatisfy((seen) => isDeepStrictEqual(seen.page, seen.metrics) && isDeepStrictEqual(seen.status, seen.metrics));
    const { metrics } = await all();
    for (const count of [metrics.received, metrics.duplicates, metrics.rowsWritten, metrics.failures])
      expect(count).toBeGreaterThan(0);

    const { places } = await get('/api/snapshot', contract.Snapshot);
    const drawn = v.parse(
      v.array(v.object({ name: v.string(), passed: v.string(), here: v.string() })),
      await page.locator('.place').evaluateAll((all) =>
        all.map((one) => ({
          name: one.querySelector('.place-name')?.textContent,
          passed: one.querySelector('.place-passed')?.textContent,
          here: one.querySelector('.place-here b')?.textContent,
        })),
      ),
    );
    const on = (name: string) => drawn.find((place) => place.name === name);
    const passed = (name: string) => plain(on(name)?.passed.split(' ')[0]);
    for (const { name, passed: told, here } of places)
      expect([name, passed(name), plain(on(name)?.here)]).toEqual([name, told, here]);
    expect(passed('ingress')).toBe(await metricSum(small, 'WebhookRequests'));
    expect(passed('bus')).toBe(passed('realtime') + passed('queue') + passed('unrouted'));
    expect(on('dead letters')?.here).toBe('0');
  });
});

const FILTERS = [
  { lane: 'realtime', outcome: '' },
  { lane: 'bulk', outcome: '' },
  { lane: '', outcome: 'unrouted' },
  { lane: 'bulk', outcome: 'written' },
  { lane: '', outcome: 'written' },
  { lane: '', outcome: '' },
] as const;

const TOTALS = [
  ['Received', 'received'],
  ['Published', 'published'],
  ['Rows written', 'rowsWritten'],
  ['API calls', 'salesforceCalls'],
  ['Duplicates', 'duplicates'],
  ['Stale refused', 'staleRefused'],
  ['Failures', 'failures'],
  ['Dead letters', 'deadLetters'],
] as const;

/** `12,345` as a number. */
function plain(figure = ''): number {
  return Number(figure.replaceAll(',', ''));
}

/** In whole percent; neither 0 nor 100 is said of what is only nearly so. */
function shareOf(used: number, limit: number): number {
  const exact = (used / limit) * 100;
  return exact === 0 || exact === 100 ? exact : Math.min(99, Math.max(1, Math.round(exact)));
}
