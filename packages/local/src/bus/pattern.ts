// EventBridge event patterns: parsed once into closures, then matched against any number of events.
//
// Follows AWS's open-source event-ruler 2.0.1. Where its page and its library differ (300 against 300.0) the library is
// followed. Not imitated: the service's refusal of patterns whose wildcards are "too complex", a limit it does not publish.
import {
  type Acceptance,
  InvalidEventPatternException,
  isObject,
  readAcceptance,
  refuse,
} from './pattern-operators.ts';
import { EventPaths, type Field, FieldPath, satisfies } from './pattern-paths.ts';

export { InvalidEventPatternException } from './pattern-operators.ts';

/** The service refuses patterns whose `$or` lists multiply to more combinations than this. */
const MAX_COMBINATIONS = 1000;

/** Names that `$or` keeps for operators of today and tomorrow; a field called so would be ambiguous. */
const RESERVED_IN_OR = new Set(
  `exactly equals-ignore-case prefix suffix anything-but exists wildcard numeric cidr = < <= > >= regex not-wildcard
   not-equals-ignore-case date-after date-on-or-after date-before date-on-or-before in-date-range ip-address-in-range
   ip-address-not-in-range`.split(/\s+/),
);

/** A pattern ready to match. Alternatives come from `$or`: the event has to satisfy all fields of one of them. */
export class CompiledPattern {
  readonly #alternatives: readonly (readonly Field[])[];

  constructor(alternatives: readonly ReadonlyMap<string, Acceptance>[]) {
    this.#alternatives = alternatives.map((fields) =>
      [...fields.keys()].sort().flatMap((name) => {
        const acceptance = fields.get(name);
        return acceptance === undefined ? [] : [{ path: new FieldPath(name), acceptance }];
      }),
    );
  }

  /** Whether the event, a JSON value as `JSON.parse` gives it, matches. Anything but an object never does. */
  matches(event: unknown): boolean {
    return isObject(event) && this.matchesPaths(new EventPaths(event));
  }

  /** The same for an event that many patterns are asked about. It must be an object. */
  matchesPaths(event: EventPaths): boolean {
    return this.#alternatives.some((fields) => satisfies(fields, event));
  }

  get usesWildcard(): boolean {
    return this.#alternatives.some((fields) => fields.some(({ acceptance }) => acceptance.usesWildcard));
  }

  /** The strings the field must equal one of, whichever alternative holds; undefined if the pattern leaves more room. */
  stringsRequiredAt(path: string): ReadonlySet<string> | undefined {
    const required = new Set<string>();
    for (const fields of this.#alternatives) {
      const acceptance = fields.find((field) => field.path.name === path)?.acceptance;
      if (acceptance === undefined || acceptance.acceptsAbsence || acceptance.tests.length > 0) return undefined;
      for (const value of acceptance.values) {
        if (typeof value !== 'string') return undefined;
        required.add(value);
      }
    }
    return required;
  }
}

/**
 * Compiles the text of an event pattern.
 * Throws InvalidEventPatternException, whose message says why, for anything EventBridge would refuse.
 */
export function parsePattern(text: string): CompiledPattern {
  let source: unknown;
  try {
    source = JSON.parse(text);
  } catch (cause) {
    throw new InvalidEventPatternException('Invalid JSON', { cause });
  }
  return compile(source);
}

/**
 * Whether the event matches the pattern: compiled, or as an object or JSON text, which is compiled at first use.
 * Throws InvalidEventPatternException for an invalid pattern.
 */
export function matches(pattern: CompiledPattern | object | string, event: unknown): boolean {
  return compiled(pattern).matches(event);
}

const byObject = new WeakMap<object, CompiledPattern>();
const byText = new Map<string, CompiledPattern>();
const TEXTS_KEPT = 1000;

function compiled(pattern: CompiledPattern | object | string): CompiledPattern {
  if (pattern instanceof CompiledPattern) return pattern;
  const known = typeof pattern === 'string' ? byText.get(pattern) : byObject.get(pattern);
  if (known !== undefined) return known;
  const fresh = typeof pattern === 'string' ? parsePattern(pattern) : compile(pattern);
  if (typeof pattern !== 'string') byObject.set(pattern, fresh);
  else {
    if (byText.size >= TEXTS_KEPT) byText.clear();
    byText.set(pattern, fresh);
  }
  return fresh;
}

type Alternative = ReadonlyMap<string, Acceptance>;

function compile(source: unknown): CompiledPattern {
  if (!isObject(source)) refuse('Filter is not an object');
  return new CompiledPattern(readObject(source, '', [new Map()], false));
}

/** Adds the object's fields to every alternative. A path named twice takes its later list, as in event-ruler. */
function readObject(
  source: Record<string, unknown>,
  prefix: string,
  before: readonly Alternative[],
  insideOr: boolean,
): readonly Alternative[] {
  const entries = Object.entries(source);
  if (entries.length === 0) refuse('Empty objects are not allowed');
  let alternatives = before;
  for (const [key, value] of entries) {
    if (key === '$or') {
      alternatives = readOr(value, prefix, alternatives);
      continue;
    }
    if (insideOr && RESERVED_IN_OR.has(key)) {
      refuse(`${key} is Ruler reserved fieldName which cannot be used inside $or.`);
    }
    const path = `${prefix}${key}`;
    if (Array.isArray(value)) {
      const acceptance = readAcceptance(value);
      alternatives = alternatives.map((fields) => new Map(fields).set(path, acceptance));
    } else if (isObject(value)) alternatives = readObject(value, `${path}.`, alternatives, insideOr);
    else refuse(`"${key}" must be an object or an array`);
  }
  return alternatives;
}

function readOr(value: unknown, prefix: string, before: readonly Alternative[]): readonly Alternative[] {
  if (!Array.isArray(value)) return refuse('It must be an Array followed with $or.');
  const branches: readonly unknown[] = value;
  const alternatives: Alternative[] = [];
  for (const branch of branches) {
    if (!isObject(branch)) return refuse('Only JSON object is allowed in array of $or relationship.');
    alternatives.push(...readObject(branch, prefix, before, true));
    if (alternatives.length > MAX_COMBINATIONS) {
      return refuse(`The $or lists make more than ${MAX_COMBINATIONS} combinations; write fewer, or several rules.`);
    }
  }
  return branches.length < 2 ? refuse('There must have at least 2 Objects in $or relationship.') : alternatives;
}
