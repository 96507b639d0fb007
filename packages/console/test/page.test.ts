import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import * as v from 'valibot';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { buildPage } from './built.fixture.ts';
import { hasChromium, launchChromium } from './chromium.fixture.ts';
import { type FixtureServer, startFixtureServer } from './fixture-server.ts';

const AxeFound = v.array(
  v.object({ id: v.string(), impact: v.nullable(v.string()), nodes: v.array(v.object({ html: v.string() })) }),
);

const VIEWS = ['', 'events', 'event', 'batches', 'rows', 'row', 'letters', 'replays'] as const;
type View = (typeof VIEWS)[number];

describe.skipIf(!hasChromium)('the console’s page in a browser', () => {
  let browser: Browser;
  let built: Awaited<ReturnType<typeof buildPage>>;
  const servers: FixtureServer[] = [];
  const pages: Page[] = [];
  /** What no page may do: fail, complain, or ask anyone but its own server. */
  const wrongs: string[] = [];

  beforeAll(async () => {
    [browser, built] = await Promise.all([launchChromium(), buildPage()]);
  });
  afterAll(async () => {
    await browser?.close();
    await built?.remove();
  });
  afterEach(async () => {
    await Promise.all(pages.splice(0).map((page) => page.context().close()));
    await Promise.all(servers.splice(0).map((server) => server.close()));
    expect(wrongs.splice(0)).toEqual([]);
  });

  async function serve(options: Omit<Parameters<typeof startFixtureServer>[0], 'dist'> = {}): Promise<FixtureServer> {
    const server = await startFixtureServer({ dist: built.dist, ...options });
    servers.push(server);
    return server;
  }

  async function open(
    server: FixtureServer,
    hash: string,
    options: BrowserContextOptions & { readonly mayFail?: boolean } = {},
  ): Promise<Page> {
    const { mayFail = false, ...context } = options;
    const made = await browser.newContext({ viewport: { width: 1_280, height: 900 }, ...context });
    const page = await made.newPage();
    pages.push(page);
    page.on('pageerror', (error) => wrongs.push(`failed: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error' && !mayFail) wrongs.push(`complained: ${message.text()}`);
    });
    await made.route(
      (url) => url.origin !== new URL(server.url).origin,
      (route) => {
        wrongs.push(`asked ${route.request().url()}`);
        return route.abort();
      },
    );
    await page.goto(`${server.url}#/${hash}`);
    return page;
  }

  /** The address of a view, with something in it. */
  function hashOf(view: View, server: FixtureServer): string {
    if (view === 'event') return `events/${server.failed().id}`;
    return view === 'row' ? `rows/${server.row().object}/${server.row().id}` : view;
  }

  const settled = (page: Page): Promise<unknown> =>
    page.waitForFunction(() => document.querySelector('h1') !== null && document.querySelector('.loading') === null);

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

  describe.each(['light', 'dark'] as const)('%s', (colorScheme) => {
    test('axe finds no serious problem in any view', async () => {
      const server = await serve();
      // The policy of the server forbids axe, which the test puts in, and nothing that the page does.
      const page = await open(server, '', { colorScheme, bypassCSP: true, reducedMotion: 'reduce' });
      for (const view of VIEWS) {
        await page.goto(`${server.url}#/${hashOf(view, server)}`);
        await settled(page);
        expect({ view, problems: await seriousProblems(page) }).toEqual({ view, problems: [] });
      }
    });
  });

  test.each([360, 768, 1_280, 1_920])('nothing is wider than a window of %d px', async (width) => {
    const server = await serve();
    const page = await open(server, '', { viewport: { width, height: 900 } });
    for (const view of VIEWS) {
      await page.goto(`${server.url}#/${hashOf(view, server)}`);
      await settled(page);
      const wide = v.parse(v.number(), await page.evaluate('document.documentElement.scrollWidth - innerWidth'));
      expect({ view, wide: Math.max(0, wide) }).toEqual({ view, wide: 0 });
    }
  });
});
