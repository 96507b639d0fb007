/** Hops as dots that run along the lines. Drawn outside of the page's own rendering: each lives for less than a second. */
import type { Hop } from '../../contract.ts';
import { onHop } from '../live.ts';
import { type Dot, foldHops, radiusOf } from './fold-hops.ts';
import { pathBetween, type RoadLayout } from './layout.ts';

const MOMENT_MS = 160;
const RUN_MS = 900;
/** Dots at once, however many events there are. */
const AT_ONCE = 48;

/** Draws into `stage`, over the picture of `layout`, until the answer is called. Draws nothing where motion is not wanted. */
export function runDots(stage: HTMLElement, layout: RoadLayout): () => void {
  const still = matchMedia('(prefers-reduced-motion: reduce)');
  let waiting: Hop[] = [];
  let running = 0;

  function draw(dot: Dot): void {
    const path = pathBetween(layout.spots, layout.shape, dot.from, dot.to);
    if (path === '') return;
    const element = document.createElement('span');
    element.className = `dot dot-${dot.tone}`;
    const size = `${Math.round(radiusOf(dot.hops) * 20) / 10}px`;
    element.style.width = size;
    element.style.height = size;
    element.style.offsetPath = `path("${path}")`;
    stage.append(element);
    running += 1;
    const run = element.animate(
      [
        { offsetDistance: '0%', opacity: 0 },
        { opacity: 1, offset: 0.08 },
        { opacity: 1, offset: 0.92 },
        { offsetDistance: '100%', opacity: 0 },
      ],
      { duration: RUN_MS, easing: 'cubic-bezier(0.45, 0.05, 0.55, 0.95)' },
    );
    const end = (): void => {
      element.remove();
      running -= 1;
    };
    run.onfinish = end;
    run.oncancel = end;
  }

  const timer = setInterval(() => {
    if (waiting.length === 0) return;
    const hops = waiting;
    waiting = [];
    for (const dot of foldHops(hops, AT_ONCE - running)) draw(dot);
  }, MOMENT_MS);
  const off = onHop((hop) => {
    // A page in the background draws nothing and would only gather.
    if (!still.matches && !document.hidden) waiting.push(hop);
  });
  return () => {
    off();
    clearInterval(timer);
    stage.replaceChildren();
  };
}
