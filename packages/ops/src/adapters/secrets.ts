import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  SalesforceClient,
  StripeApiKey,
  StripeSigningSecret,
  secretReader,
} from '@payments/functions/adapters/secrets';
import type * as v from 'valibot';
import type { Deployment } from '../deployment/deployment.ts';

/** The stage's secrets, by the names of stacks/secrets.ts. What is read is never printed. */
const SCHEMAS = { StripeSigningSecret, StripeApiKey, SalesforceClient } as const;

/** Parts that are no secrets: addresses and the client's public id. */
const OPEN: ReadonlySet<string> = new Set(['loginUrl', 'clientId', 'apiBase']);

export async function readSecret<Name extends keyof typeof SCHEMAS>(
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
