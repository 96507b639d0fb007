// This project and the middleware tell one story: the same owners of columns, the same cases of the ordering rule, and
// every field the middleware writes exists, is long enough, and may be written by its user.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { filesBelow, list } from './project.mjs';

const SHORTEST = { Product_Plan_Name__c: 255, Customer_Name__c: 255, Stripe_Write__c: 255, Refused_Write__c: 255, Checkout_Link__c: 2048 };

/** @returns {Promise<string[]>} one line per difference; `core` is the folder packages/core/src */
export async function checkMiddleware(project, core = path.resolve(import.meta.dirname, '../../../packages/core/src')) {
  const { EXTERNAL_ID_FIELD, OWNED_COLUMNS } = await import(pathToFileURL(path.join(core, 'record.ts')).href);
  return [...ownership(project, OWNED_COLUMNS), ...cases(project, core), ...written(project, OWNED_COLUMNS, EXTERNAL_ID_FIELD), ...audit(project), ...namedInSource(project, core)];
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

function cases(project, core) {
  const here = project.files.find((file) => file.endsWith('Freshness_Cases.json'));
  const same = here && JSON.stringify(JSON.parse(project.text(here))) === JSON.stringify(JSON.parse(readFileSync(path.join(core, 'freshness.cases.json'), 'utf8')));
  return same ? [] : ['staticresources/Freshness_Cases.json differs from packages/core/src/freshness.cases.json: copy it'];
}

function written(project, owned, externalIds) {
  const issues = [];
  const set = project.xml(project.files.find((file) => file.endsWith('Stripe_Integration_User.permissionset-meta.xml')));
  const permitted = new Map(list(set.fieldPermissions).map((each) => [each.field, each.editable === 'true']));
  const objects = new Map(list(set.objectPermissions).map((each) => [each.object, each]));
  const wanted = new Map();
  for (const [object, owners] of Object.entries(owned)) {
    const columns = Object.values(owners).flatMap(({ versionField, columns: each }) => [versionField, ...each]);
    if (columns.length > 0) columns.push('Stripe_Write__c');
    if (object === 'Pricing_Tier__c') columns.push('Tier_Number__c', 'From_Quantity__c', 'To_Quantity__c', 'Unit_Price__c', 'Flat_Amount__c');
    wanted.set(object, new Set([...columns, externalIds[object]]));
  }
  for (const [object, columns] of wanted) {
    const { allowCreate, allowEdit } = objects.get(object) ?? {};
    if (allowCreate !== 'true' || allowEdit !== 'true') issues.push(`the integration user may not create and edit ${object}`);
    for (const column of columns) {
      if (column === 'Name') continue;
      const field = project.objects.get(object)?.fields.get(column);
      if (!field) issues.push(`${object}.${column} does not exist`);
      else {
        if (field.type !== 'MasterDetail' && !permitted.get(`${object}.${column}`)) issues.push(`the integration user may not write ${object}.${column}`);
        if (SHORTEST[column] && Number(field.length) < SHORTEST[column]) issues.push(`${object}.${column} is shorter than ${SHORTEST[column]}`);
        if (column.endsWith('_Version__c') && (Number(field.precision) !== 18 || Number(field.scale) !== 0))
          issues.push(`${object}.${column} must be Number(18,0)`);
      }
    }
  }
  const expected = {
    'Stripe_Subscription__c.Status__c': 'active canceled incomplete incomplete_expired past_due trialing unpaid paused',
    'Payment_Transaction__c.Status__c':
      'requires_payment_method requires_confirmation requires_action processing requires_capture canceled succeeded',
    'Pricing_Plan__c.Tiers_Mode__c': 'graduated volume',
    'Pricing_Plan__c.Usage_Type__c': 'licensed metered',
    'Pricing_Plan__c.Recurrency_Type__c': 'Monthly Yearly One-time Daily Weekly Quarterly Semiannual',
  };
  for (const [name, values] of Object.entries(expected)) {
    const [object, column] = name.split('.');
    const known = project.values(project.objects.get(object)?.fields.get(column)) ?? [];
    for (const value of values.split(' ')) if (!known.includes(value)) issues.push(`${name} has no value ${value}`);
  }
  return issues;
}

/** The integration user's rights end at what it writes. */
function audit(project) {
  const set = project.xml(project.files.find((file) => file.endsWith('Stripe_Integration_User.permissionset-meta.xml')));
  const issues = [];
  for (const each of list(set.objectPermissions)) {
    if (each.modifyAllRecords === 'true' || each.viewAllRecords === 'true') issues.push(`the integration user sees or changes all of ${each.object}`);
    if (each.allowDelete === 'true' && each.object !== 'Pricing_Tier__c') issues.push(`the integration user may delete ${each.object}`);
  }
  for (const forbidden of ['Stripe_Customer__c.Subscription_Status__c', 'Stripe_Subscription__c.Quantity__c', 'Contact.Stripe_Customer_ID__c'])
    if (list(set.fieldPermissions).some((each) => each.field === forbidden && each.editable === 'true')) issues.push(`the integration user may write ${forbidden}`);
  return issues;
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
