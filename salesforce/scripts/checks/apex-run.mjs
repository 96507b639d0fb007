// Runs plain Apex without an org: decisions, loops, collections, texts, rows. No SOQL, no DML, no callouts: a class that needs
// them is given as an object of functions. What is not known here is an error, never a guess. Enough to ask a rule what it says.
import { parseApex } from './apex-tree.mjs';

const kind = (node) => node.constructor.name.replace('Context', '');
const kids = (node) => node.children ?? [];
const child = (node, name) => kids(node).find((each) => kind(each) === name);
const children = (node, name) => kids(node).filter((each) => kind(each) === name);
const words = (node) => node.getText();
const isWord = (node, word) => node.children === undefined && words(node) === word;

/** A row of an object, as Apex holds it; fields that were not set are null. */
export class Row {
  constructor(type, fields) {
    this.type = type;
    this.fields = { ...fields };
  }
}
class Constant {
  constructor(name) {
    this.constant = name;
  }
}
const RETURN = Symbol('return');
const CONTINUE = Symbol('continue');
const BREAK = Symbol('break');

/** @param given class name → { method: function }, in place of classes that need an org */
export function apexRuntime(project, given = {}) {
  const loaded = new Map();
  const tokens = new Map();
  const token = (text, value) => {
    if (!tokens.has(text)) tokens.set(text, value);
    return tokens.get(text);
  };
  const typeToken = (object) => token(object, { object });
  const fieldToken = (object, field) => token(`${object}.${field}`, { object, field });

  function classNamed(name) {
    if (loaded.has(name)) return loaded.get(name);
    const file = project.files.find((each) => each.endsWith(`/${name}.cls`));
    if (file === undefined) return undefined;
    const declared = child(child(treeOf(project, file), 'TypeDeclaration'), 'ClassDeclaration');
    const cls = { name, methods: [], fields: [], constructors: [], constants: new Map(), statics: new Map() };
    loaded.set(name, cls);
    for (const member of children(child(declared, 'ClassBody'), 'ClassBodyDeclaration')) {
      const isStatic = children(member, 'Modifier').some((each) => words(each) === 'static');
      const holder = child(member, 'MemberDeclaration');
      const what = holder === undefined ? undefined : kids(holder)[0];
      if (what === undefined) continue;
      if (kind(what) === 'EnumDeclaration') {
        const names = children(child(what, 'EnumConstants'), 'Id').map(words);
        cls.constants.set(words(child(what, 'Id')), Object.fromEntries(names.map((each) => [each, new Constant(each)])));
      } else if (kind(what) === 'FieldDeclaration') {
        for (const each of children(child(what, 'VariableDeclarators'), 'VariableDeclarator'))
          cls.fields.push({ name: words(child(each, 'Id')), isStatic, value: valueOf(each) });
      } else if (kind(what) === 'MethodDeclaration') {
        cls.methods.push({ name: words(child(what, 'Id')), parameters: parametersOf(what), body: child(what, 'Block') });
      } else if (kind(what) === 'ConstructorDeclaration') {
        cls.constructors.push({ parameters: parametersOf(what), body: child(what, 'Block') });
      }
    }
    for (const { name: field, isStatic, value } of cls.fields)
      if (isStatic) cls.statics.set(field, value === undefined ? null : evaluate(value, { cls, self: null, locals: new Map() }));
    return cls;
  }

  const valueOf = (declarator) => (kids(declarator).length > 2 ? kids(declarator)[2] : undefined);

  function parametersOf(method) {
    const list = child(child(method, 'FormalParameters'), 'FormalParameterList');
    return list === undefined ? [] : children(list, 'FormalParameter').map((each) => words(child(each, 'Id')));
  }

  function call(cls, self, name, values) {
    const method = cls.methods.find((each) => each.name === name && each.parameters.length === values.length);
    if (method === undefined) throw new Error(`${cls.name}.${name} with ${values.length} values is not there`);
    return runBody(method, { cls, self }, values);
  }

  function runBody({ parameters, body }, { cls, self }, values) {
    const locals = new Map(parameters.map((name, index) => [name, values[index] ?? null]));
    const ended = run(body, { cls, self, locals });
    return ended?.[0] === RETURN ? ended[1] : null;
  }

  function make(name, values) {
    const cls = classNamed(name);
    if (cls === undefined) throw new Error(`no class ${name}`);
    const self = { cls, fields: new Map() };
    for (const field of cls.fields) {
      if (field.isStatic) continue;
      self.fields.set(field.name, field.value === undefined ? null : evaluate(field.value, { cls, self, locals: new Map() }));
    }
    const found = cls.constructors.find(({ parameters }) => parameters.length === values.length);
    if (found !== undefined) runBody(found, { cls, self }, values);
    return self;
  }

  /** Gives nothing when the next statement follows, else why it does not. */
  function run(node, env) {
    switch (kind(node)) {
      case 'Statement':
        return run(kids(node)[0], env);
      case 'Block': {
        const inner = { ...env, locals: new Map(env.locals) };
        for (const each of children(node, 'Statement')) {
          const ended = run(each, inner);
          for (const name of env.locals.keys()) env.locals.set(name, inner.locals.get(name));
          if (ended !== undefined) return ended;
        }
        return undefined;
      }
      case 'LocalVariableDeclarationStatement':
        return declare(child(node, 'LocalVariableDeclaration'), env);
      case 'ExpressionStatement':
        evaluate(kids(node)[0], env);
        return undefined;
      case 'IfStatement': {
        const [then, otherwise] = children(node, 'Statement');
        if (evaluate(kids(child(node, 'ParExpression'))[1], env)) return run(then, env);
        return otherwise === undefined ? undefined : run(otherwise, env);
      }
      case 'ForStatement':
        return loop(node, env);
      case 'ReturnStatement':
        return [RETURN, kids(node).length > 2 ? evaluate(kids(node)[1], env) : null];
      case 'ContinueStatement':
        return [CONTINUE];
      case 'BreakStatement':
        return [BREAK];
      default:
        throw new Error(`line ${node.start.line}: ${kind(node)} is not run here`);
    }
  }

  function declare(node, env) {
    for (const each of children(child(node, 'VariableDeclarators'), 'VariableDeclarator')) {
      const value = valueOf(each);
      env.locals.set(words(child(each, 'Id')), value === undefined ? null : evaluate(value, env));
    }
  }

  function loop(node, env) {
    const control = child(node, 'ForControl');
    const body = child(node, 'Statement');
    const inner = { ...env, locals: new Map(env.locals) };
    const once = () => {
      const ended = run(body, inner);
      for (const name of env.locals.keys()) env.locals.set(name, inner.locals.get(name));
      return ended !== undefined && ended[0] !== CONTINUE ? ended : undefined;
    };
    const each = child(control, 'EnhancedForControl');
    if (each !== undefined) {
      for (const item of [...evaluate(kids(each)[3], env)]) {
        inner.locals.set(words(child(each, 'Id')), item);
        const ended = once();
        if (ended !== undefined) return ended[0] === BREAK ? undefined : ended;
      }
      return undefined;
    }
    const [init, , condition, , update] = kids(control);
    for (declare(child(init, 'LocalVariableDeclaration'), inner); evaluate(condition, inner); evaluate(kids(child(update, 'ExpressionList'))[0], inner)) {
      const ended = once();
      if (ended !== undefined) return ended[0] === BREAK ? undefined : ended;
    }
    return undefined;
  }

  function listOf(node, env) {
    const list = node === undefined ? undefined : child(node, 'ExpressionList');
    return list === undefined ? [] : kids(list).filter((each) => !isWord(each, ',')).map((each) => evaluate(each, env));
  }

  function evaluate(node, env) {
    const parts = kids(node);
    switch (kind(node)) {
      case 'PrimaryExpression':
        return primary(parts[0], env);
      case 'SubExpression':
        return evaluate(parts[1], env);
      case 'CastExpression':
        return evaluate(parts[3], env);
      case 'DotExpression':
        return dot(parts, env);
      case 'MethodCallExpression':
        return call(env.cls, env.self, words(child(parts[0], 'Id')), listOf(parts[0], env));
      case 'ArrayExpression':
        return itemAt(evaluate(parts[0], env), evaluate(parts[2], env));
      case 'NewExpression':
        return created(parts[1], env);
      case 'NegExpression':
        return !evaluate(parts[1], env);
      case 'PreOpExpression':
        if (isWord(parts[0], '-')) return -evaluate(parts[1], env);
        break;
      case 'PostOpExpression': {
        const before = evaluate(parts[0], env);
        assign(parts[0], isWord(parts[1], '++') ? before + 1 : before - 1, env);
        return before;
      }
      case 'LogAndExpression':
        return evaluate(parts[0], env) && evaluate(parts[2], env);
      case 'LogOrExpression':
        return evaluate(parts[0], env) || evaluate(parts[2], env);
      case 'CondExpression':
        return evaluate(evaluate(parts[0], env) ? parts[2] : parts[4], env);
      case 'CoalExpression':
        return evaluate(parts[0], env) ?? evaluate(parts[2], env);
      case 'AssignExpression':
        if (isWord(parts[1], '=')) return assign(parts[0], evaluate(parts[2], env), env);
        break;
      case 'InstanceOfExpression':
        return { String: 'string', Decimal: 'number', Boolean: 'boolean' }[words(parts[2])] === typeof evaluate(parts[0], env);
      case 'EqualityExpression':
        return equal(evaluate(parts[0], env), evaluate(parts[2], env)) === isWord(parts[1], '==');
      case 'CmpExpression':
      case 'Arth1Expression':
      case 'Arth2Expression':
        return operate(parts.slice(1, -1).map(words).join(''), evaluate(parts[0], env), evaluate(parts.at(-1), env));
    }
    throw new Error(`line ${node.start.line}: ${words(node)} is not run here`);
  }

  function primary(node, env) {
    if (kind(node) === 'ThisPrimary') return env.self;
    if (kind(node) === 'LiteralPrimary') return literal(words(node));
    if (kind(node) === 'IdPrimary') return named(words(node), env);
    throw new Error(`line ${node.start.line}: ${words(node)} is not run here`);
  }

  function named(name, { locals, self, cls }) {
    if (locals.has(name)) return locals.get(name);
    if (self?.fields.has(name)) return self.fields.get(name);
    if (cls.statics.has(name)) return cls.statics.get(name);
    if (cls.constants.has(name)) return cls.constants.get(name);
    if (Object.hasOwn(given, name)) return { given: given[name] };
    if (Object.hasOwn(STATICS, name)) return { given: STATICS[name] };
    if (/__(c|e|mdt)$|^Contact$/.test(name)) return { sobject: name };
    const other = classNamed(name);
    if (other === undefined) throw new Error(`${cls.name}: ${name} is not known here`);
    return { other };
  }

  function dot([left, point, right], env) {
    const target = evaluate(left, env);
    if (target === null && isWord(point, '?.')) return null;
    if (kind(right) === 'DotMethodCall') return invoke(target, words(child(right, 'AnyId')), listOf(right, env));
    const name = words(right);
    if (target === null) throw new Error(`null has no ${name}`);
    if (target instanceof Row) return target.fields[name] ?? null;
    if (target.sobject !== undefined) return name === 'SObjectType' ? typeToken(target.sobject) : fieldToken(target.sobject, name);
    if (target.fields instanceof Map) return target.fields.get(name) ?? null;
    if (target.other !== undefined) return target.other.constants.get(name) ?? target.other.statics.get(name) ?? null;
    if (Object.hasOwn(target, name)) return target[name];
    throw new Error(`nothing is known of ${words(left)}.${name}`);
  }

  function invoke(target, name, values) {
    if (target === null) throw new Error(`null has no ${name}`);
    if (target.given !== undefined) {
      if (!Object.hasOwn(target.given, name)) throw new Error(`${name} was not given`);
      return target.given[name](...values) ?? null;
    }
    if (target.other !== undefined) return call(target.other, null, name, values);
    if (target.cls !== undefined) return call(target.cls, target, name, values);
    if (target instanceof Constant && name === 'name') return target.constant;
    if (target instanceof Row) return ofRow(target, name, values, typeToken);
    const methods = Array.isArray(target) ? LIST : target instanceof Map ? MAP : target instanceof Set ? SET : typeof target === 'string' ? TEXT : NUMBER;
    if (!Object.hasOwn(methods, name)) throw new Error(`${name} of ${typeof target} is not run here`);
    return methods[name](target, ...values) ?? null;
  }

  function created(node, env) {
    const pair = child(child(node, 'CreatedName'), 'IdCreatedNamePair');
    const name = words(kids(pair)[0]);
    const arguments_ = child(node, 'ClassCreatorRest');
    const items = child(node, 'SetCreatorRest');
    const values = arguments_ === undefined ? [] : listOf(child(arguments_, 'Arguments'), env);
    if (/__(c|e)$/.test(name) && arguments_ !== undefined) return rowOf(name, child(arguments_, 'Arguments'), env);
    const listed = items === undefined ? values[0] ?? [] : kids(items).filter(({ children: inner }) => inner !== undefined).map((each) => evaluate(each, env));
    if (name === 'List') return [...listed];
    if (name === 'Set') return new Set(listed);
    if (name === 'Map') {
      const pairs = child(node, 'MapCreatorRest');
      if (pairs === undefined) return new Map(values[0] ?? []);
      return new Map(children(pairs, 'MapCreatorRestPair').map((each) => [evaluate(kids(each)[0], env), evaluate(kids(each)[2], env)]));
    }
    return make(name, values);
  }

  /** `new Contact(LastName = 'Lovelace')` */
  function rowOf(name, given, env) {
    const row = new Row(name, {});
    const list = child(given, 'ExpressionList');
    for (const each of list === undefined ? [] : children(list, 'AssignExpression')) row.fields[words(kids(each)[0])] = evaluate(kids(each)[2], env);
    return row;
  }

  function assign(node, value, env) {
    const parts = kids(node);
    if (kind(node) === 'DotExpression') {
      const target = evaluate(parts[0], env);
      if (target instanceof Row) target.fields[words(parts[2])] = value;
      else target.fields.set(words(parts[2]), value);
    } else {
      const name = words(node);
      if (env.locals.has(name)) env.locals.set(name, value);
      else if (env.self?.fields.has(name)) env.self.fields.set(name, value);
      else env.cls.statics.set(name, value);
    }
    return value;
  }

  return {
    /** Calls a static method. */
    call: (className, method, ...values) => call(classNamed(className), null, method, values),
    /** Calls a method of a new instance. */
    callNew: (className, method, ...values) => {
      const self = make(className, []);
      return call(self.cls, self, method, values);
    },
    typeToken,
  };
}

