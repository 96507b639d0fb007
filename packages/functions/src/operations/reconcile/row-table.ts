/**
 * What Salesforce has in the rows of one object, as hashes: 64 bits for each column and no value, so that a million rows fit
 * (bytes of a row: eight for each column, and its key). Two different texts look equal once in 10^19 times.
 */
export type RowTable = {
  readonly count: () => number;
  readonly has: (key: string) => boolean;
  readonly put: (key: string, textOf: (column: string) => string) => void;
  /** Whether the row has this text there. A column that the table does not keep is never the same. */
  readonly isSame: (key: string, column: string, text: string) => boolean;
  /** That Stripe tells of the row; `created`: when its object was made, in seconds since 1970, where that is said. */
  readonly tell: (key: string, created: number) => void;
  readonly createdOf: (key: string) => number;
  readonly told: () => number;
  /** Keys of which nobody has told. */
  readonly untold: () => Iterable<string>;
};

const FIRST_ROWS = 1_024;

export function rowTable(columns: readonly string[]): RowTable {
  const places = new Map(columns.map((column, place) => [column, place]));
  const width = columns.length * 2;
  const rows = new Map<string, number>();
  let hashes = new Uint32Array(FIRST_ROWS * width);
  let created = new Uint32Array(FIRST_ROWS);
  let marks = new Uint8Array(FIRST_ROWS);
  let told = 0;

  const rowOf = (key: string): number => {
    const known = rows.get(key);
    if (known !== undefined) return known;
    const row = rows.size;
    rows.set(key, row);
    if (row >= marks.length) {
      hashes = grown(hashes, new Uint32Array(hashes.length * 2));
      created = grown(created, new Uint32Array(created.length * 2));
      marks = grown(marks, new Uint8Array(marks.length * 2));
    }
    return row;
  };

  return {
    count: () => rows.size,
    has: (key) => rows.has(key),
    put: (key, textOf) => {
      const row = rowOf(key);
      for (const [column, place] of places) {
        const text = textOf(column);
        hashes[row * width + place * 2] = half(text, 0);
        hashes[row * width + place * 2 + 1] = half(text, 0x9e3779b9);
      }
    },
    isSame: (key, column, text) => {
      const [row, place] = [rows.get(key), places.get(column)];
      if (row === undefined || place === undefined) return false;
      const at = row * width + place * 2;
      return hashes[at] === half(text, 0) && hashes[at + 1] === half(text, 0x9e3779b9);
    },
    tell: (key, second) => {
      const row = rows.get(key);
      if (row === undefined) return;
      if (marks[row] === 0) told += 1;
      marks[row] = 1;
      if (second > 0) created[row] = second;
    },
    createdOf: (key) => created[rows.get(key) ?? -1] ?? 0,
    told: () => told,
    untold: function* () {
      for (const [key, row] of rows) if (marks[row] === 0) yield key;
    },
  };
}

function grown<Numbers extends Uint32Array | Uint8Array>(from: Numbers, into: Numbers): Numbers {
  into.set(from);
  return into;
}

/** FNV-1a over UTF-16, mixed as murmur3 ends. Nobody gains by a collision: he could only hide a change of his own row. */
export function half(text: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
