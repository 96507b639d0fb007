import { keyOf } from '@payments/core/batch';
import * as planner from '@payments/core/plan';
import type { SalesforceRecord } from '@payments/core/record';
import type { GivenBack } from '../adapters/batches.ts';
import type { Buffer } from '../adapters/buffer.ts';
import type { Orphans } from '../adapters/orphans.ts';
import { fullParent } from '../realtime/full-parent.ts';
import type { BatchAccount } from './account.ts';
import { type BufferedRow, incomingFrom, recordFrom } from './row.ts';
import type { Reads } from './statement.ts';

export type OrphanWorld = Reads & {
  readonly orphans: Orphans;
  readonly buffer: Pick<Buffer, 'put' | 'wake'>;
};

/** A few per flush: each costs a read of Stripe. The others are read when they fail again. */
const READ_AT_ONCE = 50;

/**
 * Rows whose parent is not in Salesforce, where not even an empty one could be made of it, wait in the parking set. The
 * parent is read from Stripe and goes into its own buffer: the org may take the real row. Whatever brings it, wakes them.
 */
export async function parkOrphans(
  { object, rows, outcomes }: BatchAccount,
  givenBack: readonly GivenBack[],
  world: OrphanWorld,
): Promise<void> {
  const read = new Map<string, { readonly child: BufferedRow; readonly record: SalesforceRecord }>();
  for (const { key } of givenBack) {
    const [row, outcome] = [rows.get(key), outcomes.get(key)];
    if (row === undefined || outcome?.kind !== 'failed' || outcome.parent === undefined) continue;
    await world.orphans.wait({ kind: 'row', object, key }, { parent: outcome.parent, code: outcome.code });
    if (read.size < READ_AT_ONCE) read.set(outcome.parent, { child: row, record: recordFrom(object, row) });
  }
  for (const [externalId, { child, record }] of read) {
    const parent = record.parents.find((each) => each.externalId === externalId);
    // Stripe's failure is not the rows': they wait, and ask again with their next try.
    if (parent !== undefined) await bufferParent(parent, child, world).catch(() => {});
  }
}

async function bufferParent(
  parent: SalesforceRecord['parents'][number],
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
