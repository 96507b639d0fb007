import { setTimeout as delay } from 'node:timers/promises';
import type { SObjectName } from '@payments/core/record';
import { bufferKeys } from '@payments/functions/adapters/buffer';
import { connectRedis, type Redis } from '@payments/functions/adapters/redis';
import { letterOf } from '@payments/functions/bulk/parked-letter';
import { BufferedRowSchema } from '@payments/functions/bulk/row';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCustomer, updateCustomer } from '../src/stripe/customer.ts';
import { life } from '../src/stripe/life.ts';
import { attempt, createIntent } from '../src/stripe/payment-intent.ts';
import { createPaymentMethod } from '../src/stripe/payment-method.ts';
import {
  expectNothingParked,
  expectSameStory,
  failedEvents,
  type SmallMachine,
  START_WITHIN_MS,
  startSmall,
  TEST_WITHIN_MS,
} from './small-machine.fixture.ts';

/**
 * Time goes this many times as fast: two hours are three seconds. The pauses between the machines' tries are shorter by
 * that; how many tries there are is not. The circuit's pauses are as they are to the machines', or a little longer.
 */
const FASTER = 2_400;
const OUTAGE_MS = (2 * 3_600_000) / FASTER;
const SETTINGS = { circuitOpenSeconds: 0.01, circuitLongestOpenSeconds: 0.05 };

describe('an outage of Salesforce under load', { timeout: TEST_WITHIN_MS }, () => {
  let small: SmallMachine;
  let redis: Redis;

  beforeAll(async () => {
    small = await startSmall({ seed: 41, settings: SETTINGS, haste: { retries: FASTER, queues: 1 } });
    redis = connectRedis({ ...small.road.redis, tls: false, username: '', password: '' });
  }, START_WITHIN_MS);
  afterAll(async () => {
    redis.disconnect();
    await small.close();
  });

  const salesforceIsAway = () =>
    small.org.org.fault({
      match: { urlRegex: '/services' },
      effect: { status: 503, body: [{ errorCode: 'SERVER_UNAVAILABLE', message: 'Server Unavailable' }] },
    });
  const tries = () =>
    [...small.road.machines.executions()].reduce((sum, { calls }) => sum + (calls.get('Sync')?.length ?? 0), 0);

  it('of two hours is waited for: Stripe is answered, nothing is lost, no human is needed', async () => {
    let hits = 0;
    small.org.org.onFault(() => {
      hits += 1;
    });
    salesforceIsAway();
    const end = Date.now() + OUTAGE_MS;
    for (const _step of life(small.account, { seed: 41, months: 1, customers: 4 })) await delay(20);
    await small.delivery.idle();
    await delay(Math.max(0, end - Date.now()));
    const waiting = [...small.road.machines.executions()].filter(({ status }) => status === 'RUNNING');
    expect(waiting.length).toBeGreaterThan(10);
    // Many tries, few of which reached Salesforce; none of them was a call.
    expect(hits).toBeLessThan(tries() / 2);
    expect(small.org.org.apiCalls().total).toBe(0);

    small.org.org.clearFaults();
    await small.still();
    expectSameStory(small);
    expectNothingParked(small);
  });

  it('that outlasts even that is made good afterwards: what was given up is tried again by itself', async () => {
    const { books } = small.account;
    const customer = createCustomer(books, { email: 'ada@example.com', name: 'Ada' });
    const card = createPaymentMethod(books, { type: 'card', behaviour: 'pays', customer: customer.id });
    const intents = [100, 200].map((amount) => createIntent(books, { amount, currency: 'eur', customer: customer.id }));
    await small.still();
    salesforceIsAway();
    for (const intent of intents) attempt(books, intent, card);
    const events = small.account
      .events()
      .filter(({ type }) => type === 'payment_intent.succeeded')
      .slice(-2);
    await expect.poll(() => failedEvents(small).length, { timeout: 90_000 }).toBe(2);
    expect(failedEvents(small).every((said) => said.includes('BudgetWait'))).toBe(true);

    const [first] = small.executions.filter(
      ({ status, input }) => status === 'FAILED' && input.includes('"detail-type"'),
    );
    sendTo('RealtimeUndelivered', first?.input ?? '', {
      TARGET_ARN: first?.machineArn ?? '',
      ERROR_CODE: 'THROTTLING',
    });
    updateCustomer(books, customer, { name: 'Ada Lovelace' });
    await small.delivery.idle();
    await parkOneRow('Stripe_Customer__c');
    for (const { id } of events) {
      const columns = { Failure_Key__c: `stripe.webhook:${id}`, Source__c: 'realtime', Stripe_Event_ID__c: id };
      const at = new Date().toISOString();
      small.org.org.insert('Sync_Failure__c', { ...columns, Status__c: 'Open', Last_Failed_At__c: at });
    }

    small.org.org.clearFaults();
    await expect.poll(() => small.judge().deadLetters, { timeout: 30_000 }).toEqual([]);
    await small.still();
    expectSameStory(small);
    const names = [...small.road.machines.executions()]
      .filter(({ status }) => status === 'SUCCEEDED')
      .map(({ name }) => name);
    expect(names.filter((name) => name.endsWith('.redrive-1'))).toHaveLength(2);
    expect(names.filter((name) => name.startsWith('undelivered-'))).toHaveLength(1);
    const open = () =>
      [...small.org.org.rows('Sync_Failure__c')].filter(({ columns }) => columns.Status__c !== 'Resolved');
    await expect.poll(open, { timeout: 30_000 }).toEqual([]);
  });

  function sendTo(queue: string, body: string, attributes: Record<string, string>): void {
    const found = small.graph.queues.find(({ name }) => name.endsWith(`-${queue}`));
    small.road.queues.send(found?.arn ?? '', body, attributes);
  }

  /** As Settle parks a row after its last try: it leaves Redis and lies in the queue. */
  async function parkOneRow(object: SObjectName): Promise<void> {
    const keys = bufferKeys(object);
    const buffered = async () => Object.entries(await redis.hgetall(keys.rows));
    // Before a flush that probes takes it along.
    await expect.poll(buffered, { timeout: 30_000, interval: 5 }).not.toEqual([]);
    const [key = '', text = ''] = (await buffered())[0] ?? [];
    const row = v.parse(BufferedRowSchema, JSON.parse(text));
    for (const set of [keys.due, keys.received, keys.lagging]) await redis.zrem(set, key);
    await redis.hdel(keys.rows, key);
    const outcome = { kind: 'failed', retry: true, code: 'NO_ANSWER', category: 'Network', apart: false } as const;
    sendTo('BulkParked', letterOf(object, 'batch_test', { key, row, outcome }, Date.now()), {});
  }
});
