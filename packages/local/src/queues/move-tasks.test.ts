import { describe, expect, it } from 'vitest';
import type { QueueGuesses } from './guesses.ts';
import { createMoveTasks, type MoveQueues } from './move-tasks.ts';

/** Two queues in memory; `send` fails when told to. */
function build(
  choice: { readonly sources?: readonly string[]; readonly refuse?: boolean; readonly guesses?: QueueGuesses } = {},
) {
  const dead = Array.from({ length: 30 }, (_, n) => `m${n}`);
  const moved: string[] = [];
  const pauses: number[] = [];
  let resume = (): void => {};
  const queues: MoveQueues = {
    exists: () => true,
    arn: (queue) => `arn:aws:sqs:eu-west-1:1:${queue}`,
    sources: async () => choice.sources ?? ['bulk'],
    waiting: () => dead.length,
    receive: async (_queue, max) =>
      dead.slice(0, max).map((body) => ({ body, receiptHandle: body, attributes: {}, groupId: null })),
    send: async (_queue, parcels) => {
      if (choice.refuse) throw Object.assign(new Error('no'), { name: 'AccessDenied' });
      moved.push(...parcels.map(({ body }) => body));
      // The consumer fails again at once.
      dead.push(...parcels.map(({ body }) => `again-${body}`));
    },
    remove: async (_queue, handles) => void dead.splice(0, handles.length),
  };
  const tasks = createMoveTasks({
    queues,
    guesses: choice.guesses,
    now: () => 0,
    sleep: (ms) =>
      new Promise<void>((resolve) => {
        pauses.push(ms);
        resume = resolve;
      }),
  });
  return { tasks, moved, dead, pauses, resume: () => resume() };
}

describe('a message move task', () => {
  it('ends although what it moved comes back as a dead letter at once', async () => {
    const { tasks, moved } = build();
    const task = await tasks.start('dead', null, null);
    await expect.poll(() => task.status).toBe('COMPLETED');
    expect(moved).toEqual(Array.from({ length: 30 }, (_, n) => `m${n}`));
  });

  it('goes on until the queue is empty when the switch says so', async () => {
    const { tasks, moved, dead, pauses, resume } = build({ guesses: { moveTaskEnd: 'empty' } });
    const task = await tasks.start('dead', null, 10);
    for (let batch = 1; batch <= 4; batch += 1) {
      await expect.poll(() => pauses.length).toBe(batch);
      // The fourth batch are letters that came back while the task ran; then the consumer is mended.
      if (batch === 4) dead.splice(0);
      resume();
    }
    await expect.poll(() => task.status).toBe('COMPLETED');
    expect(moved).toHaveLength(40);
    expect(task.toMove).toBe(30);
  });

  it('keeps the rate it was given, and stops between two batches when cancelled', async () => {
    const { tasks, moved, pauses, resume } = build();
    const task = await tasks.start('dead', null, 5);
    await expect.poll(() => pauses).toEqual([1000]);
    await expect(tasks.start('dead', null, null)).rejects.toThrow(/already a task running/);
    expect(tasks.cancel(task.handle).status).toBe('CANCELLING');
    resume();
    await expect.poll(() => task.status).toBe('CANCELLED');
    expect(moved).toHaveLength(5);
  });

  it('fails with the reason and leaves the message when the destination refuses', async () => {
    const { tasks, dead } = build({ refuse: true });
    const task = await tasks.start('dead', null, null);
    await expect.poll(() => task.status).toBe('FAILED');
    expect(task.failure).toBe('AccessDenied');
    expect(dead).toHaveLength(30);
  });

  it('asks for a destination where it cannot know the source', async () => {
    const { tasks } = build({ sources: ['one', 'two'] });
    await expect(tasks.start('dead', null, null)).rejects.toMatchObject({ code: 'UnsupportedOperation' });
    await expect(tasks.start('dead', 'one', null)).resolves.toMatchObject({ destination: 'one' });
  });
});
