import { describe, expect, it } from 'vitest';
import { cutAfter, type Range, readRanges } from './ranges.ts';

type Thing = { readonly id: string; readonly created: number };

/** A list as Stripe keeps it: newest first, 100 a page, with a cursor that stays within its bounds. */
function stripeList(created: readonly number[]) {
  const things: readonly Thing[] = [...created]
    .sort((a, b) => b - a)
    .map((second, index) => ({ id: `x_${index}`, created: second }));
  let requests = 0;
  return {
    requests: () => requests,
    readPage: async (range: Range, cursor: string | null) => {
      requests += 1;
      await new Promise((resolve) => setImmediate(resolve));
      const after = cursor === null ? -1 : Number(cursor.slice(2));
      const rest = things.filter(({ created: at }, index) => index > after && at >= range.from && at <= range.to);
      const objects = rest.slice(0, 100).map((thing) => ({ ...thing, object: thing }));
      return { objects, last: rest.length <= 100, at: 0 };
    },
  };
}

const YEARS = 4 * 365 * 86_400;

/** A twentieth in the first half, a quarter within minutes, hundreds in one second. */
function skewed(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => {
    const share = index / count;
    if (share < 0.05) return Math.floor((share / 0.05) * (YEARS / 2));
    if (share < 0.3) return YEARS / 2 + Math.floor(index % 300);
    if (share < 0.33) return YEARS / 2 + 1_000;
    return YEARS / 2 + 2_000 + Math.floor(((share - 0.33) / 0.67) ** 0.5 * (YEARS / 2 - 2_000));
  });
}

/** A handful in the first years, half within one day, the others in the last month. */
function half(count: number): readonly number[] {
  const day = YEARS - 32 * 86_400;
  return Array.from({ length: count }, (_, index) => {
    if (index < 20) return index * 86_400;
    return index < count / 2 ? day + (index % 86_400) : YEARS - (index % (30 * 86_400));
  });
}

async function read(created: readonly number[], workers = 8) {
  const list = stripeList(created);
  const ranges: Range[] = [{ from: 0, to: YEARS, left: YEARS }];
  const seen: string[] = [];
  let atOnce = 0;
  let most = 0;
  await readRanges(ranges, {
    workers,
    readPage: async (range, cursor) => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      try {
        return await list.readPage(range, cursor);
      } finally {
        atOnce -= 1;
      }
    },
    onPage: async ({ objects }) => {
      seen.push(...objects.map(({ id }) => id));
    },
    stopped: () => false,
  });
  return { seen, requests: list.requests(), most };
}

describe('reading a list in ranges', () => {
  it.each([
    ['skewed data', skewed(20_000)],
    ['even data', Array.from({ length: 20_000 }, (_, index) => Math.floor((index / 20_000) * YEARS))],
    ['half of all in one day after empty years', half(20_000)],
    ['everything within one minute', Array.from({ length: 10_000 }, (_, index) => 5_000 + (index % 60))],
  ])('reads every object of %s once, with at most a fifth more requests than there are pages', async (_, created) => {
    const { seen, requests, most } = await read(created);
    expect(seen).toHaveLength(created.length);
    expect(new Set(seen).size).toBe(created.length);
    expect(requests).toBeLessThanOrEqual(1.2 * Math.ceil(created.length / 100));
    expect(most).toBeGreaterThanOrEqual(5);
  });

  it('asks once when there is nothing', async () => {
    expect(await read([])).toEqual({ seen: [], requests: 1, most: 1 });
  });

  it('cuts where the page was dense, and not where little is left', () => {
    expect(cutAfter({ from: 0 }, { newest: 100_000, oldest: 99_990 })).toBe(99_870);
    expect(cutAfter({ from: 0 }, { newest: 100_000, oldest: 100_000 })).toBe(99_988);
    expect(cutAfter({ from: 99_900 }, { newest: 100_000, oldest: 99_990 })).toBeNull();
  });

  it('stops asking when it is told to, and when an answer fails', async () => {
    const list = stripeList(skewed(20_000));
    const ranges: Range[] = [{ from: 0, to: YEARS, left: YEARS }];
    const onPage = async () => {};
    let pages = 0;
    const stopped = () => {
      pages += 1;
      return pages > 20;
    };
    await readRanges(ranges, { workers: 4, readPage: list.readPage, onPage, stopped });
    expect(list.requests()).toBeLessThan(30);
    const failing = async () => Promise.reject(new Error('no answer'));
    const reading = readRanges(ranges, { workers: 4, readPage: failing, onPage, stopped: () => false });
    await expect(reading).rejects.toThrow('no answer');
  });
});
