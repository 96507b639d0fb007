import { describe, expect, it } from 'vitest';
import { lagShown } from './lag.ts';

const NOW = 10_000_000;
const metric = { realtime: { p50: -1_000, p95: 20, p99: 30, count: 4 }, bulk: null };
const tookSince: number[] = [];
const ledger = {
  took: (lane: string, from: number) => {
    tookSince.push(from);
    return lane === 'bulk' ? [] : [40, 10, 20, 30];
  },
};

describe('the lag on the page', () => {
  it('is that of ops status while the account lives in this machine’s time; below nothing is none', () => {
    expect(lagShown({ metric, ledger, at: NOW, accountAt: NOW - 59_000 })).toEqual({
      ...{ since: 'stripe', realtime: { p50: 0, p95: 20, p99: 30, count: 4 }, bulk: null },
    });
  });

  it.each([-44, 44])('is from received to written where the account is %d days away, and says so', (days) => {
    expect(lagShown({ metric, ledger, at: NOW, accountAt: NOW + days * 86_400_000 })).toEqual({
      ...{ since: 'received', realtime: { p50: 20, p95: 40, p99: 40, count: 4 }, bulk: null },
    });
    expect(tookSince.at(-1)).toBe(NOW - 3_600_000);
  });
});
