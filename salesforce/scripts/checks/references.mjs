// What metadata names must exist, and what an org refuses although every file fits its type.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import Ajv from 'ajv';
import { isCustom, list, lower } from './project.mjs';

const NEEDED = {
  Text: ['length'],
  LongTextArea: ['length', 'visibleLines'],
  Number: ['precision', 'scale'],
  Currency: ['precision', 'scale'],
  Percent: ['precision', 'scale'],
  Checkbox: ['defaultValue'],
  Lookup: ['referenceTo', 'relationshipName'],
  MasterDetail: ['referenceTo', 'relationshipName'],
  Picklist: ['valueSet'],
  Summary: ['summaryForeignKey', 'summaryOperation'],
};
const WRITTEN_AS = {
  Text: 'string', Url: 'string', Picklist: 'string', TextArea: 'string', LongTextArea: 'string', Email: 'string', Phone: 'string',
  Number: 'double', Percent: 'double', Checkbox: 'boolean', Date: 'date', DateTime: 'dateTime',
};
/** Objects whose rows one user's query may leave in the platform cache for another's screen. */
const SHARED_IN_CACHE = new Set(['Pricing_Plan__c']);
/** All that an org takes of a custom metadata type: of the settings of other objects it says `Cannot specify`. */
const METADATA_TYPE = new Set(['description', 'label', 'pluralLabel', 'visibility', '@_xmlns']);
const LAYOUT_FIELDS = new Set(['Name', 'NAME', 'OwnerId', 'CreatedById', 'LastModifiedById', 'CREATED_DATE', 'LAST_UPDATE', 'CreatedDate']);

/** @returns {string[]} one line per mistake */
export function checkReferences(project) {
  const issues = [];
  const say = (file, message) => issues.push(`${project.relative(file)}: ${message}`);
  const fieldOf = (owner, name) => {
    const known = project.objects.get(owner);
    const found = known && [...known.fields].find(([each]) => lower(each) === lower(name));
    return found?.[1];
  };
  /** Whether `name` may be used on `owner`: standard fields of standard objects cannot be known here. */
  const unknown = (owner, name) => isCustom(name) && !fieldOf(owner, name);

  fields(project, say);
  formulas(project, say, fieldOf);
  screens(project, say, unknown);
  permissionSets(project, say, fieldOf);
  credentials(project, say);
  records(project, say);
  components(project, say);
  projectFiles(project, say);
  sampleData(project, say, fieldOf);
  return issues;
}

function fields(project, say) {
  const children = new Map();
  for (const [owner, { file: objectFile, declared, fields }] of project.objects) {
    for (const [name, field] of fields) {
      if (field.fullName !== name) say(field.file, `fullName '${field.fullName}' is not the file's name`);
      for (const attribute of NEEDED[field.type] ?? [])
        if (field[attribute] === undefined) say(field.file, `${field.type} field without <${attribute}>`);
      if (isCustom(field.referenceTo ?? '') && !project.objects.has(field.referenceTo))
        say(field.file, `refers to unknown object ${field.referenceTo}`);
      if (Number(field.scale) > Number(field.precision)) say(field.file, 'scale above precision');
      if (Number(field.precision) > 18) say(field.file, 'precision above 18');
      if (field.type === 'Text' && Number(field.length) > 255) say(field.file, 'Text ends at 255 characters');
      if (field.externalId === 'true' && field.unique === 'true' && field.type === 'Text' && field.caseSensitive !== 'true')
        say(field.file, 'an external id of Stripe must be case sensitive');
      if (field.valueSet?.valueSetName && !project.valueSets.has(field.valueSet.valueSetName))
        say(field.file, `unknown global value set ${field.valueSet.valueSetName}`);
      if (declared.enableHistory !== 'true' && field.trackHistory === 'true')
        say(field.file, 'tracks history on an object that keeps none');
      const summarized = field.summarizedField ?? field.summaryForeignKey;
      if (summarized) {
        const [child, childField] = summarized.split('.');
        if (!project.objects.get(child)?.fields.has(childField)) say(field.file, `summarizes unknown field ${summarized}`);
      }
      if (field.relationshipName) {
        const key = lower(`${field.referenceTo}.${field.relationshipName}`);
        if (children.has(key)) say(field.file, `child relationship ${field.relationshipName} is taken by ${children.get(key)}`);
        children.set(key, `${owner}.${name}`);
      }
    }
    if (objectFile === undefined) {
      if (isCustom(owner)) say([...fields.values()][0].file, `object ${owner} has no object-meta.xml`);
      continue;
    }
    const detail = [...fields.values()].some((field) => field.type === 'MasterDetail');
    if (detail !== (declared.sharingModel === 'ControlledByParent'))
      say(objectFile, 'ControlledByParent and a master-detail field go together');
    if (SHARED_IN_CACHE.has(owner) && !/^Read/.test(declared.sharingModel))
      say(objectFile, 'must be public: PlanCatalogue caches its rows for everybody who may read the object');
    if (/__c$/.test(owner) && declared.nameField === undefined) say(objectFile, 'an object needs a <nameField>');
    const assigned = declared.compactLayoutAssignment;
    const layout = path.join(path.dirname(objectFile), 'compactLayouts', `${assigned}.compactLayout-meta.xml`);
    if (assigned && assigned !== 'SYSTEM' && !existsSync(layout)) say(objectFile, `unknown compact layout ${assigned}`);
    if (owner.endsWith('__mdt'))
      for (const setting of Object.keys(declared))
        if (!METADATA_TYPE.has(setting)) say(objectFile, `a custom metadata type has no <${setting}>`);
  }
}

