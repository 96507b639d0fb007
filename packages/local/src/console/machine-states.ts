/** The machine of an execution with the states that it went through, for drawing. Pure. */
import type { MachineState } from '@payments/console/contract';
import * as v from 'valibot';
import type { HistoryEntry } from '../states/machines.ts';

const Next = v.object({ Next: v.string() });
const Definition = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    StartAt: v.string(),
    States: v.record(
      v.string(),
      v.object({
        Type: v.string(),
        Next: v.optional(v.string()),
        Default: v.optional(v.string()),
        Choices: v.optional(v.array(Next), []),
        Catch: v.optional(v.array(Next), []),
      }),
    ),
  }),
);

type Visit = { -readonly [Key in keyof MachineState['visits'][number]]: MachineState['visits'][number][Key] };

/** States in the order of the definition; what happens inside a Map is the Map's. */
export function machineStates(
  definition: string,
  history: readonly HistoryEntry[],
): { readonly start: string; readonly states: MachineState[] } {
  const { StartAt, States } = v.parse(Definition, definition);
  const visits = new Map<string, Visit[]>(Object.keys(States).map((name) => [name, []]));
  for (const entry of history) visit(visits, entry);
  const states = Object.entries(States).map(([name, state]) => {
    const others = [state.Default, state.Next, ...state.Catch.map((each) => each.Next)];
    const next = [...state.Choices.map((each) => each.Next), ...others].filter((each) => each !== undefined);
    return { name, type: state.Type, next: [...new Set(next)], visits: visits.get(name) ?? [] };
  });
  return { start: StartAt, states };
}

function visit(all: ReadonlyMap<string, Visit[]>, { type, state, at, error }: HistoryEntry): void {
  const visits = all.get(state?.name ?? '');
  if (visits === undefined) {
    if (ENDS.has(type)) endAll(all, at, error);
    return;
  }
  const last = visits.at(-1);
  if (type === 'StateEntered') visits.push({ enteredAt: at, exitedAt: null, outcome: 'running', error: null });
  else if (last === undefined) return;
  else if (type === 'StateFailed') {
    last.outcome = 'failed';
    last.error = error;
    last.exitedAt = at;
  } else if (type === 'StateRetried') visits.push({ enteredAt: at, exitedAt: null, outcome: 'running', error: null });
  else if (type === 'StateCaught') last.outcome = 'caught';
  else if (type === 'StateExited') {
    last.exitedAt = at;
    if (last.outcome !== 'caught') last.outcome = 'succeeded';
  }
}

const ENDS: ReadonlySet<HistoryEntry['type']> = new Set(['ExecutionFailed', 'ExecutionAborted', 'ExecutionTimeout']);

/** Whatever was under way when the execution ended badly ended with it. */
function endAll(all: ReadonlyMap<string, Visit[]>, at: number, error: string | null): void {
  for (const visits of all.values()) {
    for (const one of visits) {
      if (one.exitedAt !== null) continue;
      one.exitedAt = at;
      one.outcome = 'failed';
      one.error ??= error;
    }
  }
}
