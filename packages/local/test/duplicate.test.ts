import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  changes,
  expectNothingParked,
  expectSameStory,
  type Rows,
  rowsOf,
  type SmallMachine,
  START_WITHIN_MS,
  startSmall,
  TEST_WITHIN_MS,
} from './small-machine.fixture.ts';

describe('a duplicate has no effect', { timeout: TEST_WITHIN_MS }, () => {
  let small: SmallMachine;
  let rows: Rows;

  beforeAll(async () => {
    small = await startSmall({ seed: 11, delivery: { duplicateRate: 1 } });
  }, START_WITHIN_MS);
  afterAll(() => small.close());

  it('when every event is sent twice', async () => {
    await small.live({ customers: 4 });
    expectSameStory(small);
    expectNothingParked(small);
    expect(small.judge().figures.duplicates).toBeGreaterThanOrEqual(small.account.events().length);
    rows = rowsOf(small);
  });

  it('when every event comes once more after all has settled', async () => {
    const failures = small.org.org.platformEvents.length;
    await resendAll(small);
    expect(changes(rows, rowsOf(small))).toEqual([]);
    expect(small.org.org.platformEvents).toHaveLength(failures);
    expectNothingParked(small);
  });

  it('when Redis has forgotten everything, and every event comes again', async () => {
    await small.forgetEverything();
    await resendAll(small);
    expect(changes(rows, rowsOf(small))).toEqual([]);
    expectNothingParked(small);
  });
});

async function resendAll(small: SmallMachine): Promise<void> {
  for (const event of small.account.events()) expect((await small.resend(event)).status).toBe(200);
  await small.still();
}
