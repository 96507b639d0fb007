// The form bodies that the Apex tests expect, and the parameters that Apex code names, against the parameter types of
// Stripe's own SDK: an unknown, removed or wrongly nested parameter is found here and not by a customer.
import path from 'node:path';
import { existsSync } from 'node:fs';
import ts from 'typescript';

/** Endpoint (as the mock writes it) → the SDK's type of its parameters. */
const PARAMETERS = [
  [/^customers$/, 'CustomerCreateParams'],
  [/^customers\/[^/]+$/, 'CustomerUpdateParams'],
  [/^checkout\/sessions$/, 'Checkout.SessionCreateParams'],
  [/^checkout\/sessions\/[^/]+\/expire$/, 'Checkout.SessionExpireParams'],
  [/^subscriptions\/[^/]+$/, 'SubscriptionUpdateParams'],
  [/^subscriptions\/[^/]+\/resume$/, 'SubscriptionResumeParams'],
  [/^invoices\/create_preview$/, 'InvoiceCreatePreviewParams'],
];
const QUERIES = [
  [/^prices$/, 'PriceListParams'],
  [/^customers\/search$/, 'CustomerSearchParams'],
  [/^subscriptions\/[^/]+$/, 'SubscriptionCancelParams'],
];
/** Bodies that no mock sees whole: made by a trigger, sent by the queue. */
const BODIES_BY_TEST = { 'ContactTriggerHandlerTest.cls': 'CustomerUpdateParams' };

function sdk() {
  const root = path.resolve(import.meta.dirname, '../../../node_modules/stripe');
  if (!existsSync(root)) throw new Error('Stripe’s SDK is not installed: run npm ci in the repository');
  const probe = path.join(import.meta.dirname, 'probe.ts');
  const names = [...new Set([...PARAMETERS, ...QUERIES].map(([, name]) => name))];
  const source = `import type Stripe from ${JSON.stringify(root)};\n${names.map((name, i) => `export type P${i} = Stripe.${name};`).join('\n')}`;
  const host = ts.createCompilerHost({});
  const { getSourceFile, fileExists } = host;
  host.getSourceFile = (file, ...rest) => (file === probe ? ts.createSourceFile(file, source, ts.ScriptTarget.ES2022, true) : getSourceFile.call(host, file, ...rest));
  host.fileExists = (file) => file === probe || fileExists.call(host, file);
  const program = ts.createProgram([probe], { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, target: ts.ScriptTarget.ES2022, strict: true, types: [], skipLibCheck: true }, host);
  const checker = program.getTypeChecker();
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(probe)));
  const types = new Map(exported.map((symbol) => [names[Number(symbol.name.slice(1))], checker.getDeclaredTypeOfSymbol(symbol)]));
  return { checker, types };
}

/** Why `key=value` is no parameter of `type`, or null. Follows `a[b][0][c]`; metadata and maps take any key. */
function objection({ checker }, type, key, value) {
  const steps = [key.split('[')[0], ...[...key.matchAll(/\[([^\]]*)\]/g)].map(([, step]) => step)];
  let current = [type];
  for (const step of steps) {
    const next = [];
    for (const each of current.flatMap((one) => (one.isUnion() ? one.types : [one]))) {
      const element = /^\d+$/.test(step) ? checker.getIndexTypeOfType(each, ts.IndexKind.Number) : undefined;
      const property = element ? undefined : each.getProperty(step);
      const map = element || property ? undefined : checker.getIndexTypeOfType(each, ts.IndexKind.String);
      const found = element ?? (property ? checker.getTypeOfSymbol(property) : map);
      if (found) next.push(found);
    }
    if (next.length === 0) return `no parameter ${key} (at ${step})`;
    current = next;
  }
  const leaves = current.flatMap((one) => (one.isUnion() ? one.types : [one]));
  const literals = leaves.filter((leaf) => leaf.isStringLiteral()).map((leaf) => leaf.value);
  const open = leaves.some((leaf) => (leaf.flags & (ts.TypeFlags.String | ts.TypeFlags.Any | ts.TypeFlags.Intersection)) !== 0 && !leaf.isStringLiteral());
  const isScalar = leaves.some((leaf) => (leaf.flags & (ts.TypeFlags.StringLike | ts.TypeFlags.NumberLike | ts.TypeFlags.BooleanLike | ts.TypeFlags.Any | ts.TypeFlags.Intersection)) !== 0);
  if (!isScalar) return `${key} is no single value`;
  if (/^[A-Za-z_]+$/.test(value) && literals.length > 1 && !literals.includes(value) && !open) return `'${value}' is no value of ${key}`;
  const numeric = leaves.every((leaf) => (leaf.flags & (ts.TypeFlags.NumberLike | ts.TypeFlags.Undefined)) !== 0);
  if (numeric && value !== '' && !/^-?\d+$/.test(value)) return `${key} is a number, not '${value}'`;
  return null;
}

