import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import type { Commit, Store } from './store.ts';

/**
 * Rows that outlive the process: a snapshot and, after it, one line per commit. A commit is on its way to the disk before
 * it is answered, so a killed process loses nothing; a power cut may lose the last moments, as there is no fsync.
 */
const SNAPSHOT = 'org-snapshot.jsonl';
const LOG = 'org-log.jsonl';
const LOG_LIMIT_BYTES = 64_000_000;

const StoredValue = v.union([v.string(), v.number(), v.boolean(), v.null()]);
const Values = v.record(v.string(), StoredValue);
const RowLine = v.object({
  object: v.string(),
  row: v.object({ id: v.string(), values: Values, deleted: v.boolean(), changedAt: v.number() }),
});
const EventLine = v.object({
  object: v.string(),
  id: v.string(),
  replayId: v.number(),
  uuid: v.string(),
  publishedAt: v.number(),
  fields: Values,
});
const Counter = v.object({ object: v.string(), keyPrefix: v.string(), nextId: v.number(), nextNumber: v.number() });
const Line = v.object({
  rows: v.optional(v.array(RowLine), []),
  events: v.optional(v.array(EventLine), []),
  counters: v.optional(v.array(Counter), []),
});

export type Persistence = { close(): void };

/** Loads what `dir` holds into the (empty) store and writes every later commit there. Throws when the schema has moved on. */
export function persist(store: Store, dir: string): Persistence {
  mkdirSync(dir, { recursive: true });
  const snapshot = path.join(dir, SNAPSHOT);
  const log = path.join(dir, LOG);
  load(store, snapshot);
  load(store, log);
  writeSnapshot(store, snapshot, log);
  let handle = openSync(log, 'a');
  store.onCommit((commit) => {
    writeSync(handle, `${JSON.stringify({ ...commit, counters: countersOf(store, commit) })}\n`);
    if (statSync(log).size < LOG_LIMIT_BYTES) return;
    closeSync(handle);
    writeSnapshot(store, snapshot, log);
    handle = openSync(log, 'a');
  });
  return {
    close() {
      store.onCommit(() => {});
      closeSync(handle);
    },
  };
}

function load(store: Store, file: string): void {
  if (!existsSync(file)) return;
  const known = new Set(store.events.map(({ id }) => id));
  for (const [i, text] of readFileSync(file, 'utf8').split('\n').entries()) {
    if (text === '') continue;
    const line = readLine(text);
    // A line cut short by a kill is the last one and was never answered.
    if (line === null) return;
    for (const counter of line.counters) applyCounter(store, counter, `${file}:${i + 1}`);
    for (const { object, row } of line.rows) store.table(object).put(row.id, row);
    for (const event of line.events) {
      if (!known.has(event.id)) store.events.push(event);
      known.add(event.id);
    }
  }
}

function readLine(text: string): v.InferOutput<typeof Line> | null {
  try {
    return v.parse(Line, JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function applyCounter(store: Store, counter: v.InferOutput<typeof Counter>, place: string): void {
  const table = [...store.tables()].find(({ schema }) => schema.name === counter.object);
  if (table === undefined || table.schema.keyPrefix !== counter.keyPrefix) {
    throw new Error(
      `${place}: ${counter.object} is not in the schema any more, or its ids begin differently. Delete the folder to start afresh.`,
    );
  }
  table.nextId = Math.max(table.nextId, counter.nextId);
  table.nextNumber = Math.max(table.nextNumber, counter.nextNumber);
}

function countersOf(store: Store, commit: Commit) {
  const objects = new Set([...commit.rows, ...commit.events].map(({ object }) => object));
  return [...objects].map((object) => counterOf(store, object));
}

function counterOf(store: Store, object: string) {
  const { schema, nextId, nextNumber } = store.table(object);
  return { object, keyPrefix: schema.keyPrefix, nextId, nextNumber };
}

/** Everything into a new file, which then takes the old one's place; only then the log is emptied. Loading both is harmless. */
function writeSnapshot(store: Store, snapshot: string, log: string): void {
  const draft = `${snapshot}.new`;
  rmSync(draft, { force: true });
  const counters = [...store.tables()].map(({ schema }) => counterOf(store, schema.name));
  appendFileSync(draft, `${JSON.stringify({ counters, events: store.events })}\n`);
  const handle = openSync(draft, 'a');
  for (const table of store.tables()) {
    for (const row of table.rows())
      writeSync(handle, `${JSON.stringify({ rows: [{ object: table.schema.name, row }] })}\n`);
  }
  closeSync(handle);
  renameSync(draft, snapshot);
  rmSync(log, { force: true });
}
