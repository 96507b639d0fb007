/**
 * The environment of a function as AWS and SST would set it, with links whose addresses exist here. This and the
 * secrets' values are all that differs from a deployment.
 */
import type { GraphFunction } from '../graph/graph.ts';

export type Addresses = {
  readonly awsUrl: string;
  readonly region: string;
  readonly app: { readonly name: string; readonly stage: string };
  readonly redis: {
    readonly host: string;
    readonly port: number;
    readonly username?: string;
    readonly authSecretArn?: string;
  };
  /** The queue's URL as the local SQS spells it, by ARN. */
  readonly queueUrl: (arn: string) => string;
  /** Replaces properties of the Settings link, e.g. `bulkAbove`. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
};

type Link = Readonly<Record<string, unknown>>;

export function environmentOf(fn: GraphFunction, to: Addresses): Record<string, string> {
  const links = Object.entries(fn.links).map(([name, link]) => [
    `SST_RESOURCE_${name}`,
    JSON.stringify(localLink(name, link, to)),
  ]);
  return {
    ...fn.environment,
    ...Object.fromEntries(links),
    SST_RESOURCE_App: JSON.stringify(to.app),
    AWS_LAMBDA_FUNCTION_NAME: fn.name,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(fn.memoryMb),
    AWS_LAMBDA_LOG_GROUP_NAME: fn.logGroup,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_REGION: to.region,
    AWS_DEFAULT_REGION: to.region,
    AWS_ENDPOINT_URL: to.awsUrl,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    // Nobody answers on the instance metadata address here; without this the SDK would ask it.
    AWS_EC2_METADATA_DISABLED: 'true',
    TZ: ':UTC',
    NODE_OPTIONS: '',
  };
}

function localLink(name: string, link: Link, to: Addresses): Link {
  if (name === 'RedisCluster') return { ...link, tls: false, username: '', authSecretArn: '', ...to.redis };
  if (name === 'Settings') return { ...link, ...to.settings };
  const { arn } = link;
  if (typeof arn === 'string' && arn.startsWith('arn:aws:sqs:')) return { ...link, url: to.queueUrl(arn) };
  return link;
}
