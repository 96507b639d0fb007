import type { ParkedLetter } from '@payments/functions/bulk/parked-letter';
import { describe, expect, it } from 'vitest';
import type { Message } from '../adapters/queues.ts';
import { isChosen, letterOf } from './letter.ts';
import { remedyFor } from './remedy.ts';

const PREFIX = 'payments-test';
const MACHINE = 'arn:aws:states:eu-west-1:123456789012:stateMachine:payments-test-Payments';
const machineArn = (name: string) => MACHINE.replace(/Payments$/, name);

const busEvent = (type: string, change: object = {}) =>
  JSON.stringify({
    ...{ id: 'b1', 'detail-type': type, source: 'stripe.webhook', time: '2026-11-25T10:00:00Z' },
    detail: {
      ...{ priority: 'low', lane: null, receivedAt: '2026-11-25T10:00:00.000Z', correlationId: 'c-1' },
      event: {
        ...{ id: 'evt_1', object: 'event', type, created: 1, livemode: false, api_version: null },
        data: { object: { id: 'obj_1', email: 'ada@example.com' } },
        ...change,
      },
    },
  });
const notice = (change: object = {}) =>
  JSON.stringify({
    detail: {
      ...{ executionArn: `${MACHINE.replace(':stateMachine:', ':execution:')}:run-1`, stateMachineArn: MACHINE },
      ...{ name: 'run-1', status: 'FAILED', startDate: 1, stopDate: 2, input: busEvent('payment_intent.succeeded') },
      ...{ error: 'NeverRetry', cause: JSON.stringify({ errorMessage: 'STRING_TOO_LONG/Data: Salesforce refused' }) },
      ...change,
    },
  });
const parked: ParkedLetter = {
  ...{
    object: 'Pricing_Tier__c',
    key: 'price_1:2',
    code: 'X',
    category: 'Data',
    batchId: 'b',
    parkedAt: 1,
    redrives: 0,
  },
  failures: ['stripe.webhook:evt_1:price_1:2'],
  row: {
    ...{ id: '{}', columns: {}, owners: {}, events: ['evt_1'], eventId: 'evt_1', correlationId: 'c', attempts: 0 },
    ...{ oldestAt: 1, newestAt: 2, receivedAt: 3, firstBufferedAt: 4, notBefore: 5, apart: 0, lagged: 0 },
  },
};
const message = (body: string, attributes: Message['attributes'] = {}): Message => ({
  ...{ id: 'm-1', handle: 'h', sentAt: 9, body, attributes },
});
const RULE = 'arn:aws:events:eu-west-1:123456789012:rule/payments-test-bus/payments-test-payments';
const UNDELIVERED = { RULE_ARN: RULE, ERROR_CODE: 'THROTTLING' };

