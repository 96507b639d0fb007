import type { Clock } from './clock.ts';
import type { OrgGuesses } from './guesses.ts';
import type { Rights } from './rights.ts';
import type { RowLocks } from './row-locks.ts';
import type { Schema } from './schema.ts';
import type { Store } from './store.ts';

/** Everything a write needs. One engine is one org. */
export type Engine = {
  readonly schema: Schema;
  readonly store: Store;
  readonly clock: Clock;
  /** The integration user: owner and author of what clients write. */
  readonly userId: string;
  readonly guesses: OrgGuesses;
  readonly locks: RowLocks;
  readonly newUuid: () => string;
  /** By `object/external id`: rows that no client gets saved, by REST, Collections and Bulk alike. */
  readonly refusedRows: Map<string, { readonly code: string; readonly message: string }>;
  /** Rows per object; a write that would add one more is answered STORAGE_LIMIT_EXCEEDED. */
  storageLimit: number;
  /** What the caller of the running transaction may write; `null`: everything. */
  rights: Rights | null;
  /** What the automations counted, for the tests and the demo. */
  readonly tally: { guardRefused: number; guardKept: number; readonly ambiguousContacts: Set<string> };
  /** Customers whose subscriptions changed in the running transaction. */
  readonly dirtyCustomers: Set<string>;
};
