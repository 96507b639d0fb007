import { ownersOf, type Parent } from '@payments/core/record';
import type { FreshnessStore, Subject } from '../adapters/freshness-store.ts';
import type { Child, Orphans } from '../adapters/orphans.ts';

export type Orphaned = {
  readonly child: Child;
  readonly parent: Pick<Parent, 'object' | 'externalId'>;
  /** With which Salesforce refused the parent. */
  readonly code: string;
};

/**
 * From now on these children wait. Gives those whose parent came while they were on their way here: whoever brought it
 * remembered what it wrote and then asked who waits, and found nobody. So it is looked up once they wait. What was known
 * at the child's last try is no news: a parent that somebody deleted in Salesforce is remembered for a month.
 */
export async function waitForParents(
  orphaned: readonly Orphaned[],
  world: {
    readonly orphans: Pick<Orphans, 'wait' | 'waiting'>;
    readonly freshness: Pick<FreshnessStore, 'known'>;
    readonly nowMs: () => number;
  },
): Promise<readonly Orphaned[]> {
  if (orphaned.length === 0) return [];
  const before = await world.orphans.waiting(orphaned.map(({ child }) => child));
  const waits = orphaned.map(({ child, parent, code }, index) => ({
    ...{ child, parent: parent.externalId, code, triedAt: world.nowMs(), seen: before[index]?.seen ?? '' },
  }));
  await world.orphans.wait(waits);
  const seen = await seenOf(
    orphaned.map(({ parent }) => parent),
    world.freshness,
  );
  const news = waits.flatMap((wait) => {
    const now = seen.get(wait.parent) ?? '';
    return now === '' || now === wait.seen ? [] : [{ ...wait, seen: now, triedAt: 0 }];
  });
  await world.orphans.wait(news);
  const came = new Set(news.map(({ child }) => child));
  return orphaned.filter(({ child }) => came.has(child));
}

/** The versions that were last written of each parent, as a text; none of a parent that nobody wrote, or only as an empty row. */
async function seenOf(
  parents: readonly Orphaned['parent'][],
  freshness: Pick<FreshnessStore, 'known'>,
): Promise<ReadonlyMap<string, string>> {
  const distinct = [...new Map(parents.map((parent) => [parent.externalId, parent])).values()];
  const subjects = distinct.flatMap(({ object, externalId }): Subject[] =>
    [...ownersOf(object).keys()].map((owner) => ({ owner, externalId })),
  );
  const known = await freshness.known(subjects);
  const seen = new Map<string, string>();
  subjects.forEach(({ owner, externalId }, index) => {
    const version = known[index]?.version;
    if (version !== undefined) seen.set(externalId, `${seen.get(externalId) ?? ''}${owner} ${version};`);
  });
  return seen;
}
