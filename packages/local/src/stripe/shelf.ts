import type { JsonObject } from '@payments/core/event';

/** What is kept in order of its creation. */
export type Shelved = JsonObject & { readonly id: string; readonly created: number };

/** Places count from 0, the eldest first. */
export type Sequence<T> = {
  readonly length: number;
  /** Epoch seconds; never falls from one place to the next. */
  createdAt(place: number): number;
  at(place: number): T;
  placeOf(id: string): number | undefined;
};

/**
 * Objects that an account has had for long, each made when somebody looks at it: a million of them take no memory. What
 * is made depends on the place alone, so it is the same at every look.
 */
export type Past<T> = {
  readonly size: number;
  createdAt(place: number): number;
  /** Anew at every call, for whoever may change it. */
  make(place: number): T;
  /** What `make` gives, for whoever only looks: it may have been shown before. `make` itself by default. */
  readonly show?: (place: number) => T;
  placeOf(id: string): number | undefined;
  /** Places of those with this value of an indexed field, ascending. */
  having(field: string, value: string): readonly number[];
};

const NO_PAST: Past<never> = {
  size: 0,
  createdAt: () => 0,
  make: (place) => {
    throw new RangeError(`there is no past at ${place}`);
  },
  placeOf: () => undefined,
  having: () => [],
};

type Fields<T> = Readonly<Record<string, (object: T) => string | null>>;

/**
 * All objects of one kind: those of the past, then those that were made since. Lists by time, by id and by an indexed field
 * don't look at the others.
 */
export class Shelf<T extends Shelved> implements Sequence<T> {
  readonly fields: Fields<T>;
  #past: Past<T> = NO_PAST;
  /** Those of the past that somebody may have changed. */
  readonly #kept = new Map<number, T>();
  readonly #live: T[] = [];
  readonly #places = new Map<string, number>();
  readonly #having = new Map<string, Map<string, number[]>>();

  /** `fields`: what is looked up often and never changes, by the name that a list's filter has. */
  constructor(fields: Fields<T> = {}) {
    this.fields = fields;
  }

  /** Throws a RangeError when something is there already: the order would break. */
  startWith(past: Past<T>): void {
    if (this.length > 0) throw new RangeError('only what is empty can be given a past');
    this.#past = past;
  }

  get length(): number {
    return this.#past.size + this.#live.length;
  }

  /** For whoever may change it: an object of the past is kept from now on. */
  get(id: string): T | undefined {
    const place = this.placeOf(id);
    return place === undefined ? undefined : this.#keep(place);
  }

  /** For whoever only looks. */
  peek(id: string): T | undefined {
    const place = this.placeOf(id);
    return place === undefined ? undefined : this.at(place);
  }

  has(id: string): boolean {
    return this.placeOf(id) !== undefined;
  }

  /** The newest object. Throws a RangeError when it is older than the one before. */
  add(object: T): void {
    const last = this.length - 1;
    if (last >= 0 && this.createdAt(last) > object.created) throw new RangeError(`${object.id} is older than the last`);
    const place = this.length;
    this.#live.push(object);
    this.#places.set(object.id, place);
    for (const [field, read] of Object.entries(this.fields)) {
      const value = read(object);
      if (value !== null) append(this.#having, field, value, place);
    }
  }

  createdAt(place: number): number {
    return this.#live[place - this.#past.size]?.created ?? this.#past.createdAt(place);
  }

  at(place: number): T {
    return this.#stored(place) ?? (this.#past.show ?? this.#past.make)(place);
  }

  placeOf(id: string): number | undefined {
    return this.#places.get(id) ?? this.#past.placeOf(id);
  }

  isIndexed(field: string): boolean {
    return Object.hasOwn(this.fields, field);
  }

  /** Places of those with this value of an indexed field, ascending. */
  placesHaving(field: string, value: string): readonly number[] {
    return [...this.#past.having(field, value), ...(this.#having.get(field)?.get(value) ?? [])];
  }

  /** Objects with this value of an indexed field, the eldest first; kept, as by `get`. */
  having(field: string, value: string): readonly T[] {
    return this.placesHaving(field, value).map((place) => this.#keep(place));
  }

  #stored(place: number): T | undefined {
    return this.#live[place - this.#past.size] ?? this.#kept.get(place);
  }

  #keep(place: number): T {
    const stored = this.#stored(place);
    if (stored !== undefined) return stored;
    const made = this.#past.make(place);
    this.#kept.set(place, made);
    return made;
  }

  /** The eldest with this value of an indexed field; for looking only. */
  peekHaving(field: string, value: string): T | undefined {
    const [place] = this.placesHaving(field, value);
    return place === undefined ? undefined : this.at(place);
  }

  /** All of them, the eldest first; for looking only. */
  *values(): IterableIterator<T> {
    for (let place = 0; place < this.length; place += 1) yield this.at(place);
  }
}

function append(index: Map<string, Map<string, number[]>>, field: string, value: string, place: number): void {
  const byValue = index.get(field) ?? new Map<string, number[]>();
  index.set(field, byValue);
  const places = byValue.get(value);
  if (places === undefined) byValue.set(value, [place]);
  else places.push(place);
}

/**
 * A shelf to work at without a trace: it shows copies of another's objects, and keeps what is added to itself. For
 * previews, and for making what is past.
 */
export class Overlay<T extends Shelved> extends Shelf<T> {
  readonly #under: Shelf<T>;
  readonly #added = new Map<string, T>();

  constructor(under: Shelf<T>) {
    super(under.fields);
    this.#under = under;
  }

  /** What was added here. */
  get added(): readonly T[] {
    return [...this.#added.values()];
  }

  override add(object: T): void {
    this.#added.set(object.id, object);
  }

  override get(id: string): T | undefined {
    const own = this.#added.get(id);
    if (own !== undefined) return own;
    const found = this.#under.peek(id);
    if (found === undefined) return undefined;
    const copy = { ...found };
    this.#added.set(id, copy);
    return copy;
  }

  override peek(id: string): T | undefined {
    return this.#added.get(id) ?? this.#under.peek(id);
  }

  override has(id: string): boolean {
    return this.peek(id) !== undefined;
  }

  /** Only what was added here: nothing of the other shelf is anybody's to change. */
  override having(field: string, value: string): readonly T[] {
    return this.added.filter((object) => this.fields[field]?.(object) === value);
  }

  override peekHaving(field: string, value: string): T | undefined {
    return this.having(field, value)[0] ?? this.#under.peekHaving(field, value);
  }
}
