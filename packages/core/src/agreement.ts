/**
 * What has to be compared again, when Stripe and Salesforce were found to agree before. Neither side tells a hash of its rows,
 * so each is known by what it does tell: Salesforce counts rows and knows when one of them was last changed; what Stripe's
 * lists say is hashed as it is read. A part is the month in which a row, or an object, was made.
 */
export type Part = string;

/** Of one kind of object. */
export type Seen = {
  /** Salesforce object → month → its rows (deleted ones left out), and the last change of one of them. */
  readonly rows: Readonly<Record<string, Readonly<Record<string, { readonly rows: number; readonly latest: string }>>>>;
  /** List of Stripe's → month → its objects, and a hash of all that they tell of rows. */
  readonly lists: Readonly<
    Record<string, Readonly<Record<string, { readonly objects: number; readonly hash: string }>>>
  >;
  /** Salesforce object → rows that have an object of their own in Stripe. */
  readonly told: Readonly<Record<string, number>>;
};

export type Again = {
  /** By Salesforce object: months, or `null` for all rows. An object that is not here has not changed. */
  readonly rows: ReadonlyMap<string, readonly Part[] | null>;
  /** By list: months. */
  readonly lists: ReadonlyMap<string, readonly Part[]>;
};

/**
 * `null`: all that agreed is as it was. Where Salesforce has more or fewer rows beside Stripe's than it had, one of them may
 * be missing anywhere: then all rows are compared.
 */
export function toCompareAgain(agreed: Seen | null, now: Seen): Again | null {
  const lists = new Map<string, readonly Part[]>();
  for (const [list, parts] of Object.entries(now.lists)) {
    const before = agreed?.lists[list] ?? {};
    const changed = changedParts(before, parts, (a, b) => a.objects === b.objects && a.hash === b.hash);
    if (changed.length > 0) lists.set(list, changed);
  }
  const rows = new Map<string, readonly Part[] | null>();
  for (const [object, parts] of Object.entries(now.rows)) {
    const before = agreed?.rows[object];
    const changed = changedParts(before ?? {}, parts, (a, b) => a.rows === b.rows && a.latest === b.latest);
    const known = before !== undefined && agreed !== null && surplus(agreed, object) === surplus(now, object);
    if (!known) rows.set(object, null);
    else if (changed.length > 0) rows.set(object, changed);
  }
  return lists.size === 0 && rows.size === 0 ? null : { rows, lists };
}

function changedParts<Of>(
  before: Readonly<Record<Part, Of>>,
  now: Readonly<Record<Part, Of>>,
  same: (a: Of, b: Of) => boolean,
): readonly Part[] {
  const parts = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...parts].sort().filter((part) => {
    const [old, current] = [before[part], now[part]];
    return old === undefined || current === undefined || !same(old, current);
  });
}

function surplus(seen: Seen, object: string): number {
  const all = Object.values(seen.rows[object] ?? {}).reduce((sum, { rows }) => sum + rows, 0);
  return all - (seen.told[object] ?? 0);
}

/** Rows that comparing again reads. */
export function rowsToRead(again: Again, now: Seen): number {
  let sum = 0;
  for (const [object, months] of again.rows) {
    const parts = now.rows[object] ?? {};
    for (const month of months ?? Object.keys(parts)) sum += parts[month]?.rows ?? 0;
  }
  return sum;
}

/**
 * What may be relied on next time: not a month of which a row was changed just before it was counted, for Salesforce tells the
 * second of a change, and another one may have come in that second. `countedAt`: ms since 1970, by Salesforce's clock.
 */
export function settled(seen: Seen, countedAt: number): Seen {
  const rows = Object.fromEntries(
    Object.entries(seen.rows).map(([object, months]) => [
      object,
      Object.fromEntries(
        Object.entries(months).map(([month, said]) => {
          const fresh = !(Date.parse(said.latest.replace(/\+0000$/, 'Z')) < countedAt - FRESH_MS);
          // A time that no row has: the month is read again.
          return [month, fresh ? { ...said, latest: '' } : said];
        }),
      ),
    ]),
  );
  return { ...seen, rows };
}

const FRESH_MS = 5 * 60_000;
