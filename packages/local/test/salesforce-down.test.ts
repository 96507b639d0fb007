import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FaultInput } from '../src/salesforce/faults.ts';
import {
  expectNothingParked,
  expectSameStory,
  type SmallMachine,
  START_WITHIN_MS,
  startSmall,
  TEST_WITHIN_MS,
} from './small-machine.fixture.ts';

const refusal = (status: number, errorCode: string, message: string): FaultInput['effect'] => ({
  status,
  body: [{ errorCode, message }],
});
const DATA = { urlRegex: '/services/data' };

describe('nothing is lost and nothing is wrong in the end', { timeout: TEST_WITHIN_MS }, () => {
  let small: SmallMachine;
  let seed = 100;

  beforeAll(async () => {
    small = await startSmall({ seed, delivery: { duplicateRate: 0.1, reorderWindow: 5 } });
  }, START_WITHIN_MS);
  afterAll(() => small.close());
  beforeEach(() => {
    seed += 1;
  });

  /** A month of two customers while the faults last, and all of it compared. */
  async function liveThrough(faults: readonly FaultInput[]): Promise<void> {
    for (const fault of faults) small.org.org.fault(fault);
    await small.live({ customers: 2, seed });
    small.org.org.clearFaults();
    expectSameStory(small);
    expectNothingParked(small);
  }

  it('when Salesforce answers 503, in JSON and in HTML of its maintenance page', async () => {
    await liveThrough([
      { match: DATA, times: 3, effect: refusal(503, 'SERVER_UNAVAILABLE', 'Server Unavailable') },
      { match: DATA, times: 3, effect: { status: 503, html: '<html><h1>We are down for maintenance.</h1></html>' } },
    ]);
  });

  it('when the org says that its API calls are used up', async () => {
    await liveThrough([
      {
        match: DATA,
        after: 2,
        times: 3,
        effect: refusal(403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.'),
      },
    ]);
  });

  it('when rows are locked by somebody else, and when the session expires', async () => {
    const [customer] = [...small.org.org.rows('Stripe_Customer__c')];
    small.org.org.preset({ preset: 'lockRow', id: customer?.id ?? '', times: 2 });
    small.org.org.preset({ preset: 'expireToken' });
    await liveThrough([
      {
        match: { urlRegex: '/composite' },
        after: 3,
        times: 2,
        effect: refusal(401, 'INVALID_SESSION_ID', 'Session expired'),
      },
    ]);
    expect(small.org.org.tokensIssued()).toBeGreaterThan(1);
  });

  it('when the connection is cut before, or after Salesforce has written', async () => {
    await liveThrough([
      { match: { urlRegex: '/composite' }, after: 1, times: 2, effect: { dropAfterCommit: true } },
      { match: { urlRegex: '/composite' }, after: 2, times: 2, effect: { resetSocket: true } },
    ]);
  });
});
