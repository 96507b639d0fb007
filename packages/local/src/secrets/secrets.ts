/**
 * Secrets Manager: secrets with versions and staging labels (AWSCURRENT, AWSPREVIOUS, AWSPENDING), in memory.
 * Rules after docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html.
 */
import { randomUUID } from 'node:crypto';

export class SecretsError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = code;
    this.code = code;
  }
}

export type SecretVersion = {
  readonly versionId: string;
  readonly secretString: string;
  readonly createdAt: number;
  readonly stages: readonly string[];
};

type Stored = {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: number;
  changedAt: number;
  accessedAt: number | null;
  readonly versions: Map<string, { readonly secretString: string; readonly createdAt: number }>;
  /** Which version carries a label; a label is on one version at a time. */
  readonly stages: Map<string, string>;
};

export type Secrets = ReturnType<typeof createSecrets>;

const MAX_BYTES = 65_536;

export function createSecrets(options: {
  readonly secrets: readonly { readonly name: string; readonly arn: string }[];
  readonly now: () => number;
}) {
  const stored: Stored[] = options.secrets.map(({ name, arn }) => ({
    name,
    arn,
    createdAt: options.now(),
    changedAt: options.now(),
    accessedAt: null,
    versions: new Map(),
    stages: new Map(),
  }));

  const find = (secretId: string): Stored => {
    const found = stored.find(({ name, arn }) => name === secretId || arn === secretId);
    if (found === undefined) {
      throw new SecretsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    }
    return found;
  };

  const stagesOf = (secret: Stored, versionId: string): string[] =>
    [...secret.stages].filter(([, version]) => version === versionId).map(([stage]) => stage);

  const moveStage = (secret: Stored, stage: string, versionId: string): void => {
    const current = secret.stages.get('AWSCURRENT');
    secret.stages.set(stage, versionId);
    if (stage !== 'AWSCURRENT') return;
    if (current !== undefined && current !== versionId) secret.stages.set('AWSPREVIOUS', current);
    if (secret.stages.get('AWSPENDING') === versionId) secret.stages.delete('AWSPENDING');
  };

  return {
    get(secretId: string, which: { versionId?: string; versionStage?: string } = {}) {
      const secret = find(secretId);
      const stage = which.versionStage ?? 'AWSCURRENT';
      const versionId = which.versionId ?? secret.stages.get(stage);
      const version = versionId === undefined ? undefined : secret.versions.get(versionId);
      if (versionId === undefined || version === undefined) {
        throw new SecretsError(
          'ResourceNotFoundException',
          `Secrets Manager can't find the specified secret value for ${which.versionId === undefined ? `staging label: ${stage}` : `VersionId: ${which.versionId}`}`,
        );
      }
      if (which.versionId !== undefined && which.versionStage !== undefined) {
        if (!stagesOf(secret, versionId).includes(which.versionStage)) {
          throw new SecretsError('InvalidRequestException', 'The VersionId and VersionStage name different versions.');
        }
      }
      secret.accessedAt = options.now();
      return { name: secret.name, arn: secret.arn, versionId, stages: stagesOf(secret, versionId), ...version };
    },
    put(secretId: string, secretString: string, choice: { token?: string; stages?: readonly string[] } = {}) {
      const secret = find(secretId);
      if (Buffer.byteLength(secretString) > MAX_BYTES) {
        throw new SecretsError('InvalidParameterException', `A secret value is at most ${MAX_BYTES} bytes.`);
      }
      const versionId = choice.token ?? randomUUID();
      const existing = secret.versions.get(versionId);
      if (existing !== undefined && existing.secretString !== secretString) {
        throw new SecretsError(
          'ResourceExistsException',
          'The ClientRequestToken was used before with another secret value; a version cannot be changed.',
        );
      }
      secret.versions.set(versionId, existing ?? { secretString, createdAt: options.now() });
      secret.changedAt = options.now();
      for (const stage of choice.stages ?? ['AWSCURRENT']) moveStage(secret, stage, versionId);
      return { name: secret.name, arn: secret.arn, versionId, stages: stagesOf(secret, versionId) };
    },
    moveStage(secretId: string, stage: string, toVersionId: string | undefined, fromVersionId: string | undefined) {
      const secret = find(secretId);
      const holder = secret.stages.get(stage);
      if (toVersionId !== undefined && !secret.versions.has(toVersionId)) {
        throw new SecretsError('ResourceNotFoundException', `There is no version ${toVersionId}.`);
      }
      if (holder !== undefined && holder !== fromVersionId && holder !== toVersionId) {
        throw new SecretsError(
          'InvalidParameterException',
          `The staging label ${stage} is attached to version ${holder}.`,
        );
      }
      if (toVersionId === undefined) secret.stages.delete(stage);
      else moveStage(secret, stage, toVersionId);
      return { name: secret.name, arn: secret.arn };
    },
    describe(secretId: string) {
      const secret = find(secretId);
      const versions = [...secret.versions.keys()].map((id) => [id, stagesOf(secret, id)] as const);
      return { ...secret, versions: new Map(versions.filter(([, stages]) => stages.length > 0)) };
    },
    list: () => stored.map(({ name, arn, createdAt, changedAt }) => ({ name, arn, createdAt, changedAt })),
  };
}
