/** The org's schema as values: what `schema-loader.ts` makes of `salesforce/` and everything else reads. */

/** Salesforce's describe types, as far as they are modelled. */
export type FieldType =
  | 'id'
  | 'string'
  | 'email'
  | 'phone'
  | 'url'
  | 'textarea'
  | 'int'
  | 'double'
  | 'currency'
  | 'percent'
  | 'boolean'
  | 'date'
  | 'datetime'
  | 'picklist'
  | 'reference';

/** A stored value: numbers are JS numbers already rounded to the field's scale, date and datetime are wire text. */
export type Stored = string | number | boolean | null;

export type PicklistValue = {
  readonly value: string;
  readonly label: string;
  readonly active: boolean;
  readonly isDefault: boolean;
};

export type SummaryOperation = 'count' | 'sum' | 'min' | 'max';

/** A roll-up over the details that point here: `foreignKey` is the master-detail field on `detail`. */
export type Summary = {
  readonly operation: SummaryOperation;
  readonly detail: string;
  readonly foreignKey: string;
  readonly summarized: string | null;
};

export type FieldSchema = {
  readonly name: string;
  readonly label: string;
  readonly type: FieldType;
  readonly custom: boolean;
  /** Characters, for text; 0 otherwise. */
  readonly length: number;
  readonly precision: number;
  readonly scale: number;
  /** Has to have a value, on insert and after every update. */
  readonly required: boolean;
  readonly unique: boolean;
  readonly caseSensitive: boolean;
  readonly externalId: boolean;
  readonly idLookup: boolean;
  readonly createable: boolean;
  readonly updateable: boolean;
  /** A formula or a roll-up: never written by a client. */
  readonly calculated: boolean;
  readonly formula: string | null;
  readonly summary: Summary | null;
  /** `SUB-{000000}`, for auto-numbers. */
  readonly autoNumber: string | null;
  readonly defaultValue: Stored;
  readonly restricted: boolean;
  readonly picklist: readonly PicklistValue[];
  /** The objects a reference may point at; more than one is polymorphic. */
  readonly referenceTo: readonly string[];
  /** The path to the parent in SOQL and JSON: `Account__r`, `Owner`. */
  readonly relationshipName: string | null;
  /** What the parent calls its children: `Subscriptions__r`, `Contacts`. */
  readonly childRelationshipName: string | null;
  readonly masterDetail: boolean;
  readonly reparentable: boolean;
  readonly onParentDelete: 'SetNull' | 'Restrict' | 'Cascade';
  /** Long or rich text: cannot be filtered, sorted or grouped. */
  readonly longText: boolean;
  readonly html: boolean;
  readonly nameField: boolean;
  readonly helpText: string | null;
  readonly description: string | null;
};

export type ChildRelationship = {
  readonly childObject: string;
  readonly field: string;
  readonly relationshipName: string | null;
  readonly cascadeDelete: boolean;
  readonly restrictedDelete: boolean;
};

/** `event` rows are published, not stored; `metadata` rows come from `customMetadata/` and are read-only over REST. */
export type ObjectKind = 'object' | 'event' | 'metadata' | 'setting';

/** An active validation rule: a row for which `fails` is refused with `message`. */
export type ValidationRule = {
  readonly name: string;
  readonly message: string;
  readonly displayField: string | null;
  readonly fails: (values: Readonly<Record<string, Stored>>) => boolean;
};

export type ObjectSchema = {
  readonly name: string;
  readonly label: string;
  readonly labelPlural: string;
  readonly keyPrefix: string;
  readonly custom: boolean;
  readonly kind: ObjectKind;
  readonly fields: readonly FieldSchema[];
  readonly rules: readonly ValidationRule[];
  /** By lower-case API name: Salesforce ignores the case of names. */
  readonly byName: ReadonlyMap<string, FieldSchema>;
  /** References by lower-case parent path (`account__r`). */
  readonly byRelationship: ReadonlyMap<string, FieldSchema>;
  readonly children: readonly ChildRelationship[];
};

export type Schema = {
  readonly objects: readonly ObjectSchema[];
  readonly byName: ReadonlyMap<string, ObjectSchema>;
  readonly byPrefix: ReadonlyMap<string, ObjectSchema>;
};

export function objectNamed(schema: Schema, name: string): ObjectSchema | undefined {
  return schema.byName.get(name.toLowerCase());
}

export function fieldNamed(object: ObjectSchema, name: string): FieldSchema | undefined {
  return object.byName.get(name.toLowerCase());
}

/** The one field a person would name a row of this object by from outside: its first unique external id. */
export function externalKeyOf(object: ObjectSchema): FieldSchema | undefined {
  return object.fields.find((field) => field.externalId && field.unique);
}

const BLANK_FIELD = {
  custom: false,
  length: 0,
  precision: 0,
  scale: 0,
  required: false,
  unique: false,
  caseSensitive: false,
  externalId: false,
  idLookup: false,
  createable: true,
  updateable: true,
  calculated: false,
  formula: null,
  summary: null,
  autoNumber: null,
  defaultValue: null,
  restricted: false,
  picklist: [],
  referenceTo: [],
  relationshipName: null,
  childRelationshipName: null,
  masterDetail: false,
  reparentable: false,
  onParentDelete: 'SetNull',
  longText: false,
  html: false,
  nameField: false,
  helpText: null,
  description: null,
} as const satisfies Omit<FieldSchema, 'name' | 'label' | 'type'>;

/** A field with every attribute that is not named at its plainest. */
export function field(given: Pick<FieldSchema, 'name' | 'type'> & Partial<FieldSchema>): FieldSchema {
  return { ...BLANK_FIELD, label: given.name, ...given };
}

/** Ties objects together: name lookups, and each object's child relationships. Duplicate names are the caller's bug. */
export function assembleSchema(
  drafts: readonly Omit<ObjectSchema, 'byName' | 'byRelationship' | 'children'>[],
): Schema {
  const objects = drafts.map((draft) => ({
    ...draft,
    byName: new Map(draft.fields.map((f) => [f.name.toLowerCase(), f])),
    byRelationship: new Map(
      draft.fields.flatMap((f) =>
        f.relationshipName === null ? [] : [[f.relationshipName.toLowerCase(), f] as const],
      ),
    ),
    children: drafts.flatMap((child) =>
      child.fields
        .filter((f) => f.referenceTo.includes(draft.name))
        .map((f) => ({
          childObject: child.name,
          field: f.name,
          relationshipName: f.childRelationshipName,
          cascadeDelete: f.onParentDelete === 'Cascade',
          restrictedDelete: f.onParentDelete === 'Restrict',
        })),
    ),
  }));
  return {
    objects,
    byName: new Map(objects.map((object) => [object.name.toLowerCase(), object])),
    byPrefix: new Map(objects.map((object) => [object.keyPrefix, object])),
  };
}
