import { contentHash } from '@payments/core/batch';
import type { SalesforceRecord, SObjectName } from '@payments/core/record';
import { LAG_MS } from '../adapters/batches.ts';
import type { FreshnessStore } from '../adapters/freshness-store.ts';
import type { Sent, SentHashes, Versions } from '../adapters/sent-hashes.ts';
import { subjectsOf } from './judged.ts';

type Row = {
  readonly key: string;
  readonly record: SalesforceRecord;
  /** Of the oldest event in it, ms since 1970. */
  readonly receivedAt: number;
};

/** Owners of which every event travels the bulk lane (routes.ts): nobody else can have written between two of ours. */
const BULK_ONLY: ReadonlySet<string> = new Set(['customer', 'product']);

/**
 * The rows that need not be sent, with the versions that the org has: the same content as last time. Where the realtime
 * lane may have written between then and now, and then not yet told, only an exact repeat counts: the same versions too.
 *
 * A version that is left out lags in the org, and a late older state would pass the guard there if Redis forgot what the
 * lanes know. So such a row stays in the buffer (`settle.ts`), where a replay after a loss brings it again, and is sent
 * when its version has lagged for `LAG_MS`.
 */
export async function unchanged(
  object: SObjectName,
  rows: readonly Row[],
  world: {
    readonly sent: Pick<SentHashes, 'read'>;
    readonly freshness: Pick<FreshnessStore, 'known'>;
    readonly generation: string;
    readonly nowMs: () => number;
  },
): Promise<ReadonlyMap<string, Versions>> {
  const keys = rows.map(({ key }) => key);
  const sent = await world.sent.read(object, keys, world.generation);
  const now = world.nowMs();
  const same = new Map<string, Versions>();
  const later: { readonly row: Row; readonly before: Sent }[] = [];
  rows.forEach((row, index) => {
    const before = sent[index] ?? null;
    if (before === null || before.hash !== contentHash(row.record)) return;
    if (!lags(row.record, before.versions)) same.set(row.key, before.versions);
    else if (mayLag(row, now)) later.push({ row, before });
  });
  const known = await world.freshness.known(later.flatMap(({ row }) => subjectsOf(row.record)));
  let next = 0;
  for (const { row, before } of later) {
    const subjects = subjectsOf(row.record);
    const stands = subjects.every(({ owner }, index) => known[next + index]?.version === before.seen[owner]);
    next += subjects.length;
    if (stands) same.set(row.key, before.versions);
  }
  return same;
}

function mayLag({ record, receivedAt }: Row, now: number): boolean {
  return now < receivedAt + LAG_MS && Object.keys(record.owners).every((owner) => BULK_ONLY.has(owner));
}

/** Whether the org has another version than the record's of at least one owner. */
export function lags(record: SalesforceRecord, stored: Versions): boolean {
  return Object.entries(versionsOf(record)).some(([owner, version]) => Reflect.get(stored, owner) !== version);
}

/** What is remembered of a row that was sent, or found equal to one that had the versions `stored`. */
export function sentOf(record: SalesforceRecord, stored: Versions = versionsOf(record)): Sent {
  return { hash: contentHash(record), versions: stored, seen: versionsOf(record) };
}

function versionsOf({ owners }: SalesforceRecord): Versions {
  return Object.fromEntries(Object.entries(owners).map(([owner, { version }]) => [owner, version]));
}
