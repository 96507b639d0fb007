import { versionOf } from '@payments/core/freshness';
import type * as core from '@payments/core/plan';
import type { PaymentFailed } from '@payments/core/plan';
import type { SalesforceRecord } from '@payments/core/record';
import { changeName } from '@payments/core/twin';
import { describe, expect, it } from 'vitest';
import {
  EVENT,
  fails,
  input,
  type Org,
  planner,
  refusedBy,
  row,
  SECOND,
  THIN,
  UPDATED,
  world,
} from '../../test/sync-world.ts';
import { SalesforceFailure } from '../adapters/salesforce-failure.ts';
import type { Part } from './composite.ts';
import { crossing } from './crossing.ts';
import type { Planner } from './planned.ts';
import { sync } from './sync.ts';

describe('sync', () => {
  it('writes an event in one call and remembers what stands', async () => {
    const { deps, composites, remembered, asked } = world();
    expect(await sync(input(), deps)).toEqual({
      ...{ outcome: 'written', rows: 1, calls: 1, refetched: false },
      salesforceId: 'a01',
    });
    expect(composites).toHaveLength(1);
    expect(composites[0]?.[0]?.body).toMatchObject({ Stripe_Write__c: 'evt_1;;c-1', Stripe_Version__c: UPDATED });
    expect(remembered.get('subscription:sub_1')).toMatchObject({ version: UPDATED, eventId: 'evt_1' });
    expect(asked).toEqual([]);
  });

  it.each([
    ['its event', 'evt_1'],
    ['the twin of its event', changeName(EVENT) ?? ''],
  ])('does nothing when another execution has handled %s while it waited for budget', async (_, id) => {
    const done = world({ claims: [[id, 'done']] });
    expect(await sync(input(), done.deps)).toMatchObject({ outcome: 'nothing', calls: 0 });
    const held = world({ claims: [[id, 'another execution']] });
    await expect(sync(input(), held.deps)).rejects.toMatchObject({ name: 'BudgetWait', code: 'CLAIMED' });
    expect([...done.composites, ...held.composites]).toEqual([]);
  });

  it('writes again when it is tried again: the same event is no tie', async () => {
    const { deps, composites } = world();
    await sync(input(), deps);
    expect((await sync(input(), deps)).outcome).toBe('written');
    expect(composites).toHaveLength(2);
  });

  it('names the row by our own id where metadata carried it, which an update does not answer', async () => {
    const rowId = 'a01000000000001AAA';
    const updated: Org = (part) => (part.method === 'PATCH' ? { status: 204, body: null } : undefined);
    const { deps } = world({ planner: planner([row({ rowId })]), org: updated });
    expect(await sync(input(), deps)).toMatchObject({ outcome: 'written', salesforceId: rowId });
  });

  it('sends nothing for a state that is older than what was written', async () => {
    const { deps, composites, remembered, sum } = world();
    remembered.set('subscription:sub_1', { version: UPDATED + 100, eventId: 'evt_2' });
    expect(await sync(input(), deps)).toMatchObject({ outcome: 'dropped', rows: 0, calls: 0, refetched: false });
    expect(composites).toEqual([]);
    expect(sum('StaleWritesRefused', { Lane: 'realtime', By: 'redis' })).toBe(1);
  });

  it('asks Stripe when another event of the same second was written, and writes that as fetched', async () => {
    const { deps, composites, remembered, asked } = world();
    remembered.set('subscription:sub_1', { version: UPDATED, eventId: 'evt_2' });
    expect(await sync(input(), deps)).toMatchObject({ outcome: 'written', rows: 1, calls: 1, refetched: true });
    expect(asked).toEqual(['/v1/subscriptions/sub_1']);
    expect(composites[0]?.[0]?.body).toMatchObject({
      Stripe_Version__c: versionOf(SECOND + 5, 'updated'),
      Stripe_Write__c: 'evt_1:fetched;subscription;c-1',
    });
    expect(remembered.get('subscription:sub_1')?.version).toBe(versionOf(SECOND + 5, 'updated'));
  });

  it('asks nobody when the other event of the second said the same', async () => {
    const { deps, remembered, asked } = world();
    await sync(input(), deps);
    const first = remembered.get('subscription:sub_1');
    expect(first?.content).toMatch(/^[0-9a-f]{28}$/);
    remembered.set('subscription:sub_1', { version: UPDATED, eventId: 'evt_twin', content: first?.content });
    expect(await sync(input(), deps)).toMatchObject({ outcome: 'written', refetched: false });
    expect(asked).toEqual([]);
    remembered.set('subscription:sub_1', { version: UPDATED, eventId: 'evt_twin', content: 'of another state' });
    expect(await sync(input(), deps)).toMatchObject({ outcome: 'written', refetched: true });
  });

  it('reads again, a second later each time, until the reading is of another second than the tie', async () => {
    let at = SECOND - 1;
    const { deps, composites, remembered, asked } = world({
      stripe: () => {
        at += 1;
        return { body: { id: 'sub_1', object: 'subscription' }, at };
      },
    });
    remembered.set('subscription:sub_1', { version: UPDATED, eventId: 'evt_2' });
    expect(await sync(input(), deps)).toMatchObject({ outcome: 'written', calls: 1, refetched: true });
    expect(asked).toHaveLength(2);
    expect(composites[0]?.[0]?.body).toMatchObject({
      Stripe_Version__c: versionOf(SECOND + 1, 'updated'),
      Stripe_Write__c: 'evt_1:fetched2;subscription;c-1',
    });
  });

  it('gives up for now when no reading decides', async () => {
    const { deps, remembered, asked, composites } = world({
      stripe: () => ({ body: { id: 'sub_1', object: 'subscription' }, at: SECOND }),
    });
    remembered.set('subscription:sub_1', { version: UPDATED, eventId: 'evt_2' });
    await expect(sync(input(), deps)).rejects.toMatchObject({ name: 'RetryLater', code: 'TIE_UNDECIDED' });
    expect(asked).toHaveLength(4);
    expect(composites).toEqual([]);
  });

  it.each([
    [300, [1_700]],
    [1_999, [1]],
    [2_000, []],
    [-400, []],
  ])('waits until the second of a tie is over before it reads, %d ms after the event', async (age, expected) => {
    const { deps, naps, remembered } = world({ age });
    remembered.set('subscription:sub_1', { version: UPDATED, eventId: 'evt_2' });
    await sync(input(), deps);
    expect(naps).toEqual(expected);
  });

  it('judges, reads and writes as the only writer of its objects', async () => {
    const { deps, held, composites } = world({
      planner: planner([row(), { ...row(), externalId: 'sub_2' }]),
      org: () => {
        expect(held).toEqual(['run-1: sub_1, sub_2']);
        return undefined;
      },
    });
    await sync(input(), deps);
    expect(composites).toHaveLength(1);
    expect(held).toEqual(['run-1: sub_1, sub_2', 'let go']);
    const down = world({ org: () => fails('UNABLE_TO_LOCK_ROW') });
    await expect(sync(input(), down.deps)).rejects.toMatchObject({ name: 'RetryLater' });
    expect(down.held.at(-1)).toBe('let go');
  });

  it('leaves out what is older than what was written, of a row that has something newer to say as well', async () => {
    const both = row({
      fields: { Status__c: 'active', Error_Message__c: 'declined' },
      owners: { subscription: { version: UPDATED, fetched: false }, invoice: { version: UPDATED, fetched: false } },
    });
    const { deps, composites, remembered } = world({ planner: planner([both]) });
    remembered.set('invoice:sub_1', { version: UPDATED + 100, eventId: 'evt_2' });
    expect(await sync(input(), deps)).toMatchObject({ outcome: 'written', calls: 1 });
    const body = composites[0]?.[0]?.body;
    expect(body).toMatchObject({ Status__c: 'active', Stripe_Version__c: UPDATED });
    expect(body).not.toHaveProperty('Error_Message__c');
    expect(body).not.toHaveProperty('Invoice_Version__c');
  });

  it('does the same when the org knows of the tie and Redis does not, once', async () => {
    const org: Org = (part, call) => (part.method === 'GET' && call === 1 ? refusedBy(UPDATED) : undefined);
    const { deps, composites, asked } = world({ org });
    expect(await sync(input(), deps)).toMatchObject({ outcome: 'written', rows: 1, calls: 2, refetched: true });
    expect(composites).toHaveLength(2);
    expect(asked).toEqual(['/v1/subscriptions/sub_1']);
    const stubborn: Org = (part) => (part.method === 'GET' ? refusedBy(UPDATED + 900, 'evt_1:fetched') : undefined);
    const again = world({ org: (part, call) => (call === 1 ? org(part, 1) : stubborn(part, call)) });
    expect(await sync(input(), again.deps)).toMatchObject({ outcome: 'dropped', calls: 2, refetched: true });
  });

  it('leaves a tie to the guard when Stripe has the object no more', async () => {
    const org: Org = (part) => (part.method === 'GET' ? refusedBy(UPDATED) : undefined);
    const { deps, remembered, lines } = world({ org, stripe: () => ({ body: null, at: SECOND }) });
    remembered.set('subscription:sub_1', { version: UPDATED, eventId: 'evt_2' });
    expect(await sync(input(), deps)).toMatchObject({ outcome: 'dropped', calls: 1 });
    expect(remembered.get('subscription:sub_1')?.eventId).toBe('evt_2');
    expect(lines[0]?.notes).toEqual(['Stripe_Subscription__c subscription: tie state kept']);
  });

  it('is dropped when the org has a newer state, and does not claim to have written it', async () => {
    const { deps, remembered, sum } = world({
      org: (part) => (part.method === 'GET' ? refusedBy(UPDATED + 100) : undefined),
    });
    expect(await sync(input(), deps)).toMatchObject({ outcome: 'dropped', calls: 1 });
    expect([...remembered]).toEqual([['subscription:sub_1', { version: UPDATED + 100, eventId: '' }]]);
    expect(sum('StaleWritesRefused', { Lane: 'realtime', By: 'guard' })).toBe(1);
  });

  it('publishes the failed payment in the same call, and not again after a tie', async () => {
    const failed: PaymentFailed = {
      eventId: 'evt_1',
      subscriptionId: 'sub_1',
      customerId: null,
      paymentIntentId: null,
      invoiceId: 'in_1',
      amount: '10.99',
      currency: 'EUR',
      code: 'card_declined',
      attemptCount: 2,
      nextAttemptAt: null,
      isFinal: false,
    };
    const org: Org = (part, call) => (part.method === 'GET' && call === 1 ? refusedBy(UPDATED) : undefined);
    const { deps, composites } = world({ org, planner: planner([row()], failed) });
    await sync(input(), deps);
    const events = composites.map((parts) => parts.filter(({ url }) => url.endsWith('/Payment_Failed__e')));
    expect(events.map(({ length }) => length)).toEqual([1, 0]);
    expect(events[0]?.[0]?.body).toEqual({
      Event_ID__c: 'evt_1',
      Stripe_Subscription_ID__c: 'sub_1',
      Stripe_Invoice_ID__c: 'in_1',
      Amount__c: '10.99',
      Currency__c: 'EUR',
      Failure_Code__c: 'card_declined',
      Attempt_Count__c: 2,
      Is_Final__c: false,
      Correlation_ID__c: 'c-1',
    });
  });

  it('says that an event changes nothing, without a call', async () => {
    const { deps, composites } = world({ planner: planner([]) });
    expect(await sync(input(), deps)).toMatchObject({ outcome: 'nothing', rows: 0, calls: 0, refetched: false });
    expect(composites).toEqual([]);
  });

  it('asks for pages until the plan needs no more', async () => {
    const page = (key: string) => ({ key, path: `/v1/list/${key}`, query: [], why: '' });
    const pages: Planner = {
      ...planner([row()]),
      needs: (_, fetched = new Map()) => (fetched.size < 3 ? [page(`p${fetched.size}`)] : []),
    };
    const { deps, asked } = world({ planner: pages });
    await sync(input(), deps);
    expect(asked).toEqual(['/v1/list/p0', '/v1/list/p1', '/v1/list/p2']);
    const endless = { ...pages, needs: (_: unknown, fetched: core.Fetched = new Map()) => [page(`p${fetched.size}`)] };
    await expect(sync(input(), world({ planner: endless }).deps)).rejects.toMatchObject({ name: 'NeverRetry' });
  });
});

