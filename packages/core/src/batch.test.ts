import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  chooseTransport,
  coalesce,
  contentHash,
  csvOf,
  mergeRecords,
  onlyOwners,
  ownerHash,
  relationColumn,
} from './batch.ts';
import type { SalesforceRecord } from './record.ts';

const at = (version: number, fetched = false) => ({ version, fetched });

function payment(over: Partial<Pick<SalesforceRecord, 'fields' | 'owners' | 'parents'>> = {}, externalId = 'pi_1') {
  return {
    object: 'Payment_Transaction__c',
    externalIdField: 'Stripe_Payment_Intent_ID__c',
    externalId,
    rowId: null,
    fields: {},
    parents: [],
    owners: {},
    ...over,
  } satisfies SalesforceRecord;
}

function subscription(externalId: string | null, rowId: string | null, fields = {}): SalesforceRecord {
  const body = {
    object: 'Stripe_Subscription__c',
    externalIdField: 'Stripe_Subscription_ID__c',
    fields,
    parents: [],
    owners: { subscription: at(100) },
  } as const;
  if (externalId !== null) return { ...body, externalId, rowId };
  if (rowId === null) throw new Error('a row needs a name');
  return { ...body, externalId, rowId };
}

const customer = (id: string) => ({
  field: 'Stripe_Customer__c',
  object: 'Stripe_Customer__c' as const,
  externalIdField: 'Stripe_Customer_ID__c',
  externalId: id,
});

describe('two states of one row', () => {
  const refunded = payment({ fields: { Amount_Refunded__c: '5' }, owners: { charge: at(2050) } });
  const charged = payment({
    fields: { Amount_Refunded__c: '0', Payment_Method_Type__c: 'card' },
    owners: { charge: at(1010) },
  });
  const paid = payment({ fields: { Status__c: 'succeeded' }, owners: { payment_intent: at(1090) } });
  const late = payment({ fields: { Status__c: 'processing' }, owners: { payment_intent: at(3050) } });

  test('become one, each owner by its newer version, in either order', () => {
    for (const order of [
      [refunded, charged, paid, late],
      [late, paid, charged, refunded],
    ]) {
      const [merged] = coalesce(order);
      expect(merged?.fields).toEqual({
        Amount_Refunded__c: '5',
        Payment_Method_Type__c: 'card',
        Status__c: 'succeeded',
      });
      expect(merged?.owners).toEqual({ charge: at(2050), payment_intent: at(1090) });
    }
  });

  test('a stub gives way, with its parents', () => {
    const stub = payment({ owners: { payment_intent: at(0) }, parents: [customer('cus_old')] });
    const real = payment({ owners: { payment_intent: at(1050) }, parents: [customer('cus_1')] });
    expect(mergeRecords(real, stub).parents).toEqual([customer('cus_1')]);
    expect(mergeRecords(stub, real).parents).toEqual([customer('cus_1')]);
  });

  test('nothing wins its own second, a reading no more than an event: the later in the list stands', () => {
    const read = payment({ fields: { Status__c: 'a' }, owners: { payment_intent: at(1050, true) } });
    const heard = payment({ fields: { Status__c: 'b' }, owners: { payment_intent: at(1050) } });
    expect(mergeRecords(read, heard).fields.Status__c).toBe('b');
    expect(mergeRecords(heard, read).fields.Status__c).toBe('a');
  });

  test('the order of arrival does not matter when versions differ', () => {
    const versions = fc.uniqueArray(fc.integer({ min: 1, max: 9000 }), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(versions, fc.infiniteStream(fc.nat()), (found, random) => {
        const states = found.map((version) =>
          payment({ fields: { Status__c: `s${version}` }, owners: { payment_intent: at(version) } }),
        );
        const shuffled = states
          .map((state) => [random.next().value ?? 0, state] as const)
          .sort(([a], [b]) => a - b)
          .map(([, state]) => state);
        expect(coalesce(shuffled)).toEqual(coalesce(states));
      }),
    );
  });
});

describe('what one owner says', () => {
  const said = subscription('sub_1', null, { Error_Message__c: null });
  const record = { ...said, owners: { invoice: at(1050) } };

  test('is the same, whichever name found the row and whoever speaks besides', () => {
    const same = ownerHash(record, 'invoice');
    expect(ownerHash({ ...record, externalId: 'sub_1', rowId: 'a0B1' }, 'invoice')).toBe(same);
    expect(
      ownerHash({ ...record, fields: { ...record.fields, Status__c: 'active', Contact__c: '003' } }, 'invoice'),
    ).toBe(same);
    expect(ownerHash({ ...record, owners: { invoice: at(2050), session: at(90) } }, 'invoice')).toBe(same);
  });

  test('is another thing when a column of its own differs, a parent, or that it is final', () => {
    const same = ownerHash(record, 'invoice');
    expect(ownerHash({ ...record, fields: { Error_Message__c: 'declined' } }, 'invoice')).not.toBe(same);
    expect(ownerHash({ ...record, fields: {} }, 'invoice')).not.toBe(same);
    expect(ownerHash({ ...record, owners: { invoice: at(1090) } }, 'invoice')).not.toBe(same);
    const child = payment({ owners: { payment_intent: at(1050) }, parents: [customer('cus_1')] });
    const other = { ...child, parents: [customer('cus_2')] };
    expect(ownerHash(child, 'payment_intent')).not.toBe(ownerHash(other, 'payment_intent'));
  });
});

