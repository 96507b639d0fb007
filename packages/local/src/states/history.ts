/**
 * An execution's history in the service's own event types. The interpreter logs entries, exits, failures and retries of
 * states and the items of Maps; what the service lists besides (a task's scheduling, a Map's start and end) is told
 * from those and from the Lambda calls.
 */
import type { Json } from './definition.ts';
import { DEFAULT_GUESSES, type StatesGuesses } from './guesses.ts';
import type { LambdaCall } from './lambda-task.ts';
import type { Execution, HistoryEntry } from './machines.ts';

export type HistoryEvent = {
  readonly id: number;
  readonly previousEventId: number;
  /** Seconds since 1970, with milliseconds. */
  readonly timestamp: number;
  readonly type: string;
  readonly [details: string]: unknown;
};

type Details = Readonly<Record<string, unknown>>;
type Draft = { readonly type: string; readonly details?: Details };
type Data = (name: 'input' | 'output', value: Json) => Details;

/** What was seen so far, while the log is read from its start. */
type Reading = {
  readonly execution: Execution;
  readonly data: Data;
  readonly region: string;
  /** How many calls of each Task were told. */
  readonly told: Map<string, number>;
  /** States whose error was caught and that exit without success. */
  readonly caught: Set<string>;
  readonly redrivenState: StatesGuesses['redrivenState'];
};

export function historyEvents(
  execution: Execution,
  includeData: boolean,
  redrivenState: StatesGuesses['redrivenState'] = DEFAULT_GUESSES.redrivenState,
): HistoryEvent[] {
  const reading: Reading = {
    execution,
    data: (name, value) =>
      includeData ? { [name]: JSON.stringify(value), [`${name}Details`]: { truncated: false } } : {},
    region: execution.arn.split(':')[3] ?? '',
    told: new Map(),
    caught: new Set(),
    redrivenState,
  };
  return execution.history
    .flatMap((entry, index) => draftsOf(entry, index, reading).map((draft) => ({ ...draft, at: entry.at })))
    .map(({ at, type, details = {} }, index) => ({
      timestamp: at / 1000,
      type,
      id: index + 1,
      previousEventId: index,
      ...details,
    }));
}

function draftsOf(entry: HistoryEntry, index: number, reading: Reading): Draft[] {
  switch (entry.type) {
    case 'StateEntered':
    case 'StateExited':
    case 'StateFailed':
    case 'StateRetried':
    case 'StateCaught':
      return entry.state === null ? [] : stateDrafts(entry, entry.state, index, reading);
    case 'MapIterationStarted':
    case 'MapIterationSucceeded':
    case 'MapIterationFailed': {
      const { type, iteration } = entry;
      const details = { name: iteration?.map ?? '', index: iteration?.index ?? 0 };
      return [{ type, details: { [`m${type.slice(1)}EventDetails`]: details } }];
    }
    default:
      return executionDrafts(entry, index, reading);
  }
}

function executionDrafts(entry: HistoryEntry, index: number, { execution, data }: Reading): Draft[] {
  const failure = { error: entry.error ?? 'States.Runtime', cause: entry.cause ?? '' };
  switch (entry.type) {
    case 'ExecutionStarted':
      // The interpreter starts a redriven execution anew.
      if (index > 0) return [];
      return [
        { type: entry.type, details: { executionStartedEventDetails: { ...data('input', entry.data), roleArn: '' } } },
      ];
    case 'ExecutionSucceeded':
      return [{ type: entry.type, details: { executionSucceededEventDetails: data('output', entry.data) } }];
    case 'ExecutionFailed':
      return [{ type: entry.type, details: { executionFailedEventDetails: failure } }];
    case 'ExecutionAborted': {
      const { error, cause } = entry;
      const given = { ...(error === null ? {} : { error }), ...(cause === null ? {} : { cause }) };
      return [{ type: entry.type, details: { executionAbortedEventDetails: given } }];
    }
    case 'ExecutionTimeout':
      return [
        {
          type: 'ExecutionTimedOut',
          details: { executionTimedOutEventDetails: { ...failure, error: 'States.Timeout' } },
        },
      ];
    case 'ExecutionRedriven': {
      const before = execution.history.slice(0, index + 1).filter(({ type }) => type === 'ExecutionRedriven');
      return [{ type: entry.type, details: { executionRedrivenEventDetails: { redriveCount: before.length } } }];
    }
    default:
      return [];
  }
}

