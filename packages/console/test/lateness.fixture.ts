/**
 * How far what the page shows is behind what it was told, counted by the page's own frames and ticks: on a busy machine they
 * come later, all of them, and the count stays.
 */
import type { Page } from 'playwright-core';
import * as v from 'valibot';

const Lateness = v.object({
  /** Snapshots that the stream brought, or answers about events. */
  told: v.number(),
  /** Frames in a row, at most, in which the page showed another number than the newest that it had been told. */
  frames: v.number(),
  /** Ticks of a tenth of a second from a hop to the question that it causes, at most. */
  ticks: v.number(),
});
export type Lateness = v.InferOutput<typeof Lateness>;

/** Before the page is opened. `shown`: a selector of the element whose text begins with the number of events. */
export async function watchLateness(page: Page, shown: string, told: 'snapshot' | 'answer'): Promise<void> {
  await page.addInitScript(
    ({ selector, bySnapshot }) => {
      const late = { told: 0, frames: 0, ticks: 0 };
      Object.assign(globalThis, { late });
      let newest = '';
      let behind = 0;
      let tick = 0;
      let heardAt: number | null = null;
      const tell = (events: string): void => {
        newest = events;
        late.told += 1;
      };
      const Source = globalThis.EventSource;
      globalThis.EventSource = class extends Source {
        constructor(url: string | URL) {
          super(url);
          this.addEventListener('hop', () => {
            heardAt ??= tick;
          });
          this.addEventListener('snapshot', ({ data }) => {
            if (bySnapshot) tell(/"name":"stripe","passed":(\d+)/.exec(String(data))?.[1] ?? '');
          });
        }
      };
      const ask = globalThis.fetch;
      globalThis.fetch = async (...asked) => {
        const ofEvents = String(asked[0]).startsWith('api/events');
        if (ofEvents && heardAt !== null) late.ticks = Math.max(late.ticks, tick - heardAt);
        if (ofEvents) heardAt = null;
        const answer = await ask(...asked);
        if (ofEvents && !bySnapshot) {
          const text = await answer.clone().text();
          tell(/"total":(\d+)/.exec(text)?.[1] ?? '');
        }
        return answer;
      };
      setInterval(() => {
        tick += 1;
      }, 100);
      const look = (): void => {
        const text = document.querySelector(selector)?.textContent?.replaceAll(',', '') ?? '';
        behind = newest === '' || text.startsWith(`${newest} `) ? 0 : behind + 1;
        late.frames = Math.max(late.frames, behind);
        requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    },
    { selector: shown, bySnapshot: told === 'snapshot' },
  );
}

export async function latenessOf(page: Page): Promise<Lateness> {
  return v.parse(Lateness, await page.evaluate('late'));
}
