import { EXTERNAL_ID_FIELD, type Owner, type SalesforceRecord } from '@payments/core/record';
import { describe, expect, it } from 'vitest';
import { inCalls, MAX_PARTS, partsOf } from './composite.ts';
import { readComposite } from './composite-answer.ts';

const MARK = { writeId: 'evt_1', correlationId: 'c-1' };
const V = 170000000050;

const customer: SalesforceRecord = {
  object: 'Stripe_Customer__c',
  externalIdField: 'Stripe_Customer_ID__c',
  externalId: 'cus_1',
  rowId: null,
  fields: {},
  parents: [],
  owners: { customer: { version: 0, fetched: false } },
};
const subscription: SalesforceRecord = {
  object: 'Stripe_Subscription__c',
  externalIdField: 'Stripe_Subscription_ID__c',
  externalId: 'sub_1',
  rowId: null,
  fields: { Status__c: 'active' },
  parents: [
    {
      field: 'Stripe_Customer__c',
      object: 'Stripe_Customer__c',
      externalIdField: 'Stripe_Customer_ID__c',
      externalId: 'cus_1',
    },
  ],
  owners: { subscription: { version: V, fetched: false } },
};

const parts = (records: readonly SalesforceRecord[]) => partsOf(records, null, MARK, '66.0');

describe('partsOf', () => {
  it('writes the parent, the row that refers to it, and reads back what the guard kept', () => {
    expect(parts([customer, subscription]).map(({ part }) => part)).toEqual([
      {
        method: 'PATCH',
        url: '/services/data/v66.0/sobjects/Stripe_Customer__c/Stripe_Customer_ID__c/cus_1',
        referenceId: 'r0',
        body: { Stripe_Version__c: 0, Stripe_Write__c: 'evt_1;;c-1' },
      },
      {
        method: 'PATCH',
        url: '/services/data/v66.0/sobjects/Stripe_Subscription__c/Stripe_Subscription_ID__c/sub_1',
        referenceId: 'r1',
        body: {
          Status__c: 'active',
          Stripe_Version__c: V,
          Stripe_Write__c: 'evt_1;;c-1',
          Stripe_Customer__c: '@{r0.id}',
        },
      },
      {
        method: 'GET',
        url: '/services/data/v66.0/sobjects/Stripe_Subscription__c/@{r1.id}?fields=Refused_Write__c,Stripe_Version__c,Session_Version__c,Invoice_Version__c',
        referenceId: 'r1read',
      },
    ]);
  });

  it('names a parent that is not in the call by its external id', () => {
    expect(parts([subscription])[0]?.part.body).toMatchObject({
      Stripe_Customer__r: { Stripe_Customer_ID__c: 'cus_1' },
    });
  });

  it('addresses a row by its own id first, and its children then use that id', () => {
    const known: SalesforceRecord = { ...customer, externalId: 'cus_1', rowId: 'a00000000000001AAA' };
    const [, parent, child] = parts([known, subscription]).map(({ part }) => part);
    expect(parent?.url).toBe('/services/data/v66.0/sobjects/Stripe_Customer__c/@{r0own.records[0].Id}');
    expect(parent?.body).toMatchObject({ Stripe_Customer_ID__c: 'cus_1' });
    expect(child?.body).toMatchObject({ Stripe_Customer__c: 'a00000000000001AAA' });
  });

  it('finds that row only while it is nobody else’s, in the same call', () => {
    const known: SalesforceRecord = { ...subscription, externalId: "sub_'1", rowId: 'a01000000000001AAA' };
    const [own] = parts([known]).map(({ part }) => part);
    expect(own).toMatchObject({ method: 'GET', referenceId: 'r0own' });
    expect(new URL(own?.url ?? '', 'http://org').searchParams.get('q')).toBe(
      "SELECT Id FROM Stripe_Subscription__c WHERE Id = 'a01000000000001AAA' AND " +
        "(Stripe_Subscription_ID__c = null OR Stripe_Subscription_ID__c = 'sub_\\'1')",
    );
  });

  it('writes a row that has no external id by its own id alone', () => {
    const pending: SalesforceRecord = { ...subscription, externalId: null, rowId: 'a01000000000001AAA' };
    const [write, read] = parts([pending]).map(({ part }) => part);
    expect(write?.url).toBe('/services/data/v66.0/sobjects/Stripe_Subscription__c/a01000000000001AAA');
    expect(write?.body).not.toHaveProperty('Stripe_Subscription_ID__c');
    expect(read?.url).toContain('/a01000000000001AAA?fields=');
  });

  it('encodes external ids, which people may choose', () => {
    const odd: SalesforceRecord = { ...customer, externalId: 'a/b?c#d é', rowId: null };
    expect(parts([odd])[0]?.part.url).toMatch(/\/a%2Fb%3Fc%23d%20%C3%A9$/);
  });
});

describe('inCalls', () => {
  it.each([false, true])('keeps every call within 25 parts, in order, and loses nothing (event: %s)', (withEvent) => {
    const records = Array.from(
      { length: 60 },
      (_, index): SalesforceRecord => ({
        ...(index % 3 === 0 ? customer : subscription),
        externalId: `x_${index}`,
        rowId: null,
      }),
    );
    const calls = inCalls(records, withEvent);
    expect(calls.flat()).toEqual(records);
    for (const call of calls) expect(parts(call).length + (withEvent ? 1 : 0)).toBeLessThanOrEqual(MAX_PARTS);
  });

  it('makes one call for an event without rows', () => {
    expect(inCalls([], true)).toEqual([[]]);
  });
});

