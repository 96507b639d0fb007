import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { hasChromium } from './chromium.fixture.ts';
import { settled, usePage } from './page.fixture.ts';

/** What can be pressed and has the focus, by its name. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const { activeElement } = document;
    if (activeElement?.matches('a, button') !== true) return '';
    return activeElement.getAttribute('aria-label') ?? activeElement.textContent ?? '';
  });

/** Presses Tab until what has the focus says `words`; never a hundred times. */
async function tabTo(page: Page, words: string): Promise<void> {
  for (let presses = 0; presses < 100; presses += 1) {
    if ((await focused(page)).includes(words)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`no Tab leads to ${words}`);
}

const nodes = (page: Page): Promise<number> => page.evaluate(() => document.querySelectorAll('*').length);

describe.skipIf(!hasChromium)('the console’s page in use', { timeout: 60_000 }, () => {
  const { serve, open } = usePage();

  test('with a keyboard alone one skips to the content, opens an event and redrives a letter', async () => {
    const server = await serve();
    const failed = server.failed();
    const page = await open(server, `events?search=${failed.id}`);
    await settled(page);
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement?.id === 'main');
    // The browser focuses what a link names before it tells the page, which then keeps its own address.
    await expect.poll(() => page.url()).toContain(failed.id);

    await tabTo(page, failed.type);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: failed.type }).waitFor();
    await page.getByRole('heading', { name: 'Machine subscriptions' }).waitFor();

    await page.goto(`${server.url}#/letters`);
    await settled(page);
    await tabTo(page, 'Redrive all 3');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Redrive all 3 letters?' }).waitFor();
    // However often Tab is pressed, the focus stays within the question.
    for (let presses = 0; presses < 7; presses += 1) {
      await page.keyboard.press('Tab');
      const away = await page.evaluate(
        () => document.activeElement !== document.body && document.activeElement?.closest('dialog') === null,
      );
      expect(away).toBe(false);
    }
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    expect(server.pressed).toEqual([]);
    expect(await focused(page)).toBe('Redrive all 3');

    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('Redrive');
    await page.keyboard.press('Enter');
    await page.getByRole('status', { name: 'What the last button did' }).getByText('3 sent back').waitFor();
    await page.getByRole('heading', { name: 'FIELD_CUSTOM_VALIDATION_EXCEPTION' }).waitFor({ state: 'hidden' });
    // No other reason lies in that queue: the whole of it went.
    expect(server.pressed).toEqual([{ path: '/api/letters/redrive', body: { queue: 'FailedExecutions' } }]);
  });

  test('a question that is asked just when another is closed is there to be answered', async () => {
    const page = await open(await serve(), 'letters');
    const button = page.getByRole('button', { name: 'Redrive all 3' });
    await button.click();
    await page.getByRole('dialog').waitFor();
    // The browser tells of the end of the first only after this.
    await button.evaluate((again: HTMLElement) => {
      document.querySelector('dialog')?.close();
      again.click();
    });
    await page.getByRole('dialog', { name: 'Redrive all 3 letters?' }).waitFor();
    await page.evaluate(() => new Promise(requestAnimationFrame));
    expect(await page.getByRole('dialog', { name: 'Redrive all 3 letters?' }).isVisible()).toBe(true);
  });

  test('where a queue holds more than is listed, a button says of which letters, and sends no other', async () => {
    const server = await serve({ unrouted: { 'plan.created': 5, 'plan.updated': 1, 'topup.created': 9 }, listed: 3 });
    const page = await open(server, 'letters');
    const group = (type: string) => page.getByRole('region', { name: `Unrouted: ${type}` });
    await group('topup.created').getByRole('button', { name: 'Redrive the newest 1' }).waitFor();
    await group('plan.updated').locator('.card-head').getByRole('button', { name: 'Redrive', exact: true }).click();
    await page.getByRole('dialog', { name: 'Redrive this letter?' }).getByRole('button', { name: 'Redrive' }).click();
    await group('plan.updated').waitFor({ state: 'detached' });
    await group('plan.created').getByRole('button', { name: 'Redrive the newest 2' }).click();
    const dialog = page.getByRole('dialog', { name: 'Redrive the newest 2 letters?' });
    await dialog.getByRole('button', { name: 'Redrive' }).click();
    await page.getByText('2 sent back').waitFor();
    expect(server.pressed.map(({ body }) => body)).toEqual([
      { queue: 'Unrouted', ids: ['Unrouted-plan.updated-0'] },
      { queue: 'Unrouted', ids: ['Unrouted-plan.created-0', 'Unrouted-plan.created-1'] },
    ]);
  });

  test('letters none of which is listed have no button that would do nothing', async () => {
    const page = await open(await serve({ unrouted: { 'plan.created': 5, 'topup.created': 9 }, listed: 1 }), 'letters');
    const older = page.getByRole('region', { name: 'Unrouted: topup.created' });
    await older.getByText('9 letters in').waitFor();
    await older.getByText('payments-ops dlq reaches them').waitFor();
    expect(await older.getByRole('button').count()).toBe(0);
  });

  test('a stream that is lost is said to be, and comes back by itself with what was missed', async () => {
    const server = await serve({ letters: false });
    const page = await open(server, '', { mayComplain: true });
    await page.getByText('Live', { exact: true }).waitFor();
    server.streams(false);
    await page.getByRole('alert').getByText('The stream is lost.').waitFor();
    await page.getByText('Disconnected', { exact: true }).waitFor();
    server.arrive(5);
    server.streams(true);
    await page.getByRole('button', { name: 'Try now' }).click();
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByText('The stream is lost.').waitFor({ state: 'hidden' });
    await page.locator('.place-stripe .place-passed', { hasText: '405' }).waitFor();
  });

  test('twenty thousand events are a bounded page, from the first to the far end', async () => {
    const server = await serve({ events: 20_000 });
    const page = await open(server, 'events');
    await settled(page);
    expect(await nodes(page)).toBeLessThan(1_500);
    let most = 0;
    for (let screens = 0; screens < 40; screens += 1) {
      // Listening before it is asked for: the answer may be quicker than the next line.
      const answer = page.waitForResponse((response) => response.url().includes('before='), { timeout: 5_000 });
      await Promise.all([
        answer.catch(() => undefined),
        page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight)),
      ]);
      most = Math.max(most, await nodes(page));
    }
    expect(most).toBeLessThan(1_500);
    // A table that is drawn in part says how long it is.
    expect(await page.getByRole('table').getAttribute('aria-rowcount')).toBe('20001');
    const last = await page.locator('.events-body tr').last().getAttribute('aria-rowindex');
    expect(Number(last)).toBeGreaterThan(1_000);
  });

  test('what arrives comes on top; held while paused or while one reads further down', async () => {
    const server = await serve();
    const page = await open(server, 'events');
    await settled(page);
    const top = page.locator('.events-body tr').first().getByRole('link');
    const [live] = server.arrive(1);
    await page.waitForFunction(
      (id) => document.querySelector('.row-link')?.getAttribute('href')?.includes(id),
      live?.id ?? '',
    );

    await page.getByRole('button', { name: 'Pause' }).click();
    server.arrive(2);
    await page.getByRole('button', { name: '2 new events' }).waitFor();
    expect(await top.getAttribute('href')).toContain(live?.id);
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByText('403 events').waitFor();

    await page.mouse.wheel(0, 2_000);
    await page.waitForFunction(() => scrollY > 1_500);
    const seen = await page.evaluate(() => document.elementFromPoint(700, 450)?.closest('tr')?.textContent);
    const at = await page.evaluate(() => scrollY);
    server.arrive(3);
    await page.getByRole('button', { name: '3 new events' }).waitFor();
    expect(await page.evaluate(() => scrollY)).toBe(at);
    const same = await page.evaluate(() => document.elementFromPoint(700, 450)?.closest('tr')?.textContent);
    // The age goes on, the row stays.
    expect(same?.slice(0, 40)).toBe(seen?.slice(0, 40));
    await page.getByRole('button', { name: '3 new events' }).click();
    await page.waitForFunction(() => scrollY === 0);
    await page.getByText('406 events').waitFor();
  });

  test('a search is in the address, and the back button comes back to it', async () => {
    const server = await serve();
    const failed = server.failed();
    const page = await open(server, 'events');
    await page.getByRole('searchbox').fill(failed.id);
    await page.getByText('1 match').waitFor();
    await page.locator('.row-link').first().click();
    await page.getByRole('heading', { name: failed.type }).waitFor();
    await page.goBack();
    await page.getByText('1 match').waitFor();
    expect(await page.getByRole('searchbox').inputValue()).toBe(failed.id);
  });

  test('dots run along the road, never more than a bound; none where motion is not wanted', async () => {
    const server = await serve();
    const page = await open(server, '');
    await settled(page);
    await page.locator('.road-dots').waitFor({ state: 'attached' });
    let most = 0;
    for (let moment = 0; moment < 20; moment += 1) {
      server.arrive(12);
      await page.waitForTimeout(60);
      most = Math.max(most, await page.locator('.dot').count());
    }
    expect(most).toBeGreaterThan(3);
    expect(most).toBeLessThanOrEqual(48);

    const calm = await open(server, '', { reducedMotion: 'reduce' });
    await settled(calm);
    server.arrive(12);
    await calm.locator('.place-stripe .place-passed', { hasText: '652' }).waitFor();
    expect(await calm.locator('.dot').count()).toBe(0);
  });

  test('trouble is a switch that says how it stands, and the road says what it does', async () => {
    const server = await serve({ letters: false });
    const page = await open(server, '');
    const down = page.getByRole('switch', { name: 'Salesforce down' });
    expect(await down.getAttribute('aria-checked')).toBe('false');
    await down.click();
    await page.getByRole('status', { name: 'What the last button did' }).getByText('salesforce-down is on').waitFor();
    expect(await down.getAttribute('aria-checked')).toBe('true');
    await page.getByText('Down', { exact: true }).waitFor();
    await page.getByText('answers 503 to every call since 42 s').waitFor();
    await down.click();
    await page.getByText('Healthy', { exact: true }).waitFor();
    expect(server.pressed.map(({ body }) => body)).toEqual([{ on: true }, { on: false }]);
  });

  test('a replay is asked for by its times, seen under way and cancelled', async () => {
    const server = await serve({ empty: true });
    const page = await open(server, 'replays');
    await page.getByRole('button', { name: 'Last 5 min' }).click();
    await page.getByLabel('Types, all when empty').fill('invoice.paid, customer.updated');
    await page.getByRole('button', { name: 'Start replay' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Start replay' }).click();
    await page.getByRole('button', { name: 'Cancel console-1' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel the replay' }).click();
    await page.getByText('cancelled', { exact: true }).waitFor();
    expect(server.pressed).toMatchObject([
      { path: '/api/replays', body: { types: ['invoice.paid', 'customer.updated'] } },
      { path: '/api/replays/console-1/cancel' },
    ]);
  });

  test('a replay that ends while nothing moves on the road is seen to have ended', async () => {
    const server = await serve({ empty: true });
    const page = await open(server, 'replays');
    await page.getByRole('button', { name: 'Start replay' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Start replay' }).click();
    await page.getByText('starting', { exact: true }).waitFor();
    server.replayed();
    await page.getByText('completed', { exact: true }).waitFor();
    await page.getByText('100 %', { exact: true }).waitFor();
    await page.getByText(/· started .+ · ended (now|\d+ (s|min) ago)$/).waitFor();
  });

  test('the theme is the system’s until one is chosen, which stays', async () => {
    const server = await serve();
    const page = await open(server, '', { colorScheme: 'dark' });
    const ground = (): Promise<string> =>
      page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    expect(await ground()).toBe('rgb(11, 13, 18)');
    await page.getByRole('button', { name: 'Light theme' }).click();
    expect(await ground()).toBe('rgb(245, 246, 248)');
    await page.reload();
    expect(await ground()).toBe('rgb(245, 246, 248)');
  });
});
