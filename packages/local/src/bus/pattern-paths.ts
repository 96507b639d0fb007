// Where a pattern's fields occur in an event, and whether one choice of array elements satisfies them all.
import { type Acceptance, isObject, isScalar, type Scalar } from './pattern-operators.ts';

/** A position inside nested arrays: element `index` of `array`, itself inside `up`. */
interface Membership {
  readonly array: readonly unknown[];
  readonly index: number;
  readonly up: Membership | undefined;
}

interface Occurrence {
  readonly value: Scalar;
  readonly at: Membership | undefined;
}

/** One path of a pattern, for example `detail.object.status`, and what it accepts. */
export interface Field {
  readonly path: FieldPath;
  readonly acceptance: Acceptance;
}

/**
 * A path by its dotted name. EventBridge does not tell `{"a":{"b":1}}` from `{"a.b":1}`, neither in patterns nor in
 * events, so at each level of the event every run of segments is tried as one key.
 */
export class FieldPath {
  readonly name: string;
  readonly #ends: readonly number[];
  readonly #keys: (readonly string[] | undefined)[] = [];

  constructor(name: string) {
    this.name = name;
    this.#ends = [...name.matchAll(/\./g)].map((dot) => dot.index).concat(name.length);
  }

  /** The leaves this path reaches in the event. Objects and empty arrays are no leaves. */
  occurrencesIn(event: unknown): Occurrence[] {
    const found: Occurrence[] = [];
    this.#visit(event, 0, undefined, found);
    return found;
  }

  #visit(node: unknown, level: number, at: Membership | undefined, found: Occurrence[]): void {
    if (Array.isArray(node)) {
      const array: readonly unknown[] = node;
      for (let index = 0; index < array.length; index += 1) {
        const element = array[index];
        // A scalar belongs to the list as a whole: ["eu","vip"] puts no constraint on its neighbours.
        const inside = isScalar(element) ? at : { array, index, up: at };
        this.#visit(element, level, inside, found);
      }
    } else if (isScalar(node)) {
      if (level === this.#ends.length) found.push({ value: node, at });
    } else if (isObject(node) && level < this.#ends.length) {
      const keys = this.#keysAt(level);
      for (let i = 0; i < keys.length; i += 1) {
        const key = keys[i];
        if (key !== undefined && Object.hasOwn(node, key)) this.#visit(node[key], level + i + 1, at, found);
      }
    }
  }

  /** For `a.b.c` at level 1: `b`, `b.c`. */
  #keysAt(level: number): readonly string[] {
    const known = this.#keys[level];
    if (known !== undefined) return known;
    const start = level === 0 ? 0 : (this.#ends[level - 1] ?? 0) + 1;
    const keys = this.#ends.slice(level).map((end) => this.name.slice(start, end));
    this.#keys[level] = keys;
    return keys;
  }
}

/** The occurrences of one path. */
class Occurrences {
  readonly all: readonly Occurrence[];
  #places: Place | undefined;

  constructor(all: readonly Occurrence[]) {
    this.all = all;
  }

  /** Those that lie in the chosen array elements, as far as they lie in the same arrays at all. */
  consistentWith(chosen: Membership | undefined): Iterable<Occurrence> {
    if (chosen === undefined) return this.all;
    if (this.all.length <= FEW) return this.all.filter(({ at }) => agree(chosen, at));
    this.#places ??= placesOf(this.all);
    return within(this.#places, chosen);
  }
}

/** Below this many occurrences, looking at each is faster than building a tree. */
const FEW = 8;

/** Occurrences by where they lie: directly here, or in an element of an array that starts here. */
interface Place {
  readonly here: Occurrence[];
  readonly arrays: Map<readonly unknown[], Map<number, Place>>;
}

function placesOf(occurrences: readonly Occurrence[]): Place {
  const root: Place = { here: [], arrays: new Map() };
  for (const occurrence of occurrences) placeFor(root, occurrence.at).here.push(occurrence);
  return root;
}

function placeFor(root: Place, at: Membership | undefined): Place {
  if (at === undefined) return root;
  const { arrays } = placeFor(root, at.up);
  const elements = arrays.get(at.array) ?? new Map<number, Place>();
  const place = elements.get(at.index) ?? { here: [], arrays: new Map() };
  arrays.set(at.array, elements.set(at.index, place));
  return place;
}

function* within(place: Place, chosen: Membership): Generator<Occurrence> {
  yield* place.here;
  for (const [array, elements] of place.arrays) {
    const index = indexIn(chosen, array);
    if (index === undefined) for (const element of elements.values()) yield* within(element, chosen);
    else {
      const element = elements.get(index);
      if (element !== undefined) yield* within(element, chosen);
    }
  }
}

/** One event seen through its paths. What a path reaches is looked up once, however many patterns ask for it. */
export class EventPaths {
  readonly #event: unknown;
  readonly #found = new Map<string, Occurrences>();

