import type { CDPSession } from 'playwright-core';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { hasChromium } from './chromium.fixture.ts';
import { latenessOf, watchLateness } from './lateness.fixture.ts';
import { settled, usePage } from './page.fixture.ts';

const Metrics = v.object({ metrics: v.array(v.object({ name: v.string(), value: v.number() })) });

/** What the page holds after a collection, and how long its thread has computed since it was opened. */
async function held(
  devtools: CDPSession,
): Promise<{ heapMb: number; nodes: number; listeners: number; computedMs: number }> {
  // Twice: what a finaliser lets go of is found by the second.
  await devtools.send('HeapProfiler.collectGarbage');
  await devtools.send('HeapProfiler.collectGarbage');
  const { metrics } = v.parse(Metrics, await devtools.send('Performance.getMetrics'));
  const of = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
  return {
    ...{ heapMb: of('JSHeapUsedSize') / 2 ** 20, nodes: of('Nodes'), listeners: of('JSEventListeners') },
    computedMs: of('ThreadTime') * 1_000,
  };
}

const MOMENTS = 100;
/** A hundred events, at twenty a second. */
const SECONDS_OF_A_MOMENT = 5;
/** What moved is asked for again after a second. */
const SETTLE_TICKS = 10;

describe.skipIf(!hasChromium)('the console’s page after twelve thousand events', { timeout: 90_000 }, () => {
  const { serve, open } = usePage();

  const SHOWN = { '': '.place-stripe .place-passed', events: '.view-title p' } as const;

  /** As many as ten minutes have at twenty a second. */
  test.each(['', 'events'] as const)(
    '#/%s holds no more than after two thousand, and shows the newest',
    async (view) => {
      const server = await serve({ events: 100, letters: false });
      const page = await open(server, view, {
        before: (opened) => watchLateness(opened, SHOWN[view], view === '' ? 'snapshot' : 'answer'),
      });
      await settled(page);
      await page.getByText('Live', { exact: true }).waitFor();
      const devtools = await page.context().newCDPSession(page);
      await devtools.send('Performance.enable');
      const arrive = async (moments: number): Promise<void> => {
        for (let moment = 0; moment < moments; moment += 1) {
          server.arrive(SECONDS_OF_A_MOMENT * 20);
          await page.waitForTimeout(30);
        }
        // The last dots have run, the last question is answered.
        await page.waitForTimeout(2_500);
      };
      await arrive(20);
      const before = await held(devtools);
      await arrive(MOMENTS);
      const after = await held(devtools);
      expect(after.heapMb - before.heapMb).toBeLessThan(3);
      expect(after.heapMb).toBeLessThan(40);
      expect(after.nodes).toBeLessThan(before.nodes + 300);
      expect(after.listeners).toBeLessThan(before.listeners + 50);
      await page.locator(SHOWN[view]).getByText('12,100').waitFor();
      // In its own frames and ticks, so that a busy machine is no excuse and no alarm.
      const late = await latenessOf(page);
      expect(late.frames).toBeLessThanOrEqual(2);
      expect(late.ticks).toBeLessThanOrEqual(SETTLE_TICKS + 3);
      expect(late.told).toBeGreaterThanOrEqual(view === '' ? 120 : 3);
      // Who needs a fiftieth of the time in which so much comes has no queue that could grow.
      expect(after.computedMs - before.computedMs).toBeLessThan(MOMENTS * SECONDS_OF_A_MOMENT * 20);
    },
  );
});
