/**
 * Secrets Manager: secrets with versions and staging labels (AWSCURRENT, AWSPREVIOUS, AWSPENDING), in memory.
 * Rules after docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html.
 */
import { randomUUID } from 'node:crypto';
import { DEFAULT_GUESSES, type SecretGuesses } from './guesses.ts';

export class SecretsError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = code;
    this.code = code;
  }
}

type Stored = {
  readonly name: string;
  readonly arn: string;
  readonly description: string;
  readonly createdAt: number;
  changedAt: number;
  accessedAt: number | null;
  readonly versions: Map<string, { readonly secretString: string; readonly createdAt: number }>;
  /** Which version carries a label; a label is on one version at a time. */
  readonly stages: Map<string, string>;
};

export type Secrets = ReturnType<typeof createSecrets>;

const MAX_BYTES = 65_536;
const MAX_STAGES = 20;
/** Versions without a label beyond this many may go; the service keeps about as many. */
const MAX_VERSIONS = 100;
const NAME = /^[\w/+=.@-]{1,512}$/;

export function createSecrets(options: {
  readonly secrets: readonly { readonly name: string; readonly arn: string }[];
  readonly now: () => number;
  readonly guesses?: Partial<SecretGuesses> | undefined;
}) {
  const { pendingOnceCurrent } = { ...DEFAULT_GUESSES, ...options.guesses };
  const empty = ({ name, arn }: { readonly name: string; readonly arn: string }, description = ''): Stored => ({
    name,
    arn,
    description,
    createdAt: options.now(),
    changedAt: options.now(),
    accessedAt: null,
    versions: new Map(),
    stages: new Map(),
  });
  const stored: Stored[] = options.secrets.map((secret) => empty(secret));

  /** By name, by ARN, or by an ARN without its random end. */
  const find = (secretId: string): Stored => {
    const found = stored.find(
      ({ name, arn }) => name === secretId || arn === secretId || arn.slice(0, -7) === secretId,
    );
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
  };

  const prune = (secret: Stored): void => {
    for (const versionId of secret.versions.keys()) {
      if (secret.versions.size <= MAX_VERSIONS) return;
      if (stagesOf(secret, versionId).length === 0) secret.versions.delete(versionId);
    }
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
    /** A secret without a value. `arnPrefix` is everything of its ARN before the name. */
    create(name: string, arnPrefix: string, description = '') {
      if (!NAME.test(name)) {
        throw new SecretsError(
          'ValidationException',
          'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!',
        );
      }
      if (stored.some((secret) => secret.name === name)) {
        throw new SecretsError(
          'ResourceExistsException',
          `The operation failed because the secret ${name} already exists.`,
        );
      }
      const secret = empty({ name, arn: `${arnPrefix}${name}-${randomUUID().slice(0, 6)}` }, description);
      stored.push(secret);
      return { name: secret.name, arn: secret.arn };
    },
    /** The token becomes the version's id: the same token with the same value changes nothing. */
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
      const stages = new Set(choice.stages ?? ['AWSCURRENT']);
      // A secret's first version is its current one, whatever else it is.
      if (secret.versions.size === 0) stages.add('AWSCURRENT');
      if (stages.size > MAX_STAGES) {
        throw new SecretsError('LimitExceededException', `A version has at most ${MAX_STAGES} staging labels.`);
      }
      if (existing === undefined) {
        secret.versions.set(versionId, { secretString, createdAt: options.now() });
        secret.changedAt = options.now();
        for (const stage of stages) moveStage(secret, stage, versionId);
        prune(secret);
      }
      return { name: secret.name, arn: secret.arn, versionId, stages: stagesOf(secret, versionId) };
    },
    /** How a rotation ends: `moveStage(id, 'AWSCURRENT', pending, current)`. */
    moveStage(secretId: string, stage: string, toVersionId: string | undefined, fromVersionId: string | undefined) {
      const secret = find(secretId);
      const holder = secret.stages.get(stage);
      if (toVersionId === undefined && stage === 'AWSCURRENT') {
        throw new SecretsError(
          'InvalidParameterException',
          'You can only move staging label AWSCURRENT to a different secret version. It can\u2019t be completely removed.',
        );
      }
      if (toVersionId === undefined && fromVersionId === undefined) {
        throw new SecretsError('InvalidParameterException', 'Give MoveToVersionId, RemoveFromVersionId or both.');
      }
      if (toVersionId !== undefined && !secret.versions.has(toVersionId)) {
        throw new SecretsError(
          'ResourceNotFoundException',
          `Secrets Manager can't find the specified secret value for VersionId: ${toVersionId}`,
        );
      }
      const isMoved = holder !== undefined && holder !== toVersionId;
      if ((isMoved && holder !== fromVersionId) || (fromVersionId !== undefined && holder !== fromVersionId)) {
        throw new SecretsError(
          'InvalidParameterException',
          holder === undefined
            ? `The staging label ${stage} is not attached to version ${fromVersionId}.`
            : `The parameter RemoveFromVersionId can't be empty or another version. Staging label ${stage} is currently attached to version ${holder}, so you must explicitly reference that version in RemoveFromVersionId.`,
        );
      }
      if (toVersionId === undefined) secret.stages.delete(stage);
      else moveStage(secret, stage, toVersionId);
      const rotated = stage === 'AWSCURRENT' && secret.stages.get('AWSPENDING') === toVersionId;
      if (rotated && pendingOnceCurrent === 'removed') secret.stages.delete('AWSPENDING');
      secret.changedAt = options.now();
      return { name: secret.name, arn: secret.arn };
    },
    versions(secretId: string, includeDeprecated: boolean) {
      const secret = find(secretId);
      const all = [...secret.versions].map(([versionId, { createdAt }]) => ({
        versionId,
        createdAt,
        stages: stagesOf(secret, versionId),
      }));
      const versions = includeDeprecated ? all : all.filter(({ stages }) => stages.length > 0);
      return { name: secret.name, arn: secret.arn, versions };
    },
    describe(secretId: string) {
      const secret = find(secretId);
      const versions = [...secret.versions.keys()].map((id) => [id, stagesOf(secret, id)] as const);
      return { ...secret, versions: new Map(versions.filter(([, stages]) => stages.length > 0)) };
    },
    list: () => stored.map(({ name, arn, createdAt, changedAt }) => ({ name, arn, createdAt, changedAt })),
  };
}