const trees = new Map();

/** Read once for each text: reading takes longer than running. */
function treeOf(project, file) {
  const text = project.text(file);
  if (!trees.has(text)) {
    const issues = [];
    trees.set(text, parseApex(project, file, issues).tree);
    if (issues.length > 0) throw new Error(issues[0]);
  }
  return trees.get(text);
}

function literal(text) {
  if (text === 'null') return null;
  if (text === 'true' || text === 'false') return text === 'true';
  if (text.startsWith("'")) return text.slice(1, -1).replace(/\\(.)/g, '$1');
  return Number(text.replace(/[lLdD]$/, ''));
}

/** Texts are equal regardless of case. */
function equal(left, right) {
  if (typeof left === 'string' && typeof right === 'string') return left.toLowerCase() === right.toLowerCase();
  return left === right;
}

function operate(operator, left, right) {
  if (operator === '+') return typeof left === 'string' || typeof right === 'string' ? `${left}${right}` : left + right;
  if (left === null || right === null) throw new Error(`null ${operator} …`);
  const operators = {
    '>': (a, b) => a > b, '<': (a, b) => a < b, '>=': (a, b) => a >= b, '<=': (a, b) => a <= b,
    '-': (a, b) => a - b, '*': (a, b) => a * b, '/': (a, b) => Math.trunc(a / b),
  };
  return operators[operator](left, right);
}

