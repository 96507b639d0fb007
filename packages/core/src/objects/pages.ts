import type { Fetched, Need } from '../need.ts';
import { at, hasMore, idOf, listed } from './reference.ts';

type Row = { readonly [key: string]: unknown };

/**
 * A list of Stripe's, page after page of 100: `first` are the rows that the event carries already. Each answer may ask
 * for the next one, so whoever fetches asks again until nothing is needed (plan.ts `needs`).
 */
export type Pages = {
  readonly key: string;
  readonly path: string;
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly why: string;
  readonly first: readonly Row[];
  readonly fetched: Fetched;
};

/** A list without end must not hold a function: 20 pages are 2,000 rows, far above what Stripe allows a subscription. */
const MAX_PAGES = 20;

/** The next page to fetch, if any. */
export function morePages(pages: Pages): readonly Need[] {
  const { next } = walk(pages);
  return next === null ? [] : [next];
}

/** All rows so far; `complete` when the last page was read. `at` is the second of the oldest answer. */
export function pagesOf(pages: Pages): {
  readonly rows: readonly Row[];
  readonly complete: boolean;
  readonly at: number | null;
} {
  const { rows, complete, at } = walk(pages);
  return { rows, complete, at };
}

function walk(pages: Pages): { rows: readonly Row[]; complete: boolean; at: number | null; next: Need | null } {
  const rows = [...pages.first];
  let oldest: number | null = null;
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const need = pageNeed(pages, page, idOf(rows.at(-1)));
    const answer = pages.fetched.get(need.key);
    if (answer === undefined) return { rows, complete: false, at: oldest, next: need };
    oldest = oldest === null ? answer.at : Math.min(oldest, answer.at);
    const found = listed(answer.body);
    rows.push(...found);
    if (!hasMore(answer.body))
      return { rows, complete: Array.isArray(at(answer.body, 'data')), at: oldest, next: null };
    if (idOf(found.at(-1)) === null) break;
  }
  return { rows, complete: false, at: oldest, next: null };
}

function pageNeed({ key, path, query, why }: Pages, page: number, after: string | null): Need {
  return {
    key: `${key}:${page}`,
    path,
    query: [...query, ['limit', '100'], ...(after === null ? [] : ([['starting_after', after]] as const))],
    why,
  };
}
