import axe from 'axe-core';
import type { Page } from 'playwright-core';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { hasChromium } from './chromium.fixture.ts';
import { hashOf, settled, usePage, VIEWS } from './page.fixture.ts';

const AxeFound = v.array(
  v.object({ id: v.string(), impact: v.nullable(v.string()), nodes: v.array(v.object({ html: v.string() })) }),
);

async function seriousProblems(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const found = v.parse(
    AxeFound,
    await page.evaluate("axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations)"),
  );
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`);
}

describe.skipIf(!hasChromium)('every view of the console’s page', { timeout: 60_000 }, () => {
  const { serve, open } = usePage();

  test.each(['light', 'dark'] as const)('%s: axe finds no serious problem', async (colorScheme) => {
    const server = await serve();
    // The policy of the server forbids axe, which the test puts in, and nothing that the page does.
    const page = await open(server, '', { colorScheme, bypassCSP: true, reducedMotion: 'reduce' });
    for (const view of VIEWS) {
      await page.goto(`${server.url}#/${hashOf(view, server)}`);
      await settled(page);
      expect({ view, problems: await seriousProblems(page) }).toEqual({ view, problems: [] });
    }
    await page.goto(`${server.url}#/letters`);
    await page.getByRole('button', { name: 'Redrive all 3' }).click();
    await page.getByRole('dialog').waitFor();
    expect(await seriousProblems(page)).toEqual([]);
  });

  test.each([360, 768, 1_280, 1_920])('nothing is wider than a window of %d px', async (width) => {
    const server = await serve();
    const page = await open(server, '', { viewport: { width, height: 900 } });
    for (const view of VIEWS) {
      await page.goto(`${server.url}#/${hashOf(view, server)}`);
      await settled(page);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect({ view, wide: Math.max(0, wide) }).toEqual({ view, wide: 0 });
    }
  });

  test('each has one heading of the first rank, a main part, and a navigation that says where one is', async () => {
    const server = await serve();
    const page = await open(server, '');
    for (const view of VIEWS) {
      await page.goto(`${server.url}#/${hashOf(view, server)}`);
      await settled(page);
      const counts = await Promise.all([
        page.locator('h1').count(),
        page.getByRole('main').count(),
        page.getByRole('navigation', { name: 'Views' }).locator('[aria-current=page]').count(),
      ]);
      expect({ view, counts }).toEqual({ view, counts: [1, 1, 1] });
    }
  });

  test('says that it is empty', async () => {
    const server = await serve({ empty: true });
    const page = await open(server, '');
    for (const [view, words] of [
      ['', 'No event yet'],
      ['events', 'No event yet'],
      ['batches', 'No batch yet'],
      ['rows', 'No row yet'],
      ['letters', 'No dead letter'],
      ['replays', 'No replay yet'],
    ]) {
      await page.goto(`${server.url}#/${view}`);
      await page.getByText(words ?? '', { exact: true }).waitFor();
    }
  });

  test('says that it loads, then why it cannot, and tries again when asked to', async () => {
    const server = await serve();
    server.hang(true);
    const page = await open(server, 'batches', { mayComplain: true });
    await page.getByText('Loading batches').waitFor();
    server.hang(false);
    server.refuse(true);
    for (const view of ['', 'events', 'event', 'batches', 'rows', 'row', 'letters', 'replays'] as const) {
      await page.goto(`${server.url}#/${hashOf(view, server)}`);
      await page.reload();
      await page.getByText('The road is closing.').first().waitFor();
    }
    server.refuse(false);
    await page.getByRole('button', { name: 'Try again' }).first().click();
    await page.getByText('console-20261129-021500').waitFor();
  });

  test('an event that is not known is said to be so', async () => {
    const page = await open(await serve(), 'events/evt_nobody', { mayComplain: true });
    await page.getByText('There is no such thing here.').waitFor();
  });
});