describe('sync of a thin event', () => {
  it('reads the event again', async () => {
    const { deps, asked, composites } = world({ stripe: () => ({ body: EVENT, at: SECOND + 9 }) });
    expect((await sync(input(THIN), deps)).outcome).toBe('written');
    expect(asked).toEqual(['/v1/events/evt_1']);
    expect(composites[0]?.[0]?.body).toMatchObject({ Stripe_Version__c: UPDATED });
  });

  it('reads its object when the event is gone, and writes that as fetched', async () => {
    const stripe = (path: string) => ({ body: path.startsWith('/v1/events') ? null : { id: 'sub_1' }, at: SECOND + 9 });
    const { deps, asked, composites } = world({ stripe });
    expect((await sync(input(THIN), deps)).outcome).toBe('written');
    expect(asked).toEqual(['/v1/events/evt_1', '/v1/subscriptions/sub_1']);
    expect(composites[0]?.[0]?.body).toMatchObject({ Stripe_Version__c: versionOf(SECOND + 9, 'updated') });
  });

  it('never retries when both are gone', async () => {
    const { deps } = world({ stripe: () => ({ body: null, at: SECOND }) });
    await expect(sync(input(THIN), deps)).rejects.toMatchObject({ name: 'NeverRetry', code: 'object_gone' });
  });
});

