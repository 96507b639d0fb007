import { scheduleReader } from '@payments/ops/adapters/schedules';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Endpoint, MACHINE, queueArn, REGION, startEndpoint } from '../aws/endpoint.fixture.ts';

/** The `aws` command line reads them in aws/cli.test.ts. */
describe('GetSchedule, by the operator', () => {
  let endpoint: Endpoint;
  beforeAll(async () => {
    endpoint = await startEndpoint();
  });
  afterAll(() => endpoint.close());
  const read = async (prefix: string, name: string) =>
    scheduleReader({ aws: endpoint.client, region: REGION, partition: 'aws', prefix })(name);

  it('tells what is started, when, with what, and where a start goes that could not be made', async () => {
    expect(await read('a', 'flush')).toEqual({
      expression: 'rate(1 minute)',
      state: 'ENABLED',
      targetArn: MACHINE,
      input: '{"objects":[]}',
      deadLetterArn: queueArn('rule-dead'),
      tries: { maximumEventAgeInSeconds: 60, maximumRetryAttempts: 0 },
    });
  });

  it('tells the same of one that says little, and is off', async () => {
    expect(await read('a', 'nightly')).toEqual({
      expression: 'cron(0 2 * * ? *)',
      state: 'DISABLED',
      targetArn: MACHINE,
      input: null,
      deadLetterArn: null,
      tries: { maximumEventAgeInSeconds: 86_400, maximumRetryAttempts: 185 },
    });
  });

  it('knows no other', async () => {
    expect(await read('a', 'hourly')).toBe(null);
  });
});
