import { describe, expect, it } from 'vitest';
import { realtimeMachine } from '../../../../stacks/realtime.asl.ts';
import type { HistoryEntry } from '../states/machines.ts';
import { machineStates } from './machine-states.ts';

const DEFINITION = JSON.stringify(realtimeMachine);

function entry(at: number, type: HistoryEntry['type'], name: string | null, error: string | null = null): HistoryEntry {
  const state = name === null ? null : { name, type: 'Task' };
  return { at, type, state, data: null, error, cause: null, iteration: null };
}

function visitsOf(name: string, history: readonly HistoryEntry[]) {
  return machineStates(DEFINITION, history).states.find((state) => state.name === name)?.visits;
}

describe('the machine of an event, drawn', () => {
  it('has every state of the definition in its order, with whatever may follow', () => {
    const { start, states } = machineStates(DEFINITION, []);
    expect(start).toBe('Claim');
    expect(states.map(({ name }) => name)).toEqual(Object.keys(realtimeMachine.States));
    const next = new Map(states.map((state) => [state.name, state.next]));
    expect(next.get('Claim')).toEqual(['Duplicate?', 'Park']);
    expect(next.get('Duplicate?')).toEqual(['Duplicate', 'Shed', 'Sync']);
    expect(next.get('Parked')).toEqual([]);
  });

  it('says when a state was entered and left', () => {
    expect(visitsOf('Claim', [entry(1, 'StateEntered', 'Claim'), entry(4, 'StateExited', 'Claim')])).toEqual([
      { enteredAt: 1, exitedAt: 4, outcome: 'succeeded', error: null },
    ]);
    expect(visitsOf('Claim', [entry(1, 'StateEntered', 'Claim')])).toEqual([
      { enteredAt: 1, exitedAt: null, outcome: 'running', error: null },
    ]);
  });

  it('counts each try as a visit, and tells one that was tried again from one that was caught', () => {
    const begun = [entry(1, 'StateEntered', 'Sync'), entry(2, 'StateFailed', 'Sync', 'RetryLater')];
    expect(visitsOf('Sync', begun)).toMatchObject([{ outcome: 'failed', error: 'RetryLater' }]);
    const again = [...begun, entry(3, 'StateRetried', 'Sync')];
    expect(visitsOf('Sync', again)).toMatchObject([
      { enteredAt: 1, exitedAt: 2, outcome: 'failed', error: 'RetryLater' },
      { enteredAt: 3, exitedAt: null, outcome: 'running', error: null },
    ]);
    const well = [...again, entry(5, 'StateExited', 'Sync')];
    expect(visitsOf('Sync', well)).toMatchObject([
      { outcome: 'failed', exitedAt: 2 },
      { outcome: 'succeeded', exitedAt: 5 },
    ]);
    const caught = [...begun, entry(3, 'StateCaught', 'Sync'), entry(4, 'StateExited', 'Sync')];
    expect(visitsOf('Sync', caught)).toMatchObject([{ outcome: 'caught', exitedAt: 4 }]);
  });

  it('ends with the execution what was under way in it', () => {
    const history = [entry(1, 'StateEntered', 'Parked'), entry(2, 'ExecutionFailed', null, 'NeverRetry')];
    expect(visitsOf('Parked', history)).toEqual([
      { enteredAt: 1, exitedAt: 2, outcome: 'failed', error: 'NeverRetry' },
    ]);
  });

  it('keeps both visits of a state that a redrive entered again', () => {
    const history = [1, 5].flatMap((at) => [entry(at, 'StateEntered', 'Sync'), entry(at + 1, 'StateExited', 'Sync')]);
    expect(visitsOf('Sync', history)?.map(({ enteredAt }) => enteredAt)).toEqual([1, 5]);
  });
});
