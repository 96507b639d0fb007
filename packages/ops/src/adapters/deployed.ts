import { EventBridgeClient, ListRulesCommand, ListTargetsByRuleCommand } from '@aws-sdk/client-eventbridge';
import { DescribeStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type Deployment, machineArn } from '../deployment/deployment.ts';

/** What is really there on AWS, by the names after the prefix. */
export type Deployed = {
  readonly rules: () => Promise<readonly DeployedRule[]>;
  /** The definition as JSON text; `null`: there is no such machine. */
  readonly machine: (name: string) => Promise<string | null>;
  readonly queueExists: (name: string) => Promise<boolean>;
};

export type DeployedRule = {
  readonly name: string;
  readonly pattern: string;
  readonly enabled: boolean;
  readonly targets: number;
};

export function deployedOf(deployment: Deployment): Deployed {
  const { prefix } = deployment;
  const events = new EventBridgeClient(deployment.aws);
  const machines = new SFNClient(deployment.aws);
  const queues = new SQSClient(deployment.aws);
  const EventBusName = `${prefix}-bus`;
  return {
    rules: async () => {
      const found: DeployedRule[] = [];
      let NextToken: string | undefined;
      do {
        const page = await events.send(new ListRulesCommand({ EventBusName, NextToken }));
        for (const { Name = '', EventPattern = '', State } of page.Rules ?? []) {
          // AWS keeps a rule of its own there for the archive.
          if (!Name.startsWith(`${prefix}-`)) continue;
          const { Targets = [] } = await events.send(new ListTargetsByRuleCommand({ EventBusName, Rule: Name }));
          const name = Name.slice(prefix.length + 1);
          found.push({ name, pattern: EventPattern, enabled: State !== 'DISABLED', targets: Targets.length });
        }
        NextToken = page.NextToken;
      } while (NextToken !== undefined);
      return found;
    },
    machine: async (name) => {
      const asked = machines.send(new DescribeStateMachineCommand({ stateMachineArn: machineArn(deployment, name) }));
      const { definition = '' } = await unlessMissing(asked, 'StateMachineDoesNotExist', { definition: null });
      return definition;
    },
    queueExists: async (name) => {
      const asked = queues.send(new GetQueueUrlCommand({ QueueName: `${prefix}-${name}` }));
      return (await unlessMissing(asked, 'QueueDoesNotExist', null)) !== null;
    },
  };
}

async function unlessMissing<Found, None>(asked: Promise<Found>, missing: string, none: None): Promise<Found | None> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Error && error.name === missing) return none;
    throw error;
  }
}
