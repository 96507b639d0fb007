import { guard, judge } from '@payments/core/freshness';
import { describe, expect, it } from 'vitest';
import { historyFrom, stateAt } from '../test/histories/history.ts';
import { randomFrom, virtualTime } from '../test/histories/virtual-time.ts';
import { type Rule, type Tally, world } from '../test/histories/world.ts';

const HISTORIES = 20_000;
/** Twenty thousand at once would keep the collector of garbage busier than the rule. */
const SIDE_BY_SIDE = 2_000;

type Outcome = Tally & { readonly wrong: readonly number[] };

/** `wrong` are the numbers of those whose row is not what Stripe has in the end. */
async function livedThrough(count: number, inSharedSecond: number, rule: Rule, seed: number): Promise<Outcome> {
  const tally: Tally = { readings: 0, deliveries: 0, refused: 0, parked: 0 };
  const wrong: number[] = [];
  for (let from = 0; from < count; from += SIDE_BY_SIDE) {
    const time = virtualTime();
    const some = Array.from({ length: Math.min(SIDE_BY_SIDE, count - from) }, (_, index) => {
      const random = randomFrom(seed * 1_000_003 + from + index);
      const history = historyFrom(random, inSharedSecond);
      const lived = world(history, { random, time, rule, tally });
      return { history, lived, done: lived.live() };
    });
    await time.run();
    await Promise.all(some.map(({ done }) => done));
    some.forEach(({ history, lived }, index) => {
      const truth = stateAt(history, Number.POSITIVE_INFINITY)?.content;
      if (lived.row()?.content !== truth) wrong.push(from + index);
    });
  }
  return { ...tally, wrong };
}

describe('a history of one object, told out of order, twice, by two lanes and many workers', {
  timeout: 180_000,
}, () => {
  it.each([
    [5, 0.9],
    [40, 9.6],
    [90, 38],
  ])('ends with what Stripe has, when %d %% of its changes share a second', async (percent, published) => {
    const outcome = await livedThrough(HISTORIES, percent / 100, { judge, guard }, percent);
    const per100 = (outcome.readings / outcome.deliveries) * 100;
    console.log(
      [
        `${percent} % of changes in a shared second: ${HISTORIES} histories, ${outcome.deliveries} deliveries,`,
        `${outcome.wrong.length} wrong, ${outcome.parked} given up, ${outcome.refused} writes refused by the guard,`,
        `${per100.toFixed(1)} readings per 100 deliveries (one at a time, without lanes: ${published})`,
      ].join(' '),
    );
    expect(outcome.wrong).toEqual([]);
    expect(outcome.parked).toBe(0);
  });

  it.each<[string, Rule, number]>([
    ['the last to arrive wins', { judge: () => 'apply', guard: () => 'apply' }, 0.1],
    [
      'a reading wins its second whoever made it: two of them may cross',
      {
        judge: (known, state) =>
          judge(known, state) === 'tie' && 'read' in state && state.read === true ? 'apply' : judge(known, state),
        guard: (stored, write) => (stored === write.version ? 'apply' : guard(stored, write)),
      },
      0.0005,
    ],
  ])('would not, if %s', async (_name, rule, share) => {
    const { wrong } = await livedThrough(2_000, 0.9, rule, 7);
    expect(wrong.length).toBeGreaterThan(2_000 * share);
  });
});
