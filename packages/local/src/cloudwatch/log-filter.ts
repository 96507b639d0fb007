/**
 * CloudWatch Logs filter patterns: terms (`ERROR -health ?a ?b "a phrase"`) and JSON
 * (`{ $.level = "ERROR" && $.ms > 100 }`). Patterns of space-delimited fields and regular expressions are refused.
 * docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
 */
export type LogFilter = (message: string) => boolean;

export class FilterPatternError extends Error {
  override readonly name = 'FilterPatternError';
}

/** Throws FilterPatternError. */
export function parseFilter(pattern: string): LogFilter {
  const text = pattern.trim();
  if (text === '') return () => true;
  if (text.startsWith('{')) return jsonFilter(text);
  if (text.startsWith('[')) throw new FilterPatternError('space-delimited patterns are not imitated');
  if (text.startsWith('%')) throw new FilterPatternError('regular expressions are not imitated');
  return termFilter(text);
}

const TERM = /([-?]?)(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))/gy;

function termFilter(text: string): LogFilter {
  const all: string[] = [];
  const any: string[] = [];
  const none: string[] = [];
  for (const part of tokens(text, TERM)) {
    const [, sign, quoted, bare] = part;
    const term = (quoted ?? bare ?? '').replaceAll(/\\(.)/g, '$1');
    (sign === '-' ? none : sign === '?' ? any : all).push(term);
  }
  // Beside required terms, optional ones are ignored (see "Matching terms" on the page above).
  return (message) =>
    all.every((term) => message.includes(term)) &&
    (all.length > 0 || any.length === 0 || any.some((term) => message.includes(term))) &&
    none.every((term) => !message.includes(term));
}

function tokens(text: string, pattern: RegExp): RegExpExecArray[] {
  const found: RegExpExecArray[] = [];
  pattern.lastIndex = 0;
  for (let at = 0; at < text.length; at = pattern.lastIndex) {
    pattern.lastIndex = at + (/^\s*/.exec(text.slice(at))?.[0].length ?? 0);
    if (pattern.lastIndex >= text.length) break;
    const match = pattern.exec(text);
    if (match === null) throw new FilterPatternError(`unexpected text near "${text.slice(at, at + 20)}"`);
    found.push(match);
  }
  return found;
}

type Test = (root: unknown) => boolean;

const JSON_TOKEN =
  /(&&|\|\||[()])|(\$(?:\.[\w-]+|\[\d+\]|\["[^"\\]*"\])+)|(!=|<=|>=|=|<|>)|"((?:[^"\\]|\\.)*)"|(NOT\s+EXISTS|IS\s+NULL|IS\s+TRUE|IS\s+FALSE)|([^\s()&|=<>!"]+)/giy;

function jsonFilter(text: string): LogFilter {
  if (!text.endsWith('}')) throw new FilterPatternError('a JSON pattern ends with }');
  const parts = tokens(text.slice(1, -1), JSON_TOKEN);
  let at = 0;
  const isNext = (symbol: string): boolean => parts[at]?.[1] === symbol;

  const either = (): Test => {
    const tests = [both()];
    for (; isNext('||'); ) {
      at += 1;
      tests.push(both());
    }
    return (root) => tests.some((test) => test(root));
  };
  const both = (): Test => {
    const tests = [single()];
    for (; isNext('&&'); ) {
      at += 1;
      tests.push(single());
    }
    return (root) => tests.every((test) => test(root));
  };
  const single = (): Test => {
    if (!isNext('(')) return comparison();
    at += 1;
    const inner = either();
    if (!isNext(')')) throw new FilterPatternError('a parenthesis is not closed');
    at += 1;
    return inner;
  };
  const comparison = (): Test => {
    const [path, operator] = [parts[at]?.[2], parts[at + 1]];
    if (path === undefined || operator === undefined) throw new FilterPatternError('expected `$.field operator value`');
    const steps = [...path.matchAll(/\.([\w-]+)|\[(\d+)\]|\["([^"\\]*)"\]/g)].map(([, a, b, c]) => a ?? b ?? c ?? '');
    if (operator[5] !== undefined) {
      at += 2;
      return stateTest(steps, operator[5].replaceAll(/\s+/g, ' ').toUpperCase());
    }
    const value = parts[at + 2];
    const wanted = value?.[4]?.replaceAll(/\\(.)/g, '$1') ?? value?.[6];
    if (operator[3] === undefined || wanted === undefined)
      throw new FilterPatternError(`nothing to compare ${path} with`);
    at += 3;
    return valueTest(steps, operator[3], wanted);
  };
  const test = either();
  if (at < parts.length) throw new FilterPatternError(`unexpected "${parts[at]?.[0]}"`);
  return (message) => {
    if (!message.startsWith('{')) return false;
    try {
      return test(JSON.parse(message));
    } catch {
      return false;
    }
  };
}

function reach(root: unknown, steps: readonly string[]): unknown {
  let value = root;
  for (const step of steps) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}

function stateTest(steps: readonly string[], state: string): Test {
  if (state === 'NOT EXISTS') return (root) => reach(root, steps) === undefined;
  const wanted = state === 'IS NULL' ? null : state === 'IS TRUE';
  return (root) => reach(root, steps) === wanted;
}

function valueTest(steps: readonly string[], operator: string, wanted: string): Test {
  const number = wanted.trim() === '' ? Number.NaN : Number(wanted);
  if (operator !== '=' && operator !== '!=') {
    if (Number.isNaN(number)) throw new FilterPatternError(`${operator} compares numbers, not "${wanted}"`);
    return (root) => {
      const value = reach(root, steps);
      if (typeof value !== 'number') return false;
      if (operator === '<') return value < number;
      if (operator === '>') return value > number;
      return operator === '<=' ? value <= number : value >= number;
    };
  }
  const text = wildcard(wanted);
  const equals: Test = (root) => {
    const value = reach(root, steps);
    if (typeof value === 'number') return value === number;
    return typeof value === 'string' && text(value);
  };
  if (operator === '=') return equals;
  return (root) => reach(root, steps) !== undefined && !equals(root);
}

/** `*` stands for any text; no regular expression, so that hostile patterns cost no more than the line is long. */
function wildcard(pattern: string): (value: string) => boolean {
  const pieces = pattern.split('*');
  const [first = '', ...rest] = pieces;
  const last = rest.pop();
  if (last === undefined) return (value) => value === pattern;
  return (value) => {
    if (!value.startsWith(first)) return false;
    let at = first.length;
    for (const piece of rest) {
      const found = value.indexOf(piece, at);
      if (found === -1) return false;
      at = found + piece.length;
    }
    return value.length - at >= last.length && value.endsWith(last);
  };
}
