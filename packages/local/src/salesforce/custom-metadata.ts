import { readdirSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { DEFAULT_GUESSES } from './guesses.ts';
import { idAt } from './ids.ts';
import { fieldNamed, type ObjectSchema, objectNamed, type Stored } from './schema.ts';
import { metadataRoots, readMetadata } from './schema-loader.ts';
import type { Store } from './store.ts';
import { readValue } from './values.ts';

const SUFFIX = '.md-meta.xml';

const RecordXml = v.object({
  label: v.string(),
  values: v.optional(
    v.array(v.object({ field: v.string(), value: v.optional(v.union([v.array(v.string()), v.string()]), '') })),
    [],
  ),
});

/**
 * Custom metadata records of the source, readable by SOQL. They are deployed, not written: what an earlier run kept is
 * replaced. Throws when a record does not fit its type.
 */
export function loadCustomMetadata(store: Store, schemaDir: string): void {
  for (const object of store.schema.objects.filter(({ kind }) => kind === 'metadata')) {
    const table = store.table(object.name);
    for (const { id } of [...table.rows()]) table.put(id, undefined);
  }
  const files = metadataRoots(schemaDir).flatMap((root) => {
    const folder = path.join(root, 'customMetadata');
    const hasFolder = readdirSync(root).includes('customMetadata');
    return hasFolder
      ? readdirSync(folder)
          .filter((name) => name.endsWith(SUFFIX))
          .sort()
          .map((name) => path.join(folder, name))
      : [];
  });
  for (const [i, file] of files.entries()) loadRecord(store, file, i + 1);
}

function loadRecord(store: Store, file: string, n: number): void {
  const [type = '', developerName = ''] = path.basename(file, SUFFIX).split('.');
  const object = objectNamed(store.schema, `${type}__mdt`);
  if (object === undefined) throw new Error(`${file}: ${type}__mdt is not in the schema.`);
  const xml = readMetadata(file, 'CustomMetadata', RecordXml);
  const values: Record<string, Stored> = Object.fromEntries(
    object.fields.map((field) => [field.name, field.defaultValue]),
  );
  for (const { field: name, value } of xml.values) values[name] = readCell(object, file, name, [value].flat()[0] ?? '');
  const id = idAt(object.keyPrefix, n);
  Object.assign(values, {
    Id: id,
    DeveloperName: developerName,
    MasterLabel: xml.label,
    QualifiedApiName: developerName,
  });
  store.table(object.name).put(id, { id, values, deleted: false, changedAt: 0 });
}

function readCell(object: ObjectSchema, file: string, name: string, text: string): Stored {
  const field = fieldNamed(object, name);
  if (field === undefined) throw new Error(`${file}: ${object.name} has no field ${name}.`);
  if (text === '') return field.defaultValue;
  return readValue(field, text, 'csv', { ...DEFAULT_GUESSES, beyondScale: 'reject' });
}
