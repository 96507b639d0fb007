import { idAt } from './ids.ts';
import type { FieldSchema, ObjectSchema, Schema, Stored } from './schema.ts';

/**
 * The org's rows in memory. Rows are immutable values, so undoing a write is putting the earlier value back. Everything
 * is synchronous: one transaction at a time, from its first write to `commit` or `rollbackTo(0)`.
 */
export type Row = {
  readonly id: string;
  readonly values: Readonly<Record<string, Stored>>;
  readonly deleted: boolean;
  /** When a client last changed it, in ms; roll-ups and other derived values do not count. */
  readonly changedAt: number;
};

export type PlatformEvent = {
  readonly object: string;
  readonly id: string;
  readonly replayId: number;
  readonly uuid: string;
  readonly publishedAt: number;
  readonly fields: Readonly<Record<string, Stored>>;
};

/** What one transaction left behind, for the log on disk. */
export type Commit = {
  readonly rows: readonly { readonly object: string; readonly row: Row }[];
  readonly events: readonly PlatformEvent[];
};

/** Live rows by one field's value. A set is only made for a value that several rows share. */
class FieldIndex {
  readonly #byKey = new Map<Stored, string | Set<string>>();
  readonly #fold: boolean;

  constructor(field: FieldSchema) {
    this.#fold = field.type !== 'reference' && !field.caseSensitive;
  }

  #keyOf(value: Stored): Stored {
    return this.#fold && typeof value === 'string' ? value.toLowerCase() : value;
  }

  find(value: Stored): readonly string[] {
    const found = this.#byKey.get(this.#keyOf(value));
    if (found === undefined) return [];
    return typeof found === 'string' ? [found] : [...found];
  }

  add(value: Stored, id: string): void {
    if (value === null) return;
    const key = this.#keyOf(value);
    const found = this.#byKey.get(key);
    if (found === undefined) this.#byKey.set(key, id);
    else if (typeof found === 'string') this.#byKey.set(key, new Set([found, id]));
    else found.add(id);
  }

  remove(value: Stored, id: string): void {
    if (value === null) return;
    const key = this.#keyOf(value);
    const found = this.#byKey.get(key);
    if (typeof found === 'string' || found === undefined) this.#byKey.delete(key);
    else if (found.delete(id) && found.size === 0) this.#byKey.delete(key);
  }
}

/** Owner and audit references all point at one or two users: an index over them would only cost. */
function isIndexed(field: FieldSchema): boolean {
  if (field.type === 'reference') return !field.referenceTo.every((target) => target === 'User');
  return field.externalId || field.unique || (field.idLookup && field.type !== 'id');
}

export class Table {
  readonly schema: ObjectSchema;
  readonly #rows = new Map<string, Row>();
  readonly #indexes: ReadonlyMap<string, FieldIndex>;
  #live = 0;
  nextId = 1;
  nextNumber = 1;
  /** Rows handed out since the start: what a request costs, on any machine. */
  rowsRead = 0;

  constructor(schema: ObjectSchema) {
    this.schema = schema;
    this.#indexes = new Map(schema.fields.filter(isIndexed).map((field) => [field.name, new FieldIndex(field)]));
  }

  /** Rows that are not deleted. */
  get size(): number {
    return this.#live;
  }

  get(id: string): Row | undefined {
    this.rowsRead++;
    return this.#rows.get(id);
  }

  *rows(): IterableIterator<Row> {
    for (const row of this.#rows.values()) {
      this.rowsRead++;
      yield row;
    }
  }

  isIndexed(field: FieldSchema): boolean {
    return this.#indexes.has(field.name);
  }

  /** Ids of live rows that have this value, by index; matching ignores case unless the field is case-sensitive. */
  find(field: FieldSchema, value: Stored): readonly string[] {
    const index = this.#indexes.get(field.name);
    if (index === undefined) throw new Error(`${this.schema.name}.${field.name} has no index`);
    return index.find(value);
  }

  /** A fresh id. It is burnt even when the transaction is rolled back, as in Salesforce. */
  newId(): string {
    return idAt(this.schema.keyPrefix, this.nextId++);
  }

  put(id: string, row: Row | undefined): Row | undefined {
    const before = this.#rows.get(id);
    if (row === undefined) this.#rows.delete(id);
    else this.#rows.set(id, row);
    const was = before === undefined || before.deleted ? undefined : before.values;
    const is = row === undefined || row.deleted ? undefined : row.values;
    this.#live += (is === undefined ? 0 : 1) - (was === undefined ? 0 : 1);
    for (const [name, index] of this.#indexes) {
      const old = was?.[name] ?? null;
      const next = is?.[name] ?? null;
      if (old === next) continue;
      index.remove(old, id);
      index.add(next, id);
    }
    return before;
  }
}

type Undo = { readonly table: Table; readonly id: string; readonly before: Row | undefined };
export type Savepoint = { readonly rows: number; readonly events: number };

export class Store {
  readonly schema: Schema;
  readonly #tables: ReadonlyMap<string, Table>;
  readonly #undo: Undo[] = [];
  readonly #pending: PlatformEvent[] = [];
  readonly events: PlatformEvent[] = [];
  #onCommit: (commit: Commit) => void = () => {};

  constructor(schema: Schema) {
    this.schema = schema;
    this.#tables = new Map(schema.objects.map((object) => [object.name, new Table(object)]));
  }

  onCommit(listener: (commit: Commit) => void): void {
    this.#onCommit = listener;
  }

  table(object: string): Table {
    const table = this.#tables.get(object);
    if (table === undefined) throw new Error(`No table for ${object}`);
    return table;
  }

  tables(): IterableIterator<Table> {
    return this.#tables.values();
  }

  write(object: string, row: Row): void {
    const table = this.table(object);
    this.#undo.push({ table, id: row.id, before: table.put(row.id, row) });
  }

  /** Platform events are published after commit: a rollback takes them back. */
  publish(event: PlatformEvent): void {
    this.#pending.push(event);
  }

  get pendingEvents(): number {
    return this.#pending.length;
  }

  savepoint(): Savepoint {
    return { rows: this.#undo.length, events: this.#pending.length };
  }

  rollbackTo(savepoint: Savepoint): void {
    for (let i = this.#undo.length - 1; i >= savepoint.rows; i--) {
      const undo = this.#undo[i];
      if (undo !== undefined) undo.table.put(undo.id, undo.before);
    }
    this.#undo.length = savepoint.rows;
    this.#pending.length = savepoint.events;
  }

  commit(): void {
    if (this.#undo.length === 0 && this.#pending.length === 0) return;
    const changed = new Map(this.#undo.map(({ table, id }) => [id, table]));
    const rows = [...changed].flatMap(([id, table]) => {
      const row = table.get(id);
      return row === undefined ? [] : [{ object: table.schema.name, row }];
    });
    const events = [...this.#pending];
    this.#undo.length = 0;
    this.#pending.length = 0;
    this.events.push(...events);
    this.#onCommit({ rows, events });
  }
}
