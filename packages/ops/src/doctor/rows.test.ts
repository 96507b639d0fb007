import type { Column } from '@payments/core/columns';
import { READ_BACK, UPSERT_KEYS, writtenColumns } from '@payments/core/written-columns';
import { describe, expect, it } from 'vitest';
import { clockFindings } from './clocks.ts';
import { type Described, findingsOf } from './rows.ts';

const OBJECT = 'Stripe_Subscription__c';
type Field = Described['fields'][number];

const field = (name: string, column: Column | null): Field => ({
  name,
  custom: true,
  createable: column !== null,
  updateable: column !== null,
  externalId: UPSERT_KEYS.get(OBJECT) === name,
  unique: UPSERT_KEYS.get(OBJECT) === name,
  caseSensitive: UPSERT_KEYS.get(OBJECT) === name,
  length: column !== null && 'length' in column ? column.length : 0,
  precision: column?.kind === 'number' ? column.precision : 0,
  scale: column?.kind === 'number' ? column.scale : 0,
  picklistValues: column?.kind === 'picklist' ? column.values.map((value) => ({ value, active: true })) : [],
});

/** An org that has exactly what is written, but for what `change` makes of each field (`null`: hidden). */
const org = (change: (field: Field) => Field | null = (same) => same, more: Partial<Described> = {}): Described => ({
  name: OBJECT,
  createable: true,
  updateable: true,
  fields: [
    ...[...(writtenColumns().get(OBJECT) ?? [])].map(([name, column]) => field(name, column)),
    ...(READ_BACK.get(OBJECT) ?? []).map((name) => field(name, null)),
  ].flatMap((each) => change(each) ?? []),
  ...more,
});
const change = (name: string, to: Partial<Field> | null) => (each: Field) =>
  each.name !== name ? each : to === null ? null : { ...each, ...to };

describe('findingsOf', () => {
  it('finds nothing wrong in an org that has what is written and grants that alone', () => {
    expect(findingsOf(OBJECT, org()).map(({ state }) => state)).toEqual(['good']);
  });

  it.each([
    ['a missing object', null, 'is not there, or hidden'],
    ['a hidden column', org(change('Status__c', null)), `${OBJECT}.Status__c is not there, or hidden`],
    ['a hidden note of the guard', org(change('Refused_Write__c', null)), 'Refused_Write__c is not there'],
    [
      'a column that may be read only',
      org(change('Amount__c', { updateable: false, createable: false })),
      'may not write',
    ],
    ['a column that is too short', org(change('Checkout_Link__c', { length: 255 })), 'takes 255 characters, 2048'],
    ['a number that is too small', org(change('Amount__c', { scale: 2 })), 'is a number of 18,2, 18,3 is written'],
    [
      'a picklist without a value',
      org(change('Status__c', { picklistValues: [{ value: 'active', active: true }] })),
      'lacks canceled',
    ],
    [
      'an inactive value',
      org(change('Status__c', { picklistValues: [{ value: 'active', active: false }] })),
      'lacks active',
    ],
    [
      'a key that is no external id',
      org(change('Stripe_Subscription_ID__c', { externalId: false })),
      'not External ID',
    ],
    ['a key that is not unique', org(change('Stripe_Subscription_ID__c', { unique: false })), 'not Unique'],
    [
      'a key that ignores case',
      org(change('Stripe_Subscription_ID__c', { caseSensitive: false })),
      'not Case Sensitive',
    ],
    ['rows that may not be made', org(undefined, { createable: false }), 'may not create'],
    [
      'a right that nothing uses',
      org((each) => (each.name === 'Refused_Write__c' ? { ...each, updateable: true } : each)),
      'which nothing of ours writes',
    ],
  ])('finds %s, and says how to mend it', (_what, described, words) => {
    const found = findingsOf(OBJECT, described);
    expect(found.map(({ state }) => state)).toEqual(['bad']);
    expect(found[0]?.what).toContain(words);
    expect(found[0]?.mend).toMatch(/deploy|permission set/);
  });
});

describe('of everything that is written, and of what rows are found by', () => {
  const shown = (object: string): Described => {
    const names = new Set([
      ...(writtenColumns().get(object)?.keys() ?? []),
      ...(READ_BACK.get(object) ?? []),
      ...[UPSERT_KEYS.get(object) ?? []].flat(),
    ]);
    const isKey = (name: string) => UPSERT_KEYS.get(object) === name;
    const fields = [...names].map((name): Field => {
      const key = { externalId: isKey(name), unique: isKey(name), caseSensitive: isKey(name) };
      return { ...field(name, writtenColumns().get(object)?.get(name) ?? null), ...key };
    });
    return { name: object, createable: true, updateable: true, fields };
  };
  const objects = [...writtenColumns().keys()];

  it.each(objects)('%s is good when the user is shown all of it', (object) => {
    expect(findingsOf(object, shown(object)).map(({ state }) => state)).toEqual(['good']);
  });

  it.each(objects.flatMap((object) => shown(object).fields.map(({ name }) => [object, name] as const)))(
    '%s.%s is missed when it is hidden',
    (object, name) => {
      const whole = shown(object);
      const found = findingsOf(object, { ...whole, fields: whole.fields.filter((each) => each.name !== name) });
      expect(found).toEqual([
        {
          part: 'rows',
          state: 'bad',
          what: expect.stringContaining(`${object}.${name} is not there, or hidden`),
          mend: expect.stringMatching(/sf project deploy start.*permission set/),
        },
      ]);
    },
  );
});

describe('clockFindings', () => {
  const at = (whose: string, aheadMs: number) => ({ whose, atMs: 1_000_000 + aheadMs, askedMs: 1_000_000 });

  it('takes a difference of a minute, no more', () => {
    expect(clockFindings([at('AWS', 60_000), at('Stripe', -60_000)]).map(({ state }) => state)).toEqual(['good']);
    expect(clockFindings([at('AWS', 61_000)])).toEqual([
      expect.objectContaining({ state: 'bad', what: 'AWS is 61 s ahead of this machine' }),
    ]);
  });

  it('does not take a server that does not tell its time for one that agrees', () => {
    expect(clockFindings([at('Salesforce', 0), { whose: 'AWS', atMs: null, askedMs: 0 }])).toEqual([
      {
        part: 'clocks',
        state: 'unknown',
        what: 'AWS does not tell its time',
        mend: expect.stringContaining('another network'),
      },
    ]);
  });
});
