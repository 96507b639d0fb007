import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Reply, startHttp } from '../../test/http-stand-in.ts';
import { replays } from './replays.ts';

let answers: (action: string, asked: unknown) => Reply;
let http: Awaited<ReturnType<typeof startHttp>>;
beforeEach(async () => {
  http = await startHttp(({ headers, body }) =>
    answers(String(headers['x-amz-target']).replace('AWSEvents.', ''), JSON.parse(body)),
  );
  vi.stubEnv('AWS_ENDPOINT_URL_EVENTBRIDGE', http.url);
  vi.stubEnv('AWS_REGION', 'eu-central-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await http.stop();
});

const store = () =>
  replays({ name: 'stripe', arn: 'arn:archive', busArn: 'arn:bus', ruleArns: ['arn:bulk'], replayPrefix: 'loss-' });
const ok = (body: object): Reply => ({ status: 200, body: JSON.stringify(body) });
const refused = (name: string): Reply => ({ status: 400, body: JSON.stringify({ __type: name, message: 'no' }) });
const WHAT = { recovery: 'g1', replay: 'first', attempt: 1, from: 1_790_000_000_000, to: 1_790_000_060_000 } as const;

describe('the replays of a recovery', () => {
  it('hand the events of the time to the rules of our lanes, and to no other', async () => {
    answers = () => ok({});
    await store().start(WHAT);
    expect(JSON.parse(http.received[0]?.body ?? '')).toMatchObject({
      ...{ ReplayName: 'loss-g1-first-1', EventSourceArn: 'arn:archive' },
      ...{ EventStartTime: 1_790_000_000, EventEndTime: 1_790_000_060 },
      Destination: { Arn: 'arn:bus', FilterArns: ['arn:bulk'] },
    });
  });

  it('are one for one name: whoever comes second finds it started', async () => {
    answers = () => refused('ResourceAlreadyExistsException');
    await expect(store().start(WHAT)).resolves.toBeUndefined();
  });

  it('that cannot be started are a failure', async () => {
    answers = () => refused('ValidationException');
    await expect(store().start(WHAT)).rejects.toThrow();
  });

  it('are known by their latest attempt', async () => {
    const states = new Map([
      ['loss-g1-second-1', { State: 'FAILED', ReplayStartTime: 1_790_000_000, ReplayEndTime: 1_790_000_001 }],
      ['loss-g1-second-2', { State: 'RUNNING', ReplayStartTime: 1_790_000_100 }],
    ]);
    answers = (action, asked) => {
      expect(action).toBe('DescribeReplay');
      const found = Object.entries(asked ?? {}).map(([, name]) => states.get(name))[0];
      return found === undefined ? refused('ResourceNotFoundException') : ok(found);
    };
    expect(await store().latest('g1', 'first')).toBeNull();
    expect(await store().latest('g1', 'second')).toEqual({
      ...{ attempt: 2, state: 'under way', startedAt: 1_790_000_100_000, endedAt: null },
    });
  });
});
