import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { scheduleReader } from './schedules.ts';

type Answer = { readonly status: number; readonly code?: string; readonly body: string };

let close = () => {};
afterEach(() => close());

/** Reads the schedule `payments-blue-flush` of a Scheduler that answers so; what it was asked comes along. */
async function reading({ status, code, body }: Answer) {
  const asked: { url: string; headers: IncomingHttpHeaders }[] = [];
  const server = createServer(({ url = '', headers }, response) => {
    asked.push({ url, headers });
    response.writeHead(status, code === undefined ? {} : { 'x-amzn-errortype': code }).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  close = () => server.close();
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const read = scheduleReader({
    aws: {
      endpoint: `http://127.0.0.1:${address.port}`,
      region: 'eu-central-1',
      credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'a secret' },
    },
    region: 'eu-central-1',
    partition: 'aws',
    prefix: 'payments-blue',
  });
  return { found: read('flush'), asked };
}

const SCHEDULE = {
  ScheduleExpression: 'rate(1 minute)',
  State: 'ENABLED',
  Target: { Arn: 'arn:aws:states:eu-central-1:111122223333:stateMachine:payments-blue-Flush' },
};

describe('scheduleReader', () => {
  it('asks by name, signed for the Scheduler of the region', async () => {
    const { found, asked } = await reading({ status: 200, body: JSON.stringify(SCHEDULE) });
    expect(await found).toMatchObject({ expression: 'rate(1 minute)', input: null, deadLetterArn: null });
    expect(asked.map(({ url }) => url)).toEqual(['/schedules/payments-blue-flush']);
    expect(asked[0]?.headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE\/\d{8}\/eu-central-1\/scheduler\/aws4_request, SignedHeaders=host;/,
    );
  });

  it('takes a schedule that is not there for missing, and for nothing else', async () => {
    const { found } = await reading({ status: 404, code: 'ResourceNotFoundException', body: '{"Message":"none"}' });
    expect(await found).toBe(null);
  });

  it.each<[string, Answer, string, string]>([
    [
      'a right that is missing',
      { status: 403, code: 'AccessDeniedException:http://internal/', body: '{"Message":"not authorised"}' },
      'AccessDeniedException',
      'not authorised',
    ],
    [
      'an API that is not answered',
      { status: 404, code: 'UnknownOperationException', body: '{"message":"not imitated"}' },
      'UnknownOperationException',
      'not imitated',
    ],
    ['a page of somebody else', { status: 404, body: '<html>' }, 'HTTP 404', 'no reason given'],
  ])('tells %s by its own name', async (_, answer, name, message) => {
    const { found } = await reading(answer);
    await expect(found).rejects.toMatchObject({ name, message });
  });

  it('takes an answer that is no schedule for none that says something', async () => {
    const { found } = await reading({ status: 200, body: '{"State":"ENABLED"}' });
    await expect(found).rejects.toThrow('ScheduleExpression');
  });
});
