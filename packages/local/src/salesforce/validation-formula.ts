import type { Stored } from './schema.ts';

type Values = Readonly<Record<string, Stored>>;
export type Formula = (values: Values) => Stored;

const TOKEN =
  /\s+|(?<number>\d+(?:\.\d+)?)|(?<text>"(?:[^"\\]|\\.)*")|(?<name>[A-Za-z]\w*)|(?<symbol><=|>=|<>|!=|==|&&|\|\||[=<>!(),])/y;

const truth = (value: Stored) => value === true;

type Call = (args: readonly Stored[]) => Stored;

/** The functions validation rules of this project use; a rule with another one is refused at start. */
const FUNCTIONS: Readonly<Record<string, Call>> = {
  AND: (args) => args.every(truth),
  OR: (args) => args.some(truth),
  NOT: ([value = null]) => !truth(value),
  ISBLANK: ([value = null]) => value === null || value === '',
  ISPICKVAL: ([value = null, wanted = null]) => (value ?? '') === (wanted ?? ''),
  TEXT: ([value = null]) => (value === null ? '' : String(value)),
  LEN: ([value = null]) => (typeof value === 'string' ? value.length : 0),
  // The whole text has to match, as in Java's String.matches.
  REGEX: ([value = null, pattern = null]) => new RegExp(`^(?:${String(pattern)})$`, 's').test(String(value ?? '')),
};

/** An empty operand makes an order neither true nor false, which counts as false. */
function compare(op: string, left: Stored, right: Stored): boolean {
  if (op === '=' || op === '==') return left === right;
  if (op === '<>' || op === '!=') return left !== right;
  if (left === null || right === null) return false;
  if (op === '<') return left < right;
  if (op === '<=') return left <= right;
  return op === '>' ? left > right : left >= right;
}

/** Compiles the condition of a validation rule. Throws, naming what it does not know. */
export function compileFormula(source: string, fields: ReadonlySet<string>): Formula {
  const tokens = tokenize(source);
  let place = 0;
  const peek = () => tokens[place] ?? '';
  const expect = (text: string) => {
    if (tokens[place++] !== text) throw new Error(`expected ${text} in the formula ${source}`);
  };

  const anyOf = (): Formula => joined(allOf, '||', (values) => values.some(truth));
  const allOf = (): Formula => joined(comparison, '&&', (values) => values.every(truth));
  const joined = (part: () => Formula, symbol: string, join: (values: readonly Stored[]) => boolean): Formula => {
    const parts = [part()];
    while (peek() === symbol) {
      place++;
      parts.push(part());
    }
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : (values) => join(parts.map((each) => each(values)));
  };
  const comparison = (): Formula => {
    const left = operand();
    const op = peek();
    if (!['=', '==', '<>', '!=', '<', '<=', '>', '>='].includes(op)) return left;
    place++;
    const right = operand();
    return (values) => compare(op, left(values), right(values));
  };
  const operand = (): Formula => {
    const token = tokens[place++] ?? '';
    if (token === '!') {
      const inner = operand();
      return (values) => !truth(inner(values));
    }
    if (token === '(') {
      const inner = anyOf();
      expect(')');
      return inner;
    }
    if (/^\d/.test(token)) return () => Number(token);
    if (token.startsWith('"')) {
      const text = token.slice(1, -1).replace(/\\(.)/g, '$1');
      return () => text;
    }
    return peek() === '(' ? call(token) : reference(token);
  };
  const reference = (name: string): Formula => {
    if (name.toLowerCase() === 'true') return () => true;
    if (name.toLowerCase() === 'false') return () => false;
    if (!fields.has(name)) throw new Error(`${name || 'its end'} is not modelled in the formula ${source}`);
    return (values) => values[name] ?? null;
  };
  const call = (name: string): Formula => {
    const apply = FUNCTIONS[name.toUpperCase()];
    if (apply === undefined) throw new Error(`the function ${name} is not modelled in the formula ${source}`);
    expect('(');
    const args = [anyOf()];
    while (peek() === ',') {
      place++;
      args.push(anyOf());
    }
    expect(')');
    return (values) => apply(args.map((arg) => arg(values)));
  };

  const formula = anyOf();
  if (place < tokens.length) throw new Error(`${peek()} is unexpected in the formula ${source}`);
  return formula;
}

function tokenize(source: string): readonly string[] {
  const tokens: string[] = [];
  for (let at = 0; at < source.length; ) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(source);
    if (match === null) throw new Error(`${source.charAt(at)} is not modelled in the formula ${source}`);
    if (match[0].trim() !== '') tokens.push(match[0]);
    at += match[0].length;
  }
  return tokens;
}
