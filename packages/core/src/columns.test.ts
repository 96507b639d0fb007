import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { writtenColumns } from './written-columns.ts';

const OBJECTS = path.join(import.meta.dirname, '../../../salesforce/force-app/main/default/objects');
const tag = (xml: string, name: string): string | null =>
  new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? null;
const KINDS: Record<string, string> = {
  Text: 'text',
  TextArea: 'longText',
  LongTextArea: 'longText',
  Email: 'email',
  Phone: 'phone',
  Url: 'url',
  Number: 'number',
  Currency: 'number',
  Picklist: 'picklist',
  DateTime: 'instant',
  Checkbox: 'flag',
  Lookup: 'lookup',
  MasterDetail: 'lookup',
};

/** The rest (values of global value sets, rights of the integration user) is compared by npm run check:salesforce. */
describe.skipIf(!existsSync(OBJECTS))('columns are as the org declares them', () => {
  const fields = [...writtenColumns()].flatMap(([object, columns]) =>
    [...columns].filter(([field]) => field !== 'Name').map(([field, column]) => ({ object, field, column })),
  );

  test.each(fields)('$object.$field', ({ object, field, column }) => {
    const xml = readFileSync(path.join(OBJECTS, object, 'fields', `${field}.field-meta.xml`), 'utf8');
    expect(column.kind).toBe(KINDS[tag(xml, 'type') ?? '']);
    if (column.kind === 'number') {
      expect([tag(xml, 'precision'), tag(xml, 'scale')]).toEqual([String(column.precision), String(column.scale)]);
    }
    const length = tag(xml, 'length');
    if ('length' in column && length !== null) expect(column.length).toBe(Number(length));
    const values = [...xml.matchAll(/<value>\s*<fullName>([^<]*)</g)].map(([, name]) => name);
    if (column.kind === 'picklist' && values.length > 0) expect(values).toEqual([...column.values]);
  });
});
