import {
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import {
  SalesforceClient,
  StripeApiKey,
  StripeSigningSecret,
  secretReader,
} from '@payments/functions/adapters/secrets';
import * as v from 'valibot';
import type { Deployment } from '../deployment/deployment.ts';

/** The stage's secrets, by the names of stacks/secrets.ts. What is read is never printed. */
const SCHEMAS = { StripeSigningSecret, StripeApiKey, SalesforceClient } as const;
export type SecretName = keyof typeof SCHEMAS;
export const SECRET_NAMES = ['StripeSigningSecret', 'StripeApiKey', 'SalesforceClient'] as const;

/** Parts that are no secrets: addresses and the client's public id. */
const OPEN: ReadonlySet<string> = new Set(['loginUrl', 'clientId', 'apiBase']);

/** Throws RetryLater when it is empty, unreadable or of another shape. */
export async function readSecret<Name extends SecretName>(
  deployment: Deployment,
  name: Name,
): Promise<v.InferOutput<(typeof SCHEMAS)[Name]>> {
  const client = new SecretsManagerClient(deployment.aws);
  const read = secretReader(async (id) => {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: id }));
    return SecretString ?? null;
  });
  try {
    const value = await read(`${deployment.prefix}/${name}`, SCHEMAS[name]);
    for (const [key, part] of Object.entries(value)) {
      if (!OPEN.has(key)) for (const text of [part].flat()) deployment.conceal(text);
    }
    return value;
  } finally {
    client.destroy();
  }
}

/** Puts a new value in use; the one before stays in Secrets Manager as AWSPREVIOUS. */
export async function writeSecret<Name extends SecretName>(
  deployment: Deployment,
  name: Name,
  value: v.InferOutput<(typeof SCHEMAS)[Name]>,
): Promise<void> {
  const client = new SecretsManagerClient(deployment.aws);
  try {
    const SecretString = JSON.stringify(v.parse(SCHEMAS[name], value));
    await client.send(new PutSecretValueCommand({ SecretId: `${deployment.prefix}/${name}`, SecretString }));
  } finally {
    client.destroy();
  }
}

/** When the value in use was put, in ms since 1970; `null`: the secret is empty. */
export async function secretPutAt(deployment: Deployment, name: SecretName): Promise<number | null> {
  const client = new SecretsManagerClient(deployment.aws);
  try {
    const { Versions = [] } = await client.send(
      new ListSecretVersionIdsCommand({ SecretId: `${deployment.prefix}/${name}` }),
    );
    return Versions.find(({ VersionStages }) => VersionStages?.includes('AWSCURRENT'))?.CreatedDate?.getTime() ?? null;
  } finally {
    client.destroy();
  }
}
