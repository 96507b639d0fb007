import type { Deployed, DeployedArchive, DeployedMapping, DeployedQueue, DeployedRule } from '../adapters/deployed.ts';
import type { DeployedSchedule } from '../adapters/schedules.ts';
import type { Site } from './stacks.ts';
import {
  type Shape,
  WANTED_ARCHIVE,
  WANTED_DEFAULT_RULES,
  WANTED_MACHINES,
  WANTED_MAPPING,
  WANTED_QUEUES,
  WANTED_RULES,
  WANTED_SCHEDULES,
} from './wanted.ts';

/** A deployment as AWS would tell of it, to be changed by hand. */
export const SITE: Site = {
  partition: 'aws',
  region: 'eu-central-1',
  account: '111122223333',
  prefix: 'payments-blue',
  stage: 'blue',
  local: false,
};

export type World = {
  rules: DeployedRule[] | null;
  defaultRules: DeployedRule[];
  readonly machines: Map<string, string>;
  readonly queues: Map<string, DeployedQueue>;
  archive: DeployedArchive | null;
  readonly schedules: Map<string, DeployedSchedule>;
  mappings: DeployedMapping[];
};

/** Exactly what the stacks deploy. */
export function world(): World {
  return {
    rules: [...WANTED_RULES].map(ruleOf),
    defaultRules: [...WANTED_DEFAULT_RULES].map(ruleOf),
    machines: new Map([...WANTED_MACHINES].map(([name, definition]) => [name, withArns(definition)])),
    queues: new Map(
      [...WANTED_QUEUES].map(([name, shape]) => [
        name,
        {
          hiddenSeconds: whole(shape, 'seconds hidden'),
          keptSeconds: whole(shape, 'seconds kept'),
          redrive:
            shape.receives === null
              ? null
              : { deadLetterArn: arnIn(shape, 'dead-letter queue'), maxReceiveCount: whole(shape, 'receives') },
        },
      ]),
    ),
    archive: {
      sourceArn: `arn:aws:events:eu-central-1:111122223333:event-bus/payments-blue-bus`,
      pattern: withArns(WANTED_ARCHIVE.pattern),
      days: whole(WANTED_ARCHIVE, 'days kept'),
      state: 'ENABLED',
    },
    schedules: new Map(
      [...WANTED_SCHEDULES].map(([name, shape]) => [
        name,
        {
          expression: String(shape.time),
          state: String(shape.state),
          targetArn: arnIn(shape, 'target'),
          input: shape.input === null ? null : JSON.stringify(shape.input),
          deadLetterArn: arnIn(shape, 'dead-letter queue'),
          tries: triesIn(shape),
        },
      ]),
    ),
    mappings: [
      {
        functionArn: arnIn(WANTED_MAPPING, 'function'),
        state: 'Enabled',
        batchSize: whole(WANTED_MAPPING, 'messages at once'),
        windowSeconds: whole(WANTED_MAPPING, 'seconds gathered'),
        concurrency: whole(WANTED_MAPPING, 'functions at once'),
        answers: ['ReportBatchItemFailures'],
      },
    ],
  };
}

export function deployedIn(told: World): Deployed {
  return {
    rules: async (bus) => (bus === 'own' ? told.rules : told.defaultRules),
    machine: async (name) => told.machines.get(name) ?? null,
    queue: async (name) => told.queues.get(name) ?? null,
    archive: async () => told.archive,
    schedule: async (name) => told.schedules.get(name) ?? null,
    mappings: async () => told.mappings,
  };
}

/** `queue Bulk` as AWS names it; what has no such name stays as it is. */
export function arnOf(name: string): string {
  const [kind, own] = name.split(' ');
  if (kind === 'queue') return `arn:aws:sqs:eu-central-1:111122223333:payments-blue-${own}`;
  if (kind === 'machine') return `arn:aws:states:eu-central-1:111122223333:stateMachine:payments-blue-${own}`;
  if (kind === 'function') {
    return `arn:aws:lambda:eu-central-1:111122223333:function:payments-blue-${own}Function-abcdefhk`;
  }
  return name;
}

function ruleOf([name, shape]: readonly [string, Shape]): DeployedRule {
  return {
    name,
    pattern: withArns(shape.pattern),
    enabled: true,
    targets: [
      {
        arn: arnIn(shape, 'target'),
        changes: false,
        deadLetterArn: arnIn(shape, 'dead-letter queue'),
        tries: triesIn(shape),
      },
    ],
  };
}

const triesIn = (shape: Shape) => ({
  maximumEventAgeInSeconds: whole(shape, 'seconds that it is tried'),
  maximumRetryAttempts: whole(shape, 'retries'),
});

const withArns = (value: unknown): string =>
  JSON.stringify(value, (_, each) => (typeof each === 'string' ? arnOf(each) : each));

const arnIn = (shape: Shape, key: string): string => arnOf(String(shape[key]));

function whole(shape: Shape, key: string): number {
  const value = shape[key];
  if (typeof value !== 'number') throw new Error(`${key} is no number`);
  return value;
}
