import { expect, test } from 'vitest';
import { realtimeMachine } from '../../../../../stacks/realtime.asl.ts';
import type { MachineState } from '../../contract.ts';
import { arrowPath, drawing } from './drawing.ts';
import { machineLayout } from './layout.ts';

const state = (name: string, type: string, next: readonly string[], entered: readonly number[] = []): MachineState => ({
  name,
  type,
  next: [...next],
  visits: entered.map((enteredAt) => ({ enteredAt, exitedAt: enteredAt + 1, outcome: 'succeeded', error: null })),
});

/** The realtime machine as the server tells it: choices, default, next, what catches. */
const REALTIME = [
  state('Claim', 'Task', ['Duplicate?', 'Park'], [1]),
  state('Duplicate?', 'Choice', ['Duplicate', 'Shed', 'Sync'], [2]),
  state('Duplicate', 'Succeed', []),
  state('Shed', 'Succeed', []),
  state('Sync', 'Task', ['Settle', 'Park'], [3, 4]),
  state('Settle', 'Task', ['Park'], [5]),
  state('Park', 'Task', ['Parked']),
  state('Parked', 'Fail', []),
];

test('the machine that is drawn here is the one that is deployed', () => {
  expect(REALTIME.map(({ name }) => name)).toEqual(Object.keys(realtimeMachine.States));
});

test('the way to success is one line; other endings stand before it, failure behind it', () => {
  const { cells } = machineLayout(REALTIME, 'Claim');
  const at = Object.fromEntries(cells.map(({ name, step, track }) => [name, [step, track]]));
  expect(at).toEqual({
    Claim: [0, 2],
    'Duplicate?': [1, 2],
    Sync: [2, 2],
    Settle: [3, 2],
    Duplicate: [2, 1],
    Shed: [2, 0],
    Park: [2, 3],
    Parked: [3, 3],
  });
});

test('the way that was gone is told from the ways that were not; a retry is no way', () => {
  const { arrows } = machineLayout(REALTIME, 'Claim');
  expect(arrows.filter(({ gone }) => gone).map(({ from, to }) => `${from} > ${to}`)).toEqual([
    'Claim > Duplicate?',
    'Duplicate? > Sync',
    'Sync > Settle',
  ]);
  expect(arrows.filter(({ kind }) => kind === 'failing')).toHaveLength(4);
});

test('a loop goes back, and a machine with one has an end', () => {
  const loop = [
    state('Wait', 'Wait', ['Await']),
    state('Await', 'Task', ['Done?']),
    state('Done?', 'Choice', ['Read', 'Wait']),
    state('Read', 'Task', []),
  ];
  const { steps, arrows } = machineLayout(loop, 'Wait');
  expect(steps).toBe(4);
  expect(arrows.filter(({ kind }) => kind === 'back').map(({ from, to }) => `${from} > ${to}`)).toEqual([
    'Done? > Wait',
  ]);
});

test('no two states share a place, whatever leads where', () => {
  const odd = [
    state('A', 'Choice', ['B', 'C', 'D', 'E', 'nowhere']),
    state('B', 'Succeed', []),
    state('C', 'Fail', []),
    state('D', 'Fail', []),
    state('E', 'Task', ['A']),
    state('Alone', 'Succeed', []),
  ];
  const { cells, arrows } = machineLayout(odd, 'A');
  expect(new Set(cells.map(({ step, track }) => `${step},${track}`)).size).toBe(odd.length);
  expect(arrows.map(({ to }) => to)).not.toContain('nowhere');
  expect(cells.every(({ track }) => track >= 0)).toBe(true);
});

test.each([288, 328, 700, 1_200])('at %d px the drawing keeps to its width', (width) => {
  const view = drawing(machineLayout(REALTIME, 'Claim'), width);
  expect(view.width).toBeLessThanOrEqual(width);
  for (const arrow of view.arrows) expect(arrowPath(view, arrow)).toMatch(/^M[-\d. LC]+$/);
});
