// Code in user mode sees and writes what its user may: whoever is given a screen has to be given what it reads and writes,
// and a test of it has to run as somebody who was. A fresh org's administrator was not: fields that are deployed are open to
// nobody until a permission set says so.
import { follow, schemaOf } from './apex-schema.mjs';
import { each, lineOf, parseApex } from './apex-tree.mjs';
import { list, lower } from './project.mjs';

/** Fields that every reader of a row may read. */
const OPEN = new Set('id name firstname lastname createddate createdbyid lastmodifieddate lastmodifiedbyid systemmodstamp ownerid'.split(' '));

/** @returns {string[]} one line per mistake */
export function checkUserMode(project) {
  const issues = [];
  const units = project.ending('.cls').map((file) => parseApex(project, file, []));
  const methods = new Map(units.flatMap((unit) => methodsOf(unit).map((method) => [method.key, method])));
  const classes = new Set(units.map(({ name }) => lower(name)));
  const find = schemaOf(project);
  for (const method of methods.values()) Object.assign(method, { calls: callsOf(method, classes), needs: needsOf(method, find) });
  rights(project, methods, issues);
  for (const method of methods.values()) {
    if (!method.unit.isTest || !method.isTestMethod) continue;
    const found = reach([method.key], methods).find(({ needs }) => needs.length > 0);
    if (found) issues.push(`${project.relative(method.unit.file)}:${method.line} ${method.name} runs ${found.key} in user mode outside of System.runAs`);
  }
  return issues;
}

function methodsOf(unit) {
  const found = [];
  for (const kind of ['MethodDeclarationContext', 'ConstructorDeclarationContext'])
    each(unit.tree, kind, (node) => {
      const name = kind.startsWith('Method') ? node.id().getText() : '<new>';
      const declaration = node.parentCtx.parentCtx.getText();
      const key = `${lower(unit.name)}.${lower(name)}`;
      found.push({ unit, node, name, key, line: lineOf(node), isTestMethod: /^@istest/i.test(declaration) });
    });
  // Overloads count as one.
  return [...Map.groupBy(found, ({ key }) => key).values()].map((same) => ({ ...same[0], nodes: same.map(({ node }) => node) }));
}

/** What stands in System.runAs runs as that user. */
const IN_RUN_AS = ['RunAsStatementContext'];

/** Calls by class and name, and of the method's own class. What is called on an instance is not followed: user mode is in static methods. */
function callsOf({ nodes, unit }, classes) {
  const calls = new Set();
  for (const node of nodes) {
    each(node, 'DotExpressionContext', (dot) => {
      const owner = lower(dot.expression().getText());
      if (dot.dotMethodCall() && classes.has(owner)) calls.add(`${owner}.${lower(dot.dotMethodCall().anyId().getText())}`);
    }, IN_RUN_AS);
    each(node, 'MethodCallContext', (call) => calls.add(`${lower(unit.name)}.${lower(call.id()?.getText() ?? '<new>')}`), IN_RUN_AS);
    each(node, 'CreatorContext', (creator) => calls.add(`${lower(creator.createdName().getText())}.<new>`), IN_RUN_AS);
  }
  return calls;
}

/** What the method does in user mode: rights as `Object.Field readable`, `Object allowEdit`. */
function needsOf({ nodes }, find) {
  const needs = new Set();
  for (const node of nodes) {
    each(node, 'SoqlLiteralContext', (literal) => {
      if (!/WITHUSER_MODE/i.test(literal.getText())) return;
      const from = find(list(literal.query().fromNameList().fieldName_list())[0].getText());
      needs.add(`${from.name} allowRead`);
      each(literal, 'FieldNameContext', (name) => {
        const steps = name.getText().split('.');
        if (lower(steps[0]) !== lower(from.name)) readsOf(from, steps, find).forEach((need) => needs.add(need));
      });
    }, IN_RUN_AS);
    for (const [word, right, pattern] of [
      ['Insert', 'allowCreate', /Database\.insert\(.*AccessLevel\.USER_MODE/i],
      ['Update', 'allowEdit', /Database\.update\(.*AccessLevel\.USER_MODE/i],
    ]) {
      const statements = [];
      each(node, `${word}StatementContext`, (statement) => /^\w+asuser/i.test(statement.getText()) && statements.push(statement), IN_RUN_AS);
      each(node, 'DotExpressionContext', (dot) => pattern.test(dot.getText()) && statements.push(dot), IN_RUN_AS);
      if (statements.length > 0) writesOf(node, right).forEach((need) => needs.add(need));
    }
  }
  return [...needs];
}

function readsOf(from, steps, find) {
  return steps.flatMap((step, i) => {
    const { owner, field } = follow(from, i < steps.length - 1 ? [...steps.slice(0, i), step.replace(/__r$/i, '__c')] : steps, find);
    const isOpen = !owner || OPEN.has(lower(step)) || field?.type === 'MasterDetail';
    return isOpen ? [] : [`${owner.name}.${step.replace(/__r$/i, '__c')} readable`];
  });
}

/** Rows that the method builds or sets columns of, taken for those that it writes. */
function writesOf(node, right) {
  const types = new Map();
  const needs = [];
  each(node, 'LocalVariableDeclarationContext', (local) => {
    for (const declared of local.variableDeclarators().variableDeclarator_list()) types.set(declared.id().getText(), local.typeRef().getText());
  });
  each(node, 'CreatorContext', (creator) => {
    const type = creator.createdName().getText();
    if (!/__c$/i.test(type)) return;
    needs.push(`${type} ${right}`);
    for (const [, column] of creator.getText().matchAll(/[(,](\w+__c)=(?!=)/gi)) needs.push(`${type}.${column} editable`);
  });
  each(node, 'AssignExpressionContext', (assign) => {
    const [, variable, column] = /^(\w+)\.(\w+__c)$/i.exec(assign.expression(0).getText()) ?? [];
    if (types.has(variable)) needs.push(`${types.get(variable)} ${right}`, `${types.get(variable)}.${column} editable`);
  });
  return needs;
}

function reach(keys, methods) {
  const seen = new Set();
  const next = [...keys];
  while (next.length > 0) {
    const method = methods.get(next.pop());
    if (!method || seen.has(method)) continue;
    seen.add(method);
    next.push(...method.calls);
  }
  return [...seen];
}

function rights(project, methods, issues) {
  for (const file of project.ending('.permissionset-meta.xml')) {
    const set = project.xml(file);
    const given = new Set();
    for (const { field, ...flags } of list(set.fieldPermissions)) for (const [flag, on] of Object.entries(flags)) if (on === 'true') given.add(lower(`${field} ${flag}`));
    for (const { object, ...flags } of list(set.objectPermissions)) for (const [flag, on] of Object.entries(flags)) if (on === 'true') given.add(lower(`${object} ${flag}`));
    const missing = new Set();
    for (const { apexClass } of list(set.classAccesses)) {
      const entries = [...methods.keys()].filter((key) => key.startsWith(`${lower(apexClass)}.`));
      for (const method of reach(entries, methods))
        for (const need of method.needs) if (!given.has(lower(need))) missing.add(`${need} (${apexClass} runs ${method.key} in user mode)`);
    }
    for (const each of missing) issues.push(`${project.relative(file)}: does not give ${each}`);
  }
}
