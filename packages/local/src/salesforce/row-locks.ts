import { SalesforceError } from './salesforce-error.ts';

/**
 * Row locks between writers. Everything here is synchronous, so contention exists only when it is asked for: a hold of
 * `holdMs` after each write, a lock held by a test, or a number of refusals armed for one row.
 */
export class RowLocks {
  readonly #held = new Map<string, { count: number; readonly waiting: Set<() => void> }>();
  readonly #armed = new Map<string, number>();
  readonly #lockStatus: () => number;
  /** Ids another writer holds that the running request ran into; it waits for them and runs again. */
  readonly blockedBy = new Set<string>();
  /** Told when a refusal that was armed for a row meets a write. */
  onRefused: (id: string) => void = () => {};
  /** Rows and parents written by the running request. */
  readonly touched = new Set<string>();

  constructor(lockStatus: () => number) {
    this.#lockStatus = lockStatus;
  }

  /** The next `times` writes to this row or below it fail. */
  arm(id: string, times: number): void {
    this.#armed.set(id, (this.#armed.get(id) ?? 0) + times);
  }

  /** No armed refusal is left. */
  disarm(): void {
    this.#armed.clear();
  }

  /** Takes the rows until the returned function is called. */
  hold(ids: Iterable<string>): () => void {
    const mine = [...new Set(ids)];
    for (const id of mine) {
      const lock = this.#held.get(id) ?? { count: 0, waiting: new Set<() => void>() };
      lock.count++;
      this.#held.set(id, lock);
    }
    let released = false;
    return () => {
      if (released) return;
      released = true;
      for (const id of mine) this.#release(id);
    };
  }

  #release(id: string): void {
    const lock = this.#held.get(id);
    if (lock === undefined || --lock.count > 0) return;
    this.#held.delete(id);
    for (const wake of lock.waiting) wake();
  }

  /** Calls `wake` once one of the ids is free. */
  whenFree(ids: Iterable<string>, wake: () => void): void {
    for (const id of ids) {
      const lock = this.#held.get(id);
      if (lock === undefined) {
        wake();
        return;
      }
      lock.waiting.add(wake);
    }
  }

  /** A write is about to touch these rows: throws UNABLE_TO_LOCK_ROW when one is another's. */
  claim(ids: readonly string[]): void {
    for (const id of ids) {
      const armed = this.#armed.get(id);
      if (armed !== undefined) {
        if (armed <= 1) this.#armed.delete(id);
        else this.#armed.set(id, armed - 1);
        this.onRefused(id);
        throw this.#refusal([id]);
      }
    }
    const taken = ids.filter((id) => this.#held.has(id));
    if (taken.length > 0) {
      for (const id of taken) this.blockedBy.add(id);
      throw this.#refusal(taken);
    }
    for (const id of ids) this.touched.add(id);
  }

  #refusal(ids: readonly string[]): SalesforceError {
    const rows = ids.map((id) => id.slice(0, 15)).join(',');
    return new SalesforceError(
      this.#lockStatus(),
      'UNABLE_TO_LOCK_ROW',
      `unable to obtain exclusive access to this record or ${ids.length} records: ${rows}`,
      [],
    );
  }
}