/** The Apex expression of a string, as far as it is literal: variables stand as VALUE. */
const literal = (expression) =>
  [...expression.matchAll(/'((?:\\.|[^'\\])*)'|([A-Za-z_][\w.]*)/g)].map(([, text, name]) => text ?? (name ? 'VALUE' : '')).join('');

function expectedBodies(project) {
  const found = [];
  const tests = project.files.filter((file) => file.endsWith('Test.cls'));
  for (const file of tests) {
    const source = project.text(file);
    const lineAt = (index) => source.slice(0, index).split('\n').length;
    for (const match of source.matchAll(/\.post\(\s*'([^']+)',\s*((?:'[^']*'|[\w.]+)(?:\s*\+\s*(?:'[^']*'|[\w.]+))*)\s*\)/g)) {
      const [, endpoint, body] = match;
      const type = PARAMETERS.find(([pattern]) => pattern.test(endpoint))?.[1];
      if (/^'/.test(body)) found.push({ file, line: lineAt(match.index), endpoint, type, body: literal(body) });
    }
    for (const match of source.matchAll(/\.(get|remove)\(\s*'([^'?]+)\?([^']*)'/g))
      found.push({ file, line: lineAt(match.index), endpoint: match[2], type: QUERIES.find(([pattern]) => pattern.test(match[2]))?.[1], body: match[3] });
    const whole = BODIES_BY_TEST[path.basename(file)];
    if (whole)
      for (const match of source.matchAll(/'((?:name|email|phone|metadata\[\w+\])=[^']*)'/g))
        found.push({ file, line: lineAt(match.index), endpoint: 'customers', type: whole, body: match[1] });
  }
  return found;
}

/** Every literal parameter name in production Apex must occur in an expectation that was checked, or be checked here by hand. */
function namesInCode(project) {
  const names = new Map();
  for (const file of project.files.filter((each) => /\/classes\/(stripe|outgoing)\/.*\.cls$/.test(each)))
    for (const [, name] of project.text(file).matchAll(/\.(?:add|addTime|clear)\(\s*'([^']+)'/g)) names.set(name, file);
  return names;
}

/** @returns {string[]} one line per parameter that Stripe would refuse */
export function checkFormBodies(project) {
  const stripe = sdk();
  const issues = [];
  const seen = new Set();
  const bodies = expectedBodies(project);
  if (bodies.length < 15) issues.push(`only ${bodies.length} bodies were found in the tests: the pattern no longer fits them`);
  for (const { file, line, endpoint, type, body } of bodies) {
    const where = `${project.relative(file)}:${line}`;
    if (!type) {
      issues.push(`${where} ${endpoint} has no parameter type in form-bodies.mjs`);
      continue;
    }
    for (const pair of body.split('&').filter(Boolean)) {
      const [key, value = ''] = pair.split('=');
      if (key === 'VALUE') continue;
      seen.add(key);
      const problem = objection(stripe, stripe.types.get(type), key, decodeURIComponent(value));
      if (problem) issues.push(`${where} ${endpoint}: ${problem}`);
    }
  }
  for (const [name, file] of namesInCode(project))
    if (!seen.has(name) && !name.includes('=') && name !== 'expires_at' && name !== 'starting_after') issues.push(`${project.relative(file)}: no test expects the parameter ${name}`);
  return issues;
}