describe('readComposite', () => {
  const placed = parts([customer, subscription]);
  const ok = (row: object) => ({
    compositeResponse: [
      { referenceId: 'r0', httpStatusCode: 201, body: { id: 'a00', success: true } },
      { referenceId: 'r1', httpStatusCode: 200, body: { id: 'a01', success: true } },
      { referenceId: 'r1read', httpStatusCode: 200, body: row },
    ],
  });
  const halted = [{ errorCode: 'PROCESSING_HALTED', message: 'rolled back' }];

  it('is written without refusals when the guard took all', () => {
    expect(readComposite(ok({ Refused_Write__c: null, Stripe_Version__c: V }), placed, 'evt_1')).toEqual({
      ...{ kind: 'written', salesforceId: 'a01' },
      refusals: [],
    });
  });

  it.each([
    ['a newer state', V + 100, 'older'],
    ['a terminal state', 160000000090, 'older'],
    ['another state of the same second', V, 'tie'],
  ])('reports that the guard kept %s', (_, stored, why) => {
    const answer = ok({ Refused_Write__c: 'evt_1', Stripe_Version__c: stored });
    const outcome = readComposite(answer, placed, 'evt_1');
    expect(outcome).toMatchObject({
      kind: 'written',
      refusals: [{ record: subscription, owner: 'subscription', why }],
    });
  });

  it('does not count as refused what a stub left alone, and asks rather once too often about an owner that may have stood', () => {
    const owners = {
      subscription: { version: V, fetched: false },
      session: { version: V, fetched: true },
      invoice: { version: 0, fetched: false },
    };
    const shared = { ...subscription, owners };
    const stored = {
      Refused_Write__c: 'evt_1',
      ...{ Stripe_Version__c: V + 100, Session_Version__c: V, Invoice_Version__c: V + 100 },
    };
    expect(readComposite(ok(stored), parts([customer, shared]), 'evt_1')).toEqual({
      ...{ kind: 'written', salesforceId: 'a01' },
      refusals: [
        { record: shared, owner: 'subscription', why: 'older', stored: V + 100 },
        { record: shared, owner: 'session', why: 'tie', stored: V },
      ],
    });
  });

  it('does not take the refusal of another write for its own', () => {
    const answer = ok({ Refused_Write__c: 'evt_0', Stripe_Version__c: V });
    expect(readComposite(answer, placed, 'evt_1')).toEqual({ kind: 'written', refusals: [], salesforceId: 'a01' });
  });

  it('blames the part that failed, not those that were rolled back with it', () => {
    const answer = {
      compositeResponse: [
        { referenceId: 'r0', httpStatusCode: 400, body: halted },
        { referenceId: 'r1', httpStatusCode: 400, body: [{ errorCode: 'STRING_TOO_LONG', message: 'x' }] },
        { referenceId: 'r1read', httpStatusCode: 400, body: halted },
      ],
    };
    expect(readComposite(answer, placed, 'evt_1')).toMatchObject({
      kind: 'failed',
      culprit: { record: subscription, kind: 'write', status: 400, errorCode: 'STRING_TOO_LONG' },
    });
  });

  it('calls a part without an answer a failure', () => {
    const answer = { compositeResponse: ok({}).compositeResponse.slice(0, 2) };
    expect(readComposite(answer, placed, 'evt_1')).toMatchObject({
      kind: 'failed',
      culprit: { errorCode: 'NO_ANSWER' },
    });
  });

  describe('names the row that the event is about', () => {
    const child = (object: 'Payment_Transaction__c' | 'Pricing_Plan__c', owner: Owner): SalesforceRecord => ({
      ...{
        object,
        externalIdField: EXTERNAL_ID_FIELD[object],
        externalId: 'x_1',
        rowId: null,
        fields: {},
        parents: [],
      },
      owners: { [owner]: { version: V, fetched: false } },
    });
    const told = { ...subscription, owners: { invoice: { version: V, fetched: false } } };
    it.each([
      [
        'the subscription, not the plans of its items',
        [customer, subscription, child('Pricing_Plan__c', 'price')],
        'a1',
      ],
      [
        'the payment, not the subscription on which its invoice has a word',
        [customer, told, child('Payment_Transaction__c', 'payment_intent')],
        'a2',
      ],
      ['the plan of an item, where nothing else is new', [customer, child('Pricing_Plan__c', 'price')], 'a1'],
    ])('%s', (_, records, id) => {
      const placed = parts(records);
      const compositeResponse = placed.map(({ kind, part: { referenceId } }) => ({
        ...{ referenceId, httpStatusCode: 200 },
        body: kind === 'write' ? { id: referenceId.replace('r', 'a'), success: true } : { Refused_Write__c: null },
      }));
      expect(readComposite({ compositeResponse }, placed, 'evt_1')).toMatchObject({ salesforceId: id });
    });
  });

  it('reads the refusal of a whole call, and throws on what is no answer', () => {
    const whole = [{ referenceId: null, httpStatusCode: 400, body: [{ errorCode: 'LIMIT_EXCEEDED', message: '25' }] }];
    expect(readComposite({ compositeResponse: whole }, placed, 'evt_1')).toMatchObject({
      kind: 'failed',
      culprit: { errorCode: 'LIMIT_EXCEEDED' },
    });
    expect(() => readComposite('<html>', placed, 'evt_1')).toThrow();
  });
});
