import {
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { RetryLater } from '@payments/core/failure';
import * as v from 'valibot';

/** Checkout waits ten seconds for our answer, so a slow Secrets Manager has to fail well before that. */
const CONNECT_TIMEOUT_MS = 2_000;
const REQUEST_TIMEOUT_MS = 3_000;

export const StripeSigningSecret = v.object({
  secrets: v.pipe(v.array(v.pipe(v.string(), v.minLength(8))), v.minLength(1)),
});
export const StripeApiKey = v.object({ apiKey: v.pipe(v.string(), v.minLength(1)), apiBase: v.optional(v.string()) });
export const SalesforceClient = v.object({ loginUrl: v.string(), clientId: v.string(), clientSecret: v.string() });
/** SST generates it and calls it so. */
export const RedisAuth = v.object({ authToken: v.string() });

export type SecretReader = <Schema extends v.GenericSchema>(
  arn: string,
  schema: Schema,
) => Promise<v.InferOutput<Schema>>;

/** The text of a secret by its ARN; `null` when it has none. */
type GetSecret = (arn: string) => Promise<string | null>;

function connect(): SecretsManagerClient {
  return new SecretsManagerClient({
    maxAttempts: 2,
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
  });
}

/**
 * When the value in use was put, in ms since 1970; `null` for a secret that has none yet. The secret's own
 * LastChangedDate would not do: a new description moves it too.
 */
export function secretChangedAt(): (arn: string) => Promise<number | null> {
  const client = connect();
  return async (arn) => {
    const { Versions = [] } = await client.send(new ListSecretVersionIdsCommand({ SecretId: arn }));
    const current = Versions.find(({ VersionStages }) => VersionStages?.includes('AWSCURRENT'));
    return current?.CreatedDate?.getTime() ?? null;
  };
}

export function secretsManager(): GetSecret {
  const client = connect();
  return async (arn) => (await client.send(new GetSecretValueCommand({ SecretId: arn }))).SecretString ?? null;
}

/**
 * Reads and checks a secret's JSON. Throws RetryLater: an operator who corrects the secret within the retries heals it.
 * No message and no cause contains any of the secret's text (JSON.parse quotes what it cannot read).
 */
export function secretReader(get: GetSecret): SecretReader {
  return async (arn, schema) => {
    let text: string | null;
    try {
      text = await get(arn);
    } catch (cause) {
      const code = cause instanceof Error ? cause.name : 'UNKNOWN';
      throw new RetryLater(`secret ${nameOf(arn)} cannot be read (${code})`, { code, category: 'Network', cause });
    }
    const parsed = v.safeParse(schema, parseJson(text ?? ''));
    if (parsed.success) return parsed.output;
    throw new RetryLater(`secret ${nameOf(arn)} is not the JSON that docs/deployment.md asks for: correct its value`, {
      code: 'SECRET_FORMAT',
      category: 'Data',
    });
  };
}

/** Keeps a value for `ttlMs`; concurrent callers share one read; a failed read is not kept. */
export function cachedFor<Value>(
  ttlMs: number,
  world: { readonly read: () => Promise<Value>; readonly nowMs: () => number },
): { readonly get: () => Promise<Value>; readonly forget: () => void } {
  let kept: { readonly value: Promise<Value>; readonly at: number } | null = null;
  return {
    get: () => {
      if (kept !== null && world.nowMs() - kept.at < ttlMs) return kept.value;
      const value = world.read();
      const mine = { value, at: world.nowMs() };
      kept = mine;
      value.catch(() => {
        if (kept === mine) kept = null;
      });
      return value;
    },
    forget: () => {
      kept = null;
    },
  };
}

function nameOf(arn: string): string {
  return arn.split(':').at(-1) ?? arn;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
