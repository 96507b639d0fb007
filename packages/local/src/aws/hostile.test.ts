import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Endpoint, MACHINE, queueArn, startEndpoint } from './endpoint.fixture.ts';
import { parseFields } from './query-protocol.ts';

let endpoint: Endpoint;
beforeAll(async () => {
  endpoint = await startEndpoint();
});
afterAll(() => endpoint.close());

const TARGETS = [
  'AmazonSQS.ReceiveMessage',
  'AmazonSQS.SendMessage',
  'AmazonSQS.SendMessageBatch',
  'AmazonSQS.GetQueueAttributes',
  'AmazonSQS.CreateQueue',
  'AmazonSQS.StartMessageMoveTask',
  'AmazonSQS.ListDeadLetterSourceQueues',
  'AmazonSQS.Nonsense',
  'AWSStepFunctions.StartExecution',
  'AWSStepFunctions.GetExecutionHistory',
  'AWSStepFunctions.RedriveExecution',
  'AWSStepFunctions.Nonsense',
  'secretsmanager.GetSecretValue',
  'secretsmanager.PutSecretValue',
  'secretsmanager.Nonsense',
  'Logs_20140328.FilterLogEvents',
  'Logs_20140328.Nonsense',
  'GraniteServiceVersion20100801.GetMetricData',
  'GraniteServiceVersion20100801.Nonsense',
  'Nobody.Nothing',
];
const BODIES = [
  'null',
  '[]',
  '"text"',
  '{"QueueUrl":5,"Entries":"x","QueueName":7,"Attributes":[1]}',
  '{"stateMachineArn":{},"executionArn":[],"maxResults":"many"}',
  '{"SecretId":null,"logGroupName":{},"MetricDataQueries":"all","filterPattern":9}',
  '{"__proto__":{"QueueUrl":"x"}}',
  '{broken',
];

describe('a wrong call', () => {
  it.each(TARGETS)('of %s gets an error of the service, whatever the body', async (target) => {
    for (const body of BODIES) {
      const response = await fetch(endpoint.url, {
        method: 'POST',
        headers: { 'x-amz-target': target, 'content-type': 'application/x-amz-json-1.0' },
        body,
      });
      const text = await response.text();
      expect([target, body, response.status]).toEqual([target, body, 400]);
      expect(JSON.parse(text).__type, text).toMatch(/^[\w.#]+$/);
      expect(text).not.toMatch(/\bat .*\.[jt]s:|undefined is not|Cannot read/);
    }
  });

  it.each([
    [
      'AWSEvents.PutTargets',
      { Rule: 'r', Targets: [{ Id: 'q', Arn: 'a', KinesisParameters: {} }] },
      'Targets.0.KinesisParameters',
    ],
    ['AWSEvents.CreateArchive', { ArchiveName: 'a', EventSourceArn: 'b', KmsKeyIdentifier: 'k' }, 'KmsKeyIdentifier'],
    ['AWSStepFunctions.ListExecutions', { stateMachineArn: MACHINE, mapRunArn: 'm' }, 'mapRunArn'],
    ['secretsmanager.CreateSecret', { Name: 'n', SecretString: 's', Tags: [] }, 'Tags'],
    ['secretsmanager.PutSecretValue', { SecretId: 'signing', SecretString: 's', SecretBinary: 'b' }, 'SecretBinary'],
    ['GraniteServiceVersion20100801.ListMetrics', { RecentlyActive: 'PT3H' }, 'RecentlyActive'],
    ['Logs_20140328.FilterLogEvents', { logGroupName: '/aws/lambda/sync', unmask: true }, 'unmask'],
    ['AmazonSQS.StartMessageMoveTask', { SourceArn: queueArn('bulk-dead'), Filter: 'x' }, 'Filter'],
  ])('of %s with a parameter that is not imitated is refused by its name', async (target, body, parameter) => {
    const response = await fetch(endpoint.url, {
      method: 'POST',
      headers: { 'x-amz-target': target, 'content-type': 'application/x-amz-json-1.0' },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(400);
    expect(Object(await response.json()).message).toContain(`The parameter ${parameter} is not imitated`);
  });

  it.each([
    'Action=ReceiveMessage&Version=2012-11-05',
    'Action=SendMessageBatch&Version=2012-11-05&QueueUrl=http://x/1/bulk&SendMessageBatchRequestEntry.1=text',
    'Action=SendMessage&Version=2012-11-05&QueueUrl.1.2=x&MessageBody=y',
    'Action=GetMetricData&Version=2010-08-01&MetricDataQueries.member.1.Id=&StartTime=never',
    'Action=Nonsense&Version=2010-08-01',
    'Action=ListThings&Version=1999-01-01',
  ])('in the query protocol gets XML: %s', async (body) => {
    const response = await fetch(endpoint.url, { method: 'POST', body });
    expect(response.status).toBe(400);
    expect(await response.text()).toMatch(
      /^<ErrorResponse xmlns="[^"]+"><Error><Type>Sender<\/Type><Code>[\w.]+<\/Code>/,
    );
  });

  it('that is no call at all, or too large, is answered too', async () => {
    expect((await fetch(`${endpoint.url}/bucket/key`)).status).toBe(404);
    const large = {
      method: 'POST',
      headers: { 'x-amz-target': 'AmazonSQS.SendMessage' },
      body: 'x'.repeat(17_000_000),
    };
    expect((await fetch(endpoint.url, large)).status).toBe(413);
  });
});

describe('query fields', () => {
  it('become lists and objects, in the order of their numbers', () => {
    const fields = parseFields(new URLSearchParams('Action=A&L.10=c&L.2=b&L.1=a&M.member.1.Name=x&O.Key=y&T=z'));
    expect(fields).toEqual({ L: ['a', 'b', 'c'], M: [{ Name: 'x' }], O: { Key: 'y' }, T: 'z' });
  });

  it('cannot reach prototypes, and go no deeper than services do', () => {
    const fields = parseFields(new URLSearchParams(`__proto__.polluted=1&${'a.'.repeat(5000)}b=1`));
    expect(Object.hasOwn(fields, '__proto__')).toBe(true);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
    expect(JSON.stringify(fields).length).toBeLessThan(200);
  });
});
