import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunWorld, runOps } from '../../ops/test/run-ops.ts';
import { type SmallMachine, START_WITHIN_MS, startSmall, TEST_WITHIN_MS } from './small-machine.fixture.ts';

/** Every command of the operator against one running machine, in the order in which its story needs them. */
describe("the operator's hands", { timeout: TEST_WITHIN_MS }, () => {
  let small: SmallMachine;

  beforeAll(async () => {
    small = await startSmall({ seed: 31 });
    await small.live({ customers: 3 });
  }, START_WITHIN_MS);
  afterAll(() => small.close());

  const ops = (line: string, world: RunWorld = {}) =>
    runOps([...line.split(' '), '--local', small.road.awsUrl], { nowMs: () => Date.now(), ...world });

  describe('status', () => {
    it('tells of a healthy road in one screen, with the numbers that the places themselves have', async () => {
      const { exit, out, err } = await ops('status');
      expect([exit, err]).toEqual([0, '']);
      expect(out).toContain('payments-local');
      const { json } = await ops('status --json');
      const batches = [...small.org.org.rows('Sync_Batch__c')];
      expect(json()).toMatchObject({
        stage: 'local',
        lastEvent: { ageSeconds: expect.any(Number) },
        realtime: { running: 0, oldestSeconds: null, failedLastHour: {} },
        bulk: { queued: 0, held: 0 },
        failures: [],
        lag: { realtime: { p50: expect.any(Number) } },
        unread: [],
      });
      expect(json()).toHaveProperty('batches.length', Math.min(5, batches.length));
      expect(json()).toHaveProperty('batches.0.name', batches.at(-1)?.columns.Name);
    });

    it('says so when Salesforce does not answer, and tells the rest all the same', async () => {
      small.org.org.fault({ match: { urlRegex: '/services/data' }, effect: { resetSocket: true } });
      const { exit, out } = await ops('status');
      small.org.org.clearFaults();
      expect(exit).toBe(1);
      expect(out).toContain('Salesforce was not read');
      expect(out).toContain('last event');
    });

    it('cannot be asked of a stage that is not deployed, nor of an address where nobody answers', async () => {
      const elsewhere = await runOps(['status'], { env: { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' } });
      expect([elsewhere.exit, elsewhere.err]).toEqual([3, expect.stringContaining('127.0.0.1:1')]);
      const { exit, err } = await ops('status --every soon');
      expect([exit, err]).toEqual([2, expect.stringContaining('--every')]);
    });
  });
});
