import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Json } from './definition.ts';
import { type HistoryEvent, historyEvents } from './history.ts';
import { createMachines, type Execution } from './machines.ts';

const ARN = 'arn:aws:states:eu-west-1:123456789012:stateMachine:m';
const task = (next: object) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Parameters: { FunctionName: 'sync', 'Payload.$': '$' },
  TimeoutSeconds: 35,
  ...next,
});

function build(states: object, startAt: string, invoke: (payload: Json) => Promise<Json>) {
  return createMachines({
    machines: [{ name: 'm', arn: ARN, definition: JSON.stringify({ StartAt: startAt, States: states }) }],
    invoke: (_fn, payload) => invoke(payload),
    onStatusChange: () => {},
    now: () => Date.now(),
  });
}

async function run(states: object, startAt: string, input: Json, invoke: (payload: Json) => Promise<Json>) {
  const machines = build(states, startAt, invoke);
  const execution = await ended(machines.start(ARN, JSON.stringify(input)));
  return { machines, execution, events: historyEvents(execution, true) };
}

async function ended(execution: Execution): Promise<Execution> {
  while (execution.status === 'RUNNING') await delay(2);
  return execution;
}

const types = (events: readonly HistoryEvent[]): string[] => events.map(({ type }) => type);
const fails = async (): Promise<Json> => {
  throw Object.assign(new Error('FIELD_X'), { name: 'NeverRetry' });
};

