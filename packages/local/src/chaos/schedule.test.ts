import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Graph } from '../graph/graph.ts';
import { synthesise } from '../graph/synth.ts';
import { openAccount } from '../stripe/account.ts';
import { life } from '../stripe/life.ts';
import { STORIES } from '../stripe/stories.ts';
import { CATALOGUE, faultsNamed } from './catalogue.ts';
import { scheduleOf, toldOf } from './schedule.ts';
import { livesOf, storyOf } from './story.ts';

const root = path.resolve(import.meta.dirname, '../../../..');

it('nine seeds of two customers live through every story that there is', () => {
  const told = new Set<string>();
  for (let seed = 1; seed <= 9; seed += 1) {
    for (const { what } of life(openAccount({ seed }), livesOf({ seed, customers: 2 }))) told.add(what);
  }
  expect(STORIES.map(({ name }) => name).filter((name) => !told.has(name))).toEqual([]);
});

describe('the schedule of a storm', () => {
  let graph: Graph;
  beforeAll(async () => {
    graph = await synthesise({ root, stage: 'local', say: () => {} });
  }, 120_000);
  const schedule = (seed: number, customers: number, faults = 'all') =>
    scheduleOf(storyOf({ seed, customers, graph }), seed, faultsNamed(faults));
  const told = (...given: Parameters<typeof schedule>) => schedule(...given).map(toldOf);

  it('is the same for the same seed, and another for another', () => {
    expect(told(7, 5)).toEqual(told(7, 5));
    expect(told(7, 5)).not.toEqual(told(8, 5));
  });

  it('has every fault of the catalogue in it, and all injections within the story', () => {
    const { events } = storyOf({ seed: 7, customers: 5, graph });
    const planned = schedule(7, 5);
    expect(new Set(planned.map(({ fault }) => fault))).toEqual(new Set(CATALOGUE.map(({ name }) => name)));
    for (const { at } of planned) expect(at >= 0 && at <= events.length).toBe(true);
    expect(planned.map(({ number }) => number)).toEqual(planned.map((_, index) => index + 1));
  });

  it('kills every function of the road before, in the middle of and after its work', () => {
    const deaths = schedule(7, 10, 'deaths').map(({ what }) => what);
    for (const { name, handler } of graph.functions) {
      const place = handler.replace(/.*src\/|-lambda.*/g, '');
      const own = deaths.filter((what) => what.startsWith(`${place} dies`));
      expect([name, own.length], deaths.join('\n')).toEqual([name, 3]);
      for (const stage of [/before it begins/, /after sending/, /with its answer/]) {
        expect(own.some((what) => stage.test(what))).toBe(true);
      }
    }
  });

  it('lets the clocks that time the recovery be wrong by seconds, and others by minutes', () => {
    const off = new Map<string, number>();
    for (let seed = 1; seed <= 40; seed += 1) {
      for (const { what } of schedule(seed, 2, 'clock-skew')) {
        const [, place = '', seconds] = /^(\S+) is (\d+) s/.exec(what) ?? [];
        off.set(place, Math.max(off.get(place) ?? 0, Number(seconds)));
      }
    }
    for (const place of ['operations/recover', 'bulk/take', 'bulk/report']) {
      expect([place, off.get(place)]).toEqual([place, expect.toSatisfy((most: number) => most > 1 && most <= 4)]);
    }
    expect(Math.max(...off.values())).toBeGreaterThan(200);
  });

  it('keeps what a fault does when another fault is left out', () => {
    const moved = (faults: string) =>
      schedule(7, 5, faults)
        .filter(({ fault }) => fault === 'put-events')
        .map(({ at, what }) => [at, what]);
    expect(moved('put-events')).toEqual(moved('all'));
  });

  it('refuses a fault that there is not, and names those that there are', () => {
    expect(() => faultsNamed('duplicates,earthquake')).toThrow(/no fault "earthquake".*duplicates, disorder/);
  });
});
