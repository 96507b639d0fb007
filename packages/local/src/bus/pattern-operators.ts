// One entry of a pattern's list ("x", 5, {"prefix": "a"} …) as a test of one scalar value.
// Grammar and reasons are those of AWS's open-source event-ruler 2.0.1, which decides for EventBridge.
import { cidrRange, inRange, ipDigits } from './ip-range.ts';

/** A leaf of a JSON document. */
export type Scalar = string | number | boolean | null;
export type ValueTest = (value: Scalar) => boolean;

/** What one field of a pattern accepts: listed values, values passing a test, and perhaps absence. */
export interface Acceptance {
  readonly values: Set<Scalar>;
  readonly tests: ValueTest[];
  acceptsAbsence: boolean;
  /** EventBridge counts rules with wildcards apart. */
  usesWildcard: boolean;
}

/** The pattern breaks the grammar; the message is EventBridge's wording, so that callers can hand it on. */
export class InvalidEventPatternException extends Error {
  override readonly name = 'InvalidEventPatternException';
  /** The reason alone, as event-ruler words it. */
  readonly reason: string;

  constructor(reason: string, options?: ErrorOptions) {
    super(`Event pattern is not valid. Reason: ${reason}`, options);
    this.reason = reason;
  }
}

export function isScalar(value: unknown): value is Scalar {
  return value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads a field's list. Throws InvalidEventPatternException for an empty list or an entry that is no matcher. */
export function readAcceptance(list: readonly unknown[]): Acceptance {
  if (list.length === 0) refuse('Empty arrays are not allowed');
  const acceptance: Acceptance = { values: new Set(), tests: [], acceptsAbsence: false, usesWildcard: false };
  for (const entry of list) {
    if (isScalar(entry)) addExact(acceptance, entry);
    else if (isObject(entry)) addExpression(acceptance, entry);
    else refuse('Match value must be String, number, true, false, or null');
  }
  return acceptance;
}

function addExact(acceptance: Acceptance, value: Scalar): void {
  const digits = typeof value === 'string' ? ipDigits(value) : undefined;
  // An IP literal matches however it is written: 2001:db8::1 is 2001:0db8:0:0:0:0:0:1.
  if (digits !== undefined)
    acceptance.tests.push((candidate) => typeof candidate === 'string' && ipDigits(candidate) === digits);
  else acceptance.values.add(value);
}

function addExpression(acceptance: Acceptance, expression: Record<string, unknown>): void {
  const [name, ...others] = Object.keys(expression);
  if (name === undefined) refuse('Match expression name not found');
  const operand = expression[name];
  const only = (reason = 'Only one key allowed in match expression') => others.length > 0 && refuse(reason);
  if (name === 'exists') {
    if (typeof operand !== 'boolean') refuse('exists match pattern must be either true or false.');
    only();
    if (operand) acceptance.tests.push(() => true);
    else acceptance.acceptsAbsence = true;
    return;
  }
  const test = expressionTest(name, operand);
  only(name === 'numeric' || name === 'anything-but' ? 'Too many elements in numeric expression' : undefined);
  acceptance.usesWildcard ||= name === 'wildcard' || (isObject(operand) && 'wildcard' in operand);
  acceptance.tests.push(test);
}

function expressionTest(name: string, operand: unknown): ValueTest {
  switch (name) {
    case 'exactly': {
      const wanted = text(operand, 'exact match pattern must be a string');
      return (value) => value === wanted;
    }
    case 'prefix':
      return affix('prefix', operand);
    case 'suffix':
      return affix('suffix', operand);
    case 'equals-ignore-case':
      return onText(ignoreCase(text(operand, `${name} match pattern must be a string`)));
    case 'wildcard':
      return onText(wildcard(text(operand, `${name} match pattern must be a string`)));
    case 'numeric':
      return numeric(operand);
    case 'cidr':
      return cidr(operand);
    case 'anything-but':
      return anythingBut(operand);
    default:
      return refuse(`Unrecognized match type ${name}`);
  }
}

type TextTest = (value: string) => boolean;

function onText(test: TextTest): ValueTest {
  return (value) => typeof value === 'string' && test(value);
}

function affix(kind: 'prefix' | 'suffix', operand: unknown): ValueTest {
  if (typeof operand === 'string') return onText(plainAffix(kind, operand));
  if (!isObject(operand)) return refuse(`${kind} match pattern must be a string`);
  const [name, ...others] = Object.keys(operand);
  const title = kind === 'prefix' ? 'Prefix' : 'Suffix';
  if (name === undefined) return refuse(`${title} expression name not found`);
  if (name !== 'equals-ignore-case') return refuse(`Unsupported ${kind} pattern: ${name}`);
  const wanted = text(operand[name], 'equals-ignore-case match pattern must be a string');
  if (others.length > 0) return refuse('Only one key allowed in match expression');
  const same = ignoreCase(wanted);
  return onText((value) => {
    if (value.length < wanted.length) return false;
    return same(kind === 'prefix' ? value.slice(0, wanted.length) : value.slice(value.length - wanted.length));
  });
}

function plainAffix(kind: 'prefix' | 'suffix', wanted: string): TextTest {
  return kind === 'prefix' ? (value) => value.startsWith(wanted) : (value) => value.endsWith(wanted);
}

/** As long as the pattern and equal in lower or in upper case; event-ruler goes unit by unit, so ß never equals SS. */
function ignoreCase(wanted: string): TextTest {
  const lower = wanted.toLowerCase();
  const upper = wanted.toUpperCase();
  return (value) => {
    if (value === wanted) return true;
    if (value.length !== wanted.length) return false;
    return value.toLowerCase() === lower || value.toUpperCase() === upper;
  };
}

/** `*` stands for any run of characters, `\*` and `\\` for themselves. */
function wildcard(source: string): TextTest {
  const [first = '', ...later] = wildcardPieces(source);
  const last = later.pop();
  if (last === undefined) return (value) => value === first;
  return (value) => {
    if (value.length < first.length + last.length || !value.startsWith(first) || !value.endsWith(last)) return false;
    const end = value.length - last.length;
    let from = first.length;
    // The leftmost place for each piece leaves the most room for the rest: no backtracking is needed.
    for (const piece of later) {
      const at = value.indexOf(piece, from);
      if (at === -1 || at + piece.length > end) return false;
      from = at + piece.length;
    }
    return true;
  };
}

function wildcardPieces(source: string): string[] {
  const pieces: string[] = [];
  let piece = '';
  for (let i = 0; i < source.length; i += 1) {
    const char = source.charAt(i);
    const next = source.charAt(i + 1);
    if (char === '*') {
      if (next === '*') refuse(`Consecutive wildcard characters at pos ${position(source, i)}`);
      pieces.push(piece);
      piece = '';
    } else if (char === '\\') {
      if (next !== '*' && next !== '\\') refuse(`Invalid escape character at pos ${position(source, i)}`);
      piece += next;
      i += 1;
    } else piece += char;
  }
  return [...pieces, piece];
}

/** event-ruler counts bytes, and counts the opening quote. */
function position(source: string, index: number): number {
  return Buffer.byteLength(source.slice(0, index)) + 1;
}

function cidr(operand: unknown): ValueTest {
  // "prefix" is event-ruler's own slip in this message.
  const source = text(operand, 'prefix match pattern must be a string');
  try {
    const range = cidrRange(source);
    return onText((value) => inRange(range, value));
  } catch (cause) {
    throw new InvalidEventPatternException(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function numeric(operand: unknown): ValueTest {
  if (!Array.isArray(operand)) return refuse('Value of numeric must be an array.');
  const terms: readonly unknown[] = operand;
  const [operator, bound] = terms;
  if (typeof operator !== 'string') return refuse(`Invalid member in numeric match: ${token(terms, 0)}`);
  if (!['=', '<', '<=', '>', '>='].includes(operator))
    return refuse(`Unrecognized numeric range operator: ${operator}`);
  if (typeof bound !== 'number') return refuse(`Value of ${operator === '=' ? 'equals' : operator} must be numeric`);
  const lower = operator === '>' || operator === '>=';
  if (terms.length > 2 && !lower) return refuse('Too many elements in numeric expression');
  const first = comparison(operator, bound);
  if (terms.length === 2) return first;
  const second = upperBound(terms, bound);
  return (value) => first(value) && second(value);
}

function upperBound(terms: readonly unknown[], bottom: number): ValueTest {
  const [, , operator, top] = terms;
  if (typeof operator !== 'string') return refuse(`Bad value in numeric range: ${token(terms, 2)}`);
  if (operator !== '<' && operator !== '<=') return refuse(`Bad numeric range operator: ${operator}`);
  if (typeof top !== 'number') return refuse(`Value of ${operator} must be numeric`);
  if (terms.length > 4) return refuse('Too many terms in numeric range expression');
  if (bottom >= top) return refuse('Bottom must be less than top');
  return comparison(operator, top);
}

function comparison(operator: string, bound: number): ValueTest {
  switch (operator) {
    case '<':
      return (value) => typeof value === 'number' && value < bound;
    case '<=':
      return (value) => typeof value === 'number' && value <= bound;
    case '>':
      return (value) => typeof value === 'number' && value > bound;
    case '>=':
      return (value) => typeof value === 'number' && value >= bound;
    default:
      return (value) => value === bound;
  }
}

/** How a JSON parser would show the token at this place. */
function token(terms: readonly unknown[], index: number): string {
  if (index >= terms.length) return ']';
  const term = terms[index];
  if (Array.isArray(term)) return '[';
  return isObject(term) ? '{' : String(term);
}

/** Holds for every present leaf but the listed ones: null, booleans and other types are "anything but" a string. */
function anythingBut(operand: unknown): ValueTest {
  if (isObject(operand)) return anythingButText(operand);
  const listed: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
  if (!Array.isArray(operand) && typeof operand !== 'string' && typeof operand !== 'number') return refuse(NOT_A_LIST);
  const excluded = new Set<Scalar>();
  for (const value of listed) {
    if (typeof value !== 'string' && typeof value !== 'number') {
      return refuse('Inside anything but list, start|null|boolean is not supported.');
    }
    excluded.add(value);
  }
  if (new Set(listed.map((value) => typeof value)).size !== 1) {
    return refuse('Inside anything but list, either all values are number or string, mixed type is not supported');
  }
  return (value) => !excluded.has(value);
}

const NOT_A_LIST = 'Value of anything-but must be an array or single string/number value.';

function anythingButText(operand: Record<string, unknown>): ValueTest {
  const [name, ...others] = Object.keys(operand);
  if (name === undefined) return refuse('Anything-But expression name not found');
  const make = ANYTHING_BUT_TEXT.get(name);
  if (make === undefined) return refuse(`Unsupported anything-but pattern: ${name}`);
  const value = operand[name];
  const listed: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (!Array.isArray(value) && typeof value !== 'string' && typeof value !== 'number') return refuse(NOT_A_LIST);
  const excluded = listed.map(make);
  if (others.length > 0) return refuse('Too many elements in numeric expression');
  return (candidate) => typeof candidate !== 'string' || !excluded.some((test) => test(candidate));
}

const ANYTHING_BUT_TEXT: ReadonlyMap<string, (operand: unknown) => TextTest> = new Map([
  ['prefix', (operand: unknown) => plainAffix('prefix', anythingButAffix(operand))],
  ['suffix', (operand: unknown) => plainAffix('suffix', anythingButAffix(operand))],
  ['wildcard', (operand: unknown) => wildcard(text(operand, 'wildcard match pattern must be a string'))],
  [
    'equals-ignore-case',
    (operand: unknown) =>
      ignoreCase(
        text(operand, 'Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.'),
      ),
  ],
]);

function anythingButAffix(operand: unknown): string {
  const wanted = text(operand, 'prefix/suffix match pattern must be a string');
  return wanted === '' ? refuse('Null prefix/suffix not allowed') : wanted;
}

function text(operand: unknown, reason: string): string {
  return typeof operand === 'string' ? operand : refuse(reason);
}

export function refuse(reason: string): never {
  throw new InvalidEventPatternException(reason);
}
