import { type AwsConfig, type Identity, identityOf } from '../adapters/identity.ts';
import { type Asked, DEFAULT_ENDPOINT, whichDeployment } from './which.ts';

/**
 * A deployment of the stacks, and the names of everything in it: names follow from the stage (stacks/stage.ts,
 * `payments-<stage>-…`), so nothing has to be configured and nothing is looked up twice.
 */
export type Deployment = Identity & {
  readonly stage: string;
  /** `payments-<stage>`, in front of every name. */
  readonly prefix: string;
  readonly local: boolean;
  /** For the clients of the AWS SDK. */
  readonly aws: AwsConfig;
  /** Never prints this text from now on. */
  readonly conceal: (secret: string) => void;
};

const APP = 'payments';

export async function deploymentOf(asked: Asked & { readonly conceal: (secret: string) => void }): Promise<Deployment> {
  const { stage, endpoint, region, local } = whichDeployment(asked);
  const aws: AwsConfig = {
    ...(endpoint === null ? {} : { endpoint }),
    ...(region === null ? {} : { region }),
    ...(local ? { credentials: { accessKeyId: 'local', secretAccessKey: 'local' } } : {}),
  };
  const identity = await identityOf(aws);
  return {
    ...identity,
    stage,
    prefix: `${APP}-${stage}`,
    local,
    aws: { ...aws, region: identity.region },
    conceal: asked.conceal,
  };
}

/** How a command line names it: `--stage production`. */
export function sayAs({ stage, local, aws: { endpoint } }: Pick<Deployment, 'stage' | 'local' | 'aws'>): string {
  if (!local) return `--stage ${stage}`;
  return endpoint === undefined || endpoint === DEFAULT_ENDPOINT ? '--local' : `--local ${endpoint}`;
}

export type Place = Pick<Deployment, 'partition' | 'region' | 'account' | 'prefix'>;

/** `Payments`, `Subscriptions`, `Checkout` or `Flush`. */
export function machineArn({ partition, region, account, prefix }: Place, name: string): string {
  return `arn:${partition}:states:${region}:${account}:stateMachine:${prefix}-${name}`;
}

export function queueArn({ partition, region, account, prefix }: Place, name: string): string {
  return `arn:${partition}:sqs:${region}:${account}:${prefix}-${name}`;
}

export function ruleArn({ partition, region, account, prefix }: Place, name: string): string {
  return `arn:${partition}:events:${region}:${account}:rule/${prefix}-bus/${prefix}-${name}`;
}

export function busArn({ partition, region, account, prefix }: Place): string {
  return `arn:${partition}:events:${region}:${account}:event-bus/${prefix}-bus`;
}

export function archiveArn({ partition, region, account, prefix }: Place): string {
  return `arn:${partition}:events:${region}:${account}:archive/${prefix}-stripe`;
}

/** Where a person sees an execution. */
export function executionLink(executionArn: string): string {
  const region = executionArn.split(':')[3];
  return `https://${region}.console.aws.amazon.com/states/home?region=${region}#/v2/executions/details/${executionArn}`;
}
