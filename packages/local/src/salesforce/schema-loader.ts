import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { XMLParser } from 'fast-xml-parser';
import * as v from 'valibot';
import { prefixAt } from './ids.ts';
import {
  assembleSchema,
  type FieldSchema,
  field,
  type ObjectKind,
  type ObjectSchema,
  type Schema,
  type ValidationRule,
} from './schema.ts';
import { type FieldXml, FieldXmlSchema, fieldFromXml, type ValueSets } from './schema-field.ts';
import { standardObjects, systemFields } from './standard-objects.ts';
import { compileFormula } from './validation-formula.ts';

/**
 * Reads the org's schema from SFDX source (`objects/`, `globalValueSets/`) below `schemaDir`, wherever its package
 * folders lie. Refuses to start, naming file and element, on anything this org does not model: a local org that skips
 * what it does not know would accept what the real one rejects.
 */
export function loadSchema(schemaDir: string): Schema {
  const roots = metadataRoots(schemaDir);
  if (roots.length === 0) {
    throw new Error(`No Salesforce metadata below ${schemaDir}: expected a folder "objects" in it or in its packages.`);
  }
  const valueSets = loadValueSets(roots);
  const sources = objectSources(roots);
  const drafts = standardObjects().map((standard) => {
    const extra = sources.filter((source) => standardNameOf(source.name) === standard.name);
    const fields = [...standard.fields, ...extra.flatMap((source) => loadFields(source, valueSets))];
    return { ...standard, fields, rules: extra.flatMap((source) => loadRules(source, fields)) };
  });
  const known = new Set(drafts.map((draft) => draft.name));
  const own = sources.filter((source) => !known.has(standardNameOf(source.name)));
  const all = [...drafts, ...withPrefixes(own.map((source) => loadObject(source, valueSets)))];
  const schema = assembleSchema(withSummaryTypes(all));
  checkReferences(schema);
  return schema;
}

type ObjectSource = { readonly name: string; readonly folder: string };
type Draft = Omit<ObjectSchema, 'byName' | 'byRelationship' | 'children'>;

/** Folders whose child is `objects/`: `force-app/main/default` and its siblings. */
export function metadataRoots(dir: string): readonly string[] {
  if (!existsSync(dir)) return [];
  const entries = readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const here = entries.some((entry) => entry.name === 'objects') ? [dir] : [];
  const below = entries
    .filter((entry) => !['objects', 'classes', 'lwc', 'node_modules'].includes(entry.name))
    .flatMap((entry) => metadataRoots(path.join(dir, entry.name)));
  return [...here, ...below];
}

const parser = new XMLParser({
  parseTagValue: false,
  ignoreAttributes: true,
  ignoreDeclaration: true,
  isArray: (tag) => ['value', 'customValue', 'values', 'summaryFilterItems'].includes(tag),
});

/** The one element of a metadata file. `shape` is strict, so an unknown tag is an error that names it. */
export function readMetadata<T extends v.GenericSchema>(file: string, element: string, shape: T): v.InferOutput<T> {
  const document: unknown = parser.parse(readFileSync(file, 'utf8'));
  const parsed = v.safeParse(v.object({ [element]: v.unknown() }), document);
  if (!parsed.success) throw new Error(`${file}: expected the element ${element}.`);
  const content = v.safeParse(shape, parsed.output[element]);
  if (!content.success) {
    const issue = content.issues[0];
    const where = v.getDotPath(issue) ?? element;
    throw new Error(`${file}: ${where} is not modelled by the local org (${issue.message}).`);
  }
  return content.output;
}

