import { keyOf } from '@payments/core/batch';
import * as planner from '@payments/core/plan';
import type { Parent } from '@payments/core/record';
import type { GivenBack } from '../adapters/batches.ts';
import type { Buffer } from '../adapters/buffer.ts';
import type { FreshnessStore } from '../adapters/freshness-store.ts';
import type { Orphans } from '../adapters/orphans.ts';
import { fullParent } from '../realtime/full-parent.ts';
import { type Orphaned, waitForParents } from '../realtime/wait-for-parents.ts';
import type { BatchAccount } from './account.ts';
import { type BufferedRow, incomingFrom, recordFrom } from './row.ts';
import type { Reads } from './statement.ts';

export type OrphanWorld = Reads & {
  readonly orphans: Orphans;
  readonly freshness: Pick<FreshnessStore, 'known'>;
  readonly buffer: Pick<Buffer, 'put' | 'wake'>;
  readonly nowMs: () => number;
};

export type OrphanedRow = Orphaned & { readonly row: BufferedRow };

/** Rows that were given back because their parent is not in Salesforce, where not even an empty one could be made of it. */
export function orphanedRows(
  { object, rows, outcomes }: BatchAccount,
  givenBack: readonly GivenBack[],
): readonly OrphanedRow[] {
  return givenBack.flatMap(({ key }) => {
    const [row, outcome] = [rows.get(key), outcomes.get(key)];
    if (row === undefined || outcome?.kind !== 'failed' || outcome.parent === undefined) return [];
    const parent = recordFrom(object, row).parents.find(({ externalId }) => externalId === outcome.parent);
    if (parent === undefined) return [];
    return [{ child: { kind: 'row', object, key }, parent, code: outcome.code, row }];
  });
}

/**
 * They wait in the parking set, and whatever brings the parent wakes them. To be called once they are back in the buffer: a
 * row that is still in its batch cannot be woken, and would then sleep for as long as it was given back for.
 */
export async function parkOrphans(orphaned: readonly OrphanedRow[], world: OrphanWorld): Promise<void> {
  const came = await waitForParents(orphaned, world);
  const rows = came.flatMap(({ child }) => (child.kind === 'row' ? [child] : []));
  for (const [object, same] of Map.groupBy(rows, (row) => row.object)) {
    await world.buffer.wake(
      object,
      same.map(({ key }) => key),
    );
  }
}

/** A few per flush: each costs a read of Stripe. The others are read when they fail again. */
const MOST_READ = 50;
const READS_AT_ONCE = 10;
/** Until which a further reading is begun; Settle may take two minutes. */
const READING_MS = 20_000;

/**
 * The parents are read from Stripe and go into their own buffer: the org may take the real row. Never throws, and ends at the
 * first reading that fails: the rows wait, and ask again with their next try.
 */
export async function readParents(orphaned: readonly OrphanedRow[], world: OrphanWorld): Promise<void> {
  const byParent = new Map(orphaned.map((each) => [each.parent.externalId, each]));
  const until = world.nowMs() + READING_MS;
  const queue = [...byParent.values()].slice(0, MOST_READ).values();
  let answers = true;
  const worker = async () => {
    for (const { parent, row } of queue) {
      if (!answers || world.nowMs() > until) return;
      await bufferParent(parent, row, world).catch(() => {
        answers = false;
      });
    }
  };
  await Promise.all(Array.from({ length: READS_AT_ONCE }, worker));
}

async function bufferParent(
  parent: Pick<Parent, 'object' | 'externalId'>,
  child: BufferedRow,
  world: OrphanWorld,
): Promise<void> {
  const { eventId, receivedAt, correlationId, newestAt } = child;
  const atSecond = Math.floor(newestAt / 1_000);
  const event = { id: eventId, created: atSecond, livemode: false };
  const full = await fullParent(parent, event, { planner, stripe: world.stripe, nameRows: world.nameRows });
  for (const [object, records] of Map.groupBy(full ?? [], (record) => record.object)) {
    const said = { eventId, atSecond, receivedAt, fetched: true, correlationId };
    await world.buffer.put(
      object,
      records.map((record) => ({ key: keyOf(record), incoming: incomingFrom(record, said) })),
    );
  }
}