function formulas(project, say, fieldOf) {
  for (const file of project.ending('.validationRule-meta.xml')) {
    const owner = path.basename(path.dirname(path.dirname(file)));
    const rule = project.xml(file);
    const code = String(rule.errorConditionFormula ?? '').replace(/"[^"]*"/g, '""');
    let depth = 0;
    for (const sign of code) depth += sign === '(' ? 1 : sign === ')' ? -1 : 0;
    if (depth !== 0) say(file, 'brackets of the formula do not close');
    for (const [name] of code.matchAll(/\b\w+__c\b/g)) if (!fieldOf(owner, name)) say(file, `formula names unknown field ${name}`);
    if (isCustom(rule.errorDisplayField ?? '') && !fieldOf(owner, rule.errorDisplayField))
      say(file, `shows its error at unknown field ${rule.errorDisplayField}`);
  }
}

/** The fields without which an org refuses an object's layout. */
function requiredOf(object) {
  if (!object) return [];
  const required = [...object.fields].filter(([, field]) => field.required === 'true' || field.type === 'MasterDetail').map(([name]) => name);
  return object.declared.nameField ? ['Name', ...required] : required;
}

function screens(project, say, unknown) {
  const checkNames = (file, owner, names) => {
    for (const name of names)
      if (!LAYOUT_FIELDS.has(name) && unknown(owner, name)) say(file, `names unknown field ${owner}.${name}`);
  };
  const actions = new Set(project.ending('.quickAction-meta.xml').map((file) => path.basename(file, '.quickAction-meta.xml')));
  for (const file of project.ending('.layout-meta.xml')) {
    const owner = path.basename(file).split('-')[0];
    const layout = project.xml(file);
    if (!project.objects.has(owner)) say(file, `layout of unknown object ${owner}`);
    const items = list(layout.layoutSections).flatMap((section) => list(section.layoutColumns).flatMap((column) => list(column.layoutItems)));
    checkNames(file, owner, items.map((item) => item.field));
    const shown = new Set(items.map((item) => item.field));
    for (const name of requiredOf(project.objects.get(owner)))
      if (!shown.has(name)) say(file, `an org refuses a layout without the required field ${name}`);
    for (const related of list(layout.relatedLists)) {
      const [child, lookup] = String(related.relatedList).split('.');
      if (isCustom(child) && unknown(child, lookup ?? '')) say(file, `related list of unknown field ${related.relatedList}`);
      checkNames(file, child, list(related.fields));
    }
    for (const item of list(layout.platformActionList?.platformActionListItems))
      if (item.actionType === 'QuickAction' && !actions.has(item.actionName)) say(file, `unknown action ${item.actionName}`);
  }
  for (const file of [...project.ending('.listView-meta.xml'), ...project.ending('.compactLayout-meta.xml')]) {
    const owner = path.basename(path.dirname(path.dirname(file)));
    const view = project.xml(file);
    checkNames(file, owner, [...list(view.columns), ...list(view.fields)]);
    for (const filter of list(view.filters)) {
      checkNames(file, owner, [filter.field]);
      const allowed = project.values(project.objects.get(owner)?.fields.get(filter.field));
      for (const value of allowed && filter.value ? filter.value.split(',') : [])
        if (!allowed.includes(value)) say(file, `filters ${filter.field} by unknown value ${value}`);
    }
  }
  const bundles = new Set(project.ending('.js-meta.xml').map((file) => path.basename(path.dirname(file))));
  for (const file of project.ending('.quickAction-meta.xml')) {
    const action = project.xml(file);
    if (action.lightningWebComponent && !bundles.has(action.lightningWebComponent))
      say(file, `unknown component ${action.lightningWebComponent}`);
  }
}

