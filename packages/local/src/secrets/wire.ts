import * as v from 'valibot';
import { wrongParameter } from '../aws/wrong-parameter.ts';
import { type Secrets, SecretsError } from './secrets.ts';

/** Where created secrets are. */
export type SecretsPlace = { readonly account: string; readonly region: string };

export type WireAnswer = { readonly status: number; readonly body: unknown };

const SecretId = v.pipe(v.string(), v.minLength(1));
const Get = v.strictObject({ SecretId, VersionId: v.optional(v.string()), VersionStage: v.optional(v.string()) });
const Put = v.strictObject({
  SecretId,
  SecretString: v.string(),
  ClientRequestToken: v.optional(v.pipe(v.string(), v.minLength(32), v.maxLength(64))),
  VersionStages: v.optional(v.pipe(v.array(v.string()), v.minLength(1))),
});
const Move = v.strictObject({
  SecretId,
  VersionStage: v.string(),
  MoveToVersionId: v.optional(v.string()),
  RemoveFromVersionId: v.optional(v.string()),
});
const One = v.strictObject({ SecretId });
const Create = v.strictObject({
  Name: v.string(),
  Description: v.optional(v.pipe(v.string(), v.maxLength(2048))),
  SecretString: v.optional(v.string()),
  ClientRequestToken: v.optional(v.string()),
});
const Versions = v.strictObject({ SecretId, IncludeDeprecated: v.optional(v.boolean(), false) });
const List = v.strictObject({
  Filters: v.optional(v.pipe(v.array(v.unknown()), v.maxLength(0, 'filters are not imitated'))),
});

const seconds = (ms: number): number => ms / 1000;

/** The operations of `secretsmanager.*` in AWS JSON 1.1. An operation that is not imitated says so. */
export function handleSecrets(
  secrets: Secrets,
  operation: string,
  input: unknown,
  place: SecretsPlace = { account: '000000000000', region: 'us-east-1' },
): WireAnswer {
  try {
    return { status: 200, body: answer(secrets, operation, input, place) };
  } catch (error) {
    if (error instanceof SecretsError) return failure(error.code, error.message);
    if (error instanceof v.ValiError)
      return failure('InvalidParameterException', wrongParameter(error, 'Secrets Manager'));
    throw error;
  }
}

function failure(code: string, message: string): WireAnswer {
  return { status: 400, body: { __type: code, Message: message, message } };
}

function answer(secrets: Secrets, operation: string, input: unknown, place: SecretsPlace): unknown {
  switch (operation) {
    case 'GetSecretValue': {
      const { SecretId: id, VersionId, VersionStage } = v.parse(Get, input);
      const found = secrets.get(id, {
        ...(VersionId === undefined ? {} : { versionId: VersionId }),
        ...(VersionStage === undefined ? {} : { versionStage: VersionStage }),
      });
      return {
        ARN: found.arn,
        Name: found.name,
        VersionId: found.versionId,
        SecretString: found.secretString,
        VersionStages: found.stages,
        CreatedDate: seconds(found.createdAt),
      };
    }
    case 'PutSecretValue': {
      const { SecretId: id, SecretString, ClientRequestToken, VersionStages } = v.parse(Put, input);
      const made = secrets.put(id, SecretString, {
        ...(ClientRequestToken === undefined ? {} : { token: ClientRequestToken }),
        ...(VersionStages === undefined ? {} : { stages: VersionStages }),
      });
      return { ARN: made.arn, Name: made.name, VersionId: made.versionId, VersionStages: made.stages };
    }
    case 'UpdateSecretVersionStage': {
      const { SecretId: id, VersionStage, MoveToVersionId, RemoveFromVersionId } = v.parse(Move, input);
      const moved = secrets.moveStage(id, VersionStage, MoveToVersionId, RemoveFromVersionId);
      return { ARN: moved.arn, Name: moved.name };
    }
    case 'DescribeSecret': {
      const secret = secrets.describe(v.parse(One, input).SecretId);
      return {
        ARN: secret.arn,
        Name: secret.name,
        ...(secret.description === '' ? {} : { Description: secret.description }),
        CreatedDate: seconds(secret.createdAt),
        LastChangedDate: seconds(secret.changedAt),
        ...(secret.accessedAt === null ? {} : { LastAccessedDate: seconds(secret.accessedAt) }),
        VersionIdsToStages: Object.fromEntries(secret.versions),
      };
    }
    case 'ListSecretVersionIds': {
      const { SecretId: id, IncludeDeprecated } = v.parse(Versions, input);
      const { arn, name, versions } = secrets.versions(id, IncludeDeprecated);
      return {
        ARN: arn,
        Name: name,
        Versions: versions.map(({ versionId, createdAt, stages }) => ({
          VersionId: versionId,
          CreatedDate: seconds(createdAt),
          VersionStages: stages,
        })),
      };
    }
    case 'CreateSecret':
      return createSecret(secrets, v.parse(Create, input), place);
    case 'RotateSecret': {
      secrets.describe(v.parse(v.object({ SecretId }), input).SecretId);
      throw new SecretsError(
        'InvalidRequestException',
        'No Lambda rotation function ARN is associated with this secret. (The local runner rotates by hand: PutSecretValue with AWSPENDING, then UpdateSecretVersionStage.)',
      );
    }
    case 'ListSecrets':
      v.parse(List, input);
      return {
        SecretList: secrets.list().map(({ name, arn, createdAt, changedAt }) => ({
          ARN: arn,
          Name: name,
          CreatedDate: seconds(createdAt),
          LastChangedDate: seconds(changedAt),
        })),
      };
    default:
      throw new SecretsError(
        'InvalidRequestException',
        `${operation} is not imitated by the local Secrets Manager (README, "What is not imitated").`,
      );
  }
}

function createSecret(secrets: Secrets, request: v.InferOutput<typeof Create>, place: SecretsPlace): unknown {
  const { Name, Description, SecretString, ClientRequestToken: token } = request;
  const { arn, name } = secrets.create(
    Name,
    `arn:aws:secretsmanager:${place.region}:${place.account}:secret:`,
    Description,
  );
  if (SecretString === undefined) return { ARN: arn, Name: name };
  const { versionId } = secrets.put(arn, SecretString, token === undefined ? {} : { token });
  return { ARN: arn, Name: name, VersionId: versionId };
}
