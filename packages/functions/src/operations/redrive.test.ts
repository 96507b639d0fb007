import { BudgetWait, NeverRetry, RetryLater } from '@payments/core/failure';
import { beforeEach, describe, expect, it } from 'vitest';
import { counting } from '../../test/counted.ts';
import type { Letter } from '../adapters/queues.ts';
import { crossing } from '../realtime/crossing.ts';
import { type RedriveWorld, redrive } from './redrive.ts';

const MACHINE = 'arn:aws:states:eu-west-1:123456789012:stateMachine:payments-test-Payments';
const NOW = 1_790_000_600_000;

const away = new BudgetWait('away', { code: 'SERVER_UNAVAILABLE', retryAfterMs: 1_000 });
const refused = new NeverRetry('refused', { code: 'FIELD_CUSTOM_VALIDATION_EXCEPTION', category: 'Business' });
const unreached = new RetryLater('unreached', { code: 'ECONNRESET', category: 'Network' });

type Noticed = { name?: string; status?: string; created?: number; stopDate?: number; input?: null; machine?: string };

/** What the rule puts into the queue, of an execution that a step's error ended. */
function notice(error: BudgetWait | NeverRetry | RetryLater | null, what: Noticed = {}): string {
  const {
    name = 'run-1',
    status = 'FAILED',
    created = 1_789_990_000,
    stopDate = NOW - 1_000,
    machine = MACHINE,
  } = what;
  const cause =
    error === null ? null : JSON.stringify({ errorType: error.name, errorMessage: crossing(error).message });
  return JSON.stringify({
    source: 'aws.states',
    detail: {
      executionArn: `${machine.replace(':stateMachine:', ':execution:')}:${name}`,
      stateMachineArn: machine,
      ...{ name, status, startDate: NOW - 90_000, stopDate, error: error?.name ?? null, cause },
      input: what.input === null ? null : JSON.stringify({ detail: { event: { id: `evt_${name}`, created } } }),
    },
  });
}

describe('redrive', () => {
  let waiting: Letter[];
  let hidden: Letter[];
  let started: { machineArn: string; name: string; input: string }[];
  let world: RedriveWorld;
  let counted: ReturnType<typeof counting>;

  beforeEach(() => {
    counted = counting();
    waiting = [];
    hidden = [];
    started = [];
    world = {
      failed: {
        receive: async () => {
          const some = waiting.splice(0, 10);
          hidden.push(...some);
          return some;
        },
        remove: async (letters) => {
          hidden = hidden.filter((letter) => !letters.includes(letter));
        },
        giveBack: async (letters) => {
          hidden = hidden.filter((letter) => !letters.includes(letter));
          waiting.push(...letters);
        },
      },
      executions: {
        start: async (machineArn, name, input) => {
          started.push({ machineArn, name, input });
          return true;
        },
        inputOf: async (arn) => JSON.stringify({ read: arn }),
        statusOf: async () => null,
      },
      machineArns: [MACHINE],
      nowMs: () => NOW,
      stopAtMs: NOW + 1,
      log: () => {},
      count: counted.count,
    };
  });

  const put = (...bodies: readonly string[]) => {
    for (const body of bodies) waiting.push({ body, handle: `h${waiting.length}`, sentAt: NOW });
  };

  it('starts what the road failed anew, with the same input, and forgets the notice', async () => {
    put(notice(away));
    expect(await redrive(world)).toEqual({ seen: 1, redriven: 1 });
    expect(started).toEqual([
      {
        machineArn: MACHINE,
        name: 'run-1.redrive-1',
        input: JSON.stringify({ detail: { event: { id: 'evt_run-1', created: 1_789_990_000 } } }),
      },
    ]);
    expect([waiting, hidden]).toEqual([[], []]);
    expect(counted.sum('Redriven')).toBe(1);
  });

  it('begins with the oldest event, across all that the queue holds', async () => {
    const ages = Array.from({ length: 25 }, (_, index) => (index * 7) % 25);
    put(...ages.map((age) => notice(unreached, { name: `run-${age}`, created: 1_789_990_000 + age })));
    await redrive(world);
    expect(started.map(({ name }) => name)).toEqual(Array.from({ length: 25 }, (_, age) => `run-${age}.redrive-1`));
  });

  it('leaves what is for people where they look for it, and visible', async () => {
    const others = [
      notice(refused),
      notice(away, { status: 'ABORTED' }),
      notice(away, { name: 'run-1.redrive-5' }),
      notice(away, { machine: MACHINE.replace('Payments', 'Other') }),
      'not JSON',
      '{"detail":{}}',
    ];
    put(...others);
    expect(await redrive(world)).toEqual({ seen: 6, redriven: 0 });
    expect(started).toEqual([]);
    expect(waiting.map(({ body }) => body)).toEqual(others);
    expect(hidden).toEqual([]);
  });

  it('waits before it tries the same event once more', async () => {
    put(notice(away, { name: 'run-1.redrive-1', stopDate: NOW - 599_000 }));
    expect((await redrive(world)).redriven).toBe(0);
    world = { ...world, nowMs: () => NOW + 1_000, stopAtMs: NOW + 2_000 };
    expect((await redrive(world)).redriven).toBe(1);
    expect(started[0]?.name).toBe('run-1.redrive-2');
  });

  it('takes an execution without a reason for one that timed out', async () => {
    put(notice(null, { status: 'TIMED_OUT' }));
    expect((await redrive(world)).redriven).toBe(1);
  });

  it('asks Step Functions for an input that was too long for the notice', async () => {
    put(notice(away, { input: null }));
    await redrive(world);
    expect(started[0]?.input).toContain('execution:payments-test-Payments:run-1');
  });

  it('loses nothing when a start fails: the notice and those after it are back at once', async () => {
    put(notice(away, { name: 'a', created: 1 }), notice(away, { name: 'b', created: 2 }), notice(refused));
    const start = world.executions.start;
    world = {
      ...world,
      executions: {
        ...world.executions,
        start: async (arn, name, input) => {
          if (name.startsWith('b')) throw new Error('throttled');
          return start(arn, name, input);
        },
      },
    };
    await expect(redrive(world)).rejects.toThrow('throttled');
    expect(started.map(({ name }) => name)).toEqual(['a.redrive-1']);
    expect(waiting).toHaveLength(2);
    expect(hidden).toEqual([]);
  });

  it('stops in time and gives back what it did not come to', async () => {
    put(notice(away, { name: 'a', created: 1 }), notice(away, { name: 'b', created: 2 }));
    let now = NOW;
    world = {
      ...world,
      nowMs: () => now,
      stopAtMs: NOW + 10,
      executions: {
        ...world.executions,
        start: async () => {
          now += 10;
          return true;
        },
      },
    };
    expect(await redrive(world)).toEqual({ seen: 2, redriven: 1 });
    expect(waiting).toHaveLength(1);
  });
});
