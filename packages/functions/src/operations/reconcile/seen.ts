import type { Seen } from '@payments/core/agreement';
import type { Resource } from '@payments/core/listing';
import { comparable } from './compare.ts';
import { everyList, monthOf, OBJECTS, type ReconcileWorld } from './reconcile.ts';
import { half } from './row-table.ts';
import { countsByMonth } from './salesforce-rows.ts';
import { rowsTold } from './told.ts';

/**
 * How one kind of object stands on both sides, without a row of Salesforce: one query for each object, and Stripe's lists. Of
 * those nothing is kept but a sum for each month, whatever their order: memory does not grow with them.
 */
export async function seenNow(resource: Resource, until: number, world: ReconcileWorld): Promise<Seen> {
  const rows: Record<string, Record<string, { rows: number; latest: string }>> = {};
  const told: Record<string, number> = {};
  for (const object of OBJECTS[resource]) {
    rows[object] = Object.fromEntries(await countsByMonth(object, resource, world.salesforce));
    told[object] = 0;
  }
  const sums = new Map<string, Map<string, { objects: number; a: number; b: number }>>();
  await everyList({ resources: [resource], since: 0, until }, world, async (list, said) => {
    const months = sums.get(list.name) ?? new Map();
    sums.set(list.name, months);
    const month = monthOf(said.created);
    const sum = months.get(month) ?? { objects: 0, a: 0, b: 0 };
    months.set(month, sum);
    sum.objects += 1;
    for (const { object, key, created, columns } of await rowsTold(list, said, world.stripe)) {
      if (!(object in told)) continue;
      if (created > 0) told[object] = (told[object] ?? 0) + 1;
      for (const [column, { value }] of columns) {
        const text = JSON.stringify([object, key, column, comparable(column, value)]);
        sum.a = (sum.a + half(text, 0)) >>> 0;
        sum.b = (sum.b + half(text, 0x9e3779b9)) >>> 0;
      }
    }
  });
  const lists = Object.fromEntries(
    [...sums].map(([list, months]) => [
      list,
      Object.fromEntries([...months].map(([month, { objects, a, b }]) => [month, { objects, hash: `${a}-${b}` }])),
    ]),
  );
  return { rows, lists, told };
}
