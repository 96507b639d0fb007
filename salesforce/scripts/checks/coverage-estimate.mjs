// An ESTIMATE of Apex coverage, not a measurement: coverage is measured by an org. A method counts as reached when a test
// method calls something of its name, directly or through other methods. Branches are not seen. It finds code that no test
// touches at all; it cannot prove 90 %.
import path from 'node:path';
import { readProject } from './project.mjs';

const project = readProject(path.resolve(import.meta.dirname, '../..'));
const METHOD = /(?:^|\n)[ \t]*(?:@\w+(?:\([^)]*\))?\s*)*(?:public|private|protected|global)[\w<>.,\[\] \t]*?\b(\w+)\s*\(([^()]*)\)\s*\{/g;
const blank = (source) => source.replace(/\/\*[\s\S]*?\*\/|\/\/.*|'(?:\\.|[^'\\])*'/g, (found) => found.replace(/[^\n]/g, ' '));

function methodsOf(file) {
  const code = blank(project.text(file));
  const found = [];
  for (const match of code.matchAll(new RegExp(METHOD, 'g'))) {
    let depth = 1;
    let end = match.index + match[0].length;
    for (; depth > 0 && end < code.length; end++) depth += code[end] === '{' ? 1 : code[end] === '}' ? -1 : 0;
    const body = code.slice(match.index + match[0].length, end);
    found.push({ file, name: match[1].toLowerCase(), body, lines: body.split('\n').filter((line) => /\w/.test(line)).length });
  }
  return found;
}
const isTest = (file) => file.includes('/tests/');
const classes = project.files.filter((file) => file.endsWith('.cls'));
const code = classes.filter((file) => !isTest(file)).flatMap(methodsOf);
const byName = Map.groupBy(code, (method) => method.name);
// Trigger handlers are called by the platform when a test writes rows.
const entry = code.filter((method) => /TriggerHandler\.cls$/.test(method.file) || ['start', 'execute', 'finish'].includes(method.name));
const bodies = [...classes.filter(isTest).map((file) => blank(project.text(file))), ...entry.map((method) => method.body)];
const reached = new Set(entry);
while (bodies.length > 0)
  for (const [, name] of bodies.pop().matchAll(/(\w+)\s*\(/g))
    for (const method of byName.get(name.toLowerCase()) ?? [])
      if (!reached.has(method)) {
        reached.add(method);
        bodies.push(method.body);
      }
const sum = (methods) => methods.reduce((total, { lines }) => total + lines, 0);
for (const method of code) if (!reached.has(method)) console.log(`not reached: ${path.basename(method.file)} ${method.name} (${method.lines} lines)`);
console.log(`ESTIMATE: ${((100 * sum([...reached])) / sum(code)).toFixed(1)} % of the lines in methods are reached by a test's calls (${code.length} methods)`);
