// What apex-ls leaves open: fields, relationships and picklist values in static SOQL, grouping, picklist values and types
// in SObject constructors, annotation arguments, private methods, final fields, names, test classes in production; and this
// project's own rules: no dynamic SOQL, no query, DML or callout in a loop, no DML before a callout, no id or URL in code.
import path from 'node:path';
import { hiddenNames, reservedNames } from './apex-names.mjs';
import { follow, schemaOf } from './apex-schema.mjs';
import { each, lineOf, parseApex } from './apex-tree.mjs';
import { isCustom, list, lower } from './project.mjs';

const AGGREGATE = /^(count|sum|min|max|avg|count_distinct)\(/i;
const ANNOTATIONS = new Map([
  ['auraenabled', ['cacheable', 'continuation', 'scope']],
  ['istest', ['seealldata', 'isparallel', 'oninstall']],
  ['testvisible', []], ['testsetup', []], ['suppresswarnings', []], ['readonly', []],
  ['invocablemethod', ['label', 'description', 'callout', 'category']],
  ['invocablevariable', ['label', 'description', 'required']],
  ['future', ['callout']],
]);
/** Fields of standard objects that the platform indexes; ids, lookups, external ids and dates of creation are known anyway. */
const INDEXED = { contact: ['email', 'lastname', 'name', 'accountid'], task: ['whatid', 'whoid', 'accountid'] };
const INDEXED_EVERYWHERE = ['id', 'name', 'ownerid', 'createddate', 'systemmodstamp', 'lastmodifieddate'];
/** Classes whose queries may scan, each with its reason: a trigger may not, once a table has 200,000 rows. */
const MAY_SCAN = new Map([
  ['StripeRequestBatch.cls', 'runs in a Queueable'],
  ['StripeRequestQueueable.cls', 'runs in a Queueable'],
  ['StripeRequestFinalizer.cls', 'runs after a Queueable'],
  ['StripeWorkSweep.cls', 'runs on a schedule'],
  ['PlanCatalogue.cls', 'a catalogue has hundreds of rows'],
  ['SyncFailureController.cls', 'a person opens it, never a trigger; what it reads is bounded'],
  ['SyncBatchController.cls', 'a person opens it, never a trigger; sorted by the indexed day of creation'],
]);
/** Trigger-like loops whose number of turns is bounded by design, each with its reason. */
const BOUNDED_LOOPS = new Map([
  ['StripeWorkTriggerHandler.cls', 'at most five attempts exist'],
  ['StripeSchedules.cls', 'two jobs exist'],
  ['StripeRequestBatch.cls', 'one callout per row is the point; 40 rows at most'],
  ['DunningAlert.cls', 'the platform has no list form; one alert per last attempt'],
]);

const isText = (wanted) => (value) => lower(value) === lower(wanted); // picklist values match without case

/** @returns {string[]} one line per mistake */
export function checkSoql(project) {
  const issues = [];
  const find = schemaOf(project);
  const units = project.files.filter((file) => /\.(cls|trigger)$/.test(file)).map((file) => parseApex(project, file, issues));
  const tests = new Set(units.filter((unit) => unit.isTest).map((unit) => lower(unit.name)));
  for (const unit of units) {
    const say = (line, message) => issues.push(`${project.relative(unit.file)}:${line} ${message}`);
    each(unit.tree, 'SoqlLiteralContext', (node) => query(node.query(), null, find, say));
    if (!unit.isTest && !MAY_SCAN.has(path.basename(unit.file)))
      each(unit.tree, 'SoqlLiteralContext', (node) => selectivity(node.query(), find, say));
    each(unit.tree, 'AnnotationContext', (node) => annotation(node, unit, say));
    each(unit.tree, 'CreatorContext', (node) => constructor(node, find, say));
    finals(unit, say);
    hiddenNames(unit, say);
    reservedNames(unit, say);
    privateCalls(unit, units, say);
    if (!unit.isTest) ownRules(unit, tests, say);
  }
  return issues;
}

function query(node, outer, find, say) {
  const names = list(node.fromNameList().fieldName_list());
  const from = names[0].getText().split('.');
  const target = outer ? outer.children.get(lower(from.at(-1))) : from[0];
  const main = target ? find(target) : null;
  if (!main) {
    if (outer && isCustom(from.at(-1))) say(lineOf(node), `SOQL: no child relationship ${from.at(-1)} on ${outer.name}`);
    if (!outer && isCustom(from[0])) say(lineOf(node), `SOQL: unknown object ${from[0]}`);
    return;
  }
  const field = (name) => {
    const steps = name.getText().split('.');
    const { problem, ...found } = follow(main, lower(steps[0]) === lower(main.name) && steps.length > 1 ? steps.slice(1) : steps, find);
    if (problem) say(lineOf(name), `SOQL: ${problem}`);
    return found;
  };
  const aliases = new Set();
  const plain = [];
  let aggregates = false;
  const entries = node.subFieldList ? node.subFieldList().subFieldEntry_list() : node.selectList().selectEntry_list();
  for (const entry of entries) {
    const alias = list(entry.soqlId?.() ?? undefined)[0];
    if (alias) aliases.add(lower(alias.getText()));
    if (entry.fieldName?.()) {
      plain.push(entry.fieldName());
      field(entry.fieldName());
    }
    if (entry.soqlFunction?.()) {
      aggregates ||= AGGREGATE.test(entry.soqlFunction().getText());
      each(entry.soqlFunction(), 'FieldNameContext', field);
    }
    if (entry.subQuery?.()) query(entry.subQuery(), main, find, say);
  }
  const condition = (expression) => {
    const name = expression.fieldName?.();
    if (!name) return;
    const { field: found, owner } = field(name);
    const literals = found?.values ? (expression.value?.()?.getText() ?? '').matchAll(/'((?:\\.|[^'\\])*)'/g) : [];
    for (const [, literal] of literals)
      if (!found.values.some(isText(literal))) say(lineOf(expression), `SOQL: '${literal}' is no value of ${owner.name}.${name.getText()}`);
  };
  for (const kind of ['FieldExpressionContext', 'WhereFieldExpressionContext']) each(node.whereClause(), kind, condition, ['SubQueryContext']);
  each(node.whereClause(), 'SubQueryContext', (inner) => query(inner, null, find, say));
  each(node.orderByClause(), 'FieldOrderContext', (order) => {
    const name = order.fieldName?.();
    if (name && !aliases.has(lower(name.getText()))) field(name);
  });
  const grouped = new Set();
  each(node.groupByClause?.(), 'FieldNameContext', (name) => {
    grouped.add(lower(name.getText()));
    field(name);
  });
  if (node.groupByClause?.() || aggregates)
    for (const name of plain)
      if (!grouped.has(lower(name.getText()))) say(lineOf(name), `SOQL: ${name.getText()} is neither grouped nor aggregated`);
}

