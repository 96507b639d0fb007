import { describe, expect, it } from 'vitest';
import { ROUTES } from './routes.ts';
import { EVENTS_AT_ONCE, intervalToSweep, nextWidth, OLDEST_SECONDS, typeLists } from './sweep.ts';

const NOW = 1_790_000_000;
const said = { place: null, madeAt: NOW - 86_400, now: NOW, graceSeconds: 600 };

describe('what a sweep looks through', () => {
  it('begins where the archive does, and from then on after the second that is done', () => {
    expect(intervalToSweep(said)).toEqual({ from: NOW - 86_400, to: NOW - 600 });
    expect(intervalToSweep({ ...said, place: NOW - 4_200 })).toEqual({ from: NOW - 4_199, to: NOW - 600 });
  });

  it('asks for nothing that Stripe does not have any more', () => {
    const old = { ...said, madeAt: NOW - 99 * 86_400 };
    expect(intervalToSweep(old)?.from).toBe(NOW - OLDEST_SECONDS);
    expect(intervalToSweep({ ...old, place: NOW - 50 * 86_400 })?.from).toBe(NOW - OLDEST_SECONDS);
  });

  it('leaves alone what may be on its way, and what it has done', () => {
    expect(intervalToSweep({ ...said, place: NOW - 600 })).toBeNull();
    expect(intervalToSweep({ ...said, madeAt: NOW - 10 })).toBeNull();
  });

  it('takes fewer seconds where they are dense, and never none', () => {
    expect(nextWidth(3_600, EVENTS_AT_ONCE + 1)).toBe(1_800);
    expect(nextWidth(1, EVENTS_AT_ONCE + 1)).toBe(1);
    expect(nextWidth(3_600, 3)).toBe(7_200);
    expect(nextWidth(3_600, EVENTS_AT_ONCE)).toBe(3_600);
  });

  it('names every routed type, and at most twenty in one question', () => {
    expect(typeLists().flat()).toEqual(Object.keys(ROUTES));
    for (const types of typeLists()) expect(types.length).toBeLessThanOrEqual(20);
  });
});
