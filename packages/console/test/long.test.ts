import type { CDPSession } from 'playwright-core';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { hasChromium } from './chromium.fixture.ts';
import { settled, usePage } from './page.fixture.ts';

const Metrics = v.object({ metrics: v.array(v.object({ name: v.string(), value: v.number() })) });

/** What the page holds after a collection. */
async function held(devtools: CDPSession): Promise<{ heapMb: number; nodes: number; listeners: number }> {
  // Twice: what a finaliser lets go of is found by the second.
  await devtools.send('HeapProfiler.collectGarbage');
  await devtools.send('HeapProfiler.collectGarbage');
  const { metrics } = v.parse(Metrics, await devtools.send('Performance.getMetrics'));
  const of = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
  return { heapMb: of('JSHeapUsedSize') / 2 ** 20, nodes: of('Nodes'), listeners: of('JSEventListeners') };
}

describe.skipIf(!hasChromium)('the console’s page after twelve thousand events', { timeout: 90_000 }, () => {
  const { serve, open } = usePage();

  /** As many as ten minutes have at twenty a second. */
  test.each(['', 'events'])('#/%s holds no more than after two thousand', async (view) => {
    const server = await serve({ events: 100, letters: false });
    const page = await open(server, view);
    await settled(page);
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Performance.enable');
    const arrive = async (moments: number): Promise<void> => {
      for (let moment = 0; moment < moments; moment += 1) {
        server.arrive(100);
        await page.waitForTimeout(30);
      }
      // The last dots have run, the last question is answered.
      await page.waitForTimeout(2_500);
    };
    await arrive(20);
    const before = await held(devtools);
    await arrive(100);
    const after = await held(devtools);
    expect(after.heapMb - before.heapMb).toBeLessThan(3);
    expect(after.heapMb).toBeLessThan(40);
    expect(after.nodes).toBeLessThan(before.nodes + 300);
    expect(after.listeners).toBeLessThan(before.listeners + 50);
    const words = view === '' ? page.locator('.place-stripe .place-passed') : page.locator('.view-title');
    await words.getByText('12,100').waitFor();
  });
});
