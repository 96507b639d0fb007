import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Mapping, startMapping } from './mapping.ts';
import { type Queues, startQueues } from './queues.ts';

const QUEUE = 'arn:aws:sqs:us-east-1:123456789012:low';
const DEAD = 'arn:aws:sqs:us-east-1:123456789012:low-dead';

describe('an event source mapping', () => {
  let queues: Queues;
  let mapping: Mapping | undefined;
  const errors: unknown[] = [];

  beforeEach(async () => {
    errors.length = 0;
    queues = await startQueues(
      [
        {
          name: 'low',
          arn: QUEUE,
          visibilityTimeoutSeconds: 2,
          messageRetentionSeconds: 3600,
          receiveWaitTimeSeconds: 0,
          redrive: { deadLetterArn: DEAD, maxReceiveCount: 2 },
        },
        {
          name: 'low-dead',
          arn: DEAD,
          visibilityTimeoutSeconds: 30,
          messageRetentionSeconds: 3600,
          receiveWaitTimeSeconds: 0,
          redrive: null,
        },
      ],
      'us-east-1',
    );
  });
  afterEach(async () => {
    await mapping?.close();
    await queues.close();
  });

  const start = (
    invoke: (event: unknown) => Promise<unknown>,
    change: { partialResponses?: boolean; batchSize?: number } = {},
    comesAgain: (body: string) => boolean = () => false,
    now = () => Date.now(),
  ): void => {
    mapping = startMapping(
      { queueArn: QUEUE, batchSize: 25, windowSeconds: 0.2, maximumConcurrency: 1, partialResponses: true, ...change },
      queues,
      invoke,
      {
        region: 'us-east-1',
        now,
        onError: (error) => errors.push(error),
        comesAgain: ({ Body }) => comesAgain(Body),
      },
    );
  };
  const bodies = (event: unknown): string[] => {
    const { Records } = event as { Records: { body: string }[] };
    return Records.map(({ body }) => body);
  };
  const left = (): number => {
    const { ready, delayed, inFlight } = queues.depth(QUEUE);
    return ready + delayed + inFlight;
  };

  it('gathers more than ten messages into one batch and deletes them when the function succeeds', async () => {
    const batches: string[][] = [];
    for (let n = 0; n < 23; n += 1) queues.send(QUEUE, `m${n}`);
    start(async (event) => {
      batches.push(bodies(event));
      return { batchItemFailures: [] };
    });
    await expect.poll(left, { timeout: 10_000 }).toBe(0);
    expect(batches.flat().sort()).toEqual(Array.from({ length: 23 }, (_, n) => `m${n}`).sort());
    expect(batches.length).toBe(1);
  });

  it('takes what it has when the window closes between two looks at the clock', async () => {
    queues.send(QUEUE, 'one');
    let looks = 0;
    // Each look is three quarters of a window later.
    start(
      async () => null,
      {},
      () => false,
      () => {
        looks += 1;
        return looks * 150;
      },
    );
    await expect.poll(left, { timeout: 10_000 }).toBe(0);
    expect(errors).toEqual([]);
  });

  it('keeps only the reported messages, and the redrive policy moves what keeps failing', async () => {
    queues.send(QUEUE, 'good');
    queues.send(QUEUE, 'poison');
    let goods = 0;
    start(async (event) => {
      const { Records } = event as { Records: { body: string; messageId: string }[] };
      goods += Records.filter(({ body }) => body === 'good').length;
      return {
        batchItemFailures: Records.filter(({ body }) => body === 'poison').map(({ messageId }) => ({
          itemIdentifier: messageId,
        })),
      };
    });
    await expect.poll(() => queues.peek(DEAD), { timeout: 10_000 }).toEqual(['poison']);
    expect(goods).toBe(1);
  });

  it('keeps the whole batch when the function throws', async () => {
    queues.send(QUEUE, 'one');
    let calls = 0;
    start(async () => {
      calls += 1;
      if (calls === 1) throw new Error('boom');
      return null;
    });
    await expect.poll(left, { timeout: 10_000 }).toBe(0);
    expect(calls).toBe(2);
    expect(errors).toHaveLength(1);
  });

  it('delivers again at once what is to come again although it was handled', async () => {
    queues.send(QUEUE, 'one');
    queues.send(QUEUE, 'two');
    const seen: string[] = [];
    start(
      async (event) => {
        seen.push(...bodies(event));
        return { batchItemFailures: [] };
      },
      {},
      (body) => body === 'two' && seen.length === 2,
    );
    await expect.poll(() => seen.length, { timeout: 10_000 }).toBe(3);
    expect(seen.sort()).toEqual(['one', 'two', 'two']);
    await expect.poll(left, { timeout: 10_000 }).toBe(0);
  });

  it.each([
    ['an id that was not in the batch', { batchItemFailures: [{ itemIdentifier: 'other' }] }],
    ['a malformed answer', { batchItemFailures: 'all' }],
  ])('keeps the whole batch on %s', async (_name, answer) => {
    queues.send(QUEUE, 'one');
    let calls = 0;
    start(async () => {
      calls += 1;
      return calls === 1 ? answer : {};
    });
    await expect.poll(() => calls, { timeout: 10_000 }).toBe(2);
    await expect.poll(left, { timeout: 10_000 }).toBe(0);
  });
});