function stateDrafts(
  entry: HistoryEntry,
  state: { readonly name: string; readonly type: string },
  index: number,
  reading: Reading,
): Draft[] {
  const { data, caught } = reading;
  const { name, type } = state;
  const key = JSON.stringify([name, entry.iteration?.index ?? null]);
  switch (entry.type) {
    case 'StateEntered': {
      caught.delete(key);
      const entered = { stateEnteredEventDetails: { name, ...data('input', entry.data) } };
      return [
        ...(isTakenUpAgain(index, reading) ? [] : [{ type: `${type}StateEntered`, details: entered }]),
        ...started(name, type, index, reading),
      ];
    }
    case 'StateRetried':
      return started(name, type, index, reading);
    case 'StateFailed':
      return failed(entry, type);
    case 'StateCaught':
      caught.add(key);
      return [];
    default: {
      const exited = { stateExitedEventDetails: { name, ...data('output', entry.data) } };
      return [
        ...(caught.delete(key) ? [] : succeeded(name, type, reading)),
        { type: `${type}StateExited`, details: exited },
      ];
    }
  }
}

/** Whether a redrive goes on with this state and the history says so by its work alone. */
function isTakenUpAgain(index: number, { execution, redrivenState }: Reading): boolean {
  if (redrivenState === 'entered') return false;
  const before = execution.history.slice(0, index).findLast(({ type }) => type !== 'ExecutionStarted');
  return before?.type === 'ExecutionRedriven';
}

const LAMBDA = { resourceType: 'lambda', resource: 'invoke' };

function started(name: string, type: string, index: number, reading: Reading): Draft[] {
  if (type === 'Map') {
    const details = { length: iterations(name, index, reading.execution.history) };
    return [{ type: 'MapStateStarted', details: { mapStateStartedEventDetails: details } }];
  }
  if (type === 'Parallel') return [{ type: 'ParallelStateStarted' }];
  if (type !== 'Task') return [];
  const call = nextCall(name, reading);
  if (call === undefined) return [];
  const details = {
    ...LAMBDA,
    region: reading.region,
    parameters: JSON.stringify(call.parameters),
    ...(call.timeoutSeconds === null ? {} : { timeoutInSeconds: call.timeoutSeconds }),
  };
  return [
    { type: 'TaskScheduled', details: { taskScheduledEventDetails: details } },
    { type: 'TaskStarted', details: { taskStartedEventDetails: LAMBDA } },
  ];
}

/** `undefined` when the state failed before it called anything, its Parameters for instance. */
function nextCall(name: string, { execution, told }: Reading): LambdaCall | undefined {
  const count = told.get(name) ?? 0;
  const call = execution.calls.get(name)?.[count];
  if (call !== undefined) told.set(name, count + 1);
  return call;
}

/** Items of a Map that were begun between this entry and its next one. */
function iterations(name: string, index: number, history: readonly HistoryEntry[]): number {
  let count = 0;
  for (const { type, state, iteration } of history.slice(index + 1)) {
    if (type === 'StateEntered' && state?.name === name) break;
    if (type === 'MapIterationStarted' && iteration?.map === name) count += 1;
  }
  return count;
}

function succeeded(name: string, type: string, { execution, told, data }: Reading): Draft[] {
  if (type === 'Map' || type === 'Parallel') return [{ type: `${type}StateSucceeded` }];
  if (type !== 'Task') return [];
  const output = execution.calls.get(name)?.[(told.get(name) ?? 0) - 1]?.output ?? null;
  return [{ type: 'TaskSucceeded', details: { taskSucceededEventDetails: { ...LAMBDA, ...data('output', output) } } }];
}

function failed({ error, cause }: HistoryEntry, type: string): Draft[] {
  if (type === 'Map' || type === 'Parallel') return [{ type: `${type}StateFailed` }];
  if (type !== 'Task') return [];
  const details = { ...LAMBDA, error: error ?? 'States.Runtime', cause: cause ?? '' };
  return error === 'States.Timeout'
    ? [{ type: 'TaskTimedOut', details: { taskTimedOutEventDetails: details } }]
    : [{ type: 'TaskFailed', details: { taskFailedEventDetails: details } }];
}
