import * as v from 'valibot';
import { CURRENCIES } from './currencies.ts';
import type { Form } from './form.ts';
import { StripeError } from './stripe-error.ts';

/**
 * Kinds of request parameters. Every endpoint lists its parameters by hand, after the types of npm `stripe@23.1.0`;
 * whatever it doesn't list is an unknown parameter. `{param}` in a message becomes the parameter's path.
 */
const EMPTY =
  "You passed an empty string for '{param}'. We assume empty values are an attempt to unset a field; however '{param}' cannot be unset. You should remove '{param}' from your request or supply a non-empty value.";

const plain = v.string('Invalid string');

/** A text that cannot be emptied. `max` in characters. */
export function text(max = 5_000) {
  return v.pipe(
    plain,
    v.nonEmpty(EMPTY),
    v.maxLength(max, `Invalid string: {shown}; must be at most ${max} characters`),
  );
}

/** A text whose empty value unsets it. */
export function clearable(max = 5_000) {
  return v.pipe(
    plain,
    v.maxLength(max, `Invalid string: {shown}; must be at most ${max} characters`),
    v.transform((value) => (value === '' ? null : value)),
  );
}

/** A currency that Stripe has, in either case; in lower case from here on. */
export function currency() {
  return v.pipe(
    plain,
    v.nonEmpty(EMPTY),
    v.transform((value) => value.toLowerCase()),
    v.check(
      (value) => CURRENCIES.includes(value),
      `Invalid currency: {value}. Stripe currently supports these currencies: ${CURRENCIES.join(', ')}`,
    ),
  );
}

export function whole(min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER) {
  return v.pipe(
    plain,
    v.nonEmpty(EMPTY),
    v.regex(/^-?\d{1,15}$/, 'Invalid integer: {value}'),
    v.transform(Number),
    v.minValue(min, `This value must be greater than or equal to ${min}.`),
    v.maxValue(max, `This value must be less than or equal to ${max}.`),
  );
}

/** Minor units with up to twelve decimals, as text: no double may touch it. */
export function decimal() {
  return v.pipe(plain, v.nonEmpty(EMPTY), v.regex(/^-?\d{1,15}(\.\d{1,12})?$/, 'Invalid decimal: {value}'));
}

export function flag() {
  return v.pipe(
    plain,
    v.nonEmpty(EMPTY),
    v.regex(/^(true|false)$/, 'Invalid boolean: {value}'),
    v.transform((value) => value === 'true'),
  );
}

export function oneOf<const T extends readonly [string, ...string[]]>(values: T) {
  const [last, ...others] = [...values].reverse();
  const listed =
    others.length === 0 ? String(last) : `${others.reverse().join(', ')}${others.length > 1 ? ',' : ''} or ${last}`;
  return v.pipe(plain, v.nonEmpty(EMPTY), v.picklist(values, `Invalid {param}: must be one of ${listed}`));
}

export function list<const S extends v.GenericSchema>(item: S, max = 100) {
  return v.pipe(
    v.custom<object>((value) => typeof value === 'object' && value !== null, 'Invalid array'),
    v.transform((value): unknown[] => Object.values(value).flat()),
    v.maxLength(max, `Array must have at most ${max} elements`),
    v.array(item),
  );
}

export function hash<const E extends v.ObjectEntries>(entries: E) {
  return v.strictObject(entries, 'Invalid object');
}

/** Fifty keys of forty characters, values of five hundred; an empty value removes its key, an empty hash all. */
export function metadata() {
  const value = v.pipe(
    v.string('Metadata values must be strings'),
    v.maxLength(500, 'Metadata values can have up to 500 characters, but you passed in a value that is longer'),
  );
  const key = v.pipe(
    v.string(),
    v.maxLength(40, 'Metadata keys can have up to 40 characters, but you passed in a key that is longer'),
  );
  return v.union(
    [
      v.pipe(
        v.record(key, value),
        v.check(
          (entries) => Object.keys(entries).length <= 50,
          'Metadata can only have 50 keys, but you passed in more. Remove some keys from the metadata and try again.',
        ),
      ),
      v.pipe(
        v.literal(''),
        v.transform(() => null),
      ),
    ],
    (issue) => issue.issues?.[0]?.issues?.[0]?.message ?? issue.issues?.[0]?.message ?? 'Invalid metadata',
  );
}

/**
 * Stripe takes it and this account can't do what it asks: refused by name, since leaving it out would change amounts or
 * states without a word.
 */
export function notImitated() {
  return v.custom<unknown>(() => false, 'This local Stripe account does not imitate {param}.');
}

/** A hash that is kept but not looked into: this account doesn't act on it (README: not imitated). */
export function ignored() {
  return v.unknown();
}

/** Parameters of one endpoint. Throws what Stripe answers; such an answer is not kept for an idempotency key. */
export function checkParameters<const S extends v.GenericSchema>(schema: S, form: Form): v.InferOutput<S> {
  const result = v.safeParse(schema, form);
  if (result.success) return result.output;
  throw refusalOf(result.issues);
}

type Issue = v.BaseIssue<unknown>;

const isUnknown = (issue: Issue): boolean => issue.type === 'strict_object' && issue.expected === 'never';
const isMissing = (issue: Issue): boolean =>
  issue.type === 'strict_object' && issue.received === 'undefined' && issue.expected !== 'never';

function refusalOf(issues: readonly Issue[]): StripeError {
  const unknown = issues.find(isUnknown);
  if (unknown !== undefined) return unknownParameters([pathOf(unknown)]);
  const missing = issues.find(isMissing);
  if (missing !== undefined) {
    return invalid(`Missing required param: ${pathOf(missing)}.`, pathOf(missing), 'parameter_missing');
  }
  const [issue] = issues;
  if (issue === undefined) return invalid('Invalid request', '');
  const given = typeof issue.input === 'string' ? issue.input : '';
  const message = issue.message
    .replaceAll('{param}', pathOf(issue))
    .replaceAll('{value}', given)
    .replaceAll('{shown}', given.length > 13 ? `${given.slice(0, 8)}...${given.slice(-5)}` : given);
  return invalid(message, pathOf(issue), codeOf(issue));
}

/** All at the top are named at once; inside a hash, the first. */
export function unknownParameters(names: readonly string[]): StripeError {
  return invalid(
    `Received unknown parameter${names.length > 1 ? 's' : ''}: ${names.join(', ')}`,
    names[0] ?? '',
    'parameter_unknown',
  );
}

function codeOf(issue: Issue): string | undefined {
  if (issue.message === EMPTY) return 'parameter_invalid_empty';
  return issue.message.startsWith('Invalid integer') || issue.message.startsWith('This value must')
    ? 'parameter_invalid_integer'
    : undefined;
}

function invalid(message: string, param: string, code?: string): StripeError {
  return new StripeError(400, message, { param, ...(code === undefined ? {} : { code }) }, false);
}

/** `items[0][id]`. */
function pathOf(issue: Issue): string {
  const [first, ...rest] = (issue.path ?? []).map((item) => String(item.key));
  return `${first ?? ''}${rest.map((key) => `[${key}]`).join('')}`;
}