  constructor(event: unknown) {
    this.#event = event;
  }

  occurrences(path: FieldPath): Occurrences {
    const known = this.#found.get(path.name);
    if (known !== undefined) return known;
    const found = new Occurrences(path.occurrencesIn(this.#event));
    this.#found.set(path.name, found);
    return found;
  }
}

/** Whether the event satisfies all fields at once. `fields` are in order of their names, as event-ruler walks them. */
export function satisfies(fields: readonly Field[], event: EventPaths): boolean {
  return new Search(fields, event).from(0, undefined);
}

/**
 * Depth-first search for one consistent choice of array elements. A field tried after others must lie in the elements
 * chosen so far; absence counts within them. Failed positions are remembered by the arrays that later fields share,
 * so unrelated arrays add up instead of multiplying and a hostile event cannot stall the bus.
 */
class Search {
  readonly #fields: readonly Field[];
  readonly #event: EventPaths;
  // Most events have no arrays where a pattern looks: what only arrays need is made when one is met.
  #shared: Set<readonly unknown[]>[] | undefined;
  #ids: Map<readonly unknown[], number> | undefined;
  #failed: Set<string | number> | undefined;

  constructor(fields: readonly Field[], event: EventPaths) {
    this.#fields = fields;
    this.#event = event;
  }

  from(step: number, chosen: Membership | undefined): boolean {
    const field = this.#fields[step];
    if (field === undefined) return true;
    const key = this.#key(step, chosen);
    if (this.#failed?.has(key)) return false;
    if (this.#choose(step, field, chosen)) return true;
    this.#failed ??= new Set();
    this.#failed.add(key);
    return false;
  }

  #choose(step: number, field: Field, chosen: Membership | undefined): boolean {
    let absent = true;
    let triedHere = false;
    for (const { value, at } of this.#event.occurrences(field.path).consistentWith(chosen)) {
      absent = false;
      const next = at === undefined ? chosen : merge(chosen, at);
      if (!accepts(field.acceptance, value) || (next === chosen && triedHere)) continue;
      triedHere ||= next === chosen;
      if (this.from(step + 1, next === undefined ? undefined : this.#restrict(step + 1, next))) return true;
    }
    return field.acceptance.acceptsAbsence && absent && this.from(step + 1, chosen);
  }

  /** The arrays in which fields from this step on occur. */
  #sharedFrom(step: number): Set<readonly unknown[]> {
    this.#shared ??= [];
    const known = this.#shared;
    for (let i = this.#fields.length; i >= step; i -= 1) {
      if (known[i] !== undefined) continue;
      const arrays = new Set(known[i + 1]);
      const field = this.#fields[i];
      for (const { at } of field === undefined ? [] : this.#event.occurrences(field.path).all) {
        for (let place = at; place !== undefined; place = place.up) arrays.add(place.array);
      }
      known[i] = arrays;
    }
    return known[step] ?? new Set();
  }

  #restrict(step: number, chosen: Membership): Membership | undefined {
    const shared = this.#sharedFrom(step);
    let kept: Membership | undefined;
    for (let place: Membership | undefined = chosen; place !== undefined; place = place.up) {
      if (shared.has(place.array)) kept = { array: place.array, index: place.index, up: kept };
    }
    return kept;
  }

  #key(step: number, chosen: Membership | undefined): string | number {
    if (chosen === undefined) return step;
    this.#ids ??= new Map();
    const places: [number, number][] = [];
    for (let place: Membership | undefined = chosen; place !== undefined; place = place.up) {
      let id = this.#ids.get(place.array);
      if (id === undefined) {
        id = this.#ids.size;
        this.#ids.set(place.array, id);
      }
      places.push([id, place.index]);
    }
    places.sort(([a], [b]) => a - b);
    return `${step}:${places.join(';')}`;
  }
}

function accepts(acceptance: Acceptance, value: Scalar): boolean {
  return acceptance.values.has(value) || acceptance.tests.some((test) => test(value));
}

/** Both positions together; they must agree. */
function merge(chosen: Membership | undefined, at: Membership): Membership | undefined {
  let merged = chosen;
  for (let place: Membership | undefined = at; place !== undefined; place = place.up) {
    if (indexIn(chosen, place.array) === undefined) merged = { array: place.array, index: place.index, up: merged };
  }
  return merged;
}

function agree(chosen: Membership, at: Membership | undefined): boolean {
  for (let place = at; place !== undefined; place = place.up) {
    const index = indexIn(chosen, place.array);
    if (index !== undefined && index !== place.index) return false;
  }
  return true;
}

function indexIn(chosen: Membership | undefined, array: readonly unknown[]): number | undefined {
  for (let place = chosen; place !== undefined; place = place.up) if (place.array === array) return place.index;
  return undefined;
}
