/**
 * Stripe's lists run from the newest object to the oldest, a page of 100 at a time, so one cursor reads as fast as one
 * answer follows another. Several read at once when the time is cut into ranges. A range is cut where it is dense: the page
 * just read tells how many seconds a hundred objects take there, and whoever reads keeps about {@link PAGES_PER_PART} pages'
 * worth for itself and gives the older rest away. Each part costs at most one page that is not full.
 */
export type Range = {
  /** Seconds since 1970, both included. */
  from: number;
  to: number;
  /** The newest second whose objects may not be in Salesforce yet; `null`: all of them are. */
  left: number | null;
};

export type Page = {
  readonly range: Range;
  readonly objects: readonly { readonly id: string; readonly created: number; readonly object: unknown }[];
  /** Nothing of the range is left after it. */
  readonly last: boolean;
  readonly at: number;
};

export const PAGES_PER_PART = 12;

/**
 * Where to cut what is left of a range after a page: the first second of the part that the reader keeps. `null`: what is
 * left is too little to share.
 */
export function cutAfter(
  range: Pick<Range, 'from'>,
  page: { readonly newest: number; readonly oldest: number },
): number | null {
  const secondsPerPage = Math.max(1, page.newest - page.oldest);
  const cut = page.oldest - secondsPerPage * PAGES_PER_PART;
  return cut > range.from ? cut : null;
}

export type ReadPage = (range: Range, cursor: string | null) => Promise<Omit<Page, 'range'>>;

/**
 * Reads all ranges, at most `workers` at once; ranges that are made on the way are added to `ranges`. `onPage` may wait,
 * and holds the reader back. Ends early when `stopped` says so.
 */
export async function readRanges(
  ranges: Range[],
  world: {
    readonly workers: number;
    readonly readPage: ReadPage;
    readonly onPage: (page: Page) => Promise<void>;
    readonly stopped: () => boolean;
  },
): Promise<void> {
  const waiting = [...ranges];
  const idle: (() => void)[] = [];
  let reading = 0;
  let broken = false;
  const over = () => broken || world.stopped();
  const wakeAll = () => {
    for (const wake of idle.splice(0)) wake();
  };
  const share = (range: Range, page: Omit<Page, 'range'>) => {
    const [newest, oldest] = [page.objects[0], page.objects.at(-1)];
    if (newest === undefined || oldest === undefined || idle.length === 0 || waiting.length > 0) return;
    const cut = cutAfter(range, { newest: newest.created, oldest: oldest.created });
    if (cut === null) return;
    const rest: Range = { from: range.from, to: cut - 1, left: cut - 1 };
    range.from = cut;
    ranges.push(rest);
    waiting.push(rest);
    idle.pop()?.();
  };
  const readAll = async (range: Range): Promise<void> => {
    let cursor: string | null = null;
    for (let last = false; !last && !over(); ) {
      const page = await world.readPage(range, cursor);
      last = page.last;
      cursor = page.objects.at(-1)?.id ?? cursor;
      if (!last) share(range, page);
      await world.onPage({ ...page, range });
    }
  };
  const worker = async (): Promise<void> => {
    while (!over()) {
      const range = waiting.shift();
      if (range !== undefined) {
        reading += 1;
        try {
          await readAll(range);
        } catch (error) {
          broken = true;
          throw error;
        } finally {
          reading -= 1;
          if (reading === 0 || broken) wakeAll();
        }
      } else if (reading === 0) {
        return;
      } else {
        await new Promise<void>((resolve) => idle.push(resolve));
      }
    }
    wakeAll();
  };
  const ended = await Promise.allSettled(Array.from({ length: world.workers }, worker));
  for (const end of ended) if (end.status === 'rejected') throw end.reason;
}
