// Names that the compiler refuses, and names that mean something else than the line says.
import { each, lineOf } from './apex-tree.mjs';
import { lower } from './project.mjs';

/** What the compiler takes for no name but a method's, whatever its case. */
const RESERVED = new Set(
  `abstract activate and any array as asc autonomous begin bigdecimal blob boolean break bulk by byte case cast catch char class
  collect commit const continue currency date datetime decimal default delete desc do double else end enum exception exit export
  extends false final finally float for from global goto group having hint if implements import in inner insert instanceof int
  integer interface into join like limit list long loop map merge new not null nulls number object of on or outer override package
  parallel pragma private protected public retrieve return rollback select set short sobject sort static string super switch
  synchronized system testmethod then this throw time transaction trigger true try undelete update upsert using virtual void
  webservice when where while`.split(/\s+/),
);
const RESERVED_FOR_TYPES = new Set(['page', 'apexpages']);
const LONGEST_NAME = 40; // of a class or trigger
const TYPES = ['ClassDeclarationContext', 'InterfaceDeclarationContext', 'EnumDeclarationContext'];
const NAMED = ['VariableDeclaratorContext', 'FormalParameterContext', 'EnhancedForControlContext', 'CatchClauseContext', 'PropertyDeclarationContext'];
export function reservedNames({ tree, name }, say) {
  if (name.length > LONGEST_NAME) say(1, `the name has more than ${LONGEST_NAME} characters`);
  for (const kind of [...TYPES, ...NAMED])
    each(tree, kind, (node) => {
      const word = lower(node.id().getText());
      if (RESERVED.has(word) || (TYPES.includes(kind) && RESERVED_FOR_TYPES.has(word))) say(lineOf(node), `${word} is reserved`);
    });
}

/** Apex does not tell SETTLED from settled, so a local variable hides the constant or class that the line means. */
export function hiddenNames({ tree }, say) {
  const check = (method) => {
    const locals = new Map();
    const declare = (node) => locals.set(lower(node.id().getText()), node.id().getText());
    for (const kind of ['VariableDeclaratorContext', 'FormalParameterContext', 'EnhancedForControlContext', 'CatchClauseContext'])
      each(method, kind, declare);
    each(method, 'IdPrimaryContext', (node) => {
      const name = node.getText();
      const local = locals.get(lower(name));
      if (local && local !== name && !isColumn(node.parentCtx)) say(lineOf(node), `${name} is hidden by the variable ${local}`);
    });
  };
  for (const kind of ['MethodDeclarationContext', 'ConstructorDeclarationContext', 'TriggerUnitContext']) each(tree, kind, check);
}

/** `Name` in `new Account(Name = name)`. */
const isColumn = (node) =>
  node.parentCtx.constructor.name === 'AssignExpressionContext' &&
  node.parentCtx.children[0] === node &&
  node.parentCtx.parentCtx.constructor.name === 'ExpressionListContext';
