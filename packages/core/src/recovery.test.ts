import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextStep, type ReplaySeen, replayStart, type StatusRow } from './recovery.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const LOST = Date.UTC(2026, 10, 25, 10);
const SETTINGS = { marginMs: 15 * MINUTE, archiveLagMs: 15 * MINUTE, retentionMs: 30 * DAY };
const BASE = {
  since: LOST,
  status: { kind: 'read', oldestUnsettledAt: LOST - 2 * MINUTE } as StatusRow,
  archiveCreatedAt: LOST - 100 * DAY,
  first: null,
  second: null,
  now: LOST + MINUTE,
};

const seen = (over: Partial<ReplaySeen> = {}): ReplaySeen => ({
  ...{ attempt: 1, state: 'completed', startedAt: LOST + MINUTE, endedAt: LOST + 2 * MINUTE },
  ...over,
});

const step = (over: Partial<Parameters<typeof nextStep>[0]>) => nextStep({ ...BASE, ...over }, SETTINGS);

describe('after a loss of Redis', () => {
  it('nothing is replayed before the status row is read: the archive keeps 30 days, a guess keeps nothing', () => {
    expect(step({ status: { kind: 'unread' } })).toEqual({ kind: 'wait', for: 'status' });
    expect(step({ status: { kind: 'unread' }, now: LOST + DAY })).toEqual({ kind: 'wait', for: 'status' });
  });

  it('the archive is replayed at once, from the oldest unsettled event less fifteen minutes', () => {
    expect(step({})).toEqual({
      ...{ kind: 'start', replay: 'first', attempt: 1, from: LOST - 17 * MINUTE, to: LOST + MINUTE },
    });
  });

  it('the first replay is followed to its end', () => {
    const first = seen({ state: 'under way' });
    expect(step({ first, now: LOST + 60 * MINUTE })).toEqual({ kind: 'wait', for: 'first' });
  });

  it('once more fifteen minutes after the first, over what the archive may have lacked then', () => {
    const first = seen({});
    expect(step({ first, now: LOST + 16 * MINUTE - 1 })).toEqual({ kind: 'wait', for: 'archive' });
    expect(step({ first, now: LOST + 16 * MINUTE })).toEqual({
      ...{ kind: 'start', replay: 'second', attempt: 1, from: LOST - 15 * MINUTE, to: LOST + 15 * MINUTE },
    });
  });

  it('it is over when the second has ended and the queue has had its time', () => {
    const first = seen({});
    const second = seen({ startedAt: LOST + 16 * MINUTE, endedAt: LOST + 17 * MINUTE });
    expect(step({ first, second: { ...second, state: 'under way' }, now: LOST + DAY })).toEqual({
      ...{ kind: 'wait', for: 'second' },
    });
    expect(step({ first, second, now: LOST + 32 * MINUTE - 1 })).toEqual({ kind: 'wait', for: 'queue' });
    expect(step({ first, second, now: LOST + 32 * MINUTE })).toEqual({ kind: 'finish' });
  });

  it('a replay that failed is started again for as long as it takes, at most an hour apart', () => {
    const failed = (attempt: number) => seen({ attempt, state: 'failed', endedAt: LOST });
    const after = (attempt: number, minutes: number) => step({ first: failed(attempt), now: LOST + minutes * MINUTE });
    expect(after(1, 0.9)).toEqual({ kind: 'wait', for: 'first' });
    expect(after(1, 1)).toMatchObject({ kind: 'start', replay: 'first', attempt: 2 });
    expect(after(4, 7)).toEqual({ kind: 'wait', for: 'first' });
    expect(after(4, 8)).toMatchObject({ kind: 'start', replay: 'first', attempt: 5 });
    expect(after(40, 60)).toMatchObject({ kind: 'start', replay: 'first', attempt: 41 });
    expect(step({ first: seen({}), second: failed(2), now: LOST + DAY })).toMatchObject({
      ...{ kind: 'start', replay: 'second', attempt: 3 },
    });
  });

  it('a replay that an operator cancelled is not started again', () => {
    expect(step({ first: seen({ state: 'cancelled' }), now: LOST + 16 * MINUTE })).toMatchObject({
      ...{ kind: 'start', replay: 'second', attempt: 1 },
    });
  });

  it('a status row that could be read only hours later is no reason to replay those hours', () => {
    const now = LOST + 180 * MINUTE;
    expect(step({ now })).toMatchObject({ replay: 'first', from: LOST - 17 * MINUTE, to: LOST + 15 * MINUTE });
    expect(step({ first: seen({ startedAt: now }), now: now + 14 * MINUTE })).toEqual({ kind: 'wait', for: 'archive' });
  });

  it('without any report everything in the archive is replayed', () => {
    const archiveCreatedAt = LOST - 3 * DAY;
    const status = { kind: 'read', oldestUnsettledAt: null } as const;
    expect(step({ status, archiveCreatedAt })).toMatchObject({ replay: 'first', from: archiveCreatedAt - 15 * MINUTE });
  });

  it('a stage that is younger than its archive takes is replayed once', () => {
    const archiveCreatedAt = LOST - 5 * MINUTE;
    const status = { kind: 'read', oldestUnsettledAt: null } as const;
    expect(step({ status, archiveCreatedAt })).toEqual({ kind: 'wait', for: 'archive' });
    expect(step({ status, archiveCreatedAt, now: LOST + 15 * MINUTE })).toEqual({
      ...{ kind: 'start', replay: 'second', attempt: 1, from: LOST - 20 * MINUTE, to: LOST + 15 * MINUTE },
    });
  });
});

describe('a replay', () => {
  it('begins where the archive does when that is later', () => {
    const found = { since: LOST, archiveCreatedAt: LOST - 90 * DAY, oldestUnsettledAt: LOST - 40 * DAY, now: LOST };
    expect(replayStart(found, SETTINGS)).toBe(LOST - 30 * DAY);
  });

  it('begins before the loss although a clock ran ahead', () => {
    const found = { since: LOST, archiveCreatedAt: 0, oldestUnsettledAt: LOST + 8 * MINUTE, now: LOST };
    expect(replayStart(found, SETTINGS)).toBe(LOST - 15 * MINUTE);
  });

  /** Plays a recovery minute by minute against an archive that lags, and collects what was replayed. */
  function replayed(events: readonly number[], lagOf: (event: number) => number, recoverStarts: number) {
    const came = new Set<number>();
    const done: { first: ReplaySeen | null; second: ReplaySeen | null } = { first: null, second: null };
    for (let now = recoverStarts; ; now += MINUTE) {
      const next = step({ ...done, now });
      if (next.kind === 'finish') return came;
      if (next.kind !== 'start') continue;
      for (const at of events) if (at >= next.from && at <= next.to && at + lagOf(at) <= now) came.add(at);
      done[next.replay] = seen({ startedAt: now, endedAt: now });
    }
  }

  it('or the other brings every event that can have been lost, however the archive lags within ten minutes', () => {
    const event = fc.integer({ min: LOST - 17 * MINUTE, max: LOST });
    const lag = fc.integer({ min: 0, max: 10 * MINUTE });
    const delay = fc.integer({ min: 0, max: 300 }).map((minutes) => LOST + minutes * MINUTE);
    fc.assert(
      fc.property(fc.array(fc.tuple(event, lag), { minLength: 1, maxLength: 30 }), delay, (lost, starts) => {
        const lags = new Map(lost);
        const events = [...lags.keys()];
        expect(replayed(events, (at) => lags.get(at) ?? 0, starts)).toEqual(new Set(events));
      }),
    );
  });
});
