// This project and the middleware tell one story: the same owners of columns, the same cases of the ordering rule, and
// every field the middleware writes exists, is long enough, and may be written by its user.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { filesBelow, list } from './project.mjs';

/** @returns {Promise<string[]>} one line per difference; `core` is the folder packages/core/src */
export async function checkMiddleware(project, core = path.resolve(import.meta.dirname, '../../../packages/core/src')) {
  const from = (file) => import(pathToFileURL(path.join(core, file)).href);
  const { OWNED_COLUMNS } = await from('record.ts');
  const { READ_BACK, UPSERT_KEYS, writtenColumns } = await from('written-columns.ts');
  const written = writtenColumns();
  return [
    ...ownership(project, OWNED_COLUMNS),
    ...cases(project, core),
    ...columns(project, written, UPSERT_KEYS),
    ...rights(project, written, READ_BACK),
    ...namedInSource(project, core),
  ];
}

/** The table in OwnedColumns.cls, and the columns that StoredRows.cls reads under lock. */
function ownership(project, expected) {
  const apex = project.text(project.files.find((file) => file.endsWith('/OwnedColumns.cls')));
  const stored = project.text(project.files.find((file) => file.endsWith('/StoredRows.cls')));
  const found = {};
  for (const [, owner, object, version, columns] of apex.matchAll(
    /new OwnedColumns\(\s*'(\w+)',\s*(\w+)\.(\w+),\s*new List<SObjectField>\{([^}]*)\}/g,
  )) {
    found[object] ??= {};
    found[object][owner] = { versionField: version, columns: [...columns.matchAll(/\w+\.(\w+)/g)].map(([, name]) => name) };
  }
  const issues = [];
  for (const [object, owners] of Object.entries(expected)) {
    const names = new Set([...Object.keys(owners), ...Object.keys(found[object] ?? {})]);
    for (const owner of names) {
      const there = describe(owners[owner]);
      const here = describe(found[object]?.[owner]);
      if (there !== here) issues.push(`${object}, owner ${owner}: record.ts has ${there}, OwnedColumns.cls has ${here}`);
    }
    const query = new RegExp(`SELECT([^\\]]*?)FROM ${object}\\b`).exec(stored)?.[1] ?? '';
    const read = new Set(query.match(/\w+/g) ?? []);
    for (const { versionField, columns } of Object.values(owners))
      for (const column of [versionField, ...columns]) if (!read.has(column)) issues.push(`StoredRows.cls does not read ${object}.${column}`);
  }
  return issues;
}
const describe = (owned) => (owned ? `${owned.versionField}: ${[...owned.columns].sort().join(' ')}` : 'nothing');

/** Static resource → the file of cases that TypeScript runs, below packages/core/src. */
const SHARED_CASES = {
  'Contact_Changes_Cases.json': '../../local/src/salesforce/automation/contact-changes.cases.json',
  'Freshness_Cases.json': 'freshness.cases.json',
  'Plan_Name_Cases.json': '../../local/src/salesforce/automation/plan-name.cases.json',
};

function cases(project, core) {
  const contents = (file) => JSON.stringify(JSON.parse(readFileSync(file, 'utf8')));
  return Object.entries(SHARED_CASES).flatMap(([resource, source]) => {
    const here = project.files.find((file) => file.endsWith(`/${resource}`));
    const there = path.join(core, source);
    return here && contents(here) === contents(there) ? [] : [`staticresources/${resource} differs from ${path.relative(path.join(core, '../../..'), there)}: copy it`];
  });
}

const TYPES = {
  text: ['Text'],
  longText: ['LongTextArea', 'TextArea'],
  email: ['Email'],
  phone: ['Phone'],
  url: ['Url'],
  number: ['Number', 'Currency'],
  picklist: ['Picklist'],
  instant: ['DateTime'],
  flag: ['Checkbox'],
  lookup: ['Lookup', 'MasterDetail'],
};

/** Each column that is written exists, is of its kind, long and wide enough, and has every value that is sent. */
function columns(project, written, keys) {
  const issues = [];
  for (const [object, wanted] of written) {
    const { declared, fields } = project.objects.get(object) ?? {};
    if (!fields) {
      issues.push(`the object ${object}, which the middleware writes, does not exist`);
      continue;
    }
    for (const [column, shape] of wanted) {
      const field = column === 'Name' ? { ...declared.nameField, length: '80' } : fields.get(column);
      const problem = field ? misfit(project, field, shape) : 'does not exist';
      if (problem) issues.push(`${object}.${column}, which the middleware writes, ${problem}`);
      if (column === keys.get(object) && (field?.externalId !== 'true' || field.unique !== 'true'))
        issues.push(`${object}.${column}, by which the middleware upserts, is no unique external id`);
    }
  }
  return issues;
}

