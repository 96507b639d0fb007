import { LambdaClient, ListEventSourceMappingsCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCOUNT, type Endpoint, queueArn, REGION, startEndpoint } from '../aws/endpoint.fixture.ts';

describe('ListEventSourceMappings, by the real client', () => {
  let endpoint: Endpoint;
  let client: LambdaClient;
  beforeAll(async () => {
    endpoint = await startEndpoint();
    client = new LambdaClient(endpoint.client);
  });
  afterAll(async () => {
    client.destroy();
    await endpoint.close();
  });
  const list = async (filter: { readonly EventSourceArn?: string; readonly FunctionName?: string }) =>
    (await client.send(new ListEventSourceMappingsCommand(filter))).EventSourceMappings;
  const functionArn = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:aggregate`;

  it('tells who takes from a queue, and how', async () => {
    expect(await list({ EventSourceArn: queueArn('bulk') })).toEqual([
      {
        UUID: expect.stringMatching(/^[\da-f-]{36}$/),
        EventSourceArn: queueArn('bulk'),
        FunctionArn: functionArn,
        State: 'Enabled',
        BatchSize: 200,
        MaximumBatchingWindowInSeconds: 5,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ScalingConfig: { MaximumConcurrency: 2 },
      },
    ]);
  });

  it.each([
    [{}, 1],
    [{ FunctionName: 'aggregate' }, 1],
    [{ FunctionName: functionArn }, 1],
    [{ FunctionName: 'gate' }, 0],
    [{ EventSourceArn: queueArn('elsewhere') }, 0],
    [{ EventSourceArn: queueArn('bulk'), FunctionName: 'another' }, 0],
  ])('of %j are %i', async (filter, count) => {
    expect(await list(filter)).toHaveLength(count);
  });
});
