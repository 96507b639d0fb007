/** The page in a browser before a made-up server, for a test file; what no page may do is found after each test. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { buildPage } from './built.fixture.ts';
import { launchChromium } from './chromium.fixture.ts';
import { type FixtureServer, startFixtureServer } from './fixture-server.ts';

export type PageFixture = {
  serve(options?: Omit<Parameters<typeof startFixtureServer>[0], 'dist'>): Promise<FixtureServer>;
  /**
   * `mayComplain`: answers fail in this test, and a browser writes that to its console. `before`: what is done with the page
   * before it is opened.
   */
  open(
    server: FixtureServer,
    hash: string,
    options?: BrowserContextOptions & {
      readonly mayComplain?: boolean;
      readonly before?: (page: Page) => Promise<void>;
    },
  ): Promise<Page>;
};

export const VIEWS = ['', 'events', 'event', 'batches', 'rows', 'row', 'letters', 'replays'] as const;

/** The address of a view, with something in it. */
export function hashOf(view: (typeof VIEWS)[number], server: FixtureServer): string {
  if (view === 'event') return `events/${server.failed().id}`;
  return view === 'row' ? `rows/${server.row().object}/${server.row().id}` : view;
}

/** Nothing loads any more. */
export function settled(page: Page): Promise<unknown> {
  return page.waitForFunction(
    () => document.querySelector('h1') !== null && document.querySelector('.loading') === null,
  );
}

/** Called within `describe`. */
export function usePage(): PageFixture {
  let browser: Browser;
  let built: Awaited<ReturnType<typeof buildPage>>;
  const servers: FixtureServer[] = [];
  const pages: Page[] = [];
  /** A page may not fail, complain, or ask anyone but its own server. */
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

  return {
    async serve(options = {}) {
      const server = await startFixtureServer({ dist: built.dist, ...options });
      servers.push(server);
      return server;
    },
    async open(server, hash, { mayComplain = false, before, ...options } = {}) {
      const context = await browser.newContext({ viewport: { width: 1_280, height: 900 }, ...options });
      // Before the test's own, so that a failure says what was waited for.
      context.setDefaultTimeout(15_000);
      const page = await context.newPage();
      pages.push(page);
      page.on('pageerror', (error) => wrongs.push(`failed: ${error.message}`));
      page.on('console', (message) => {
        if (message.type() === 'error' && !mayComplain) wrongs.push(`complained: ${message.text()}`);
      });
      await context.route(
        (url) => url.origin !== new URL(server.url).origin,
        (route) => {
          wrongs.push(`asked ${route.request().url()}`);
          return route.abort();
        },
      );
      await before?.(page);
      await page.goto(`${server.url}#/${hash}`);
      return page;
    },
  };
}