function permissionSets(project, say, fieldOf) {
  const classes = new Set(project.ending('.cls').map((file) => lower(project.nameOf(file))));
  const principals = new Set(
    project.ending('.externalCredential-meta.xml').flatMap((file) =>
      list(project.xml(file).externalCredentialParameters)
        .filter((each) => each.parameterType === 'NamedPrincipal')
        .map((each) => `${project.nameOf(file)}-${each.parameterGroup}`),
    ),
  );
  for (const file of project.ending('.permissionset-meta.xml')) {
    const set = project.xml(file);
    const objects = new Map(list(set.objectPermissions).map((each) => [each.object, each]));
    for (const { apexClass } of list(set.classAccesses)) if (!classes.has(lower(apexClass))) say(file, `unknown class ${apexClass}`);
    for (const each of list(set.externalCredentialPrincipalAccesses))
      if (!principals.has(each.externalCredentialPrincipal)) say(file, `unknown principal ${each.externalCredentialPrincipal}`);
    if (list(set.externalCredentialPrincipalAccesses).length > 0 && objects.get('UserExternalCredential')?.allowRead !== 'true')
      say(file, 'grants a principal without read on UserExternalCredential: the callout would be refused');
    for (const [name, granted] of objects) {
      if (isCustom(name) && !project.objects.has(name)) say(file, `unknown object ${name}`);
      if (name.endsWith('__mdt')) say(file, `an org refuses object permissions on ${name}`);
      if (name === 'Contact' && objects.get('Account')?.allowRead !== 'true') say(file, 'Contact needs read on Account');
      const needsRead = [granted.allowCreate, granted.allowEdit, granted.allowDelete, granted.viewAllRecords].includes('true');
      if (needsRead && granted.allowRead !== 'true') say(file, `${name} needs read`);
      if (granted.allowDelete === 'true' && granted.allowEdit !== 'true') say(file, `delete on ${name} needs edit`);
      for (const field of project.objects.get(name)?.fields.values() ?? [])
        if (field.type === 'MasterDetail' && !objects.has(field.referenceTo)) say(file, `${name} needs read on ${field.referenceTo}`);
    }
    const seen = new Set();
    for (const { field: name, editable } of list(set.fieldPermissions)) {
      const [owner, column] = String(name).split('.');
      if (seen.has(name)) say(file, `${name} twice`);
      seen.add(name);
      const field = fieldOf(owner, column ?? '');
      if (!field) {
        if (isCustom(column ?? '')) say(file, `unknown field ${name}`);
        continue;
      }
      if (field.type === 'MasterDetail' || field.required === 'true') say(file, `an org refuses a permission on the required field ${name}`);
      if (editable === 'true' && (field.formula || field.type === 'Summary')) say(file, `${name} cannot be edited`);
      if (!objects.has(owner)) say(file, `${name} without read on ${owner}`);
    }
  }
}