describe('the history of an execution', () => {
  it('has what a task was called with, what it answered, and ids that count from 1', async () => {
    const { events } = await run({ Sync: task({ End: true }) }, 'Sync', { id: 'evt_1' }, async () => ({ done: true }));
    expect(events.map(({ id, previousEventId }) => [id, previousEventId])).toEqual(
      events.map((_, index) => [index + 1, index]),
    );
    const [, , scheduled, , succeeded] = events;
    expect(scheduled).toMatchObject({
      type: 'TaskScheduled',
      taskScheduledEventDetails: {
        resourceType: 'lambda',
        resource: 'invoke',
        region: 'eu-west-1',
        timeoutInSeconds: 35,
        parameters: '{"FunctionName":"sync","Payload":{"id":"evt_1"}}',
      },
    });
    expect(succeeded).toMatchObject({ type: 'TaskSucceeded' });
    const { output } =
      (succeeded as { taskSucceededEventDetails?: { output?: string } }).taskSucceededEventDetails ?? {};
    expect(JSON.parse(output ?? '')).toMatchObject({ StatusCode: 200, Payload: { done: true } });
  });

  it('tells each try of a task that is retried', async () => {
    const Retry = [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 0, MaxAttempts: 1 }];
    const { events } = await run({ Sync: task({ End: true, Retry }) }, 'Sync', {}, fails);
    expect(types(events)).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'TaskScheduled',
      'TaskStarted',
      'TaskFailed',
      'TaskScheduled',
      'TaskStarted',
      'TaskFailed',
      'ExecutionFailed',
    ]);
    const reason = { error: 'NeverRetry', cause: '{"errorType":"NeverRetry","errorMessage":"FIELD_X"}' };
    expect(events[4]).toMatchObject({ taskFailedEventDetails: reason });
    expect(events.at(-1)).toMatchObject({ executionFailedEventDetails: reason });
  });

  it('lets a caught task exit without a success', async () => {
    const states = {
      Sync: task({ Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Parked' }], End: true }),
      Parked: { Type: 'Fail', Error: 'Parked', Cause: 'no way' },
    };
    const { events } = await run(states, 'Sync', {}, fails);
    expect(types(events).slice(4)).toEqual(['TaskFailed', 'TaskStateExited', 'FailStateEntered', 'ExecutionFailed']);
    expect(events.at(-1)).toMatchObject({ executionFailedEventDetails: { error: 'Parked', cause: 'no way' } });
  });

  it('has the items of a Map', async () => {
    const ItemProcessor = { StartAt: 'One', States: { One: { Type: 'Pass', End: true } } };
    const states = { Each: { Type: 'Map', ItemsPath: '$.all', MaxConcurrency: 1, ItemProcessor, End: true } };
    const { events } = await run(states, 'Each', { all: ['a', 'b'] }, fails);
    // The interpreter forwards what happens inside asynchronously: the next item may begin before the last one is told.
    expect(types(events).slice(0, 4)).toEqual([
      'ExecutionStarted',
      'MapStateEntered',
      'MapStateStarted',
      'MapIterationStarted',
    ]);
    expect(types(events).slice(-4)).toEqual([
      'MapIterationSucceeded',
      'MapStateSucceeded',
      'MapStateExited',
      'ExecutionSucceeded',
    ]);
    expect(types(events).filter((type) => type === 'PassStateExited')).toHaveLength(2);
    expect(events[2]).toMatchObject({ mapStateStartedEventDetails: { length: 2 } });
    expect(events.filter(({ type }) => type === 'MapIterationStarted')).toMatchObject(
      [0, 1].map((index) => ({ mapIterationStartedEventDetails: { name: 'Each', index } })),
    );
  });

  it('says which item failed a Map', async () => {
    const ItemProcessor = { StartAt: 'One', States: { One: task({ End: true }) } };
    const { events } = await run({ Each: { Type: 'Map', ItemProcessor, End: true } }, 'Each', ['a'], fails);
    expect(types(events).slice(-4)).toEqual(['TaskFailed', 'MapIterationFailed', 'MapStateFailed', 'ExecutionFailed']);
  });

  it('has the branches of a Parallel state without events of their own', async () => {
    const branch = (name: string) => ({ StartAt: name, States: { [name]: { Type: 'Pass', End: true } } });
    const states = { Both: { Type: 'Parallel', Branches: [branch('A'), branch('B')], End: true } };
    const { events } = await run(states, 'Both', {}, fails);
    expect(types(events)).toEqual(
      expect.arrayContaining(['ParallelStateStarted', 'ParallelStateSucceeded', 'ParallelStateExited']),
    );
    expect(types(events).filter((type) => type.includes('Branch'))).toEqual([]);
  });

  it('tells a redrive, and the reason of a stop', async () => {
    const machines = build({ Sync: task({ End: true }) }, 'Sync', () => new Promise(() => {}));
    const execution = machines.start(ARN, '{}');
    await expect.poll(() => types(historyEvents(execution, true))).toContain('TaskStarted');
    machines.stop(execution.arn, 'Operator', 'enough');
    machines.redrive(execution.arn);
    await expect
      .poll(() => types(historyEvents(execution, true)).filter((type) => type === 'TaskStarted').length)
      .toBe(2);
    const events = historyEvents(execution, true);
    expect(types(events).slice(4, 7)).toEqual(['ExecutionAborted', 'ExecutionRedriven', 'TaskStateEntered']);
    expect(events[4]).toMatchObject({ executionAbortedEventDetails: { error: 'Operator', cause: 'enough' } });
    expect(events[5]).toMatchObject({ executionRedrivenEventDetails: { redriveCount: 1 } });
    machines.close();
  });

  it('takes a redriven state up without entering it again when the switch says so', async () => {
    const tries = [fails, async (): Promise<Json> => 'done'];
    const { machines, execution } = await run(
      { Sync: task({ Next: 'Last' }), Last: { Type: 'Pass', End: true } },
      'Sync',
      {},
      () => (tries.shift() ?? fails)(),
    );
    machines.redrive(execution.arn);
    await ended(execution);
    const after = (redrivenState: 'entered' | 'scheduled') =>
      types(historyEvents(execution, true, redrivenState)).slice(6);
    const rest = ['TaskScheduled', 'TaskStarted', 'TaskSucceeded', 'TaskStateExited', 'PassStateEntered'];
    const last = ['PassStateExited', 'ExecutionSucceeded'];
    expect(after('entered')).toEqual(['ExecutionRedriven', 'TaskStateEntered', ...rest, ...last]);
    expect(after('scheduled')).toEqual(['ExecutionRedriven', ...rest, ...last]);
  });

  it('leaves the data out when asked to', async () => {
    const { execution } = await run({ P: { Type: 'Pass', End: true } }, 'P', { secret: 1 }, fails);
    expect(JSON.stringify(historyEvents(execution, false))).not.toContain('secret');
  });
});
