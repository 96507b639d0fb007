import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ACCOUNT, type Endpoint, REGION, SECRET, startEndpoint } from '../aws/endpoint.fixture.ts';

const OLD = 'a'.repeat(32);
const NEW = 'b'.repeat(32);
let endpoint: Endpoint;
let client: SecretsManagerClient;
beforeEach(async () => {
  endpoint = await startEndpoint();
  client = new SecretsManagerClient(endpoint.client);
});
afterEach(() => endpoint.close());

const put = (SecretString: string, ClientRequestToken: string, VersionStages?: string[]) =>
  client.send(new PutSecretValueCommand({ SecretId: SECRET, SecretString, ClientRequestToken, VersionStages }));
const value = async (VersionStage?: string) =>
  (await client.send(new GetSecretValueCommand({ SecretId: SECRET, VersionStage }))).SecretString;
const move = (VersionStage: string, MoveToVersionId?: string, RemoveFromVersionId?: string) =>
  client.send(
    new UpdateSecretVersionStageCommand({ SecretId: SECRET, VersionStage, MoveToVersionId, RemoveFromVersionId }),
  );

describe('Secrets Manager, spoken to by the AWS SDK', () => {
  it('stages a rotation: pending beside current, then current with the old one as previous', async () => {
    await put('old', OLD);
    await put('new', NEW, ['AWSPENDING']);
    expect([await value(), await value('AWSPENDING')]).toEqual(['old', 'new']);
    await move('AWSCURRENT', NEW, OLD);
    expect([await value(), await value('AWSPREVIOUS')]).toEqual(['new', 'old']);
    const { VersionIdsToStages } = await client.send(new DescribeSecretCommand({ SecretId: SECRET }));
    expect(VersionIdsToStages).toEqual({ [OLD]: ['AWSPREVIOUS'], [NEW]: expect.arrayContaining(['AWSCURRENT']) });
  });

  it('leaves AWSPENDING on the version that became current, or takes it off when the switch says so', async () => {
    const stagesAfterRotation = async () => {
      await put('old', OLD);
      await put('new', NEW, ['AWSPENDING']);
      await move('AWSCURRENT', NEW, OLD);
      const { VersionIdsToStages } = await client.send(new DescribeSecretCommand({ SecretId: SECRET }));
      return VersionIdsToStages?.[NEW]?.toSorted();
    };
    expect(await stagesAfterRotation()).toEqual(['AWSCURRENT', 'AWSPENDING']);
    await endpoint.close();
    endpoint = await startEndpoint({ guesses: { secrets: { pendingOnceCurrent: 'removed' } } });
    client = new SecretsManagerClient(endpoint.client);
    expect(await stagesAfterRotation()).toEqual(['AWSCURRENT']);
  });

  it('rolls back by moving the label the other way', async () => {
    await put('old', OLD);
    await put('new', NEW);
    await move('AWSCURRENT', OLD, NEW);
    expect([await value(), await value('AWSPREVIOUS')]).toEqual(['old', 'new']);
  });

  it('makes the first version current, whatever label it was given', async () => {
    await put('first', NEW, ['AWSPENDING']);
    expect([await value(), await value('AWSPENDING')]).toEqual(['first', 'first']);
  });

  it('takes the same token and value twice without a change', async () => {
    await put('old', OLD);
    await put('new', NEW);
    await put('old', OLD);
    expect(await value()).toBe('new');
    await expect(put('other', OLD)).rejects.toMatchObject({ name: 'ResourceExistsException' });
  });

  it('creates secrets, and finds them without the random end of their ARN', async () => {
    const created = await client.send(new CreateSecretCommand({ Name: 'api/key', SecretString: 'x' }));
    const prefix = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:api/key`;
    expect(created.ARN).toMatch(new RegExp(`^${prefix}-.{6}$`));
    expect((await client.send(new GetSecretValueCommand({ SecretId: prefix }))).SecretString).toBe('x');
    await expect(client.send(new CreateSecretCommand({ Name: 'api/key' }))).rejects.toMatchObject({
      name: 'ResourceExistsException',
    });
  });

  it('lists versions, those without a label when asked to', async () => {
    await put('one', 'c'.repeat(32));
    await put('two', OLD);
    await put('three', NEW);
    const ids = async (IncludeDeprecated?: boolean) =>
      (await client.send(new ListSecretVersionIdsCommand({ SecretId: SECRET, IncludeDeprecated }))).Versions?.length;
    expect([await ids(), await ids(true)]).toEqual([2, 3]);
  });

  it('keeps a hundred versions, the labelled ones among them', async () => {
    await put('kept', OLD, ['AWSCURRENT', 'mine']);
    for (let n = 0; n < 150; n += 1) endpoint.secrets.put(SECRET, `v${n}`);
    expect(endpoint.secrets.versions(SECRET, true).versions).toHaveLength(100);
    expect(await value('mine')).toBe('kept');
  });

  it.each([
    ['to move a label away without naming who has it', () => move('AWSCURRENT', NEW), 'InvalidParameterException'],
    ['to take AWSCURRENT away', () => move('AWSCURRENT', undefined, OLD), 'InvalidParameterException'],
    ['to move to an unknown version', () => move('AWSCURRENT', 'nobody', OLD), 'ResourceNotFoundException'],
    ['to remove a label from a version without it', () => move('mine', undefined, OLD), 'InvalidParameterException'],
    ['65,537 bytes', () => put('x'.repeat(65_537), 'd'.repeat(32)), 'InvalidParameterException'],
    ['a label nobody has', () => value('mine'), 'ResourceNotFoundException'],
    [
      'to rotate without a rotation function',
      () => client.send(new RotateSecretCommand({ SecretId: SECRET })),
      'InvalidRequestException',
    ],
  ])('refuses %s', async (_name, call, name) => {
    await put('old', OLD);
    await put('new', NEW, ['AWSPENDING']);
    await expect(call()).rejects.toMatchObject({ name });
    expect(await value()).toBe('old');
  });
});