function credentials(project, say) {
  const known = new Set(project.ending('.externalCredential-meta.xml').map(project.nameOf));
  const named = new Set(project.ending('.namedCredential-meta.xml').map(project.nameOf));
  for (const file of project.ending('.namedCredential-meta.xml'))
    for (const each of list(project.xml(file).namedCredentialParameters))
      if (each.externalCredential && !known.has(each.externalCredential)) say(file, `unknown external credential ${each.externalCredential}`);
  for (const file of [...project.ending('.cls')])
    for (const [, name] of project.text(file).matchAll(/_CREDENTIAL = '(\w+)'/g))
      if (!named.has(name)) say(file, `unknown named credential ${name}`);
  for (const file of project.files)
    if (/\.(xml|cls|trigger|js|json|html)$/.test(file) && /\b(sk|rk|whsec)_(live|test)?_?[A-Za-z0-9]{16,}/.test(project.text(file)))
      say(file, 'contains what looks like a key');
}

function records(project, say) {
  for (const file of project.ending('.md-meta.xml')) {
    const type = `${project.nameOf(file)}__mdt`;
    const known = project.objects.get(type);
    if (!known) {
      say(file, `unknown type ${type}`);
      continue;
    }
    const given = new Map(list(project.xml(file).values).map((each) => [each.field, each.value]));
    for (const [name, value] of given) {
      const field = known.fields.get(name);
      const written = value?.['@_xsi:type'];
      if (!field) say(file, `unknown field ${name}`);
      else if (written && written !== `xsd:${WRITTEN_AS[field.type]}`) say(file, `${name} is ${field.type}, written as ${written}`);
      const allowed = project.values(field);
      if (allowed && value?.['#text'] !== undefined && !allowed.includes(value['#text'])) say(file, `${value['#text']} is no value of ${name}`);
    }
    for (const [name, field] of known.fields)
      if (field.required === 'true' && given.get(name)?.['#text'] === undefined) say(file, `required field ${name} has no value`);
  }
}

function components(project, say) {
  const classes = new Map(project.ending('.cls').map((file) => [lower(project.nameOf(file)), file]));
  const bundles = new Set(project.ending('.js-meta.xml').map((file) => path.basename(path.dirname(file))));
  for (const file of [...project.ending('.cls'), ...project.ending('.trigger')])
    if (!existsSync(`${file}-meta.xml`)) say(file, 'has no -meta.xml');
  for (const file of [...project.ending('.cls-meta.xml'), ...project.ending('.trigger-meta.xml')])
    if (!existsSync(file.replace('-meta.xml', ''))) say(file, 'describes nothing');
  for (const file of project.files.filter((each) => /\/lwc\/[^/]+\/[^/]+\.js$/.test(each))) {
    const source = project.text(file);
    for (const [, from] of source.matchAll(/from\s+'([^']+)'/g)) {
      const [, owner, method] = /^@salesforce\/apex\/(\w+)\.(\w+)$/.exec(from) ?? [];
      if (owner) {
        const apex = classes.get(lower(owner));
        if (!apex) say(file, `unknown Apex class ${owner}`);
        else checkApexMethod(project, say, file, apex, method, source);
      }
      const [, module] = /^c\/(\w+)$/.exec(from) ?? [];
      if (module && !bundles.has(module)) say(file, `unknown module c/${module}`);
    }
  }
  for (const file of project.files.filter((each) => /\/lwc\/[^/]+\/[^/]+\.html$/.test(each))) {
    const script = file.replace(/\.html$/, '.js');
    const source = existsSync(script) ? project.text(script) : '';
    for (const [, name] of project.text(file).matchAll(/\{(\w+)(?:\.\w+)*\}/g)) {
      const isLoopItem = project.text(file).includes(`for:item="${name}"`);
      if (!isLoopItem && !new RegExp(`\\b${name}\\b`).test(source)) say(file, `{${name}} is nowhere in the component`);
    }
  }
}

