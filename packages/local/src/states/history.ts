/**
 * An execution's history in the service's own event types. The interpreter logs entries, exits, failures and retries of
 * states; a Lambda task's scheduling, which the service lists too, is told from those.
 */
import type { Execution, HistoryEntry } from './machines.ts';

export type HistoryEvent = {
  readonly id: number;
  readonly previousEventId: number;
  /** Seconds since 1970, with milliseconds. */
  readonly timestamp: number;
  readonly type: string;
  readonly [details: string]: unknown;
};

type Draft = { readonly at: number; readonly type: string; readonly details?: Readonly<Record<string, unknown>> };

export function historyEvents(execution: Execution, includeData: boolean): HistoryEvent[] {
  const drafts = execution.history.flatMap((entry) => draftsOf(entry, execution, includeData));
  return drafts.map(({ at, type, details = {} }, index) => ({
    timestamp: at / 1000,
    type,
    id: index + 1,
    previousEventId: index,
    ...details,
  }));
}

function draftsOf(entry: HistoryEntry, execution: Execution, includeData: boolean): Draft[] {
  const { at, state, type } = entry;
  const data = (name: 'input' | 'output'): Record<string, unknown> =>
    includeData ? { [name]: JSON.stringify(entry.data), [`${name}Details`]: { truncated: false } } : {};
  const failure = { error: entry.error ?? 'States.Runtime', cause: entry.cause ?? '' };
  const isTask = state?.type === 'Task';
  switch (type) {
    case 'ExecutionStarted':
      return [{ at, type, details: { executionStartedEventDetails: { ...data('input'), roleArn: '' } } }];
    case 'ExecutionSucceeded':
      return [{ at, type, details: { executionSucceededEventDetails: data('output') } }];
    case 'ExecutionFailed':
      return [
        {
          at,
          type,
          details: {
            executionFailedEventDetails: {
              error: execution.error ?? failure.error,
              cause: execution.cause ?? failure.cause,
            },
          },
        },
      ];
    case 'ExecutionAborted':
      return [
        {
          at,
          type,
          details: { executionAbortedEventDetails: { error: execution.error ?? '', cause: execution.cause ?? '' } },
        },
      ];
    case 'ExecutionTimeout':
      return [{ at, type: 'ExecutionTimedOut', details: { executionTimedOutEventDetails: failure } }];
    case 'ExecutionRedriven':
      return [{ at, type, details: { executionRedrivenEventDetails: { redriveCount: execution.redriveCount } } }];
    case 'StateEntered': {
      const entered: Draft = {
        at,
        type: `${state?.type ?? ''}StateEntered`,
        details: { stateEnteredEventDetails: { name: state?.name ?? '', ...data('input') } },
      };
      return isTask ? [entered, ...started(at)] : [entered];
    }
    case 'StateExited': {
      const exited: Draft = {
        at,
        type: `${state?.type ?? ''}StateExited`,
        details: { stateExitedEventDetails: { name: state?.name ?? '', ...data('output') } },
      };
      return isTask
        ? [{ at, type: 'TaskSucceeded', details: { taskSucceededEventDetails: LAMBDA } }, exited]
        : [exited];
    }
    case 'StateFailed':
      return isTask ? [{ at, type: 'TaskFailed', details: { taskFailedEventDetails: { ...LAMBDA, ...failure } } }] : [];
    case 'StateRetried':
      return isTask ? started(at) : [];
    default:
      return [];
  }
}

const LAMBDA = { resourceType: 'lambda', resource: 'invoke' };

function started(at: number): Draft[] {
  return [
    { at, type: 'TaskScheduled', details: { taskScheduledEventDetails: { ...LAMBDA, region: '', parameters: '{}' } } },
    { at, type: 'TaskStarted', details: { taskStartedEventDetails: LAMBDA } },
  ];
}
