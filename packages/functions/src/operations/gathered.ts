import type { Letter } from '../adapters/queues.ts';
import { type ParkedLetter, readLetter, says } from '../bulk/parked-letter.ts';

/** A row that was given up, with all that the queue has of it. */
export type GivenUpRow = {
  /** The newest first; the others say nothing that it does not say. */
  readonly letters: readonly Letter[];
  readonly newest: ParkedLetter;
  /** The newest one with the failures of all, given up when the first of them was. */
  readonly parked: ParkedLetter;
};

/**
 * While a parent is missing, each new state of its child is given up for itself, and so is the parent with each try of the
 * child. They are one row, which is to be tried again once. A letter that says more than the newer ones stays for itself.
 */
export function gathered(letters: readonly Letter[]): readonly GivenUpRow[] {
  const read = letters.flatMap((letter) => {
    const parked = readLetter(letter.body);
    return parked === null ? [] : [{ letter, parked }];
  });
  const rows = Map.groupBy(read, ({ parked }) => `${parked.object} ${parked.key}`);
  return [...rows.values()].flatMap((same) => {
    const own: GivenUpRow[] = [];
    for (const { letter, parked } of same.toSorted((a, b) => b.parked.parkedAt - a.parked.parkedAt)) {
      const at = own.findIndex(({ newest }) => says(newest, parked));
      const row = own[at];
      if (row === undefined) own.push({ letters: [letter], newest: parked, parked });
      else own[at] = { ...row, letters: [...row.letters, letter], parked: joined(parked, row.parked) };
    }
    return own;
  });
}

function joined(older: ParkedLetter, newer: ParkedLetter): ParkedLetter {
  const failures = [...new Set([...older.failures, ...newer.failures])];
  return { ...newer, failures, parkedAt: Math.min(older.parkedAt, newer.parkedAt) };
}
