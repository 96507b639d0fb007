import { beforeEach, describe, expect, it } from 'vitest';
import type { Message, Queues } from '../adapters/queues.ts';
import type { Deployment } from '../deployment/deployment.ts';
import { NotReached } from '../frame/problem.ts';
import { budgetPace } from './pace.ts';
import { workThrough } from './work-through.ts';

const deployment: Deployment = {
  ...{
    stage: 'test',
    prefix: 'payments-test',
    local: true,
    account: '1',
    region: 'r',
    partition: 'aws',
    who: null,
    aws: {},
  },
  conceal: () => {},
};

describe('working through a queue', () => {
  let queue: Message[];
  let hidden: Message[];
  let clock: number;
  let interrupted: AbortController;
  const told: number[] = [];

  const queues: Queues = {
    depth: async () => ({ waiting: queue.length, held: hidden.length }),
    receive: async () => {
      const some = queue.splice(0, 10);
      hidden.push(...some);
      return some;
    },
    giveBack: async (_, messages) => {
      hidden = hidden.filter((message) => !messages.includes(message));
      queue.push(...messages);
    },
    remove: async (_, message) => {
      hidden = hidden.filter((each) => each !== message);
    },
    send: async () => {},
  };

  beforeEach(() => {
    queue = Array.from({ length: 25 }, (_, n) => ({
      id: `m${n}`,
      handle: `h${n}`,
      body: '',
      sentAt: n,
      attributes: {},
    }));
    hidden = [];
    clock = 0;
    interrupted = new AbortController();
    told.length = 0;
  });

  const work = (act: Parameters<typeof workThrough>[2], limit = 1_000) =>
    workThrough(
      'FlushUnstarted',
      { limit },
      act,
      {
        ...{ queues, deployment },
        io: {
          signal: interrupted.signal,
          nowMs: () => clock,
          sleep: async (ms) => {
            clock += ms;
          },
        },
      },
      (done) => told.push(done),
    );

  it('removes what was done and tells of each', async () => {
    expect(await work(async () => 'done')).toEqual({ done: 25, left: new Map() });
    expect([queue, hidden, told.length, told.at(-1)]).toEqual([[], [], 25, 25]);
  });

  it('gives back what was left, by its reason', async () => {
    const { done, left } = await work(async (_, { sentAt }) => (sentAt % 5 === 0 ? 'done' : { left: 'no' }));
    expect([done, left]).toEqual([5, new Map([['no', 20]])]);
    expect([queue.length, hidden]).toEqual([20, []]);
  });

  it('stops at its limit and gives the rest back', async () => {
    expect((await work(async () => 'done', 12)).done).toBe(12);
    expect([queue.length, hidden]).toEqual([13, []]);
  });

  it('stops after the letter in hand when it is interrupted', async () => {
    const { done } = await work(async (_, { id }) => {
      if (id === 'm3') interrupted.abort();
      return 'done';
    });
    expect(done).toBe(4);
    expect([queue.length, hidden]).toEqual([21, []]);
  });

  it('gives everything back that is not done when the work fails', async () => {
    const failing = work(async (_, { id }) => {
      if (id === 'm12') throw new NotReached('away');
      return 'done';
    });
    await expect(failing).rejects.toThrow('away');
    expect([queue.length, hidden]).toEqual([13, []]);
  });

  it('comes back to what has to wait, and leaves it with the reason when that takes too long', async () => {
    queue.length = 2;
    const tries: string[] = [];
    const soon = await work(async (_, { id }) => {
      tries.push(id);
      return tries.length > 4 ? 'done' : 'later';
    });
    expect([soon.done, tries]).toEqual([2, ['m0', 'm1', 'm0', 'm1', 'm0', 'm1']]);
    queue.push({ id: 'm9', handle: 'h', body: '', sentAt: 1, attributes: {} });
    const never = await work(async () => 'later');
    expect([never.done, [...never.left.values()]]).toEqual([0, [1]]);
    expect([queue.length, hidden]).toEqual([1, []]);
  });
});

describe('the pace of the API budget', () => {
  const world = { sleep: async () => {}, signal: new AbortController().signal };

  it('begins no more than half of what is free before it asks again', async () => {
    const answers = [4, 0, 0, 2];
    let asked = 0;
    const pace = budgetPace(
      {
        standing: async () => {
          asked += 1;
          return { circuit: 'closed', freeCalls: answers.shift() ?? 100 };
        },
      },
      world,
    );
    expect([await pace.take(), await pace.take(), asked]).toEqual([true, true, 1]);
    expect([await pace.take(), asked]).toEqual([true, 4]);
  });

  it('ends when it is interrupted while it waits', async () => {
    const pace = budgetPace(
      { standing: async () => ({ circuit: 'closed', freeCalls: 0 }) },
      { ...world, signal: AbortSignal.abort() },
    );
    expect(await pace.take()).toBe(false);
  });

  it('refuses while the circuit is open', async () => {
    const pace = budgetPace({ standing: async () => ({ circuit: 'open', freeCalls: 100 }) }, world);
    await expect(pace.take()).rejects.toThrow('circuit is open');
  });
});
