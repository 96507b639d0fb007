import { changeName } from '@payments/core/twin';
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

describe('an older state never overwrites a newer one', { timeout: TEST_WITHIN_MS }, () => {
  let small: SmallMachine;

  beforeAll(async () => {
    // Up to sixty later events overtake one, and every fourth change is told by two events of the same second.
    small = await startSmall({ seed: 5, twinRate: 0.25, delivery: { reorderWindow: 60, concurrency: 8 } });
  }, START_WITHIN_MS);
  afterAll(() => small.close());

  it('when events overtake each other and twins share a second', async () => {
    await small.live({ customers: 5, months: 2 });
    expectSameStory(small);
    expectNothingParked(small);
    expect(overtaken(small)).toBeGreaterThan(small.account.events().length / 4);
    expect(toldTwice(small)).toEqual([]);
  });

  it('when the whole history comes again, backwards', async () => {
    const rows = rowsOf(small);
    // Without what Redis knows, only the org's guard stands between an old event and the row.
    await small.forgetEverything();
    for (const event of small.account.events().toReversed()) expect((await small.resend(event)).status).toBe(200);
    await small.still();
    expect(changes(rows, rowsOf(small))).toEqual([]);
    expectSameStory(small);
  });
});

/** Failures of which both twins were published: the second Event object of a change is a duplicate, although its id is new. */
function toldTwice(small: SmallMachine): readonly string[] {
  const changes = new Map(small.account.events().map((event) => [event.id, changeName(event)]));
  const published = small.org.org.platformEvents.map(({ fields }) => String(fields.Event_ID__c));
  expect(published.length).toBeGreaterThan(0);
  return published.filter((id, index) => published.findIndex((one) => changes.get(one) === changes.get(id)) !== index);
}

/** Events that arrived after one that was made later. */
function overtaken(small: SmallMachine): number {
  const place = new Map(small.account.events().map(({ id }, index) => [id, index]));
  let newest = -1;
  let count = 0;
  for (const { eventId } of small.arrivals) {
    const index = place.get(eventId) ?? -1;
    if (index < newest) count += 1;
    newest = Math.max(newest, index);
  }
  return count;
}
