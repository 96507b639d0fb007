// Picks the few patterns of a bus that can match an event before any of them is evaluated.

import type { CompiledPattern } from './pattern.ts';
import { isObject } from './pattern-operators.ts';
import { EventPaths } from './pattern-paths.ts';

/** Top-level fields that every event has as a plain string, best discriminator first. */
const INDEXED = ['detail-type', 'source'] as const;

interface Indexed<T> {
  readonly order: number;
  readonly pattern: CompiledPattern;
  readonly value: T;
}

/**
 * Many patterns with a value each (a rule), asked together. A pattern that names its detail types or sources is looked
 * up by them in a hash table; only those that can match, and those that leave both open, are evaluated.
 */
export class PatternIndex<T> {
  readonly #byString = new Map<string, Map<string, Indexed<T>[]>>(INDEXED.map((path) => [path, new Map()]));
  readonly #open: Indexed<T>[] = [];
  readonly #all: Indexed<T>[] = [];

  constructor(entries: Iterable<readonly [CompiledPattern, T]>) {
    let order = 0;
    for (const [pattern, value] of entries) {
      this.#add({ order, pattern, value });
      order += 1;
    }
  }

  /** The values of all patterns the event matches, in the order they were given. */
  matching(event: unknown): T[] {
    if (!isObject(event)) return [];
    const paths = new EventPaths(event);
    return this.#candidates(event)
      .filter(({ pattern }) => pattern.matchesPaths(paths))
      .sort((a, b) => a.order - b.order)
      .map(({ value }) => value);
  }

  #candidates(event: Record<string, unknown>): Indexed<T>[] {
    const candidates = [...this.#open];
    for (const [path, table] of this.#byString) {
      const value = event[path];
      // No event of a bus gets here: one without the field, or with a list in it, is matched the long way.
      if (typeof value !== 'string') return [...this.#all];
      candidates.push(...(table.get(value) ?? []));
    }
    return candidates;
  }

  #add(entry: Indexed<T>): void {
    this.#all.push(entry);
    for (const [path, table] of this.#byString) {
      const required = entry.pattern.stringsRequiredAt(path);
      if (required === undefined) continue;
      for (const text of required) table.set(text, [...(table.get(text) ?? []), entry]);
      return;
    }
    this.#open.push(entry);
  }
}