/** A query that a trigger may run filters by an index: otherwise it is refused in an org with many rows, and the save with it. */
function selectivity(node, find, say) {
  const name = list(node.fromNameList().fieldName_list())[0].getText();
  if (!/__c$/i.test(name) && !INDEXED[lower(name)]) return;
  const main = find(name);
  const where = node.whereClause()?.whereLogicalExpression();
  if (!where || !usesIndex(where, main, find)) say(lineOf(node), `SOQL: ${name} is not filtered by an index`);
}

/** AND needs one part that does, OR all of them. */
function usesIndex(expression, main, find) {
  if (expression.NOT()) return false;
  const parts = list(expression.whereConditionalExpression_list()).map((part) => {
    const inner = part.whereLogicalExpression();
    return inner ? usesIndex(inner, main, find) : isIndexed(part.whereFieldExpression().fieldExpression(), main, find);
  });
  return expression.SOQLOR_list().length > 0 ? parts.every(Boolean) : parts.some(Boolean);
}

function isIndexed(condition, main, find) {
  const name = condition?.fieldName?.();
  if (!name || !/^(=|in|<|>|<=|>=)$/i.test(condition.comparisonOperator().getText())) return false;
  if (/^null$/i.test(condition.value().getText())) return false;
  const { field, owner } = follow(main, name.getText().split('.'), find);
  const last = lower(name.getText().split('.').at(-1));
  return field?.indexed === true || INDEXED_EVERYWHERE.includes(last) || (INDEXED[lower(owner?.name ?? '')] ?? []).includes(last);
}

