import { type Again, rowsToRead, settled, toCompareAgain } from '@payments/core/agreement';
import { BudgetWait, RetryLater } from '@payments/core/failure';
import { type ListName, RESOURCES, type Resource } from '@payments/core/listing';
import type { Count } from '@payments/core/metrics';
import type { Agreements } from '../../adapters/agreements.ts';
import type { Difference } from './compare.ts';
import { type Changed, type ReconcileWorld, reconcile } from './reconcile.ts';
import { seenNow } from './seen.ts';

export type NightlyWorld = Omit<ReconcileWorld, 'stopped' | 'onProgress'> & {
  readonly agreements: Agreements;
  readonly nowMs: () => number;
  readonly stopAtMs: number;
  /** More rows than this are an operator's work. */
  readonly mostRows: number;
  readonly count: Count;
  readonly log: (level: 'info' | 'warn', line: NightlyLine) => void;
};

export type NightlyLine =
  | ({ readonly outcome: 'differs' } & Pick<Difference, 'object' | 'kind' | 'column'> & {
        readonly stripeObjectId: string;
      })
  | ({ readonly resource: Resource } & Verdict)
  | { readonly resource: Resource; readonly outcome: 'put off'; readonly why: string };

export type Verdict = {
  /** `unchanged`: as when they last agreed, so no row was read. `too many`: rows to compare. `unfinished`: no time left. */
  readonly outcome: 'unchanged' | 'agrees' | 'disagrees' | 'too many' | 'unfinished';
  /** Rows of Salesforce that were read, or would have to be. */
  readonly rows: number;
  readonly missing: number;
  readonly different: number;
  readonly extra: number;
  readonly inFlight: number;
};

const NONE = { rows: 0, missing: 0, different: 0, extra: 0, inFlight: 0 };
/** Enough to see what it is about; `ops reconcile` tells all. */
const MOST_TOLD = 100;

/**
 * The story of `Reconcile`, at night where a stage asks for it: counts of both sides first, then hashes of what Stripe says,
 * and rows only of the months in which one of them is not as it was when they last agreed. It tells what differs, and mends
 * nothing: that is `ops reconcile --repair`.
 */
export async function nightly(world: NightlyWorld): Promise<Readonly<Partial<Record<Resource, string>>>> {
  const outcomes: Partial<Record<Resource, string>> = {};
  for (const resource of RESOURCES) {
    try {
      const verdict = await judge(resource, world);
      outcomes[resource] = verdict.outcome;
      world.log(verdict.outcome === 'unchanged' || verdict.outcome === 'agrees' ? 'info' : 'warn', {
        resource,
        ...verdict,
      });
      const { missing, different, extra } = verdict;
      world.count('LedgerDifferences', missing, { Kind: 'missing' });
      world.count('LedgerDifferences', different, { Kind: 'different' });
      world.count('LedgerDifferences', extra, { Kind: 'extra' });
    } catch (error) {
      if (!(error instanceof RetryLater || error instanceof BudgetWait)) throw error;
      outcomes[resource] = 'put off';
      world.log('warn', { resource, outcome: 'put off', why: error.code });
    }
  }
  return outcomes;
}

async function judge(resource: Resource, night: NightlyWorld): Promise<Verdict> {
  const stopped = () => night.nowMs() >= night.stopAtMs;
  const world: ReconcileWorld = { ...night, stopped, onProgress: () => {} };
  if (stopped()) return { outcome: 'unfinished', ...NONE };
  const { at: until } = await night.stripe({ path: '/v1/customers', query: [['limit', '1']] });
  const countedAt = night.nowMs();
  const seen = await seenNow(resource, until, world);
  if (stopped()) return { outcome: 'unfinished', ...NONE };
  const again = toCompareAgain(await night.agreements.last(resource), seen);
  if (again === null) return { outcome: 'unchanged', ...NONE };
  const rows = rowsToRead(again, seen);
  if (rows > night.mostRows) return { outcome: 'too many', ...NONE, rows };
  const found = await reconcile({ resources: [resource], since: 0, until, only: changedOf(again) }, world);
  if (stopped()) return { outcome: 'unfinished', ...NONE, rows };
  const { differences, inFlight } = found;
  const number = (kind: Difference['kind']) =>
    new Set(differences.filter((each) => each.kind === kind).map(({ object, key }) => `${object} ${key}`)).size;
  const verdict = {
    missing: number('missing'),
    different: number('different'),
    extra: number('extra'),
    rows,
    inFlight,
  };
  for (const { object, key, kind, column } of differences.slice(0, MOST_TOLD)) {
    night.log('warn', { outcome: 'differs', object, kind, column, stripeObjectId: key });
  }
  // Else the last agreement stands: what has changed since is compared again tomorrow, with what was not judged today.
  if (differences.length === 0 && inFlight === 0) await night.agreements.remember(resource, settled(seen, countedAt));
  return { outcome: differences.length === 0 ? 'agrees' : 'disagrees', ...verdict };
}

function changedOf({ rows, lists }: Again): Changed {
  return {
    rows: (object) => (rows.has(object) ? (rows.get(object) ?? null) : []),
    lists: (list: ListName, month) => lists.get(list)?.includes(month) === true,
  };
}
