import { describe, expect, it } from 'vitest';
import type { Line } from '../adapters/logs.ts';
import { storiesIn } from './story.ts';
import { subjectOf } from './subject.ts';

const ids = { stripeEventId: 'evt_1', correlationId: 'c-1', type: 'customer.updated', stripeObjectId: 'cus_1' };
const line = (from: string, at: number, said: Record<string, unknown>): Line => ({
  from,
  at,
  said: { ...ids, ...said },
});
const received = line('Ingress', 1, { message: 'webhook', outcome: 'published' });
const claimed = line('Claim', 2, { message: 'claim', outcome: 'mine', executionName: 'run-1' });
const settled = (outcome: string, at = 4) =>
  line('Settle', at, { message: 'settled', outcome, executionName: 'run-1', rows: 2, salesforceId: 'a01' });
const buffered = line('Aggregate', 2, { message: 'aggregate', outcome: 'buffered', messageId: 'm', rows: 1 });
const batched = (outcome: string, row: string, at = 5) =>
  line('SettleBatch', at, {
    message: 'settle',
    outcome,
    batchId: 'b-1',
    stripeObjectId: row,
    executionName: 'flush-1',
  });
const ending = (...lines: readonly Line[]) => storiesIn(lines)[0]?.ending;

describe('the story of an event', () => {
  it('names its execution, its rows and what each function said, in the order of time', () => {
    const [story] = storiesIn([settled('written'), claimed, received]);
    expect(story).toMatchObject({
      ...{ eventId: 'evt_1', type: 'customer.updated', objectId: 'cus_1', correlationId: 'c-1' },
      ...{ executions: ['run-1'], batches: [], salesforceIds: ['a01'], ending: 'written' },
      scenes: [
        { at: 1, where: 'Ingress', what: 'published' },
        { at: 2, where: 'Claim', what: 'mine' },
        { at: 4, where: 'Settle', what: 'written, rows 2, salesforceId a01' },
      ],
    });
  });

  it('in the bulk lane names its batch, and no execution of the flush', () => {
    const [story] = storiesIn([received, buffered, batched('written', 'cus_1')]);
    expect(story).toMatchObject({ executions: [], batches: ['b-1'], ending: 'written' });
  });

  it.each([
    ['nothing but received', [received], 'waiting'],
    ['taken by no lane', [line('Ingress', 1, { message: 'webhook', outcome: 'unrouted' })], 'unknown'],
    ['claimed', [received, claimed], 'waiting'],
    [
      'claimed by somebody before',
      [received, line('Claim', 2, { message: 'claim', outcome: 'duplicate' })],
      'duplicate',
    ],
    ['parked', [received, claimed, line('Park', 9, { message: 'parked' })], 'parked'],
    ['parked, then tried again', [received, line('Park', 3, { message: 'parked' }), settled('written')], 'written'],
    ['dropped', [received, claimed, settled('dropped')], 'dropped'],
    ['buffered', [received, buffered], 'waiting'],
    ['left out as equal', [buffered, batched('unchanged', 'cus_1')], 'written'],
    ['refused by the guard', [buffered, batched('refused', 'cus_1')], 'dropped'],
    ['given back', [buffered, batched('given back', 'cus_1')], 'waiting'],
    [
      'written in one row, parked in another',
      [buffered, batched('parked', 'cus_2', 5), batched('written', 'cus_1', 6)],
      'parked',
    ],
    ['parked, then written', [buffered, batched('parked', 'cus_1', 5), batched('written', 'cus_1', 6)], 'written'],
    ['written, then delivered once more', [received, claimed, settled('written'), { ...received, at: 7 }], 'written'],
  ])('%s: %#', (_, lines, expected) => expect(ending(...lines)).toBe(expected));

  it('is found by the events that a row was merged from', () => {
    const merged = batched('written', 'cus_1');
    const stories = storiesIn([{ ...merged, said: { ...merged.said, stripeEventIds: ['evt_0', 'evt_1'] } }]);
    expect(stories.map(({ eventId }) => eventId).sort()).toEqual(['evt_0', 'evt_1']);
    expect(storiesIn([merged], new Set(['evt_9']))).toEqual([]);
  });

  it('leaves out lines that tell nothing about an event', () =>
    expect(storiesIn([line('Sync', 1, { message: 'metrics' }), { from: 'Sync', at: 1, said: {} }])).toEqual([]));
});

describe('an id', () => {
  it.each([
    ['evt_1UNUl', { kind: 'event' }],
    ['sub_1UNUl', { kind: 'object', path: '/v1/subscriptions', rows: [{ object: 'Stripe_Subscription__c' }] }],
    ['cs_test_1UNUl', { kind: 'object', rows: [{ field: 'Stripe_Checkout_Session_ID__c' }] }],
    ['in_1', { kind: 'object', rows: [{ field: 'Stripe_Invoice_ID__c' }] }],
    ['a0B5g000001XyZaEAK', { kind: 'record' }],
    ['a0B5g000001XyZa', { kind: 'record' }],
  ])('%s', (id, expected) => expect(subjectOf(id)).toMatchObject(expected));

  it.each(['', 'x', 'foo_1', 'sub_', "sub_1' OR Name != '", 'a0B5g000001XyZaE', 'evt_1"'])('%j is none', (id) =>
    expect(subjectOf(id)).toBeNull(),
  );
});
