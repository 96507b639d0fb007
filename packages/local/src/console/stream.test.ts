import type { Hop, Snapshot } from '@payments/console/contract';
import { describe, expect, it } from 'vitest';
import { createStream, type Listener } from './stream.ts';

const HOP: Hop = { at: 1, eventId: 'evt_1', type: 'a.b', from: 'bus', to: 'realtime', outcome: 'under way' };

function snapshotAt(at: number, received = 0): Snapshot {
  return {
    ...{ at, startedAt: 0, health: 'Healthy', healthReason: null, circuit: 'closed' },
    places: [{ name: 'queue', passed: received, here: 1, ageMs: at, state: 'busy', reason: null }],
    totals: {
      ...{ received, published: 0, duplicates: 0, staleRefused: 0 },
      ...{ rowsWritten: 0, failures: 0, deadLetters: 0, salesforceCalls: 0 },
    },
    syncLag: { since: 'stripe', realtime: null, bulk: null },
    budget: { windows: [], history: [[at, 1]] },
    rates: [[at, 1, 1]],
    ...{ troubles: [], lives: [] },
  };
}

/** A page that takes what it is sent, unless it is stuck. */
function listener() {
  const got: string[] = [];
  const state = { waiting: 0, ended: false };
  const it: Listener = {
    write: (text) => void got.push(text),
    waiting: () => state.waiting,
    end: () => {
      state.ended = true;
    },
  };
  return { it, state, got, count: (event: string) => got.join('').split(`event: ${event}\n`).length - 1 };
}

describe('the stream', () => {
  it('sends a snapshot once a second while something changed, and none when only time did', () => {
    const [stream, page] = [createStream(), listener()];
    stream.join(page.it);
    for (let at = 0; at < 10; at += 1) stream.sendSnapshot(snapshotAt(at));
    expect(page.count('snapshot')).toBe(1);
    stream.sendSnapshot(snapshotAt(10, 5));
    expect(page.count('snapshot')).toBe(2);
  });

  it('shows whoever comes later how things stand', () => {
    const [stream, first, second] = [createStream(), listener(), listener()];
    stream.join(first.it);
    stream.sendSnapshot(snapshotAt(0));
    stream.join(second.it);
    stream.sendSnapshot(snapshotAt(1));
    expect(second.count('snapshot')).toBe(1);
  });

  it('shows whoever was too slow for a snapshot how things stand, also when nothing changes any more', () => {
    const [stream, page] = [createStream(), listener()];
    stream.join(page.it);
    page.state.waiting = 10_000_000;
    stream.sendSnapshot(snapshotAt(0, 5));
    page.state.waiting = 0;
    stream.sendSnapshot(snapshotAt(1, 5));
    expect(page.count('snapshot')).toBe(1);
  });

  it('sends hops together, and of a flood no more than can be seen', () => {
    const [stream, page] = [createStream(), listener()];
    stream.join(page.it);
    for (let number = 0; number < 1_200; number += 1) stream.hop(HOP);
    stream.sendHops();
    expect([page.count('hop'), page.got.length]).toEqual([20, 2]);
    stream.sendHops();
    expect(page.got).toHaveLength(2);
  });

  it('keeps nothing while nobody listens', () => {
    const [stream, page] = [createStream(), listener()];
    stream.hop(HOP);
    stream.join(page.it);
    stream.sendHops();
    expect(page.count('hop')).toBe(0);
  });

  it('writes nothing to a page that does not read, and lets it go after half a minute', () => {
    const [stream, stuck, well] = [createStream(), listener(), listener()];
    stream.join(stuck.it);
    stream.join(well.it);
    const before = stuck.got.length;
    stuck.state.waiting = 1_000_000;
    for (let second = 0; second < 30; second += 1) {
      stream.hop(HOP);
      stream.sendHops();
      stream.sendSnapshot(snapshotAt(second, second));
      stream.beat();
    }
    expect([stuck.got.length, stuck.state.ended]).toEqual([before, false]);
    stream.sendSnapshot(snapshotAt(31, 31));
    expect([stuck.state.ended, stream.listeners]).toEqual([true, 1]);
    expect([well.count('snapshot'), well.count('hop')]).toEqual([31, 30]);
  });

  it('forgives a page that was slow for a while', () => {
    const [stream, page] = [createStream(), listener()];
    stream.join(page.it);
    for (let second = 0; second < 100; second += 1) {
      page.state.waiting = second % 20 === 0 ? 0 : 1_000_000;
      stream.sendSnapshot(snapshotAt(second, second));
    }
    expect([page.state.ended, page.count('snapshot')]).toEqual([false, 5]);
  });

  it('takes so many pages and no more, and lets all go at its end', () => {
    const [stream, pages] = [createStream(), Array.from({ length: 21 }, listener)];
    const leaves = pages.map(({ it: page }) => stream.join(page));
    expect([leaves.filter((leave) => leave === null).length, stream.listeners]).toEqual([1, 20]);
    leaves[0]?.();
    expect([pages[0]?.state.ended, stream.listeners]).toEqual([true, 19]);
    stream.close();
    expect([pages[1]?.state.ended, stream.listeners]).toEqual([true, 0]);
  });

  it('tells of a switch at once', () => {
    const [stream, page] = [createStream(), listener()];
    stream.join(page.it);
    stream.trouble({ name: 'api-limit', on: true });
    expect(page.got.at(-1)).toBe('event: trouble\ndata: {"name":"api-limit","on":true}\n\n');
  });
});
