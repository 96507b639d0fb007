import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AwsServer, startAwsServer } from '../aws/server.ts';
import { FunctionError } from './function.ts';
import { invokeService } from './invoke-wire.ts';

const NAME = 'payments-local-Operations';
const ARN = `arn:aws:lambda:eu-west-1:123456789012:function:${NAME}`;

describe('Invoke, by the real client', () => {
  let server: AwsServer;
  let client: LambdaClient;
  const received: unknown[] = [];
  const unheard: unknown[] = [];

  beforeAll(async () => {
    server = await startAwsServer({
      host: '127.0.0.1',
      port: 0,
      services: new Map(),
      rest: [
        invokeService({
          find: (name) => (name === NAME ? { name, arn: ARN } : null),
          invoke: async (arn, payload) => {
            received.push([arn, payload]);
            if (typeof payload === 'object' && payload !== null && 'fails' in payload) {
              throw new FunctionError(NAME, 'NeverRetry', 'BAD/Data: no');
            }
            return { done: payload };
          },
          account: '123456789012',
          region: 'eu-west-1',
          onError: (error) => unheard.push(error),
        }),
      ],
      onError: (error) => {
        throw error;
      },
    });
    client = new LambdaClient({
      endpoint: server.url,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      maxAttempts: 1,
    });
  });
  afterAll(async () => {
    client.destroy();
    await server.close();
  });

  const invoke = async (input: Partial<ConstructorParameters<typeof InvokeCommand>[0]> = {}) => {
    const answer = await client.send(new InvokeCommand({ FunctionName: NAME, Payload: '{"a":1}', ...input }));
    return { ...answer, text: answer.Payload?.transformToString() ?? '' };
  };

  it.each([NAME, ARN, `${ARN}:live`, `123456789012:function:${NAME}`])(
    'runs the function that %s names, with its payload',
    async (FunctionName) => {
      const { StatusCode, ExecutedVersion, FunctionError: failed, text } = await invoke({ FunctionName });
      expect([StatusCode, ExecutedVersion, failed, JSON.parse(text)]).toEqual([
        200,
        '$LATEST',
        undefined,
        { done: { a: 1 } },
      ]);
      expect(received.at(-1)).toEqual([ARN, { a: 1 }]);
    },
  );

  it('gives what a handler threw as an answer marked as a function error', async () => {
    const { StatusCode, FunctionError: failed, text } = await invoke({ Payload: '{"fails":true}' });
    expect([StatusCode, failed]).toEqual([200, 'Unhandled']);
    expect(JSON.parse(text)).toEqual({ errorType: 'NeverRetry', errorMessage: 'BAD/Data: no', trace: [] });
  });

  it('answers at once when nobody waits for the result, and runs nothing when it is a dry run', async () => {
    expect((await invoke({ InvocationType: 'Event', Payload: '{"fails":true}' })).StatusCode).toBe(202);
    await expect.poll(() => unheard).toHaveLength(1);
    const before = received.length;
    expect((await invoke({ InvocationType: 'DryRun' })).StatusCode).toBe(204);
    expect(received).toHaveLength(before);
  });

  it.each([
    ['a function that is not there', { FunctionName: 'nobody' }, 'ResourceNotFoundException'],
    ['a body that is no JSON', { Payload: '{' }, 'InvalidRequestContentException'],
    ['a body above 6 MB', { Payload: `"${'x'.repeat(6 * 1024 * 1024)}"` }, 'RequestTooLargeException'],
  ])('refuses %s', async (_, input, name) => {
    await expect(invoke(input)).rejects.toMatchObject({ name });
  });
});