/** The method must be @AuraEnabled, take the parameters that are passed, and be cacheable where it is wired. */
function checkApexMethod(project, say, file, apex, method, source) {
  const declared = new RegExp(`@AuraEnabled(\\([^)]*\\))?\\s+public\\s+static\\s+[\\w.<>]+\\s+${method}\\s*\\(([^)]*)\\)`, 'i').exec(project.text(apex));
  if (!declared) {
    say(file, `${project.nameOf(apex)}.${method} is no static @AuraEnabled method`);
    return;
  }
  const [, annotation = '', parameters] = declared;
  if (new RegExp(`@wire\\(${method}\\b`).test(source) && !/cacheable\s*=\s*true/i.test(annotation))
    say(file, `${method} is wired and not cacheable`);
  const names = new Set(parameters.split(',').map((each) => each.trim().split(/\s+/)[1]).filter(Boolean));
  for (const [, passed] of source.matchAll(new RegExp(`\\b${method}[(,]\\s*\\{([^}]*)\\}`, 'g')))
    for (const part of passed.split(',')) {
      const name = part.split(':')[0].trim();
      if (name && !name.startsWith('...') && !names.has(name)) say(file, `${method} has no parameter ${name}`);
    }
}

function projectFiles(project, say) {
  const schemas = path.dirname(createRequire(import.meta.url).resolve('@salesforce/schemas/package.json'));
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  for (const [name, schemaName] of [
    ['config/stripe-scratch-def.json', 'project-scratch-def.schema.json'],
    ['sfdx-project.json', 'sfdx-project.schema.json'],
  ]) {
    const file = path.join(project.root, name);
    if (!existsSync(file)) {
      say(file, 'is missing');
      continue;
    }
    const { $schema, ...schema } = JSON.parse(readFileSync(path.join(schemas, schemaName), 'utf8'));
    const validate = ajv.compile(schema);
    if (!validate(JSON.parse(readFileSync(file, 'utf8'))))
      for (const each of validate.errors.slice(0, 3)) say(file, `${each.instancePath} ${each.message}`);
  }
}

/** What the permission sets that scratch-org.sh assigns let a person write: a fresh field is hidden even from administrators. */
function writableInScratchOrg(project) {
  const [, names = ''] = /for name in ([\w ]+); do/.exec(project.text(path.join(project.root, 'scripts/scratch-org.sh'))) ?? [];
  const sets = names.split(' ').map((name) => project.files.find((file) => file.endsWith(`/${name}.permissionset-meta.xml`)));
  const granted = sets.filter(Boolean).flatMap((file) => list(project.xml(file).fieldPermissions));
  return new Set(granted.filter((each) => each.editable === 'true').map((each) => each.field));
}

/** Sample records must fit the fields, refer only to records of an earlier file, and be importable by who imports them. */
function sampleData(project, say, fieldOf) {
  const writable = writableInScratchOrg(project);
  const folder = path.join(project.root, 'scripts/data');
  const plan = path.join(folder, 'plan.json');
  if (!existsSync(plan)) return;
  const known = new Set();
  for (const { sobject, files } of JSON.parse(readFileSync(plan, 'utf8')))
    for (const name of files) {
      const file = path.join(folder, name);
      if (!existsSync(file)) {
        say(plan, `unknown file ${name}`);
        continue;
      }
      for (const { attributes, ...row } of JSON.parse(readFileSync(file, 'utf8')).records) {
        if (attributes.type !== sobject) say(file, `${attributes.referenceId} is no ${sobject}`);
        for (const [column, value] of Object.entries(row)) {
          const field = fieldOf(sobject, column);
          if (isCustom(column) && !field) say(file, `unknown field ${sobject}.${column}`);
          else if (isCustom(column) && field.type !== 'MasterDetail' && !writable.has(`${sobject}.${column}`))
            say(file, `no permission set that scratch-org.sh assigns may write ${sobject}.${column}`);
          const allowed = project.values(field);
          if (allowed && !allowed.includes(value)) say(file, `'${value}' is no value of ${column}`);
          if (typeof value === 'string' && value.startsWith('@') && !known.has(value.slice(1))) say(file, `${value} is not known yet`);
        }
        known.add(attributes.referenceId);
      }
    }
}
