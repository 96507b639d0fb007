import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { objectNamed } from './schema.ts';
import { loadSchema } from './schema-loader.ts';
import { SCHEMA_DIR, send, startOrg, V } from './test-org.ts';
import { compileFormula } from './validation-formula.ts';

describe('the metadata of this project', () => {
  const schema = loadSchema(SCHEMA_DIR);

  test('has every synced object with a unique, case-sensitive external id', () => {
    const keys = [
      'Stripe_Customer__c.Stripe_Customer_ID__c',
      'Stripe_Subscription__c.Stripe_Subscription_ID__c',
      'Payment_Transaction__c.Stripe_Payment_Intent_ID__c',
      'Pricing_Plan__c.Plan_Key__c',
      'Pricing_Tier__c.Tier_Key__c',
      'Contact.Stripe_Customer_ID__c',
    ];
    for (const key of keys) {
      const [object = '', field = ''] = key.split('.');
      const found = objectNamed(schema, object)?.byName.get(field.toLowerCase());
      expect(found, key).toMatchObject({ externalId: true, unique: true, caseSensitive: true, idLookup: true });
    }
  });

  test('numbers its rows under the names that were agreed', () => {
    const names = ['Stripe_Customer__c', 'Stripe_Subscription__c', 'Payment_Transaction__c'].map((object) => {
      const name = objectNamed(schema, object)?.byName.get('name');
      return [name?.label, name?.autoNumber];
    });
    expect(names).toEqual([
      ['Stripe Customer Number', 'SC-{000000}'],
      ['Subscription Number', 'SUB-{000000}'],
      ['Payment Transaction Number', 'PMT-{000000}'],
    ]);
  });

  test('gives global value sets, roll-ups of their source type, and children their names', () => {
    const plan = objectNamed(schema, 'pricing_plan__c');
    expect(plan?.byName.get('recurrency_type__c')).toMatchObject({ restricted: true, type: 'picklist' });
    expect(plan?.byName.get('recurrency_type__c')?.picklist.map(({ value }) => value)).toContain('Quarterly');
    expect(plan?.byName.get('lowest_unit_price__c')).toMatchObject({
      type: 'currency',
      scale: 8,
      calculated: true,
      createable: false,
    });
    expect(plan?.children.find(({ childObject }) => childObject === 'Pricing_Tier__c')).toMatchObject({
      cascadeDelete: true,
      relationshipName: 'Pricing_Tiers__r',
    });
  });

  test('custom metadata records can be read by SOQL and not written', async () => {
    const running = await startOrg();
    const soql =
      "SELECT DeveloperName, Max_Attempts__c, Contact_Sync_Enabled__c FROM Integration_Config__mdt WHERE DeveloperName = 'Default'";
    const reply = await send(running, 'GET', `${V}/query?q=${encodeURIComponent(soql)}`);
    expect(reply.body).toMatchObject({
      totalSize: 1,
      records: [{ DeveloperName: 'Default', Max_Attempts__c: 5, Contact_Sync_Enabled__c: true }],
    });
    expect((await send(running, 'POST', `${V}/sobjects/Integration_Config__mdt`, { MasterLabel: 'x' })).status).toBe(
      400,
    );
    await running.close();
  });
});

