import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { COLUMNS, columnOf } from './columns.ts';
import { ownersOf, WRITE_ORDER } from './record.ts';

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
};

describe.skipIf(!existsSync(OBJECTS))('columns are as the org declares them', () => {
  const fields = WRITE_ORDER.flatMap((object) => Object.keys(COLUMNS[object]).map((field) => ({ object, field })));

  test.each(fields.filter(({ field }) => field !== 'Name'))('$object.$field', ({ object, field }) => {
    const xml = readFileSync(path.join(OBJECTS, object, 'fields', `${field}.field-meta.xml`), 'utf8');
    const column = columnOf(object, field);
    expect(column?.kind).toBe(KINDS[tag(xml, 'type') ?? '']);
    if (column?.kind === 'number') {
      expect([tag(xml, 'precision'), tag(xml, 'scale')]).toEqual([String(column.precision), String(column.scale)]);
    }
    const length = tag(xml, 'length');
    if (column !== null && 'length' in column && length !== null) expect(column.length).toBe(Number(length));
    const values = [...xml.matchAll(/<value>\s*<fullName>([^<]*)</g)].map(([, name]) => name);
    if (column?.kind === 'picklist' && values.length > 0) expect(values).toEqual([...column.values]);
  });

  test.each(WRITE_ORDER)('the owned columns of %s exist', (object) => {
    const files = readdirSync(path.join(OBJECTS, object, 'fields'));
    const owned = [...ownersOf(object).values()].flatMap(({ versionField, columns }) => [versionField, ...columns]);
    const missing = owned.filter((field) => field !== 'Name' && !files.includes(`${field}.field-meta.xml`));
    expect(missing).toEqual([]);
  });
});
