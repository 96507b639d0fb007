import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Browser, hasChromium, launchChromium, type Page } from '../../console/test/chromium.fixture.ts';
import { buildPage } from '../src/console/build-page.ts';
import { openEars, type RunningConsole, startConsole } from '../src/console/console.ts';
import { type SmallMachine, START_WITHIN_MS, startSmall, TEST_WITHIN_MS } from './small-machine.fixture.ts';

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
      startSmall({ seed: 44, ears, haste: { retries: 4, queues: 20 } }),
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

  it('makes a new customer, sees the event arrive, and reads its story', async () => {
    await page.getByRole('button', { name: 'New customer' }).click();
    await page.getByRole('link', { name: 'Events', exact: true }).click();
    await page.getByRole('searchbox').fill('customer.subscription.created');
    await page.getByRole('table').getByRole('link', { name: 'customer.subscription.created' }).first().click();
    await page.getByRole('heading', { level: 1, name: 'customer.subscription.created' }).waitFor();
    await page.locator('.facts').getByText('written', { exact: true }).waitFor();
    await page.getByRole('heading', { name: 'Machine Subscriptions' }).waitFor();
    await page.getByRole('img', { name: /It went through Claim, .*Settle/ }).waitFor();
    const [row] = await page.locator('.wrote a').all();
    await row?.click();
    await page.getByRole('heading', { name: 'Columns' }).waitFor();
    await page.getByRole('table', { name: 'Events that wrote to this row' }).getByRole('link').first().waitFor();
  });

  it('makes trouble, sees it on the road, and ends it', async () => {
    await page.getByRole('link', { name: 'Payments console' }).click();
    const down = page.getByRole('switch', { name: 'Salesforce is down' });
    await down.click();
    await page.getByRole('switch', { name: 'Salesforce is down', checked: true }).waitFor();
    await page.getByRole('button', { name: 'New customer' }).click();
    await page.locator('.place-salesforce.is-trouble').waitFor();
    await page.getByRole('list', { name: 'Places in trouble' }).getByText('the circuit is').waitFor();
    await down.click();
    await page.locator('.place-salesforce.is-trouble').waitFor({ state: 'detached' });
    await page.getByText('Healthy', { exact: true }).waitFor();
  });
});