describe('what the org refuses to start on', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'schema-'));
    write(
      'Thing__c/Thing__c.object-meta.xml',
      '<CustomObject><label>Thing</label><nameField><type>Text</type></nameField></CustomObject>',
    );
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const write = (file: string, xml: string) => {
    const full = path.join(dir, 'main', 'objects', file);
    mkdirSync(path.dirname(full), { recursive: true });
    writeFileSync(full, `<?xml version="1.0" encoding="UTF-8"?>\n${xml}`);
  };
  const field = (name: string, inner: string) =>
    write(`Thing__c/fields/${name}.field-meta.xml`, `<CustomField><fullName>${name}</fullName>${inner}</CustomField>`);

  test('a plain object is fine', () => {
    field('Code__c', '<type>Text</type><length>10</length><caseSensitive>true</caseSensitive>');
    expect(objectNamed(loadSchema(dir), 'Thing__c')?.byName.get('code__c')).toMatchObject({
      length: 10,
      caseSensitive: true,
      required: false,
    });
  });

  test.each([
    ['an unknown type', '<type>Location</type>', 'type is not modelled'],
    [
      'an unknown element',
      '<type>Text</type><length>9</length><encryptionScheme>x</encryptionScheme>',
      'encryptionScheme',
    ],
    ['text without length', '<type>Text</type>', 'length is missing'],
    ['a picklist without values', '<type>Picklist</type>', 'valueSetDefinition'],
    [
      'a value set that is not there',
      '<type>Picklist</type><valueSet><valueSetName>Nope</valueSetName></valueSet>',
      'Nope is not in globalValueSets',
    ],
    [
      'a lookup to an object that is not there',
      '<type>Lookup</type><referenceTo>Nope__c</referenceTo>',
      'refers to Nope__c',
    ],
    ['a default that is a formula', '<type>DateTime</type><defaultValue>NOW()</defaultValue>', 'NOW() is a formula'],
    [
      'a roll-up over no detail',
      '<type>Summary</type><summaryOperation>count</summaryOperation><summaryForeignKey>Thing__c.Nope__c</summaryForeignKey>',
      'which is no master-detail',
    ],
  ])('%s', (_, inner, message) => {
    field('Bad__c', inner);
    expect(() => loadSchema(dir)).toThrow(message);
  });

  test('record types, an unknown standard object, a name that is not the file name, and no metadata at all', () => {
    expect(() => loadSchema(path.join(dir, 'nowhere'))).toThrow('No Salesforce metadata');
    field('A__c', '<type>Checkbox</type>');
    write(
      'Thing__c/fields/B__c.field-meta.xml',
      '<CustomField><fullName>C__c</fullName><type>Checkbox</type></CustomField>',
    );
    expect(() => loadSchema(dir)).toThrow('Name file and field alike');
    rmSync(path.join(dir, 'main/objects/Thing__c/fields'), { recursive: true });
    write('Thing__c/recordTypes/R.recordType-meta.xml', '<RecordType/>');
    expect(() => loadSchema(dir)).toThrow('recordTypes are not modelled');
    rmSync(path.join(dir, 'main/objects/Thing__c/recordTypes'), { recursive: true });
    write('Quote/fields/X__c.field-meta.xml', '<CustomField/>');
    expect(() => loadSchema(dir)).toThrow('the standard object Quote is not modelled');
  });

  test('a validation rule with a function nobody knows', () => {
    const rule =
      '<fullName>R</fullName><active>true</active><errorConditionFormula>VLOOKUP(Name)</errorConditionFormula><errorMessage>no</errorMessage>';
    write('Thing__c/validationRules/R.validationRule-meta.xml', `<ValidationRule>${rule}</ValidationRule>`);
    expect(() => loadSchema(dir)).toThrow('the function VLOOKUP is not modelled');
  });
});

describe('formulas of validation rules', () => {
  const fields = new Set(['A', 'B']);
  test.each([
    ['AND(NOT(ISBLANK(A)), NOT(REGEX(A, "[A-Z]{3}")))', { A: 'eur' }, true],
    ['AND(NOT(ISBLANK(A)), NOT(REGEX(A, "[A-Z]{3}")))', { A: 'EUR' }, false],
    ['AND(NOT(ISBLANK(A)), NOT(REGEX(A, "[A-Z]{3}")))', { A: null }, false],
    ['OR(ISBLANK(A), A < 1)', { A: null }, true],
    ['OR(ISBLANK(A), A < 1)', { A: 1 }, false],
    ['A < B', { A: 1, B: null }, false],
    ['(A <= B && B <> 5) || !(A = 1)', { A: 1, B: 1 }, true],
    ['ISPICKVAL(A, "x")', { A: 'x' }, true],
  ])('%s of %o is %s', (source, values, expected) => {
    expect(compileFormula(source, fields)(values)).toBe(expected);
  });

  test('an unknown field, a stray sign and an open end are refused', () => {
    for (const source of ['C = 1', 'A = 1)', 'AND(A', 'A ~ 1']) expect(() => compileFormula(source, fields)).toThrow();
  });
});
