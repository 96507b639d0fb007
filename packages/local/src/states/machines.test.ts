import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Json } from './definition.ts';
import { createMachines, type Execution } from './machines.ts';

const ARN = 'arn:aws:states:us-east-1:123456789012:stateMachine:payments';
const task = (next: object, functionName = 'sync') => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Parameters: {
    FunctionName: functionName,
    Payload: { 'event.$': '$', 'execution.$': '$$.Execution.Id', 'state.$': '$$.State.Name' },
  },
  ResultSelector: { 'outcome.$': '$.Payload.outcome' },
  ResultPath: '$.sync',
  ...next,
});

function build(states: object, invoke: (fn: string, payload: Json) => Promise<Json>, startAt = 'Sync') {
  const changes: string[] = [];
  const machines = createMachines({
    machines: [{ name: 'payments', arn: ARN, definition: JSON.stringify({ StartAt: startAt, States: states }) }],
    invoke,
    onStatusChange: ({ status }) => changes.push(status),
    now: () => Date.now(),
  });
  return { machines, changes };
}

async function ended(execution: Execution): Promise<Execution> {
  while (execution.status === 'RUNNING') await delay(5);
  // The interpreter hands its log over asynchronously.
  await delay(5);
  return execution;
}

const named = (name: string, message = 'x'): Error => Object.assign(new Error(message), { name });