/** Where each call writes first. */
function writesOf(composites: readonly (readonly Part[])[]): readonly (string | undefined)[] {
  return composites.map((parts) => parts.find(({ method }) => method === 'PATCH')?.url.split('/sobjects/')[1]);
}

describe('sync against a reluctant org', () => {
  it.each(['NOT_FOUND', 'ENTITY_IS_DELETED', 'MALFORMED_ID', 'INVALID_CROSS_REFERENCE_KEY', 'DUPLICATE_VALUE'])(
    'finds the row by its external id when its own id is answered with %s',
    async (code) => {
      const org: Org = (part, call) => (part.method === 'PATCH' && call === 1 ? fails(code, 404) : undefined);
      const { deps, composites, lines } = world({ org, planner: planner([row({ rowId: 'a01000000000001AAA' })]) });
      expect(await sync(input(), deps)).toMatchObject({ outcome: 'written', calls: 2 });
      expect(writesOf(composites)).toEqual([
        'Stripe_Subscription__c/@{r0own.records[0].Id}',
        'Stripe_Subscription__c/Stripe_Subscription_ID__c/sub_1',
      ]);
      expect(lines[0]?.notes[0]).toContain(code);
    },
  );

  it('gives the subscription a row of its own when the row that its metadata names is another’s', async () => {
    const message = 'Invalid reference specified. No value for records[0].Id found in r0own';
    const nothingFound = { status: 400, body: [{ errorCode: 'PROCESSING_HALTED', message }] };
    const halted = fails('PROCESSING_HALTED', 400);
    const org: Org = (part, call) => (call > 1 ? undefined : part.method === 'PATCH' ? nothingFound : halted);
    const { deps, composites, lines } = world({ org, planner: planner([row({ rowId: 'a01000000000001AAA' })]) });
    expect(await sync(input(), deps)).toMatchObject({ outcome: 'written', calls: 2 });
    expect(writesOf(composites)[1]).toBe('Stripe_Subscription__c/Stripe_Subscription_ID__c/sub_1');
    expect(lines[0]?.notes[0]).toContain('ROW_NOT_FREE');
  });

  it.each([
    ['UNABLE_TO_LOCK_ROW', 500, 'RetryLater', 'Network'],
    ['STRING_TOO_LONG', 400, 'NeverRetry', 'Data'],
    ['FIELD_CUSTOM_VALIDATION_EXCEPTION', 400, 'NeverRetry', 'Business'],
    ['REQUEST_LIMIT_EXCEEDED', 403, 'BudgetWait', 'Network'],
    ['SOMETHING_NEW', 500, 'RetryLater', 'Network'],
  ])('%s (%d) is %s, remembers nothing and quotes nobody', async (code, status, name, category) => {
    const { deps, remembered } = world({ org: (part) => (part.method === 'PATCH' ? fails(code, status) : undefined) });
    const thrown = await sync(input(), deps).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ name, code, category });
    expect(crossing(thrown).message).toMatch(new RegExp(`^${code}/${category}: .*Stripe_Subscription__c sub_1`));
    expect(String(thrown)).not.toContain('jane');
    expect(remembered.size).toBe(0);
  });

  it('does not correct the same row for ever', async () => {
    const org: Org = (part) => (part.method === 'PATCH' ? fails('NOT_FOUND', 404) : undefined);
    const { deps, composites } = world({ org, planner: planner([row({ rowId: 'a01000000000001AAA' })]) });
    await expect(sync(input(), deps)).rejects.toMatchObject({ name: 'NeverRetry', code: 'NOT_FOUND' });
    expect(composites).toHaveLength(2);
  });

  it('waits for the budget before anything is sent', async () => {
    const { deps, composites } = world({ calls: 0 });
    await expect(sync(input(), deps)).rejects.toMatchObject({
      name: 'BudgetWait',
      code: 'NO_BUDGET',
      retryAfterMs: 1234,
    });
    expect(composites).toEqual([]);
  });

  it('passes a request that failed whole through the same table', () => {
    const failure = new SalesforceFailure({ what: 'POST /composite', status: 0, errorCode: 'ECONNRESET', text: '' });
    expect(crossing(failure)).toMatchObject({ name: 'RetryLater', code: 'ECONNRESET', category: 'Network' });
  });

  it('writes more than 25 parts in several calls, parents first', async () => {
    const rows = Array.from(
      { length: 30 },
      (_, index): SalesforceRecord => ({ ...row(), externalId: `sub_${index}`, rowId: null }),
    );
    const { deps, composites, remembered } = world({ planner: planner(rows) });
    expect(await sync(input(), deps)).toMatchObject({ outcome: 'written', rows: 30, calls: 3, refetched: false });
    expect(composites.map(({ length }) => length)).toEqual([24, 24, 12]);
    expect(remembered.size).toBe(30);
  });
});
