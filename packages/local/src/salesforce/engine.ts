import type { Clock } from './clock.ts';
import type { InputSwitches } from './record-input.ts';
import type { RowLocks } from './row-locks.ts';
import type { Schema } from './schema.ts';
import type { Store } from './store.ts';

/** Behaviours of the real org that nobody has proven; each can be turned so that both readings are tested. */
export type Switches = InputSwitches & {
  /** HTTP status of UNABLE_TO_LOCK_ROW on a single record: 500 was recorded in production, others answer 400. */
  readonly lockStatus: 400 | 500;
  /** How the value in "Foreign key external ID: … not found" is echoed. */
  readonly foreignKeyEcho: 'asSent' | 'lowerCase';
  /** A non-reparentable master named again, unchanged, in an update. */
  readonly sameMaster: 'accept' | 'reject';
  /** An unknown object when a Bulk job is created. */
  readonly bulkUnknownObject: 'INVALIDENTITY' | 'INVALIDJOB';
  /** Whether every Bulk request counts as an API call, or only the job's creation. */
  readonly bulkCounting: 'everyRequest' | 'jobOnly';
  /** A wrong column or type in one record of a collections call: the whole request fails, or that row. */
  readonly collectionInput: 'request' | 'row';
};

export const DEFAULT_SWITCHES: Switches = {
  beyondScale: 'round',
  trimText: false,
  parentTwice: 'reject',
  lockStatus: 500,
  foreignKeyEcho: 'asSent',
  sameMaster: 'accept',
  bulkUnknownObject: 'INVALIDENTITY',
  bulkCounting: 'everyRequest',
  collectionInput: 'request',
};

/** Everything a write needs. One engine is one org. */
export type Engine = {
  readonly schema: Schema;
  readonly store: Store;
  readonly clock: Clock;
  /** The integration user: owner and author of what clients write. */
  readonly userId: string;
  readonly switches: Switches;
  readonly locks: RowLocks;
  readonly newUuid: () => string;
  /** By `object/external id`: rows that no client gets saved, by REST, Collections and Bulk alike. */
  readonly refusedRows: Map<string, { readonly code: string; readonly message: string }>;
  /** Rows per object; a write that would add one more is answered STORAGE_LIMIT_EXCEEDED. */
  storageLimit: number;
  /** What the automations counted, for the tests and the demo. */
  readonly tally: { guardRefused: number; guardKept: number; readonly ambiguousContacts: Set<string> };
  /** Customers whose subscriptions changed in the running transaction. */
  readonly dirtyCustomers: Set<string>;
};