function objectSources(roots: readonly string[]): readonly ObjectSource[] {
  return roots
    .flatMap((root) =>
      readdirSync(path.join(root, 'objects'), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => ({ name: entry.name, folder: path.join(root, 'objects', entry.name) })),
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Custom fields of Task and Event are kept on their common parent. */
function standardNameOf(folder: string): string {
  return folder === 'Activity' ? 'Task' : folder;
}

function metadataFiles(folder: string, suffix: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(suffix))
    .sort()
    .map((name) => path.join(folder, name));
}

const ValueSetXml = v.object({
  customValue: v.array(
    v.object({
      fullName: v.string(),
      default: v.optional(v.string(), 'false'),
      label: v.optional(v.string()),
      isActive: v.optional(v.string(), 'true'),
    }),
  ),
});

function loadValueSets(roots: readonly string[]): ValueSets {
  return new Map(
    roots
      .flatMap((root) => metadataFiles(path.join(root, 'globalValueSets'), '.globalValueSet-meta.xml'))
      .map((file) => [
        path.basename(file, '.globalValueSet-meta.xml'),
        readMetadata(file, 'GlobalValueSet', ValueSetXml).customValue.map((value) => ({
          value: value.fullName,
          label: value.label ?? value.fullName,
          active: value.isActive === 'true',
          isDefault: value.default === 'true',
        })),
      ]),
  );
}

const ObjectXml = v.looseObject({
  label: v.optional(v.string()),
  pluralLabel: v.optional(v.string()),
  sharingModel: v.optional(v.string()),
  eventType: v.optional(v.picklist(['HighVolume'])),
  publishBehavior: v.optional(v.picklist(['PublishAfterCommit'])),
  customSettingsType: v.optional(v.picklist(['Hierarchy', 'List'])),
  nameField: v.optional(
    v.strictObject({
      type: v.optional(v.picklist(['Text', 'AutoNumber']), 'Text'),
      label: v.optional(v.string()),
      displayFormat: v.optional(v.string()),
      startingNumber: v.optional(v.literal('1')),
      trackHistory: v.optional(v.string()),
      trackFeedHistory: v.optional(v.string()),
    }),
  ),
});
type ObjectXml = v.InferOutput<typeof ObjectXml>;

/** Parts of an object that change what a write means and that this org does not carry out. */
const REFUSED_PARTS = ['recordTypes', 'sharingReasons', 'indexes'];

function loadFields(source: ObjectSource, valueSets: ValueSets): readonly FieldSchema[] {
  for (const part of REFUSED_PARTS) {
    const file = metadataFiles(path.join(source.folder, part), '-meta.xml')[0];
    if (file !== undefined) throw new Error(`${file}: ${part} are not modelled by the local org.`);
  }
  return metadataFiles(path.join(source.folder, 'fields'), '.field-meta.xml').flatMap((file) => {
    const xml: FieldXml = readMetadata(file, 'CustomField', FieldXmlSchema);
    if (`${xml.fullName}.field-meta.xml` !== path.basename(file)) {
      throw new Error(`${file}: fullName is ${xml.fullName}. Name file and field alike, as Salesforce does.`);
    }
    // A standard field's file only changes its tracking or label.
    if (!xml.fullName.endsWith('__c')) return [];
    return [fieldFromXml(xml, file, valueSets)];
  });
}

const RuleXml = v.strictObject({
  fullName: v.string(),
  active: v.picklist(['true', 'false']),
  description: v.optional(v.string()),
  errorConditionFormula: v.string(),
  errorDisplayField: v.optional(v.string()),
  errorMessage: v.string(),
});

function loadRules(source: ObjectSource, fields: readonly FieldSchema[]): readonly ValidationRule[] {
  const names = new Set(fields.map(({ name }) => name));
  return metadataFiles(path.join(source.folder, 'validationRules'), '.validationRule-meta.xml').flatMap((file) => {
    const xml = readMetadata(file, 'ValidationRule', RuleXml);
    if (xml.active === 'false') return [];
    try {
      const formula = compileFormula(xml.errorConditionFormula, names);
      const { fullName: name, errorMessage: message, errorDisplayField: displayField = null } = xml;
      return [{ name, message, displayField, fails: (values) => formula(values) === true }];
    } catch (cause) {
      throw new Error(`${file}: ${cause instanceof Error ? cause.message : 'unreadable formula'}`, { cause });
    }
  });
}

/** A roll-up's value is of the type it sums up; only a count is a number of its own. */
function withSummaryTypes(drafts: readonly Draft[]): readonly Draft[] {
  return drafts.map((draft) => ({
    ...draft,
    fields: draft.fields.map((field) => {
      const detail = drafts.find(({ name }) => name === field.summary?.detail);
      const source = detail?.fields.find(({ name }) => name === field.summary?.summarized);
      if (source === undefined) return field.summary === null ? field : { ...field, precision: 18 };
      return { ...field, type: source.type, precision: source.precision, scale: source.scale };
    }),
  }));
}

function kindOf(name: string, xml: ObjectXml): ObjectKind {
  if (name.endsWith('__e')) return 'event';
  if (name.endsWith('__mdt')) return 'metadata';
  return xml.customSettingsType === undefined ? 'object' : 'setting';
}

function loadObject(source: ObjectSource, valueSets: ValueSets): Omit<Draft, 'keyPrefix'> {
  const file = path.join(source.folder, `${source.name}.object-meta.xml`);
  if (!/__(c|e|mdt)$/.test(source.name)) {
    throw new Error(`${source.folder}: the standard object ${source.name} is not modelled by the local org.`);
  }
  if (!existsSync(file)) throw new Error(`${source.folder}: ${source.name}.object-meta.xml is missing.`);
  const xml = readMetadata(file, 'CustomObject', ObjectXml);
  const kind = kindOf(source.name, xml);
  if (kind === 'event' && xml.publishBehavior === undefined) {
    throw new Error(`${file}: only publishBehavior PublishAfterCommit is modelled by the local org.`);
  }
  const custom = loadFields(source, valueSets);
  const label = xml.label ?? source.name;
  const fields = [...builtInFields(kind, xml, custom), ...custom];
  return {
    name: source.name,
    label,
    labelPlural: xml.pluralLabel ?? label,
    custom: true,
    kind,
    fields,
    rules: loadRules(source, fields),
  };
}

function builtInFields(kind: ObjectKind, xml: ObjectXml, custom: readonly FieldSchema[]): readonly FieldSchema[] {
  const id = { createable: false, updateable: false } as const;
  if (kind === 'event') {
    return [
      field({ name: 'ReplayId', label: 'Replay ID', type: 'string', length: 1000, ...id }),
      field({ name: 'EventUuid', label: 'Event UUID', type: 'string', length: 36, ...id }),
      field({ name: 'CreatedDate', label: 'Created Date', type: 'datetime', ...id }),
    ];
  }
  if (kind === 'metadata') {
    return [
      field({ name: 'Id', label: 'Custom Metadata Record ID', type: 'id', length: 18, ...id }),
      field({ name: 'DeveloperName', label: 'Name', type: 'string', length: 40, required: true, nameField: true }),
      field({ name: 'MasterLabel', label: 'Label', type: 'string', length: 40, required: true }),
      field({ name: 'QualifiedApiName', label: 'Qualified API Name', type: 'string', length: 70, ...id }),
    ];
  }
  const detail = custom.some((f) => f.masterDetail);
  return [...systemFields(!detail && kind === 'object'), nameField(xml, kind)];
}

function nameField(xml: ObjectXml, kind: ObjectKind): FieldSchema {
  const auto = xml.nameField?.type === 'AutoNumber';
  return field({
    name: 'Name',
    label: xml.nameField?.label ?? 'Name',
    type: 'string',
    length: kind === 'setting' ? 38 : 80,
    idLookup: true,
    nameField: true,
    required: !auto && kind === 'object',
    autoNumber: auto ? (xml.nameField?.displayFormat ?? '{0}') : null,
    createable: !auto,
    updateable: !auto,
  });
}

/** Prefixes follow the order of names, so that a restart gives the same ones. */
function withPrefixes(drafts: readonly Omit<Draft, 'keyPrefix'>[]): readonly Draft[] {
  const counters = new Map<string, number>();
  return drafts.map((draft) => {
    const family = draft.kind === 'event' ? 'e' : draft.kind === 'metadata' ? 'm' : 'a';
    const n = counters.get(family) ?? 0;
    counters.set(family, n + 1);
    return { ...draft, keyPrefix: prefixAt(family, n) };
  });
}

function checkReferences(schema: Schema): void {
  for (const object of schema.objects) {
    for (const { name, referenceTo, summary } of object.fields) {
      const missing = referenceTo.find((target) => !schema.byName.has(target.toLowerCase()));
      if (missing !== undefined)
        throw new Error(`${object.name}.${name} refers to ${missing}, which is not in the schema.`);
      const detail = summary === null ? undefined : schema.byName.get(summary.detail.toLowerCase());
      const foreign = summary === null ? undefined : detail?.byName.get(summary.foreignKey.toLowerCase());
      if (summary !== null && foreign?.masterDetail !== true) {
        throw new Error(
          `${object.name}.${name} rolls up ${summary.detail}.${summary.foreignKey}, which is no master-detail.`,
        );
      }
    }
  }
}
