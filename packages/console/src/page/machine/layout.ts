/**
 * Where the states of a machine stand in its drawing, in cells of a grid: the way that leads to success along one line,
 * other endings of it before that line, what only leads to failure behind it. From the states alone; pure, tested.
 */
import type { MachineState } from '../../contract.ts';

export type Cell = { readonly name: string; readonly step: number; readonly track: number };
export type Arrow = {
  readonly from: string;
  readonly to: string;
  /** `failing`: into what only leads to failure. `back`: to an earlier step, as a loop does. */
  readonly kind: 'on' | 'failing' | 'back';
  /** The state after was entered from this one, as far as the visits tell. */
  readonly gone: boolean;
};
export type MachineLayout = {
  readonly cells: readonly Cell[];
  readonly arrows: readonly Arrow[];
  readonly steps: number;
  readonly tracks: number;
};

export function machineLayout(states: readonly MachineState[], start: string): MachineLayout {
  const byName = new Map(states.map((state) => [state.name, state]));
  const failing = onlyFails(states);
  const steps = stepsOf(byName, start, failing);
  const line = longestWay(byName, start, failing, steps);
  const cells = place(states, steps, line, failing);
  const lowest = Math.min(0, ...cells.map(({ track }) => track));
  const moved = cells.map((cell) => ({ ...cell, track: cell.track - lowest }));
  const went = waysGone(states);
  return {
    cells: moved,
    arrows: states.flatMap(({ name, next }) =>
      next
        .filter((to) => byName.has(to))
        .map(
          (to): Arrow => ({ from: name, to, kind: kindOf(name, to, steps, failing), gone: went.has(`${name}>${to}`) }),
        ),
    ),
    steps: 1 + Math.max(0, ...moved.map(({ step }) => step)),
    tracks: 1 + Math.max(0, ...moved.map(({ track }) => track)),
  };
}

function kindOf(
  from: string,
  to: string,
  steps: ReadonlyMap<string, number>,
  failing: ReadonlySet<string>,
): Arrow['kind'] {
  if (failing.has(to)) return 'failing';
  return (steps.get(to) ?? 0) <= (steps.get(from) ?? 0) ? 'back' : 'on';
}

/**
 * A Fail, and what is on no way but to one: each way on fails, and more than one state leads there, as to what catches. (A
 * state that ends the machine and whose error is caught says the way of its error alone; one state leads to it.)
 */
function onlyFails(states: readonly MachineState[]): ReadonlySet<string> {
  const failing = new Set(states.filter(({ type }) => type === 'Fail').map(({ name }) => name));
  const before = (name: string): number =>
    states.filter((state) => state.name !== name && state.next.includes(name)).length;
  for (let grew = true; grew; ) {
    grew = false;
    for (const { name, next } of states)
      if (
        !failing.has(name) &&
        next.length > 0 &&
        next.every((to) => failing.has(to) || to === name) &&
        before(name) > 1
      ) {
        failing.add(name);
        grew = true;
      }
  }
  return failing;
}

/** How many steps from the start each state is, by the longest way that goes through no state twice. */
function stepsOf(
  byName: ReadonlyMap<string, MachineState>,
  start: string,
  failing: ReadonlySet<string>,
): ReadonlyMap<string, number> {
  const steps = new Map<string, number>();
  const walk = (name: string, step: number, way: ReadonlySet<string>): void => {
    if ((steps.get(name) ?? -1) >= step) return;
    steps.set(name, step);
    for (const to of byName.get(name)?.next ?? [])
      if (!way.has(to) && !(failing.has(to) && !failing.has(name))) walk(to, step + 1, new Set([...way, to]));
  };
  walk(start, 0, new Set([start]));
  placeFailing(byName, steps, failing);
  // What nothing leads to stands at the beginning.
  for (const name of byName.keys()) if (!steps.has(name)) steps.set(name, 0);
  return steps;
}

/** What fails stands under the middle of what leads to it, and goes on from there. */
function placeFailing(
  byName: ReadonlyMap<string, MachineState>,
  steps: Map<string, number>,
  failing: ReadonlySet<string>,
): void {
  const taken = new Set<number>();
  let last = -1;
  for (const name of failing.size === 0 ? [] : [...byName.keys()].filter((one) => failing.has(one))) {
    if (steps.has(name)) continue;
    const before = [...byName.values()].filter((state) => state.next.includes(name));
    const known = before.map((state) => steps.get(state.name)).filter((step) => step !== undefined);
    const after = before.some((state) => failing.has(state.name) && steps.has(state.name));
    let step = after ? last + 1 : known.length === 0 ? last + 1 : Math.round(sum(known) / known.length);
    while (taken.has(step)) step += 1;
    steps.set(name, step);
    taken.add(step);
    last = step;
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

/** The way to the furthest state, which is drawn as a line; the first said among equals. */
function longestWay(
  byName: ReadonlyMap<string, MachineState>,
  start: string,
  failing: ReadonlySet<string>,
  steps: ReadonlyMap<string, number>,
): ReadonlySet<string> {
  let best: readonly string[] = [];
  const walk = (way: readonly string[]): void => {
    if (way.length > best.length) best = way;
    const here = way.at(-1);
    if (here === undefined) return;
    for (const to of byName.get(here)?.next ?? [])
      if (!failing.has(to) && steps.get(to) === way.length) walk([...way, to]);
  };
  if (byName.has(start)) walk([start]);
  return new Set(best);
}

/** Track 0 is the line; below 0 other endings, above 0 what fails. No two states share a cell. */
function place(
  states: readonly MachineState[],
  steps: ReadonlyMap<string, number>,
  line: ReadonlySet<string>,
  failing: ReadonlySet<string>,
): readonly Cell[] {
  const taken = new Set<string>();
  return [...states]
    .sort((a, b) => Number(line.has(b.name)) - Number(line.has(a.name)))
    .map(({ name }) => {
      const step = steps.get(name) ?? 0;
      const towards = failing.has(name) ? 1 : -1;
      let track = line.has(name) ? 0 : towards;
      while (taken.has(`${step},${track}`)) track += towards;
      taken.add(`${step},${track}`);
      return { name, step, track };
    });
}

/** From visit to visit in the order they were entered; the same state again is a retry, no way. */
function waysGone(states: readonly MachineState[]): ReadonlySet<string> {
  const visits = states
    .flatMap(({ name, visits: all }) => all.map(({ enteredAt }) => ({ name, enteredAt })))
    .sort((a, b) => a.enteredAt - b.enteredAt);
  const ways = new Set<string>();
  for (const [index, visit] of visits.entries()) {
    const before = visits[index - 1];
    if (before !== undefined && before.name !== visit.name) ways.add(`${before.name}>${visit.name}`);
  }
  return ways;
}
