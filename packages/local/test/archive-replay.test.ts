import { DescribeReplayCommand, EventBridgeClient, StartReplayCommand } from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  changes,
  expectNothingParked,
  expectSameStory,
  rowsOf,
  type SmallMachine,
  START_WITHIN_MS,
  startSmall,
  TEST_WITHIN_MS,
} from './small-machine.fixture.ts';

describe('a replay of the whole archive', { timeout: TEST_WITHIN_MS }, () => {
  let small: SmallMachine;
  let client: EventBridgeClient;

  beforeAll(async () => {
    small = await startSmall({ seed: 13, twinRate: 0.05 });
    client = new EventBridgeClient({
      endpoint: small.road.awsUrl,
      region: small.graph.region,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    await small.live({ customers: 4, months: 2 });
  }, START_WITHIN_MS);
  afterAll(async () => {
    client.destroy();
    await small.close();
  });

  async function replay(name: string): Promise<void> {
    const [archive] = small.road.bus.archives.list({});
    await client.send(
      new StartReplayCommand({
        ReplayName: name,
        EventSourceArn: archive?.arn,
        EventStartTime: new Date(Date.now() - 3_600_000),
        EventEndTime: new Date(Date.now() + 60_000),
        Destination: { Arn: archive?.eventSourceArn },
      }),
    );
    const state = async () => (await client.send(new DescribeReplayCommand({ ReplayName: name }))).State;
    await expect.poll(state, { timeout: 60_000, interval: 50 }).toBe('COMPLETED');
    await small.still();
  }

  function failuresTold(): ReadonlySet<string> {
    return new Set(
      small.org.org.platformEvents.map(({ fields }) =>
        [fields.Stripe_Invoice_ID__c ?? fields.Stripe_Payment_Intent_ID__c, fields.Attempt_Count__c].join(' attempt '),
      ),
    );
  }

  it('finds every accepted event in the archive', () => {
    expectSameStory(small);
    const [archive] = small.road.bus.archives.list({});
    expect(archive?.eventCount).toBe(small.account.events().length);
  });

  it('changes nothing', async () => {
    const rows = rowsOf(small);
    const arrived = small.arrivals.length;
    const told = small.org.org.platformEvents.length;
    await replay('everything');
    expect(small.arrivals).toHaveLength(2 * arrived);
    expect(changes(rows, rowsOf(small))).toEqual([]);
    expect(small.org.org.platformEvents).toHaveLength(told);
    expectNothingParked(small);
  });

  it('changes nothing when Redis was lost, either', async () => {
    const rows = rowsOf(small);
    const failures = failuresTold();
    expect(failures.size).toBeGreaterThan(0);
    await small.forgetEverything();
    await replay('after-a-loss');
    expect(changes(rows, rowsOf(small))).toEqual([]);
    // Told again, since nobody remembers; Apex keys its Task by what is the same in both tellings.
    expect(failuresTold()).toEqual(failures);
    expectSameStory(small);
    expectNothingParked(small);
  });
});
