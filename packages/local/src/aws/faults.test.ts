import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { simulatedBus } from '../bus/bus.fixture.ts';
import { eventsService } from '../bus/put-events-faults.ts';
import { AwsFaults } from './faults.ts';
import { type AwsServer, startAwsServer } from './server.ts';

describe('faults of functions', () => {
  it('strike the nth invocation that fits, as often as they say, and tell who suffered', () => {
    const faults = new AwsFaults();
    const suffered: string[] = [];
    faults.onSuffered(({ id, text }) => suffered.push(`${id} ${text}`));
    faults.place({ of: 'function', name: 'SyncFunction', nth: 2, times: 2, dies: 'before' });
    const dies = (name: string, payload: string) => faults.invocation(name, payload)?.dies ?? null;
    expect(['a', 'b', 'c', 'd'].map((payload) => dies('local-SyncFunction-x', payload))).toEqual([
      null,
      'before',
      'before',
      null,
    ]);
    expect(dies('local-ClaimFunction-x', 'e')).toBeNull();
    expect(suffered).toEqual(['fault_1 b', 'fault_1 c']);
  });

  it('strike one at a time, the eldest first', () => {
    const faults = new AwsFaults();
    faults.place({ of: 'function', name: 'Sync', dies: 'before' });
    faults.place({ of: 'function', name: 'Sync', clockOffMs: 5 });
    expect(faults.invocation('Sync', '{}')).toEqual({ dies: 'before', clockOffMs: 0 });
    expect(faults.invocation('Sync', '{}')).toEqual({ dies: null, clockOffMs: 5 });
    expect(faults.invocation('Sync', '{}')).toBeNull();
  });
});

describe('the AWS port', () => {
  let simulated = simulatedBus();
  const faults = new AwsFaults();
  let server: AwsServer;
  let client: EventBridgeClient;

  beforeAll(async () => {
    server = await startAwsServer({
      host: '127.0.0.1',
      port: 0,
      services: new Map([
        ['AWSEvents', (operation, input) => eventsService(simulated.bus, faults)(operation, input, { host: '' })],
      ]),
      faults,
      onError: (error) => {
        throw error;
      },
    });
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    client = new EventBridgeClient({ endpoint: server.url, region: 'us-east-1', credentials, maxAttempts: 1 });
  });
  beforeEach(() => {
    faults.clear();
    simulated = simulatedBus();
    simulated.bus.archives.create({ name: 'all', eventSourceArn: simulated.bus.describeEventBus('default').arn });
  });
  afterAll(async () => {
    client.destroy();
    await server.close();
  });

  const put = () =>
    client.send(new PutEventsCommand({ Entries: [{ Source: 'shop', DetailType: 'sale', Detail: '{}' }] }));
  const archived = () => simulated.bus.archives.describe('all').eventCount;
  const control = (method: string, path = '', body?: object) =>
    fetch(`${server.url}/__fake/faults${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  it('takes faults over HTTP, lists them, lifts them, and names what is none', async () => {
    expect(await (await control('POST', '', { of: 'PutEvents', effect: 'error' })).json()).toEqual({ id: 'fault_1' });
    expect(await (await control('GET')).json()).toMatchObject([{ id: 'fault_1', seen: 0, done: 0 }]);
    expect(await (await control('DELETE', '/fault_1')).json()).toEqual({ lifted: true });
    expect(await (await control('GET')).json()).toEqual([]);
    expect((await control('POST', '', { of: 'PutEvents', effect: 'explosion' })).status).toBe(400);
    await expect(put()).resolves.toMatchObject({ FailedEntryCount: 0 });
  });

  it('refuses an entry with HTTP 200, as EventBridge does, and publishes nothing', async () => {
    faults.place({ of: 'PutEvents', effect: 'entry refused', code: 'ThrottlingException' });
    expect(await put()).toMatchObject({ FailedEntryCount: 1, Entries: [{ ErrorCode: 'ThrottlingException' }] });
    expect(archived()).toBe(0);
    expect(await put()).toMatchObject({ FailedEntryCount: 0 });
    expect(archived()).toBe(1);
  });

  it('fails before it has published, and after', async () => {
    faults.place({ of: 'PutEvents', effect: 'error', code: 'ThrottlingException' });
    await expect(put()).rejects.toMatchObject({ name: 'ThrottlingException' });
    expect(archived()).toBe(0);
    faults.place({ of: 'PutEvents', effect: 'answer lost' });
    await expect(put()).rejects.toMatchObject({ name: 'InternalFailure' });
    expect(archived()).toBe(1);
  });
});
