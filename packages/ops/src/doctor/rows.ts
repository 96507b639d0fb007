import type { Column } from '@payments/core/columns';
import { READ_BACK, UPSERT_KEYS, writtenColumns } from '@payments/core/written-columns';
import * as v from 'valibot';
import { bad, type Finding, good } from './finding.ts';

/**
 * The org's own description of an object, as the integration user is shown it (GET /sobjects/X/describe): a field that the
 * user may not see is missing from it, one that may not be written is not updateable. So one answer tells about deployment
 * and permissions.
 */
export const DescribeSchema = v.object({
  name: v.string(),
  createable: v.boolean(),
  updateable: v.boolean(),
  fields: v.array(
    v.object({
      name: v.string(),
      custom: v.boolean(),
      createable: v.boolean(),
      updateable: v.boolean(),
      externalId: v.boolean(),
      unique: v.boolean(),
      caseSensitive: v.boolean(),
      length: v.number(),
      precision: v.number(),
      scale: v.number(),
      picklistValues: v.array(v.object({ value: v.string(), active: v.boolean() })),
    }),
  ),
});
export type Described = v.InferOutput<typeof DescribeSchema>;
type Field = Described['fields'][number];

const EVENT = /__e$/;
export const DEPLOY = 'deploy salesforce/ (sf project deploy start)';
export const ASSIGN = 'assign the permission set Stripe_Integration_User to the run-as user, as it is in salesforce/';

/** `null`: the org does not have the object, or hides it from the user. */
export function findingsOf(object: string, described: Described | null): readonly Finding[] {
  const wanted = writtenColumns().get(object) ?? new Map<string, Column>();
  if (described === null)
    return [bad('rows', `${object} is not there, or hidden from the integration user`, `${DEPLOY}; ${ASSIGN}`)];
  const fields = new Map(described.fields.map((field) => [field.name, field]));
  const found = [
    ...rightsOn(described),
    ...[...wanted].flatMap(([name, column]) => columnFindings(object, name, column, fields.get(name))),
    ...(READ_BACK.get(object) ?? [])
      .filter((name) => !fields.has(name))
      .map((name) => bad('rows', `${object}.${name} is not there, or hidden`, `${DEPLOY}; ${ASSIGN}`)),
    ...keyFindings(object, fields),
    ...tooMuch(described, wanted),
  ];
  return found.length > 0 ? found : [good('rows', `${object}: ${wanted.size} columns, as written`)];
}

function rightsOn({ name, createable, updateable }: Described): readonly Finding[] {
  const missing = [...(createable ? [] : ['create']), ...(updateable || EVENT.test(name) ? [] : ['edit'])];
  return missing.length === 0
    ? []
    : [bad('rights', `the integration user may not ${missing.join(' or ')} ${name}`, ASSIGN)];
}

function columnFindings(object: string, name: string, column: Column, field: Field | undefined): readonly Finding[] {
  const at = `${object}.${name}`;
  if (field === undefined)
    return [bad('rows', `${at} is not there, or hidden from the integration user`, `${DEPLOY}; ${ASSIGN}`)];
  const writeable = field.updateable || field.createable;
  const rights = writeable ? [] : [bad('rights', `the integration user may not write ${at}`, ASSIGN)];
  return [...rights, ...shapeFindings(at, column, field)];
}

function shapeFindings(at: string, column: Column, field: Field): readonly Finding[] {
  if ('length' in column && field.length < column.length) {
    return [bad('rows', `${at} takes ${field.length} characters, ${column.length} are written`, DEPLOY)];
  }
  if (column.kind === 'number' && (field.precision < column.precision || field.scale < column.scale)) {
    const shape = `${field.precision},${field.scale}`;
    return [bad('rows', `${at} is a number of ${shape}, ${column.precision},${column.scale} is written`, DEPLOY)];
  }
  if (column.kind !== 'picklist') return [];
  const active = new Set(field.picklistValues.filter((choice) => choice.active).map(({ value }) => value));
  const missing = column.values.filter((value) => !active.has(value));
  return missing.length === 0 ? [] : [bad('rows', `the picklist ${at} lacks ${missing.join(', ')}`, DEPLOY)];
}

/** Without Case Sensitive, cus_AbC and cus_aBC would be one row; without Unique, an upsert would make a second one. */
function keyFindings(object: string, fields: ReadonlyMap<string, Field>): readonly Finding[] {
  const name = UPSERT_KEYS.get(object);
  const field = name === undefined ? undefined : fields.get(name);
  if (field === undefined) return [];
  const lacks = [
    ...(field.externalId ? [] : ['External ID']),
    ...(field.unique ? [] : ['Unique']),
    ...(field.caseSensitive ? [] : ['Case Sensitive']),
  ];
  return lacks.length === 0 ? [] : [bad('rows', `${object}.${name} is not ${lacks.join(', not ')}`, DEPLOY)];
}

/** Our own columns that the user may write and never writes: a leak of its credentials could. */
function tooMuch({ name, fields }: Described, wanted: ReadonlyMap<string, Column>): readonly Finding[] {
  if (EVENT.test(name)) return [];
  const more = fields.filter((field) => field.custom && field.updateable && !wanted.has(field.name));
  return more.map((field) =>
    bad('rights', `the integration user may write ${name}.${field.name}, which nothing of ours writes`, ASSIGN),
  );
}