function annotation(node, { source }, say) {
  const text = source.slice(node.start.start, (node.stop ?? node.start).stop + 1);
  const [, name, args] = /^@\s*(\w+)\s*(?:\((.*)\))?$/s.exec(text) ?? [];
  if (!name) return;
  const known = ANNOTATIONS.get(lower(name));
  if (!known) say(lineOf(node), `unknown annotation @${name}`);
  else
    for (const [, argument] of (args ?? '').replace(/'[^']*'/g, "''").matchAll(/(\w+)\s*=/g))
      if (!known.includes(lower(argument))) say(lineOf(node), `@${name} has no argument ${argument}`);
}

const TEXT_TYPES = /^(Picklist|Text|TextArea|LongTextArea|Email|Url|Phone)$/;
function constructor(node, find, say) {
  const [, name] = /^(\w+__(?:c|e|mdt))\(/i.exec(node.getText()) ?? [];
  const object = name && find(name);
  if (!object) return;
  const text = node.getText();
  for (const [, column, literal] of text.matchAll(/[(,](\w+__c)='((?:\\.|[^'\\])*)'(?=[,)])/g)) {
    const { values, length } = object.fields.get(lower(column)) ?? {};
    if (values && !values.some(isText(literal))) say(lineOf(node), `'${literal}' is no value of ${object.name}.${column}`);
    if (length && literal.length > length) say(lineOf(node), `'${literal.slice(0, 20)}…' is longer than ${object.name}.${column}`);
  }
  for (const [, column, literal] of text.matchAll(/[(,](\w+__c)=(\d+(?:\.\d+)?L?|true|false)(?=[,)])/gi)) {
    const type = object.fields.get(lower(column))?.type ?? '';
    const isFlag = /^[tf]/i.test(literal);
    if (TEXT_TYPES.test(type) || (isFlag && /^(Number|Currency|Percent)$/.test(type)) || (!isFlag && type === 'Checkbox'))
      say(lineOf(node), `${literal} into the ${type} field ${object.name}.${column}`);
  }
}

function finals({ tree, code }, say) {
  const names = new Set([...code.matchAll(/\bprivate\s+(?:static\s+)?final\s+[\w.<>, ]+?\s+(\w+)\s*[;=]/g)].map(([, name]) => lower(name)));
  each(tree, 'MethodDeclarationContext', (method) => {
    const locals = new Set();
    each(method, 'LocalVariableDeclarationContext', (node) => {
      for (const [, name] of node.getText().matchAll(/(\w+)(?==|;|,|$)/g)) locals.add(lower(name));
    });
    each(method, 'FormalParameterContext', (node) => locals.add(lower(node.id().getText())));
    each(method, 'AssignExpressionContext', (node) => {
      const target = node.children[0].getText();
      const name = target.replace(/^this\./i, '');
      if (names.has(lower(name)) && (name !== target || !locals.has(lower(name)))) say(lineOf(node), `${name} is final`);
    });
  });
}

function privateCalls(unit, units, say) {
  if (unit.isTest) return;
  for (const other of units) {
    if (other === unit) continue;
    const calls = [...unit.code.matchAll(new RegExp(`\\b${other.name}\\.(\\w+)\\s*\\(`, 'g'))];
    for (const call of calls) {
      const declared = [...other.code.matchAll(new RegExp(`(public|private|protected|global)\\s+(?:static\\s+)?[\\w.<>, ]+\\s+${call[1]}\\s*\\(`, 'gi'))];
      if (declared.length > 0 && declared.every(([, access]) => access === 'private'))
        say(unit.code.slice(0, call.index).split('\n').length, `${other.name}.${call[1]} is private`);
    }
  }
}

const LOOPS = ['ForStatementContext', 'WhileStatementContext', 'DoWhileStatementContext'];
function ownRules(unit, tests, say) {
  const base = path.basename(unit.file);
  for (const [i, line] of unit.code.split('\n').entries()) {
    for (const [, word] of line.matchAll(/\b([A-Z]\w*)\s*[.(]/g)) if (tests.has(lower(word))) say(i + 1, `production code uses the test class ${word}`);
    if (/Database\.(query|countQuery|queryWithBinds|getQueryLocator)\s*\(\s*[^[\s(]/.test(line) && !/getQueryLocator\(\s*$/.test(line)) say(i + 1, 'dynamic SOQL: the checks cannot see into it');
  }
  for (const [i, line] of unit.source.split('\n').entries()) {
    if (/'https?:\/\//.test(line)) say(i + 1, 'a URL in code: use the configuration');
    if (/'00[0-9A-Za-z]{13}(?:[0-9A-Za-z]{3})?'/.test(line)) say(i + 1, 'an id in code');
  }
  for (const kind of LOOPS)
    each(unit.tree, kind, (loop) => {
      const body = loop.statement();
      each(body, 'SoqlLiteralContext', (node) => say(lineOf(node), 'a query in a loop'));
      for (const dml of ['Insert', 'Update', 'Upsert', 'Delete', 'Undelete', 'Merge'])
        each(body, `${dml}StatementContext`, (node) => say(lineOf(node), 'DML in a loop'));
      const text = body?.getText() ?? '';
      if (BOUNDED_LOOPS.has(base)) return;
      if (/Database\.(insert|update|upsert|delete)\(/i.test(text)) say(lineOf(loop), 'DML in a loop');
      if (/EventBus\.publish\(|System\.enqueueJob\(|newHttp\(\)\.send\(/i.test(text)) say(lineOf(loop), 'a publish, job or callout in a loop');
    });
  each(unit.tree, 'MethodDeclarationContext', (method) => {
    const text = method.getText();
    const write = text.search(/Database\.(insert|update|upsert|delete)\(|\.commitAll\(\)/i);
    const callout = text.search(/newHttp\(\)\.send\(|\.(createCheckoutSession|previewPlanChange|changePlan|cancelNow)\(|StripeCustomerService\.(create|save|find)\(/i);
    if (write >= 0 && callout > write) say(lineOf(method), 'a callout after DML');
  });
}