describe('a dead letter', () => {
  it.each([
    [
      'BulkPoisoned',
      busEvent('customer.updated'),
      {},
      { reason: 'FAILED_TOO_OFTEN', eventId: 'evt_1', type: 'customer.updated', failures: ['stripe.webhook:evt_1'] },
    ],
    [
      'RealtimeUndelivered',
      busEvent('invoice.paid'),
      UNDELIVERED,
      { reason: 'THROTTLING', rule: 'payments', objectId: 'obj_1' },
    ],
    ['Unrouted', busEvent('topup.created'), {}, { reason: 'topup.created', eventId: 'evt_1' }],
    [
      'FailedExecutions',
      notice(),
      {},
      { reason: 'STRING_TOO_LONG', eventId: 'evt_1', failures: ['stripe.webhook:evt_1'] },
    ],
    ['FailedExecutions', notice({ error: null, cause: null, status: 'TIMED_OUT' }), {}, { reason: 'TIMED_OUT' }],
    ['FailedExecutions', notice({ input: null }), {}, { reason: 'STRING_TOO_LONG', eventId: null, failures: [] }],
    ['BulkParked', JSON.stringify(parked), {}, { reason: 'X', objectId: 'price_1:2', failures: parked.failures }],
    ['FlushUnstarted', '{}', {}, { reason: 'UNSTARTED', kind: 'start' }],
  ] as const)('of %s says what it is about: %#', (queue, body, attributes, expected) =>
    expect(letterOf(queue, message(body, attributes), PREFIX)).toMatchObject(expected),
  );

  it.each(['BulkPoisoned', 'FailedExecutions', 'BulkParked', 'Unrouted'] as const)(
    'of %s that cannot be read says so, and is left alone',
    (queue) => {
      for (const body of ['', 'no JSON', '{}', '[]', '{"detail":{"event":7}}']) {
        const letter = letterOf(queue, message(body), PREFIX);
        expect([letter.kind, letter.reason]).toEqual(['unreadable', 'UNREADABLE']);
        expect(remedyFor(letter, message(body), machineArn).kind).toBe('none');
      }
    },
  );

  it('never tells what an event contains', () =>
    expect(JSON.stringify(letterOf('BulkPoisoned', message(busEvent('customer.updated')), PREFIX))).not.toContain(
      'ada@',
    ));

  it('is chosen by reason and event', () => {
    const letter = letterOf('FailedExecutions', message(notice()), PREFIX);
    const chosen = [
      {},
      { reason: 'STRING_TOO_LONG' },
      { event: 'evt_1' },
      { reason: 'STRING_TOO_LONG', event: 'evt_1' },
    ];
    const others = [{ reason: 'STRING' }, { event: 'evt_2' }, { reason: 'STRING_TOO_LONG', event: 'evt_2' }];
    expect(chosen.map((choice) => isChosen(letter, choice))).toEqual([true, true, true, true]);
    expect(others.map((choice) => isChosen(letter, choice))).toEqual([false, false, false]);
  });
});

describe('its remedy', () => {
  const remedy = (queue: Parameters<typeof letterOf>[0], body: string, attributes: Message['attributes'] = {}) => {
    const said = message(body, attributes);
    return remedyFor(letterOf(queue, said, PREFIX), said, machineArn);
  };

  it('for a failed execution is a new one of its own name with the same input', () => {
    expect(remedy('FailedExecutions', notice())).toMatchObject({
      ...{ kind: 'start', machineArn: MACHINE, name: 'run-1.redrive-1', input: busEvent('payment_intent.succeeded') },
    });
    expect(remedy('FailedExecutions', notice({ input: null }))).toMatchObject({
      ...{ input: null, executionArn: `${MACHINE.replace(':stateMachine:', ':execution:')}:run-1` },
    });
  });

  it('for an urgent event that started nothing is an execution of its machine, the same for the same message', () =>
    expect(remedy('RealtimeUndelivered', busEvent('customer.subscription.deleted'), UNDELIVERED)).toEqual({
      kind: 'start',
      machineArn: machineArn('Subscriptions'),
      name: 'undelivered-m-1',
      input: busEvent('customer.subscription.deleted'),
      executionArn: null,
    }));

  it.each([
    ['BulkPoisoned', 'Bulk'],
    ['BulkUndelivered', 'Bulk'],
    ['UnroutedUndelivered', 'Unrouted'],
  ] as const)('for %s is its queue %s', (queue, to) =>
    expect(remedy(queue, busEvent('customer.updated'))).toEqual({
      kind: 'send',
      queue: to,
      body: busEvent('customer.updated'),
    }),
  );

  it('for a row is the buffer', () =>
    expect(remedy('BulkParked', JSON.stringify(parked))).toEqual({ kind: 'put back', letter: JSON.stringify(parked) }));

  it('for an unrouted event is the bus, by the table as it is now, and nothing while no lane takes it', () => {
    const published = remedy('Unrouted', busEvent('payment_intent.succeeded'));
    expect(published).toMatchObject({ kind: 'publish', detailType: 'payment_intent.succeeded' });
    const detail = published.kind === 'publish' ? JSON.parse(published.detail) : {};
    expect(detail).toMatchObject({ priority: 'high', lane: 'realtime', correlationId: 'c-1', event: { id: 'evt_1' } });
    expect(remedy('Unrouted', busEvent('topup.created'))).toEqual({ kind: 'none', why: 'no lane takes topup.created' });
  });

  it('for a start that was missed is none: the next one made up for it', () =>
    expect(remedy('FlushUnstarted', '{}')).toMatchObject({ kind: 'none', why: expect.stringContaining('discard') }));
});
