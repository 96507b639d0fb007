/**
 * SQS message move tasks: dead letters sent back to where they came from, or elsewhere. A moved message is a new one,
 * with a new id and age (docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide, "DLQ redrive").
 */
import { randomUUID } from 'node:crypto';
import { DEFAULT_GUESSES, type QueueGuesses } from './guesses.ts';
import { SqsError } from './sqs-error.ts';

export type Parcel = {
  readonly body: string;
  readonly receiptHandle: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly groupId: string | null;
};

/** The queues a task works on, by name. */
export type MoveQueues = {
  exists(queue: string): boolean;
  arn(queue: string): string;
  /** Queues whose redrive policy names this one. */
  sources(deadLetterQueue: string): Promise<readonly string[]>;
  waiting(queue: string): number;
  receive(queue: string, max: number): Promise<readonly Parcel[]>;
  send(queue: string, parcels: readonly Parcel[]): Promise<void>;
  remove(queue: string, receiptHandles: readonly string[]): Promise<void>;
};

export type MoveStatus = 'RUNNING' | 'COMPLETED' | 'CANCELLING' | 'CANCELLED' | 'FAILED';
export type MoveTask = {
  readonly handle: string;
  readonly source: string;
  /** `null`: back to where the messages came from. */
  readonly destination: string | null;
  readonly perSecond: number | null;
  readonly startedAt: number;
  readonly toMove: number;
  status: MoveStatus;
  moved: number;
  failure: string | null;
};

const MAX_PER_SECOND = 500;
/** ListMessageMoveTasks shows ten at most. */
const REMEMBERED = 10;
const BATCH = 10;

export type MoveTasks = ReturnType<typeof createMoveTasks>;

export function createMoveTasks(options: {
  readonly queues: MoveQueues;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
  readonly guesses?: Partial<QueueGuesses> | undefined;
}) {
  const { queues } = options;
  const { moveTaskEnd } = { ...DEFAULT_GUESSES, ...options.guesses };
  const tasks: MoveTask[] = [];
  const runs = new Set<Promise<void>>();

  const active = (task: MoveTask): boolean => task.status === 'RUNNING' || task.status === 'CANCELLING';

  const run = async (task: MoveTask, target: string): Promise<void> => {
    const size = Math.min(BATCH, task.perSecond ?? BATCH);
    try {
      const left = (): number => (moveTaskEnd === 'startingCount' ? task.toMove - task.moved : size);
      while (task.status === 'RUNNING' && left() > 0) {
        const parcels = await queues.receive(task.source, Math.min(size, left()));
        if (parcels.length === 0) break;
        await queues.send(target, parcels);
        await queues.remove(
          task.source,
          parcels.map(({ receiptHandle }) => receiptHandle),
        );
        task.moved += parcels.length;
        if (task.perSecond !== null) await options.sleep((parcels.length / task.perSecond) * 1000);
      }
      task.status = task.status === 'CANCELLING' ? 'CANCELLED' : 'COMPLETED';
    } catch (error) {
      task.status = 'FAILED';
      task.failure = error instanceof Error ? error.name : 'UnknownError';
    }
  };

  return {
    /** Starts moving and returns at once. Throws SqsError. */
    async start(source: string, destination: string | null, perSecond: number | null): Promise<MoveTask> {
      if (!queues.exists(source)) throw missing('SourceArn');
      if (destination !== null && !queues.exists(destination)) throw missing('DestinationArn');
      const sources = await queues.sources(source);
      if (sources.length === 0) throw invalid('Source queue must be configured as a Dead Letter Queue.');
      if (perSecond !== null && !(Number.isInteger(perSecond) && perSecond >= 1 && perSecond <= MAX_PER_SECOND)) {
        throw invalid(
          `Value ${perSecond} for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: Must be between 1 and ${MAX_PER_SECOND}.`,
        );
      }
      if (tasks.some((task) => task.source === source && active(task))) {
        throw invalid(
          'There is already a task running. Only one active task is allowed for a source queue arn at a given time.',
        );
      }
      const [only, ...others] = sources;
      const target = destination ?? only;
      if (target === undefined || (destination === null && others.length > 0)) {
        throw new SqsError(
          'UnsupportedOperation',
          'Several queues send here and the local runner does not know which message came from which: give a DestinationArn.',
          'AWS.SimpleQueueService.UnsupportedOperation',
        );
      }
      const task: MoveTask = {
        handle: Buffer.from(JSON.stringify({ taskId: randomUUID(), sourceArn: queues.arn(source) })).toString('base64'),
        source,
        destination,
        perSecond,
        startedAt: options.now(),
        toMove: queues.waiting(source),
        status: 'RUNNING',
        moved: 0,
        failure: null,
      };
      tasks.unshift(task);
      forget(source);
      const running = run(task, target).finally(() => runs.delete(running));
      runs.add(running);
      return task;
    },
    /** Newest first. */
    list(source: string, max: number): readonly MoveTask[] {
      if (!queues.exists(source)) throw missing('SourceArn');
      if (!(Number.isInteger(max) && max >= 1 && max <= REMEMBERED)) {
        throw invalid(`Value ${max} for parameter MaxResults is invalid. Reason: Must be between 1 and 10.`);
      }
      return tasks.filter((task) => task.source === source).slice(0, max);
    },
    cancel(handle: string): MoveTask {
      const task = tasks.find((one) => one.handle === handle);
      if (task === undefined) throw new SqsError('ResourceNotFoundException', 'Task does not exist.');
      if (task.status !== 'RUNNING') throw invalid('Only active tasks can be cancelled.');
      task.status = 'CANCELLING';
      return task;
    },
    /** Cancels what runs and waits for it. */
    async close(): Promise<void> {
      for (const task of tasks) if (task.status === 'RUNNING') task.status = 'CANCELLING';
      await Promise.all(runs);
    },
  };

  function forget(source: string): void {
    const oldest = tasks.filter((task) => task.source === source)[REMEMBERED];
    if (oldest !== undefined) tasks.splice(tasks.indexOf(oldest), 1);
  }
}

function missing(parameter: string): SqsError {
  return new SqsError(
    'ResourceNotFoundException',
    `The resource that you specified for the ${parameter} parameter doesn't exist.`,
  );
}

function invalid(message: string): SqsError {
  return new SqsError('InvalidParameterValue', message);
}
