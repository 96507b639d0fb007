import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SmallMachine, START_WITHIN_MS, seconds, startSmall, TEST_WITHIN_MS } from './small-machine.fixture.ts';

const Message = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ 'detail-type': v.string(), detail: v.object({ lane: v.null(), event: v.object({ id: v.string() }) }) }),
);

describe('an event of a type that no lane takes', { timeout: TEST_WITHIN_MS }, () => {
  let small: SmallMachine;
  const types = [
    'payout.paid',
    'radar.early_fraud_warning.created',
    'v2.core.event_destination.ping',
    'customer.moved',
  ];

  beforeAll(async () => {
    small = await startSmall({ seed: 2 });
  }, START_WITHIN_MS);
  afterAll(() => small.close());

  it.each(types)('%s is accepted, with a word that it is not routed', async (type) => {
    const event = {
      id: `evt_1Unrouted${types.indexOf(type)}`,
      object: 'event',
      api_version: '2026-10-28.endive',
      created: seconds(),
      data: { object: { id: 'obj_1', object: 'unknown' } },
      livemode: false,
      type,
    };
    const answer = await small.post(JSON.stringify(event));
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toEqual({ received: true, routed: false });
  });

  it('waits in the queue that an alarm watches, once, and starts nothing', async () => {
    await small.still();
    const queue = small.graph.queues.find(({ name }) => name.endsWith('-Unrouted'));
    const messages = small.road.queues.peek(queue?.arn ?? '').map((body) => v.parse(Message, body));
    expect(messages.map((message) => message['detail-type']).sort()).toEqual([...types].sort());
    expect(small.arrivals.map(({ targetArn }) => targetArn)).toEqual(types.map(() => queue?.arn));
    expect(small.executions.filter(({ input }) => input.includes('detail-type'))).toEqual([]);
    expect(small.org.org.count('Sync_Failure__c')).toBe(0);
    expect(small.errors).toEqual([]);
  });

  it('is found in the archive too, so that a route added later can replay it', () => {
    expect(small.road.bus.archives.list({}).map(({ eventCount }) => eventCount)).toEqual([types.length]);
  });
});