/** What keeps a field from taking what the middleware sends; an empty text when nothing does. */
function misfit(project, field, shape) {
  if (!TYPES[shape.kind].includes(field.type)) return `is a ${field.type}, not a ${TYPES[shape.kind][0]}`;
  if (field.length !== undefined && Number(field.length) < shape.length) return `holds ${field.length} characters, not ${shape.length}`;
  if (shape.kind === 'number') {
    const whole = Number(field.precision) - Number(field.scale);
    if (whole < shape.precision - shape.scale || Number(field.scale) < shape.scale)
      return `is Number(${field.precision},${field.scale}), which is narrower than (${shape.precision},${shape.scale})`;
  }
  if (shape.kind !== 'picklist') return '';
  const known = project.values(field);
  const missing = known === null ? [] : shape.values.filter((value) => !known.includes(value));
  return missing.length === 0 ? '' : `has no value ${missing.join(', ')}`;
}

/** The integration user may do what the middleware does, and no more. */
function rights(project, written, readBack) {
  const set = project.xml(project.files.find((file) => file.endsWith('Stripe_Integration_User.permissionset-meta.xml')));
  const granted = new Map(list(set.fieldPermissions).map((each) => [each.field, each.editable === 'true' ? 'edit' : 'read']));
  const needed = new Map();
  for (const [object, names] of written)
    for (const column of names.keys()) {
      const { type, required } = project.objects.get(object)?.fields.get(column) ?? {};
      // Of these every editor of the row has the right, and an org refuses to grant it by name.
      const given = column === 'Name' || type === 'MasterDetail' || required === 'true' || object.endsWith('__e');
      if (!given) needed.set(`${object}.${column}`, 'edit');
    }
  for (const [object, names] of readBack) for (const column of names) needed.set(`${object}.${column}`, 'read');
  const issues = differences('field', needed, granted);

  const may = (each) => Object.entries(OBJECT_RIGHTS).flatMap(([right, word]) => (each[right] === 'true' ? [word] : [])).join(' ');
  const objects = new Map([...written.keys()].map((object) => [object, object.endsWith('__e') ? 'create read' : 'create edit read']));
  issues.push(...differences('object', objects, new Map(list(set.objectPermissions).map((each) => [each.object, may(each)]))));

  const other = Object.keys(set).filter((each) => !EXPECTED_PARTS.has(each) && !each.startsWith('@_'));
  for (const part of other) issues.push(`the integration user is granted ${part}, which it does not need`);
  return issues;
}
const OBJECT_RIGHTS = {
  allowCreate: 'create', allowEdit: 'edit', allowDelete: 'delete', allowRead: 'read',
  modifyAllRecords: 'change-all', viewAllRecords: 'see-all', viewAllFields: 'see-all-fields',
};
const EXPECTED_PARTS = new Set(['description', 'fieldPermissions', 'hasActivationRequired', 'label', 'license', 'objectPermissions']);

function differences(what, needed, granted) {
  const names = [...new Set([...needed.keys(), ...granted.keys()])].sort();
  return names
    .filter((name) => needed.get(name) !== granted.get(name))
    .map((name) => `the integration user needs '${needed.get(name) ?? 'nothing'}' on the ${what} ${name} and has '${granted.get(name) ?? 'nothing'}'`);
}

/** Every custom name in the middleware's own source is a field or object here. */
function namedInSource(project, core) {
  const known = new Set([...project.objects].flatMap(([object, { fields }]) => [object, ...fields.keys()]));
  const folders = [core, path.resolve(core, '../../functions/src')].filter(existsSync);
  return folders.flatMap((folder) =>
    filesBelow(folder)
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
      .flatMap((file) =>
        [...new Set(readFileSync(file, 'utf8').match(/\b[A-Z]\w*__[ce]\b/g) ?? [])]
          .filter((name) => !known.has(name))
          .map((name) => `${path.basename(file)} names ${name}, which does not exist here`),
      ),
  );
}
