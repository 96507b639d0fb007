import { beforeEach, expect, it } from 'vitest';
import { createWatch, type Watch } from './watch.ts';

const QUEUE = 'arn:aws:sqs:us-east-1:123456789012:Bulk';
let watch: Watch;
let now: number;

beforeEach(() => {
  now = 1_790_000_000_000;
  watch = createWatch({ mappings: [{ queueArn: QUEUE }] }, () => now);
  watch.onArrival({
    ...{ eventId: 'evt_1', type: 'customer.updated', objectId: 'cus_1', createdAt: now },
    ...{ targetArn: QUEUE, at: now },
  });
});

function bufferedAt(at: number): void {
  const line = JSON.stringify({ message: 'aggregate', outcome: 'buffered', stripeEventId: 'evt_1' });
  watch.onLog({ functionName: 'Aggregate', line, at });
}

it('an event has settled once the buffer, which had it, has it no more', () => {
  watch.buffered(new Set(), now);
  expect(watch.settledAt('evt_1')).toBeNull();
  bufferedAt(now + 10);
  watch.buffered(new Set(['evt_1']), now + 20);
  expect(watch.inBulk()).toEqual(['evt_1']);
  watch.buffered(new Set(), now + 30);
  expect(watch.settledAt('evt_1')).toBe(now + 30);
});

it('a buffer that Redis lost says nothing of what was in it: it has to come again', () => {
  bufferedAt(now + 10);
  const found = watch.bufferLoses();
  watch.buffered(new Set(), now + 20);
  now += 30;
  found();
  watch.buffered(new Set(), now - 5);
  watch.buffered(new Set(), now + 5);
  expect(watch.settledAt('evt_1')).toBeNull();
  bufferedAt(now + 10);
  watch.buffered(new Set(), now + 20);
  expect(watch.settledAt('evt_1')).toBe(now + 20);
});
