import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { CATALOGUE } from '../src/chaos/catalogue.ts';
import { scheduleOf, toldOf } from '../src/chaos/schedule.ts';
import { runStorm, type StormResult } from '../src/chaos/storm.ts';
import { storyOf } from '../src/chaos/story.ts';
import { synthesise } from '../src/graph/synth.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const CUSTOMERS = 2;
const SEEDS = [1, 2, 3, 4, 5] as const;
/** Most of a storm is waiting: some pass side by side. */
const AT_ONCE = 3;
const WITHIN_MS = 900_000;

describe('after a storm of every fault', () => {
  const storms = new Map<number, { readonly result: StormResult; readonly schedule: readonly string[] }>();

  beforeAll(async () => {
    const graph = await synthesise({ root, stage: 'local', say: () => {} });
    const waiting = SEEDS.values();
    const worker = async (): Promise<void> => {
      for (const seed of waiting) {
        const injections = scheduleOf(storyOf({ seed, customers: CUSTOMERS, graph }), seed, CATALOGUE);
        const result = await runStorm({ root, seed, customers: CUSTOMERS, injections, instances: 1 });
        storms.set(seed, { result, schedule: injections.map(toldOf) });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }, WITHIN_MS);

  it.each(SEEDS)('Salesforce and Stripe tell the same story: seed %i', (seed) => {
    const storm = storms.get(seed);
    const { different, unaccounted } = storm?.result.accounts ?? {};
    const errors = storm?.result.errors;
    const why = `npm run chaos -- --seed ${seed} --customers ${CUSTOMERS}\n${storm?.schedule.join('\n')}\n${JSON.stringify(storm?.result.histories, null, 2)}`;
    expect({ different, unaccounted, errors }, why).toEqual({ different: [], unaccounted: [], errors: [] });
    expect(storm?.result.judgement.figures.rowsCompared).toBeGreaterThan(20);
  });

  it('what was poisoned is parked with a reason, and nothing else is left to people', () => {
    for (const [seed, { result, schedule }] of storms) {
      const poisons = schedule.filter((line) => line.includes(' poisoned-')).length;
      expect([seed, result.accounts.parked, result.accounts.needless]).toEqual([seed, poisons, []]);
    }
  });

  it('every fault has struck, and events that it touched have recovered', () => {
    const faults = [...storms.values()].flatMap(({ result }) => result.faults);
    for (const { name } of CATALOGUE) {
      const own = faults.filter(({ fault }) => fault === name);
      const sum = (figure: 'injected' | 'touched' | 'recovered') => own.reduce((all, one) => all + one[figure], 0);
      expect([name, sum('injected') > 0, sum('recovered')]).toEqual([name, true, sum('touched')]);
    }
  });
});
