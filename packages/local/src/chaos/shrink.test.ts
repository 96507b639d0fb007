import { describe, expect, it } from 'vitest';
import { type Candidate, shrink } from './shrink.ts';

/** So many injections for each customer, of three kinds in turn. */
const scheduleOf = (customers: number) =>
  Array.from({ length: customers * 6 }, (_, index) => ({ number: index + 1, fault: ['a', 'b', 'c'][index % 3] ?? '' }));
const whole = (customers: number): Candidate => ({
  customers,
  only: scheduleOf(customers).map(({ number }) => number),
});

async function shrunk(start: Candidate, fails: (candidate: Candidate) => boolean, runs = 1_000) {
  let made = 0;
  const best = await shrink(start, {
    scheduleOf,
    timeIsUp: () => made >= runs,
    fails: async (candidate) => {
      made += 1;
      return fails(candidate);
    },
  });
  return { best, made };
}

describe('shrink', () => {
  it('ends with the customers and injections that are needed, and no more', async () => {
    const needed = [2, 9];
    const { best, made } = await shrunk(
      whole(8),
      ({ customers, only }) => customers >= 2 && needed.every((n) => only.includes(n)),
    );
    expect(best).toEqual({ customers: 2, only: needed });
    expect(made).toBeLessThan(40);
  });

  it('keeps what fails when nothing can be left out', async () => {
    const start = whole(1);
    const { best } = await shrunk(start, ({ only }) => only.length === start.only.length);
    expect(best).toEqual(start);
  });

  it('ends when its time is up, with the best so far', async () => {
    const { best, made } = await shrunk(whole(8), () => true, 2);
    expect(made).toBe(2);
    expect(best).toEqual(whole(2));
  });

  it('does not compare schedules of other customers with a part of one', async () => {
    const { best } = await shrunk({ customers: 4, only: [3, 5] }, ({ only }) => only.includes(5));
    expect(best).toEqual({ customers: 4, only: [5] });
  });
});
