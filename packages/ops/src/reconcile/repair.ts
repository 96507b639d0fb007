import { randomUUID } from 'node:crypto';
import type { Envelope } from '@payments/core/event';
import { routeOf } from '@payments/core/routes';
import type { Salesforce } from '@payments/functions/adapters/salesforce';
import { differencesOf } from '@payments/functions/operations/reconcile/compare';
import { actualOf } from '@payments/functions/operations/reconcile/reconcile';
import type { ExpectedRow, Origin } from '@payments/functions/operations/reconcile/told';
import type { BusEntry } from '../adapters/bus.ts';

export type RepairWorld = {
  readonly publish: (entry: BusEntry) => Promise<void>;
  readonly now: () => Date;
};

/**
 * Tells the road once more what it should have written: one thin event for each state, as the ingress publishes one that is
 * too large. Whoever handles it reads the object from Stripe as it is then, so a repair is never older than what it repairs.
 * What was deleted goes as the event of its deletion.
 */
export async function tellAgain(origins: readonly Origin[], { publish, now }: RepairWorld): Promise<void> {
  const told = new Set<string>();
  for (const { event, isEvent } of origins) {
    const objectId = String(event.data.object.id);
    const name = `${event.type} ${objectId}`;
    if (told.has(name)) continue;
    told.add(name);
    const { type, created, livemode } = event;
    const high = routeOf(type)?.priority === 'high';
    const receivedAt = now();
    const id = `evt_reconcile_${randomUUID().replaceAll('-', '')}`;
    const detail: Envelope = {
      priority: high ? 'high' : 'low',
      lane: high ? 'realtime' : 'bulk',
      receivedAt: receivedAt.toISOString(),
      correlationId: randomUUID(),
      event: isEvent ? { ...event, id } : { thin: true, id, type, created, livemode, api_version: null, objectId },
    };
    await publish({ detailType: type, detail: JSON.stringify(detail) });
  }
}

const LOOK_EVERY_MS = 5_000;

/** Looks at these rows in Salesforce until all of them are as they should be, or it is time. Gives those that are, by object and key. */
export async function untilEqual(
  rows: readonly ExpectedRow[],
  world: {
    readonly salesforce: Salesforce;
    readonly nowMs: () => number;
    readonly untilMs: number;
    readonly sleep: (ms: number) => Promise<unknown>;
    readonly stopped: () => boolean;
    readonly onLook: (equal: number) => void;
  },
): Promise<ReadonlySet<string>> {
  const byObject = [...Map.groupBy(rows, ({ object }) => object)];
  for (;;) {
    const equal = new Set<string>();
    for (const [object, some] of byObject) {
      const actual = await actualOf(object, some, world.salesforce);
      for (const row of some) {
        if (differencesOf(row, actual.get(row.key)).length === 0) equal.add(`${object} ${row.key}`);
      }
    }
    world.onLook(equal.size);
    if (equal.size === rows.length || world.nowMs() >= world.untilMs || world.stopped()) return equal;
    await world.sleep(LOOK_EVERY_MS);
  }
}
