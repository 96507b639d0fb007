import { contentHash } from '@payments/core/batch';
import type { SalesforceRecord, SObjectName } from '@payments/core/record';
import type { FreshnessStore } from '../adapters/freshness-store.ts';
import type { Sent, SentHashes } from '../adapters/sent-hashes.ts';
import { subjectsOf } from './judged.ts';

type Row = { readonly key: string; readonly record: SalesforceRecord };

/** Owners of which every event travels the bulk lane (routes.ts): nobody else can have written between two of ours. */
const BULK_ONLY: ReadonlySet<string> = new Set(['customer', 'product']);

/**
 * The rows that need not be sent: the same content as last time. Where the realtime lane may have written between
 * then and now, and then not yet told, only an exact repeat counts: the same versions too.
 */
export async function unchanged(
  object: SObjectName,
  rows: readonly Row[],
  world: { readonly sent: Pick<SentHashes, 'read'>; readonly freshness: Pick<FreshnessStore, 'known'> },
): Promise<ReadonlySet<string>> {
  const sent = await world.sent.read(
    object,
    rows.map(({ key }) => key),
  );
  const same = new Set<string>();
  const later: { readonly row: Row; readonly before: Sent }[] = [];
  rows.forEach((row, index) => {
    const before = sent[index] ?? null;
    if (before === null || before.hash !== contentHash(row.record)) return;
    const owners = Object.entries(row.record.owners);
    if (owners.every(([owner, { version }]) => before.versions[owner] === version)) same.add(row.key);
    else if (owners.every(([owner]) => BULK_ONLY.has(owner))) later.push({ row, before });
  });
  const known = await world.freshness.known(later.flatMap(({ row }) => subjectsOf(row.record)));
  let next = 0;
  for (const { row, before } of later) {
    const subjects = subjectsOf(row.record);
    const stands = subjects.every(({ owner }, index) => known[next + index]?.version === before.versions[owner]);
    next += subjects.length;
    if (stands) same.add(row.key);
  }
  return same;
}

export function sentOf(record: SalesforceRecord): Sent {
  const versions = Object.fromEntries(Object.entries(record.owners).map(([owner, { version }]) => [owner, version]));
  return { hash: contentHash(record), versions };
}
