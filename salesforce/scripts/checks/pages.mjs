// Lightning pages, tabs and apps: every component, field, related list, page and object that they name exists, and a
// component may stand where it is put.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { schemaOf } from './apex-schema.mjs';
import { isCustom, list, lower } from './project.mjs';

/** Salesforce's own components that our pages use. */
const STANDARD = new Set([
  'force:highlightsPanel', 'force:detailPanel', 'force:relatedListContainer', 'force:relatedListSingleContainer',
  'lst:dynamicRelatedList', 'flexipage:tabset', 'flexipage:tab', 'runtime_sales_activities:activityPanel',
]);
/** Template → the regions that it has; any other would be dropped or refused. */
const TEMPLATES = {
  'flexipage:defaultAppHomeTemplate': ['main'],
  'flexipage:recordHomeTemplateDesktop': ['header', 'main', 'sidebar'],
};
/** Where a component has to be exposed to stand on a page of that kind. */
const TARGETS = { AppPage: 'lightning__AppPage', RecordPage: 'lightning__RecordPage', HomePage: 'lightning__HomePage' };
/** Related lists of standard objects and those that the platform adds. */
const STANDARD_LISTS = new Set(['Histories', 'OpenActivities', 'ActivityHistories', 'AttachedContentDocuments']);
/** Buttons that the platform has on every record. */
const STANDARD_ACTIONS = new Set(['Edit', 'Delete', 'Clone']);

/** @returns {string[]} one line per mistake */
export function checkPages(project) {
  const issues = [];
  const say = (file, message) => issues.push(`${project.relative(file)}: ${message}`);
  const find = schemaOf(project);
  const pages = new Map(project.ending('.flexipage-meta.xml').map((file) => [project.nameOf(file), project.xml(file)]));
  for (const file of project.ending('.flexipage-meta.xml')) page(project, file, say, find);
  tabs(project, pages, say);
  for (const file of project.ending('.app-meta.xml')) overrides(file, project.xml(file), pages, say);
  for (const file of project.ending('.object-meta.xml'))
    overrides(file, project.xml(file), pages, say, project.nameOf(file));
  for (const [object, { file, declared }] of project.objects)
    if (file && object.endsWith('__c') && declared.nameField && !declared.compactLayoutAssignment) say(file, 'has no compact layout: its highlights would be its name');
  return issues;
}

function page(project, file, say, find) {
  const { flexiPageRegions, sobjectType, template, type } = project.xml(file);
  const regions = list(flexiPageRegions);
  const allowed = TEMPLATES[template?.name];
  if (!allowed) say(file, `unknown template ${template?.name}`);
  const object = sobjectType && find(sobjectType);
  if (type === 'RecordPage' && !object) say(file, `page of unknown object ${sobjectType}`);
  const facets = new Set(regions.filter((region) => region.type === 'Facet').map((region) => region.name));
  const used = new Set();
  const identifiers = new Set();
  for (const region of regions) {
    if (allowed && region.type === 'Region' && !allowed.includes(region.name)) say(file, `the template has no region ${region.name}`);
    for (const { componentInstance, fieldInstance } of list(region.itemInstances)) {
      const { identifier } = componentInstance ?? fieldInstance;
      if (identifiers.has(identifier)) say(file, `two parts are called ${identifier}`);
      identifiers.add(identifier);
      if (fieldInstance) fieldOf(fieldInstance.fieldItem, object, (problem) => say(file, problem));
      if (!componentInstance) continue;
      component(project, file, componentInstance.componentName, type, say);
      const given = propertiesOf(componentInstance);
      for (const facet of [...(given.get('tabs') ?? []), ...(given.get('body') ?? [])]) {
        used.add(facet);
        if (!facets.has(facet)) say(file, `unknown facet ${facet}`);
      }
      if (object) named(project, given, object, find, (problem) => say(file, problem));
    }
  }
  for (const facet of facets) if (!used.has(facet)) say(file, `nothing shows the facet ${facet}`);
}

