import type { Buffer } from '../adapters/buffer.ts';
import type { Orphans } from '../adapters/orphans.ts';

/**
 * Rows that Salesforce has now: bulk rows that waited for them are due at once, and executions that did try when they next
 * look. Gives how many waited.
 */
export async function releaseChildren(
  parents: readonly string[],
  world: { readonly orphans: Pick<Orphans, 'release'>; readonly buffer: Pick<Buffer, 'wake'> },
): Promise<number> {
  const children = await world.orphans.release(parents);
  const rows = children.filter((child) => child.kind === 'row');
  for (const [object, same] of Map.groupBy(rows, (row) => row.object)) {
    await world.buffer.wake(
      object,
      same.map(({ key }) => key),
    );
  }
  return children.length;
}
