import { guessedWords, type OrgGuesses } from './guesses.ts';
import { noSuchColumn, SalesforceError } from './salesforce-error.ts';
import { type FieldSchema, fieldNamed, type ObjectSchema, objectNamed, type Schema, type Stored } from './schema.ts';
import { readValue, type Spelling } from './values.ts';

/** A parent named by one of its external ids instead of its id. The value is kept as sent: errors echo it. */
export type Link = {
  readonly field: FieldSchema;
  readonly parent: ObjectSchema;
  readonly key: FieldSchema;
  readonly value: string;
};

/** A record as a client sent it, read against the schema: values by the field's own spelling, parents still to be found. */
export type RecordInput = {
  readonly id: string | null;
  readonly given: Readonly<Record<string, Stored>>;
  readonly links: readonly Link[];
};

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function readRecord(
  schema: Schema,
  object: ObjectSchema,
  record: Readonly<Record<string, unknown>>,
  spelling: Spelling,
  guesses: OrgGuesses,
): RecordInput {
  const given: Record<string, Stored> = {};
  const links: Link[] = [];
  let id: string | null = null;
  for (const [name, raw] of Object.entries(record)) {
    if (name === 'attributes') continue;
    const field = fieldNamed(object, name);
    if (field === undefined) {
      links.push(readLink(schema, object, name, raw, guesses));
      continue;
    }
    const value = readValue(field, raw, spelling, guesses);
    if (field.type !== 'id') given[field.name] = value;
    else if (typeof value === 'string') id = value;
  }
  const twice = links.find((link) => link.field.name in given);
  if (twice !== undefined && guesses.parentTwice === 'reject') throw parentGivenTwice(twice.field, guesses);
  return { id, given, links };
}

function readLink(schema: Schema, object: ObjectSchema, name: string, raw: unknown, guesses: OrgGuesses): Link {
  const field = object.byRelationship.get(name.toLowerCase());
  if (field === undefined) throw noSuchColumn(name, object.name);
  if (!isRecord(raw)) {
    // Clearing is `"Parent__c": null`; the relationship itself cannot be null.
    throw new SalesforceError(
      400,
      'INVALID_FIELD',
      guessedWords(guesses, `The relationship ${name} needs an external id; clear it with ${field.name}`),
      [field.name],
    );
  }
  const [entry, ...others] = Object.entries(raw).filter(([key]) => key !== 'attributes');
  if (entry === undefined || others.length > 0) {
    throw new SalesforceError(
      400,
      'INVALID_FIELD',
      `More than 1 field provided in an external foreign key reference in entity: ${object.name}`,
    );
  }
  const parent = objectNamed(schema, field.referenceTo[0] ?? '');
  if (parent === undefined) throw noSuchColumn(name, object.name);
  return { field, parent, key: linkKey(parent, entry[0]), value: String(entry[1] ?? '') };
}

function linkKey(parent: ObjectSchema, name: string): FieldSchema {
  const key = fieldNamed(parent, name);
  if (key === undefined) throw noSuchColumn(name, parent.name);
  if (key.externalId || key.idLookup) return key;
  throw new SalesforceError(
    400,
    'INVALID_FIELD',
    `Field name provided, ${name} is not an External ID or indexed field for ${parent.name}`,
  );
}

function parentGivenTwice(field: FieldSchema, guesses: OrgGuesses): SalesforceError {
  return new SalesforceError(
    400,
    'INVALID_FIELD',
    guessedWords(guesses, `${field.name} and ${field.relationshipName} are both given; a parent is named once`),
    [field.name],
  );
}
