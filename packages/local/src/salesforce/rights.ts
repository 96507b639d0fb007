import { existsSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import type { Engine } from './engine.ts';
import { guessedWords } from './guesses.ts';
import { noSuchColumn, notWriteable, SalesforceError } from './salesforce-error.ts';
import { fieldNamed, type ObjectSchema, type Stored } from './schema.ts';
import { metadataRoots, readMetadata } from './schema-loader.ts';

/** What a user may write, as its permission set says. A user without {@link Rights} may write everything. */
export type Rights = {
  readonly objects: ReadonlyMap<string, { readonly create: boolean; readonly edit: boolean }>;
  /** By `Object.Field`: whether it may be edited. A field that is not here cannot even be seen. */
  readonly fields: ReadonlyMap<string, boolean>;
};

const yes = v.pipe(
  v.optional(v.string(), 'false'),
  v.transform((text) => text === 'true'),
);
/** The parser gives one element as itself and several as a list. */
const many = <T extends v.GenericSchema>(item: T) =>
  v.pipe(
    v.optional(v.union([v.array(item), item]), []),
    v.transform((found) => [found].flat()),
  );
const SetXml = v.object({
  objectPermissions: many(v.object({ object: v.string(), allowCreate: yes, allowEdit: yes })),
  fieldPermissions: many(v.object({ field: v.string(), editable: yes })),
});

/** The rights of a permission set of the source; `null` when the source has none of that name. */
export function loadRights(schemaDir: string, permissionSet: string): Rights | null {
  const file = metadataRoots(schemaDir)
    .map((root) => path.join(root, 'permissionsets', `${permissionSet}.permissionset-meta.xml`))
    .find((each) => existsSync(each));
  if (file === undefined) return null;
  const { objectPermissions, fieldPermissions } = readMetadata(file, 'PermissionSet', SetXml);
  return {
    objects: new Map(
      objectPermissions.map((each) => [each.object, { create: each.allowCreate, edit: each.allowEdit }]),
    ),
    fields: new Map(fieldPermissions.map((each) => [each.field, each.editable])),
  };
}

/** Runs `work` with these rights; what happens inside the org beside it, such as a test's own insert, has all of them. */
export function actingAs<T>(engine: { rights: Rights | null }, rights: Rights | null, work: () => T): T {
  engine.rights = rights;
  try {
    return work();
  } finally {
    engine.rights = null;
  }
}

/**
 * Throws as Salesforce does when the user may not write the row or one of the columns. Standard, required and
 * master-detail fields have no rights of their own: who may write the row may write them. Platform events neither.
 */
export function checkRights(
  { rights, guesses }: Pick<Engine, 'rights' | 'guesses'>,
  object: ObjectSchema,
  isNew: boolean,
  given: Readonly<Record<string, Stored>>,
): void {
  if (rights === null) return;
  const granted = rights.objects.get(object.name);
  if (isNew ? granted?.create !== true : granted?.edit !== true) {
    const what = isNew ? 'inserted' : 'updated';
    const likely = `entity type cannot be ${what}: ${object.label}`;
    throw new SalesforceError(400, 'INVALID_TYPE_FOR_OPERATION', guessedWords(guesses, likely), []);
  }
  if (object.kind === 'event') return;
  const readOnly: string[] = [];
  for (const name of Object.keys(given)) {
    const field = fieldNamed(object, name);
    if (field === undefined || !field.custom || field.required || field.masterDetail) continue;
    const editable = rights.fields.get(`${object.name}.${field.name}`);
    if (editable === undefined) throw noSuchColumn(field.name, object.name);
    if (!editable) readOnly.push(field.name);
  }
  if (readOnly.length > 0) throw notWriteable(readOnly);
}
