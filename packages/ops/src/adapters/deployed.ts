import {
  DescribeArchiveCommand,
  EventBridgeClient,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  type Target,
} from '@aws-sdk/client-eventbridge';
import {
  type EventSourceMappingConfiguration,
  LambdaClient,
  ListEventSourceMappingsCommand,
} from '@aws-sdk/client-lambda';
import { DescribeStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import * as v from 'valibot';
import { type Deployment, machineArn, queueArn } from '../deployment/deployment.ts';
import { type DeployedSchedule, type DeployedTries, scheduleReader } from './schedules.ts';

/** What is really there on AWS, by the names after the prefix. `null`: it is not there. Everything else that goes wrong is thrown. */
export type Deployed = {
  /** Of the deployment's own bus all, but for those that AWS keeps for itself; of AWS's (`default`) those with our prefix. */
  readonly rules: (bus: 'own' | 'default') => Promise<readonly DeployedRule[] | null>;
  /** The definition as JSON text. */
  readonly machine: (name: string) => Promise<string | null>;
  readonly queue: (name: string) => Promise<DeployedQueue | null>;
  readonly archive: () => Promise<DeployedArchive | null>;
  readonly schedule: (name: string) => Promise<DeployedSchedule | null>;
  /** Everything that takes messages from a queue. */
  readonly mappings: (queue: string) => Promise<readonly DeployedMapping[]>;
};

export type DeployedRule = {
  readonly name: string;
  readonly pattern: string;
  readonly enabled: boolean;
  readonly targets: readonly {
    readonly arn: string;
    /** It hands on something else than the event. */
    readonly changes: boolean;
    readonly deadLetterArn: string | null;
    readonly tries: DeployedTries;
  }[];
};

export type DeployedQueue = {
  readonly hiddenSeconds: number;
  readonly keptSeconds: number;
  readonly redrive: { readonly deadLetterArn: string; readonly maxReceiveCount: number } | null;
};

export type DeployedArchive = {
  readonly sourceArn: string;
  readonly pattern: string | null;
  readonly days: number;
  readonly state: string;
};

export type DeployedMapping = {
  readonly functionArn: string;
  readonly state: string;
  readonly batchSize: number;
  readonly windowSeconds: number;
  readonly concurrency: number | null;
  readonly answers: readonly string[];
};

export function deployedOf(deployment: Deployment): Deployed {
  const { prefix } = deployment;
  const events = new EventBridgeClient(deployment.aws);
  const machines = new SFNClient(deployment.aws);
  const queues = new SQSClient(deployment.aws);
  const functions = new LambdaClient(deployment.aws);
  return {
    rules: (bus) => unlessMissing(bus === 'own' ? rulesOn(`${prefix}-bus`) : rulesOn('default', `${prefix}-`), null),
    machine: async (name) => {
      const asked = machines.send(new DescribeStateMachineCommand({ stateMachineArn: machineArn(deployment, name) }));
      return (await unlessMissing(asked, { definition: null })).definition ?? null;
    },
    queue: (name) => unlessMissing(queueNamed(`${prefix}-${name}`), null),
    archive: async () => {
      const asked = events.send(new DescribeArchiveCommand({ ArchiveName: `${prefix}-stripe` }));
      const said = await unlessMissing(asked, null);
      if (said === null) return null;
      const { EventSourceArn = '', EventPattern = null, RetentionDays = 0, State = '' } = said;
      return { sourceArn: EventSourceArn, pattern: EventPattern, days: RetentionDays, state: State };
    },
    schedule: scheduleReader(deployment),
    mappings: async (queue) => {
      const found: DeployedMapping[] = [];
      let Marker: string | undefined;
      do {
        const EventSourceArn = queueArn(deployment, queue);
        const page = await functions.send(new ListEventSourceMappingsCommand({ EventSourceArn, Marker }));
        found.push(...(page.EventSourceMappings ?? []).map(readMapping));
        Marker = page.NextMarker;
      } while (Marker !== undefined);
      return found;
    },
  };

  async function rulesOn(EventBusName: string, NamePrefix?: string): Promise<readonly DeployedRule[]> {
    const found: DeployedRule[] = [];
    let NextToken: string | undefined;
    do {
      const page = await events.send(new ListRulesCommand({ EventBusName, NamePrefix, NextToken }));
      for (const { Name = '', EventPattern = '', State, ManagedBy } of page.Rules ?? []) {
        // The archive's own, which AWS makes.
        if (ManagedBy !== undefined) continue;
        // At most five a rule: no second page.
        const { Targets = [] } = await events.send(new ListTargetsByRuleCommand({ EventBusName, Rule: Name }));
        found.push({
          name: Name.startsWith(`${prefix}-`) ? Name.slice(prefix.length + 1) : Name,
          pattern: EventPattern,
          enabled: State !== 'DISABLED',
          targets: Targets.map(readTarget),
        });
      }
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    return found;
  }

  async function queueNamed(QueueName: string): Promise<DeployedQueue> {
    const { QueueUrl } = await queues.send(new GetQueueUrlCommand({ QueueName }));
    const { Attributes } = await queues.send(
      new GetQueueAttributesCommand({
        QueueUrl,
        AttributeNames: ['VisibilityTimeout', 'MessageRetentionPeriod', 'RedrivePolicy'],
      }),
    );
    const { VisibilityTimeout, MessageRetentionPeriod, RedrivePolicy } = v.parse(QueueAttributes, Attributes);
    return { hiddenSeconds: VisibilityTimeout, keptSeconds: MessageRetentionPeriod, redrive: RedrivePolicy };
  }
}

const Whole = v.pipe(v.union([v.pipe(v.string(), v.regex(/^\d+$/)), v.number()]), v.transform(Number), v.integer());
const Redrive = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ deadLetterTargetArn: v.string(), maxReceiveCount: Whole }),
  v.transform(({ deadLetterTargetArn, maxReceiveCount }) => ({ deadLetterArn: deadLetterTargetArn, maxReceiveCount })),
);
/** SQS leaves out the policy of a queue that has none. */
const QueueAttributes = v.object({
  VisibilityTimeout: Whole,
  MessageRetentionPeriod: Whole,
  RedrivePolicy: v.nullish(
    v.union([
      v.pipe(
        v.literal(''),
        v.transform(() => null),
      ),
      Redrive,
    ]),
    null,
  ),
});

/** docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html: what counts where nothing is said. */
const DEFAULT_TRIES: DeployedTries = { maximumEventAgeInSeconds: 86_400, maximumRetryAttempts: 185 };

function readTarget({
  Arn = '',
  DeadLetterConfig,
  RetryPolicy = {},
  ...rest
}: Target): DeployedRule['targets'][number] {
  const { MaximumEventAgeInSeconds, MaximumRetryAttempts } = RetryPolicy;
  return {
    arn: Arn,
    changes: [rest.Input, rest.InputPath, rest.InputTransformer].some((each) => each !== undefined),
    deadLetterArn: DeadLetterConfig?.Arn ?? null,
    tries: {
      maximumEventAgeInSeconds: MaximumEventAgeInSeconds ?? DEFAULT_TRIES.maximumEventAgeInSeconds,
      maximumRetryAttempts: MaximumRetryAttempts ?? DEFAULT_TRIES.maximumRetryAttempts,
    },
  };
}

function readMapping(said: EventSourceMappingConfiguration): DeployedMapping {
  return {
    functionArn: said.FunctionArn ?? '',
    state: said.State ?? '',
    batchSize: said.BatchSize ?? 0,
    windowSeconds: said.MaximumBatchingWindowInSeconds ?? 0,
    concurrency: said.ScalingConfig?.MaximumConcurrency ?? null,
    answers: said.FunctionResponseTypes ?? [],
  };
}

const MISSING = /^(ResourceNotFoundException|StateMachineDoesNotExist|QueueDoesNotExist|.*NonExistentQueue)$/;

async function unlessMissing<Found, None>(asked: Promise<Found>, none: None): Promise<Found | None> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Error && MISSING.test(error.name)) return none;
    throw error;
  }
}
