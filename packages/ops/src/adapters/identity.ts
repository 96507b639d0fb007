import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { NotReached, WrongUsage } from '../frame/problem.ts';

/** What every client of the AWS SDK is made with. */
export type AwsConfig = {
  readonly endpoint?: string;
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
};

export type Identity = {
  readonly account: string;
  readonly region: string;
  readonly partition: string;
  /** The role or user of whoever works here, e.g. `assumed-role/Operators/ada`; `null`: AWS does not say. */
  readonly who: string | null;
};

/** Who we are on AWS; also the first sign that it answers at all. */
export async function identityOf(aws: AwsConfig): Promise<Identity> {
  const client = new STSClient({ ...aws, maxAttempts: 2 });
  try {
    const region = await regionOf(client);
    const { Account: account, Arn: arn } = await client.send(new GetCallerIdentityCommand({}));
    if (account === undefined) throw new NotReached('AWS does not say which account this is');
    const [, partition = 'aws', , , , who = null] = arn?.split(':') ?? [];
    return { account, region, partition, who };
  } finally {
    client.destroy();
  }
}

async function regionOf(client: STSClient): Promise<string> {
  try {
    return await client.config.region();
  } catch (cause) {
    throw new WrongUsage('which region? Say --region <name>, or set AWS_REGION', { cause });
  }
}