describe('a local state machine', () => {
  it('invokes the function with the context object filled, and ends with its output', async () => {
    const payloads: Json[] = [];
    const { machines, changes } = build({ Sync: task({ End: true }) }, async (_fn, payload) => {
      payloads.push(payload);
      return { outcome: 'written' };
    });
    const execution = await ended(machines.start(ARN, '{"id":"evt_1"}', 'run-1'));
    expect(execution.status).toBe('SUCCEEDED');
    expect(JSON.parse(execution.output ?? '')).toEqual({ id: 'evt_1', sync: { outcome: 'written' } });
    expect(payloads).toEqual([
      {
        event: { id: 'evt_1' },
        execution: 'arn:aws:states:us-east-1:123456789012:execution:payments:run-1',
        state: 'Sync',
      },
    ]);
    expect(changes).toEqual(['RUNNING', 'SUCCEEDED']);
  });

  it('retries by error name and then ends as failed with the reason', async () => {
    let calls = 0;
    const states = {
      Sync: task({
        End: true,
        Retry: [
          { ErrorEquals: ['NeverRetry'], MaxAttempts: 0 },
          { ErrorEquals: ['RetryLater'], IntervalSeconds: 0, BackoffRate: 1, MaxAttempts: 2 },
        ],
        Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Parked' }],
      }),
      Parked: { Type: 'Fail', ErrorPath: '$.error.Error', CausePath: '$.error.Cause' },
    };
    const { machines } = build(states, async () => {
      calls += 1;
      throw named(calls < 3 ? 'RetryLater' : 'NeverRetry', 'INVALID_FIELD');
    });
    const execution = await ended(machines.start(ARN, '{}'));
    expect(calls).toBe(3);
    expect(execution.status).toBe('FAILED');
    expect(execution.error).toBe('NeverRetry');
    expect(JSON.parse(execution.cause ?? '')).toEqual({ errorType: 'NeverRetry', errorMessage: 'INVALID_FIELD' });
  });

  it('calls a crashed function Lambda.Unknown', async () => {
    const { machines } = build({ Sync: task({ End: true }) }, async () => {
      throw named('Runtime.ExitError');
    });
    expect((await ended(machines.start(ARN, '{}'))).error).toBe('Lambda.Unknown');
  });

  it('gives back the running execution for the same name and input, and refuses another input', async () => {
    const { machines } = build({ Sync: task({ End: true }) }, () => new Promise(() => {}));
    const first = machines.start(ARN, '{"a":1}', 'same');
    expect(machines.start(ARN, '{"a":1}', 'same')).toBe(first);
    expect(() => machines.start(ARN, '{"a":2}', 'same')).toThrow(
      expect.objectContaining({ code: 'ExecutionAlreadyExists' }),
    );
    machines.stop(first.arn, 'Operator', 'enough');
    expect(first).toMatchObject({ status: 'ABORTED', error: 'Operator', cause: 'enough' });
    expect(machines.running()).toBe(0);
  });

  it('refuses inputs above 256 KiB, which the bus would have let through', () => {
    const { machines } = build({ Sync: task({ End: true }) }, async () => ({}));
    expect(() => machines.start(ARN, JSON.stringify('x'.repeat(262_144)))).toThrow(/262144/);
  });

  it('fails when a function returns more than 256 KiB', async () => {
    const { machines } = build({ Sync: task({ End: true }) }, async () => ({ outcome: 'x'.repeat(262_144) }));
    expect((await ended(machines.start(ARN, '{}'))).error).toBe('States.DataLimitExceeded');
  });

  it('runs tasks inside a Map, item after item', async () => {
    const seen: Json[] = [];
    const inner = {
      StartAt: 'Write',
      States: {
        Write: {
          Type: 'Task',
          Resource: 'arn:aws:states:::lambda:invoke',
          Parameters: { FunctionName: 'write', 'Payload.$': '$' },
          End: true,
        },
      },
    };
    const { machines } = build(
      { Each: { Type: 'Map', ItemsPath: '$.objects', MaxConcurrency: 1, ItemProcessor: inner, End: true } },
      async (_fn, payload) => {
        seen.push(payload);
        return {};
      },
      'Each',
    );
    await ended(machines.start(ARN, '{"objects":["A","B"]}'));
    expect(seen).toEqual(['A', 'B']);
  });

  it.each([
    ['JSONata on the machine', { QueryLanguage: 'JSONata', StartAt: 'P', States: { P: { Type: 'Pass', End: true } } }],
    ['Output on a state', { StartAt: 'P', States: { P: { Type: 'Pass', Output: '{% 1 %}', End: true } } }],
    [
      'Assign in a Map',
      {
        StartAt: 'M',
        States: {
          M: {
            Type: 'Map',
            End: true,
            ItemProcessor: { StartAt: 'P', States: { P: { Type: 'Pass', Assign: {}, End: true } } },
          },
        },
      },
    ],
    [
      'a context path nobody fills',
      { StartAt: 'P', States: { P: { Type: 'Pass', Parameters: { 'n.$': '$$.State.RetryCount' }, End: true } } },
    ],
  ])('refuses %s instead of ignoring it', (_name, definition) => {
    expect(() =>
      createMachines({
        machines: [{ name: 'm', arn: ARN, definition: JSON.stringify(definition) }],
        invoke: async () => ({}),
        onStatusChange: () => {},
        now: () => 0,
      }),
    ).toThrow(/local runner/);
  });

  describe('redriven', () => {
    const states = {
      First: task({ ResultPath: '$.first', Next: 'Second' }, 'first'),
      Second: task({ ResultPath: '$.second', End: true }, 'second'),
    };

    it("goes on from the step that failed, with that step's input", async () => {
      let broken = true;
      const called: string[] = [];
      const { machines, changes } = build(
        states,
        async (fn) => {
          called.push(fn);
          if (fn === 'second' && broken) throw named('RetryLater');
          return { outcome: fn };
        },
        'First',
      );
      const execution = await ended(machines.start(ARN, '{"id":1}'));
      expect(execution.status).toBe('FAILED');
      broken = false;
      machines.redrive(execution.arn);
      await ended(execution);
      expect(called).toEqual(['first', 'second', 'second']);
      expect(execution).toMatchObject({ status: 'SUCCEEDED', redriveCount: 1, error: null });
      expect(JSON.parse(execution.output ?? '')).toEqual({
        id: 1,
        first: { outcome: 'first' },
        second: { outcome: 'second' },
      });
      expect(changes).toEqual(['RUNNING', 'FAILED', 'RUNNING', 'SUCCEEDED']);
      expect(() => machines.redrive(execution.arn)).toThrow(
        expect.objectContaining({ code: 'ExecutionNotRedrivable' }),
      );
    });

    it('resumes at the Fail state after a caught error, and fails again', async () => {
      let calls = 0;
      const caught = {
        Sync: task({ End: true, Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Parked' }] }),
        Parked: { Type: 'Fail', ErrorPath: '$.error.Error', CausePath: '$.error.Cause' },
      };
      const { machines } = build(caught, async () => {
        calls += 1;
        throw named('NeverRetry');
      });
      const execution = await ended(machines.start(ARN, '{}'));
      machines.redrive(execution.arn);
      await ended(execution);
      expect(execution).toMatchObject({ status: 'FAILED', error: 'NeverRetry', redriveCount: 1 });
      expect(calls).toBe(1);
    });

    it('is not ended by the run that was stopped before', async () => {
      const answers: ((value: Json) => void)[] = [];
      const { machines } = build({ Sync: task({ End: true }) }, () => new Promise((resolve) => answers.push(resolve)));
      const execution = machines.start(ARN, '{}');
      await expect.poll(() => answers.length).toBe(1);
      machines.stop(execution.arn, 'Operator', 'enough');
      machines.redrive(execution.arn);
      await expect.poll(() => answers.length).toBe(2);
      answers[0]?.({ outcome: 'old' });
      await delay(20);
      expect(execution.status).toBe('RUNNING');
      answers[1]?.({ outcome: 'new' });
      await ended(execution);
      expect(JSON.parse(execution.output ?? '')).toMatchObject({ sync: { outcome: 'new' } });
    });

    it('is refused two weeks after its end', async () => {
      let now = 0;
      const machines = createMachines({
        machines: [
          { name: 'payments', arn: ARN, definition: JSON.stringify({ StartAt: 'F', States: { F: { Type: 'Fail' } } }) },
        ],
        invoke: async () => ({}),
        onStatusChange: () => {},
        now: () => now,
      });
      const execution = await ended(machines.start(ARN, '{}'));
      now = 14 * 86_400_000 + 1;
      expect(() => machines.redrive(execution.arn)).toThrow(/redrivable period exceeded/);
    });
  });

  it('redrives once for one token, and is found by whether it was redriven', async () => {
    let broken = true;
    const { machines } = build({ Sync: task({ End: true }) }, async () => {
      if (broken) throw named('NeverRetry');
      return { outcome: 'written' };
    });
    const execution = await ended(machines.start(ARN, '{}'));
    broken = false;
    await ended(machines.redrive(execution.arn, 'token-1'));
    expect(machines.redrive(execution.arn, 'token-1')).toMatchObject({ status: 'SUCCEEDED', redriveCount: 1 });
    expect(() => machines.redrive(execution.arn, 'token-2')).toThrow(/SUCCEEDED and cannot be redriven/);
  });
});

describe('executions that ended', () => {
  const DAY = 86_400_000;
  /** Runs one execution after the other; `fails` says which end badly. */
  async function run(names: readonly string[], now: () => number, keep: number) {
    const machines = createMachines({
      machines: [{ name: 'payments', arn: ARN, definition: JSON.stringify({ StartAt: 'Sync', States: STATES }) }],
      invoke: async (_fn, payload) => {
        if (JSON.stringify(payload).includes('bad')) throw named('NeverRetry');
        return { outcome: 'written' };
      },
      onStatusChange: () => {},
      now,
      keep,
    });
    for (const name of names) await ended(machines.start(ARN, JSON.stringify({ name }), name));
    return { machines, left: () => [...machines.executions()].map(({ name }) => name) };
  }
  const STATES = { Sync: task({ End: true }) };

  it('are kept up to a number, and what succeeded pushes out nothing that did not', async () => {
    const { left } = await run(['bad-1', 'good-1', 'good-2', 'good-3', 'bad-2', 'good-4'], () => 0, 2);
    expect(left()).toEqual(['bad-1', 'good-3', 'bad-2', 'good-4']);
  });

  it('are forgotten after ninety days, and their names are free again', async () => {
    let now = 0;
    const { machines, left } = await run(['bad-1', 'good-1'], () => now, 100);
    now = 90 * DAY;
    await ended(machines.start(ARN, '{}', 'later'));
    expect(left()).toEqual(['bad-1', 'good-1', 'later']);
    now += 1;
    await ended(machines.start(ARN, '{}', 'last'));
    expect(left()).toEqual(['later', 'last']);
    expect(() => machines.start(ARN, '{}', 'later')).toThrow(/Already Exists/);
    expect(machines.start(ARN, '{}', 'bad-1').status).toBe('RUNNING');
  });
});