describe('a batch', () => {
  test('has parents before children and the children of one parent side by side', () => {
    const child = (id: string, parent: string) => payment({ parents: [customer(parent)] }, id);
    const rows = coalesce([
      child('pi_3', 'cus_b'),
      child('pi_2', 'cus_a'),
      child('pi_1', 'cus_b'),
      subscription('sub_1', null),
    ]);
    expect(rows.map(({ externalId }) => externalId)).toEqual(['sub_1', 'pi_2', 'pi_1', 'pi_3']);
  });

  test('knows one row by our id and by the id of Stripe', () => {
    const rows = coalesce([
      subscription(null, 'a0B1', { A: 1 }),
      subscription('sub_1', 'a0B1', { B: 2 }),
      subscription('sub_1', null, { C: 3 }),
    ]);
    expect(rows).toMatchObject([{ externalId: 'sub_1', rowId: 'a0B1', fields: { A: 1, B: 2, C: 3 } }]);
  });

  test('keeps two subscriptions that name one row of ours apart', () =>
    expect(coalesce([subscription('sub_1', 'a0B1'), subscription('sub_2', 'a0B1')])).toHaveLength(2));

  test('goes by Bulk above the break-even; 0 forces it', () =>
    expect([chooseTransport(200, 200), chooseTransport(201, 200), chooseTransport(1, 0)]).toEqual([
      'collections',
      'bulk',
      'bulk',
    ]));
});

describe('what would be sent', () => {
  const row = payment({ fields: { Status__c: 'processing', Amount__c: '1' }, owners: { payment_intent: at(1050) } });

  test('is the same in any order of keys and at any version', () => {
    const same = payment({ fields: { Amount__c: '1', Status__c: 'processing' }, owners: { payment_intent: at(2050) } });
    expect(contentHash(same)).toBe(contentHash(row));
  });

  test.each([
    ['a value', { fields: { Status__c: 'processing', Amount__c: '2' } }],
    ['a cleared value', { fields: { Status__c: 'processing', Amount__c: null } }],
    ['a parent', { parents: [customer('cus_1')] }],
    ['that the state is final', { owners: { payment_intent: at(1090) } }],
    ['that it was only a stub', { owners: { payment_intent: at(0) } }],
  ])('differs by %s', (_, change) => expect(contentHash({ ...row, ...change })).not.toBe(contentHash(row)));

  test('without the owners that were refused', () => {
    const both = payment({
      fields: { Status__c: 'x', Amount_Refunded__c: '1' },
      owners: { payment_intent: at(1), charge: at(2) },
    });
    expect(onlyOwners(both, new Set(['charge'] as const))).toMatchObject({
      fields: { Amount_Refunded__c: '1' },
      owners: { charge: at(2) },
    });
    expect(onlyOwners(both, new Set())).toBeNull();
  });
});

describe('a Bulk upload', () => {
  const write = () => ({ writeId: 'batch-1', correlationId: 'c' });

  test('leaves alone what a row does not mention, clears what is null, quotes what needs it', () => {
    const one = payment({
      fields: { Failure_Message__c: 'No "funds",\nsorry', Amount__c: '1.5' },
      owners: { payment_intent: at(1050) },
      parents: [customer('cus_1')],
    });
    const two = payment(
      { fields: { Failure_Message__c: null, Amount__c: '' }, owners: { payment_intent: at(1050, true) } },
      'pi_2',
    );
    expect(csvOf([one, two], 'externalId', write)).toBe(
      [
        'Stripe_Payment_Intent_ID__c,Amount__c,Failure_Message__c,Stripe_Customer__r.Stripe_Customer_ID__c,Stripe_Version__c,Stripe_Write__c',
        'pi_1,1.5,"No ""funds"",\nsorry",cus_1,1050,batch-1;;c',
        'pi_2,#N/A,#N/A,,1050,batch-1;payment_intent;c',
        '',
      ].join('\n'),
    );
  });

  test('by our own id carries the id of Stripe as a column', () => {
    const csv = csvOf(
      [subscription('sub_1', 'a0B1', { Cancel_At_Period_End__c: true }), subscription(null, 'a0B2')],
      'rowId',
      write,
    );
    expect(csv.split('\n').slice(0, 3)).toEqual([
      'Id,Cancel_At_Period_End__c,Stripe_Subscription_ID__c,Stripe_Version__c,Stripe_Write__c',
      'a0B1,true,sub_1,100,batch-1;;c',
      'a0B2,,,100,batch-1;;c',
    ]);
  });

  test('names a parent through its relation', () =>
    expect(relationColumn({ field: 'Pricing_Plan__c', externalIdField: 'Plan_Key__c' })).toBe(
      'Pricing_Plan__r.Plan_Key__c',
    ));
});
