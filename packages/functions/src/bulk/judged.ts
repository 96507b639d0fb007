import { onlyOwners, ownerHash } from '@payments/core/batch';
import { judge, type Known, type Verdict } from '@payments/core/freshness';
import { type Owner, ownersOf, type SalesforceRecord } from '@payments/core/record';
import type { FreshnessStore, Subject } from '../adapters/freshness-store.ts';
import type { Statement } from './statement.ts';

export type Judged = {
  /** Without the owners' columns that are stale, and without rows of which nothing is left. */
  readonly records: readonly SalesforceRecord[];
  /** At least one owner shares its second with another state that was written. */
  readonly tie: boolean;
};

/** Asks what both lanes last wrote, in one go, and leaves out what is older. In the order of `statements`. */
export async function judged(
  statements: readonly Statement[],
  freshness: Pick<FreshnessStore, 'known'>,
): Promise<readonly Judged[]> {
  const subjects = statements.flatMap(({ records }) => records.flatMap(subjectsOf));
  const known = await freshness.known(subjects);
  let next = 0;
  return statements.map(({ event, records }) => {
    let tie = false;
    const kept: SalesforceRecord[] = [];
    for (const record of records) {
      const stale = new Set<Owner>();
      for (const { owner } of subjectsOf(record)) {
        const before = known[next] ?? null;
        next += 1;
        const said = record.owners[owner];
        if (said === undefined) continue;
        const verdict = verdictOf(before, { ...said, eventId: event.id, content: contentFor(before, record, owner) });
        if (verdict === 'stale') stale.add(owner);
        if (verdict === 'tie') tie = true;
      }
      const spoke = Object.keys(record.owners).length;
      if (stale.size === 0) kept.push(record);
      if (stale.size === 0 || stale.size === spoke) continue;
      const left = onlyOwners(
        record,
        new Set([...ownersOf(record.object).keys()].filter((owner) => !stale.has(owner))),
      );
      if (left !== null) kept.push(left);
    }
    return { records: kept, tie };
  });
}

/** Only where it can matter: most states are newer or older. */
function contentFor(before: Known | null, record: SalesforceRecord, owner: Owner): string | undefined {
  const may = before?.content !== undefined && before.version === record.owners[owner]?.version;
  return may ? ownerHash(record, owner) : undefined;
}

/** A stub knows nothing of a row that is known. */
function verdictOf(known: Parameters<typeof judge>[0], incoming: Parameters<typeof judge>[1]): Verdict {
  if (incoming.version === 0) return known === null ? 'apply' : 'stale';
  return judge(known, incoming);
}

export function subjectsOf(record: SalesforceRecord): readonly Subject[] {
  const externalId = record.externalId ?? record.rowId;
  return [...ownersOf(record.object).keys()]
    .filter((owner) => record.owners[owner] !== undefined)
    .map((owner) => ({ owner, externalId }));
}
