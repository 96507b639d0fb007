import { describe, expect, it } from 'vitest';
import { healthOf, type Signals } from './health.ts';

const MINUTE = 60_000;
const WELL: Signals = {
  ...{ redis: 'whole', lostAt: Date.UTC(2026, 10, 25, 10, 3), waitingMs: MINUTE },
  ...{ callsUsed: 0.5, badAnswers: 0, badCode: '' },
};
const of = (over: Partial<Signals>) => healthOf({ ...WELL, ...over });

describe('health', () => {
  it('is healthy while nothing is late, lost or scarce', () => {
    expect(of({})).toEqual({ health: 'Healthy', reason: null });
    expect(of({ redis: 'new' })).toEqual({ health: 'Healthy', reason: null });
    expect(of({ waitingMs: 5 * MINUTE, callsUsed: 0.799 })).toEqual({ health: 'Healthy', reason: null });
  });

  it.each<[Partial<Signals>, string]>([
    [{ redis: 'lost' }, 'Redis lost data at 2026-11-25 10:03 UTC: the archive is replayed by itself'],
    [{ redis: 'recovering' }, 'Redis lost data at 2026-11-25 10:03 UTC: the archive is replayed by itself'],
    [{ waitingMs: 7.5 * MINUTE }, 'changes have waited for 7 minutes'],
    [{ callsUsed: 0.8 }, '80 % of the API calls are used'],
    [{ badAnswers: 1, badCode: 'SERVER_UNAVAILABLE' }, 'Salesforce fails (SERVER_UNAVAILABLE)'],
  ])('is degraded: %o', (over, reason) => {
    expect(of(over)).toEqual({ health: 'Degraded', reason });
  });

  it('is down when the bulk lane is stuck, and names everything that is wrong', () => {
    expect(of({ waitingMs: 31 * MINUTE, callsUsed: 1.2 })).toEqual({
      health: 'Down',
      reason: 'changes have waited for 31 minutes; 120 % of the API calls are used',
    });
  });

  it('fits its column', () => {
    expect(of({ badAnswers: 1, badCode: 'X'.repeat(300) }).reason).toHaveLength(255);
  });
});
