// Apex files as trees.
import path from 'node:path';
import { ApexErrorListener, ApexParserFactory } from '@apexdevtools/apex-parser';

/** One class or trigger; `code` is its text without comments and literals, of the same length. Says what is no Apex. */
export function parseApex(project, file, issues) {
  class Listener extends ApexErrorListener {
    apexSyntaxError(line, _column, message) {
      issues.push(`${project.relative(file)}:${line} syntax: ${message}`);
    }
  }
  const source = project.text(file);
  const { parser } = ApexParserFactory.createLexerAndParser(source, new Listener());
  const isClass = file.endsWith('.cls');
  const code = source.replace(/\/\*[\s\S]*?\*\/|\/\/.*|'(?:\\.|[^'\\])*'/g, (found) => found.replace(/[^\n]/g, ' '));
  return {
    file, source, code,
    name: path.basename(file).replace(/\.\w+$/, ''),
    isTest: isClass && /@istest\b/i.test(code.slice(0, code.indexOf('{'))),
    tree: isClass ? parser.compilationUnit() : parser.triggerUnit(),
  };
}

/** Calls `visit` for each node of a kind below `tree`, not entering nodes of the kinds in `except`. */
export function each(tree, kind, visit, except = []) {
  (function descend(node) {
    if (!node || (node !== tree && except.includes(node.constructor.name))) return;
    if (node.constructor.name === kind) visit(node);
    for (const child of node.children ?? []) descend(child);
  })(tree);
}
export const lineOf = (node) => node.start.line;