function itemAt(list, index) {
  if (index < 0 || index >= list.length) throw new Error(`no item ${index}`);
  return list[index];
}

function ofRow(row, name, [field, value], typeToken) {
  const key = typeof field === 'string' ? field : field?.field;
  if (name === 'get') return row.fields[key] ?? null;
  if (name === 'put') {
    row.fields[key] = value;
    return null;
  }
  if (name === 'getSObjectType') return typeToken(row.type);
  throw new Error(`${name} of a row is not run here`);
}

const LIST = {
  add: (list, item) => void list.push(item), addAll: (list, items) => void list.push(...items), size: (list) => list.length,
  isEmpty: (list) => list.length === 0, get: itemAt, sort: (list) => void list.sort(), contains: (list, item) => list.includes(item),
};
const SET = {
  add: (set, item) => void set.add(item), size: (set) => set.size, isEmpty: (set) => set.size === 0, contains: (set, item) => set.has(item),
  addAll: (set, items) => {
    for (const item of items) set.add(item);
  },
  remove: (set, item) => set.delete(item), clear: (set) => void set.clear(),
  removeAll: (set, items) => {
    for (const item of items) set.delete(item);
  },
};
const MAP = {
  put: (map, key, value) => void map.set(key, value), get: (map, key) => map.get(key), containsKey: (map, key) => map.has(key),
  size: (map) => map.size, isEmpty: (map) => map.size === 0, keySet: (map) => new Set(map.keys()), values: (map) => [...map.values()],
};
const NUMBER = { longValue: Math.trunc, intValue: Math.trunc };
const TEXT = {
  equals: (text, other) => text === other, left: (text, length) => text.slice(0, length), length: (text) => text.length, trim: (text) => text.trim(),
  replace: (text, found, by) => text.replaceAll(found, by),
  split: (text, by, limit) => {
    const parts = text.split(by);
    return limit === undefined || parts.length <= limit ? parts : [...parts.slice(0, limit - 1), parts.slice(limit - 1).join(by)];
  },
};
const STATICS = {
  String: {
    isBlank: (text) => text === null || text.trim() === '', isNotBlank: (text) => text !== null && text.trim() !== '',
    join: (list, by) => [...list].join(by), valueOf: (value) => String(value),
  },
  Math: { mod: (a, b) => a % b },
  EncodingUtil: { urlEncode: (text) => new URLSearchParams([['', text]]).toString().slice(1) },
};