function component(project, file, name, type, say) {
  if (name.includes(':')) {
    if (!STANDARD.has(name)) say(file, `unknown component ${name}`);
    return;
  }
  const meta = project.files.find((each) => each.endsWith(`/lwc/${name}/${name}.js-meta.xml`));
  if (!meta) return say(file, `unknown component ${name}`);
  const bundle = project.xml(meta);
  if (bundle.isExposed !== 'true' || !list(bundle.targets?.target).includes(TARGETS[type]))
    say(file, `${name} is not exposed to a ${type}`);
}

function fieldOf(item, object, tell) {
  const [, name] = /^Record\.(\w+)$/.exec(item) ?? [];
  if (!name) tell(`${item} is no field of the record`);
  else if (object && isCustom(name) && !object.fields.has(lower(name))) tell(`unknown field ${object.name}.${name}`);
}

/** Property → its values, one or a list. */
const propertiesOf = ({ componentInstanceProperties }) =>
  new Map(
    list(componentInstanceProperties).map(({ name, value, valueList }) => [
      name,
      valueList ? list(valueList.valueListItems).map((item) => item.value) : list(value),
    ]),
  );

/** The record, related list, columns and actions that a component of a record page is told to show. */
function named(project, given, object, find, tell) {
  const [parent] = given.get('parentFieldApiName') ?? [];
  if (parent && parent !== `${object.name}.Id`) tell(`lists what is related to ${parent}, on a page of ${object.name}`);
  const [related] = given.get('relatedListApiName') ?? [];
  const child = related && object.children.get(lower(related));
  if (related && !child && !STANDARD_LISTS.has(related)) tell(`${object.name} has no related list ${related}`);
  for (const name of [...(given.get('relatedListFieldAliases') ?? []), ...(given.get('sortFieldAlias') ?? [])])
    if (child && isCustom(name) && !find(child).fields.has(lower(name))) tell(`unknown field ${child}.${name}`);
  const actions = new Set(project.ending('.quickAction-meta.xml').map((each) => path.basename(each, '.quickAction-meta.xml')));
  for (const action of given.get('actionNames') ?? [])
    if (!actions.has(action) && !STANDARD_ACTIONS.has(action)) tell(`unknown action ${action}`);
}

/** The styles of tabs that the platform has, as its own command `sf schema generate tab` knows them. */
function tabStyles() {
  const command = 'node_modules/@salesforce/plugin-sobject/lib/commands/schema/generate/tab.js';
  const source = readFileSync(path.join(import.meta.dirname, command), 'utf8');
  return new Set([...source.matchAll(/'(Custom\d+: [^']+)'/g)].map(([, style]) => style));
}

function tabs(project, pages, say) {
  const styles = tabStyles();
  const known = new Set(project.ending('.tab-meta.xml').map(project.nameOf));
  for (const file of project.ending('.tab-meta.xml')) {
    const { flexiPage, motif } = project.xml(file);
    if (!styles.has(motif)) say(file, `unknown style ${motif}`);
    const name = project.nameOf(file);
    if (flexiPage === undefined && !project.objects.has(name)) say(file, `tab of unknown object ${name}`);
    if (flexiPage !== undefined && pages.get(flexiPage)?.type !== 'AppPage') say(file, `tab of unknown page ${flexiPage}`);
  }
  const isKnown = (name) => name.startsWith('standard-') || known.has(name);
  for (const file of project.ending('.app-meta.xml'))
    for (const tab of list(project.xml(file).tabs)) if (!isKnown(tab)) say(file, `unknown tab ${tab}`);
  for (const file of project.ending('.permissionset-meta.xml'))
    for (const { tab } of list(project.xml(file).tabSettings)) if (!isKnown(tab)) say(file, `unknown tab ${tab}`);
}

/** A record page that an app or an object opens: it exists and shows that object. */
function overrides(file, { actionOverrides }, pages, say, owner) {
  for (const { content, type, pageOrSobjectType } of list(actionOverrides)) {
    if (lower(type) !== 'flexipage') continue;
    const object = owner ?? pageOrSobjectType;
    const shown = pages.get(content);
    if (!shown) say(file, `unknown page ${content}`);
    else if (shown.sobjectType !== object) say(file, `${content} is a page of ${shown.sobjectType}, not of ${object}`);
  }
}
