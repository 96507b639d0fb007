import * as v from 'valibot';
import type { CallKind } from './api-usage.ts';
import { settleCustomers } from './automation/after-save.ts';
import { applyPreset, type FaultWorld, Preset, type PresetInput } from './fault-requests.ts';
import type { FaultHit, FaultInput } from './faults.ts';
import { isRecord, readRecord } from './record-input.ts';
import { saveRecord } from './save.ts';
import { externalKeyOf, type ObjectSchema, objectNamed, type Schema, type Stored } from './schema.ts';
import type { PlatformEvent, Row, Store } from './store.ts';

/** A live row as a judge reads it. */
export type OrgRow = {
  readonly object: string;
  readonly id: string;
  /** Its own unique external id; `null` for a row without. */
  readonly key: string | null;
  /** Every column, numbers as numbers, date-times as `2026-11-23T07:24:10.000+0000`; each `X__r` is the parent's external id. */
  readonly columns: Readonly<Record<string, Stored>>;
  /** When a client last changed it, ms; roll-ups, statuses and refused writes do not count. */
  readonly changedAt: number;
};

/** The org from inside: for tests and the demo, never for the code under test. */
export type OrgView = {
  readonly schema: Schema;
  rows(object: string): IterableIterator<OrgRow>;
  count(object: string): number;
  /** The moment (ms) a client last changed the row with this external id, or `null` when there is none. */
  committedAt(object: string, externalId: string): number | null;
  readonly platformEvents: readonly PlatformEvent[];
  apiCalls(): {
    readonly total: number;
    readonly lastDay: number;
    readonly byKind: Readonly<Partial<Record<CallKind, number>>>;
  };
  /** Calls made by other apps of the org: the counter rises, the limit comes nearer. */
  otherAppsCalled(calls: number): void;
  guard(): { readonly refused: number; readonly kept: number };
  /** Ids of customers whose e-mail several Contacts have. */
  ambiguousContacts(): readonly string[];
  tokensIssued(): number;
  /** Returns the fault's number. */
  fault(fault: FaultInput): number;
  /** Hears of each request that a fault hits. */
  onFault(listener: (hit: FaultHit) => void): void;
  /** Hears when what was armed for a Bulk job has met its job. */
  onPlannedJob(listener: () => void): void;
  /** Hears when a lock that was armed for a row (`lockRow`) refuses a write; the row's id. */
  onLockedRow(listener: (id: string) => void): void;
  preset(preset: PresetInput): void;
  clearFaults(): void;
  /** `false`: there is no fault of that number. */
  liftFault(id: number): boolean;
  /** Takes rows as another writer would; returns their release. */
  holdRows(ids: readonly string[]): () => void;
  /** Puts a record in without an API call, through the same validation. Returns its id. */
  insert(object: string, fields: Readonly<Record<string, unknown>>): string;
  /** Changes the first row of an object that only Setup changes: custom metadata, the user's rights at large. */
  setUp(object: string, fields: Readonly<Record<string, Stored>>): void;
};

export function viewOf(world: FaultWorld): OrgView {
  const { engine, api } = world.services;
  const { store, schema } = engine;
  const objectOf = (name: string): ObjectSchema => {
    const object = objectNamed(schema, name);
    if (object === undefined) throw new Error(`The org has no object ${name}`);
    return object;
  };
  return {
    schema,
    rows: (name) => liveRows(store, objectOf(name)),
    count: (name) => store.table(objectOf(name).name).size,
    committedAt(name, externalId) {
      const object = objectOf(name);
      const key = externalKeyOf(object);
      const [id] = key === undefined ? [] : store.table(object.name).find(key, externalId);
      return id === undefined ? null : (store.table(object.name).get(id)?.changedAt ?? null);
    },
    platformEvents: store.events,
    apiCalls: () => ({ ...api.totals(), lastDay: api.used() }),
    otherAppsCalled: (calls) => api.seen('other', calls),
    guard: () => ({ refused: engine.tally.guardRefused, kept: engine.tally.guardKept }),
    ambiguousContacts: () => [...engine.tally.ambiguousContacts],
    tokensIssued: () => world.oauth.issued,
    fault: (fault) => world.faults.arm(fault),
    onFault: (listener) => world.faults.onHit(listener),
    onPlannedJob: (listener) => {
      world.services.jobs.onPlanned = listener;
    },
    onLockedRow: (listener) => {
      engine.locks.onRefused = listener;
    },
    preset: (preset) => applyPreset(world, v.parse(Preset, preset)),
    clearFaults: () => world.faults.clear(),
    liftFault: (id) => world.faults.lift(id),
    holdRows: (ids) => engine.locks.hold(ids),
    insert(name, fields) {
      const object = objectOf(name);
      if (!isRecord(fields)) throw new Error('fields must be a record');
      try {
        const input = readRecord(schema, object, fields, 'json', engine.guesses);
        const { id } = saveRecord(engine, object, { kind: 'insert' }, input);
        store.commit();
        settleCustomers(engine);
        return id;
      } catch (error) {
        store.rollbackTo({ rows: 0, events: 0 });
        throw error;
      }
    },
    setUp(name, fields) {
      const object = objectOf(name);
      const [row] = store.table(object.name).rows();
      if (row === undefined) throw new Error(`The org has no row of ${name}`);
      store.write(object.name, { ...row, values: { ...row.values, ...fields } });
      store.commit();
    },
  };
}

function* liveRows(store: Store, object: ObjectSchema): IterableIterator<OrgRow> {
  const key = externalKeyOf(object);
  const parents = object.fields.flatMap((field) => {
    const parent = objectNamed(store.schema, field.referenceTo[0] ?? '');
    const parentKey = parent === undefined ? undefined : externalKeyOf(parent);
    if (!field.custom || field.relationshipName === null || parent === undefined || parentKey === undefined) return [];
    return [{ field: field.name, as: field.relationshipName, parent: parent.name, key: parentKey.name }];
  });
  for (const row of store.table(object.name).rows()) {
    if (row.deleted) continue;
    const links = parents.map((link) => [link.as, parentKey(store, row, link)] as const);
    yield {
      object: object.name,
      id: row.id,
      key: key === undefined ? null : textOrNull(row.values[key.name]),
      columns: { ...row.values, ...Object.fromEntries(links) },
      changedAt: row.changedAt,
    };
  }
}

function parentKey(
  store: Store,
  row: Row,
  link: { readonly field: string; readonly parent: string; readonly key: string },
): Stored {
  const id = row.values[link.field];
  if (typeof id !== 'string') return null;
  return store.table(link.parent).get(id)?.values[link.key] ?? null;
}

function textOrNull(value: Stored | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
