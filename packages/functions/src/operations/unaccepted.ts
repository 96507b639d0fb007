import type { AcceptedLog } from '../adapters/accepted-log.ts';

/**
 * Which of these events no line of the log names. Reads from `fromMs` to now, because Stripe may have delivered days after
 * an event was made, and stops as soon as none is left: a time in which nothing was missed is read once, and no line is kept.
 * `stopped` ends it early; then some of those that are left may be in what was not read (`read: false`).
 */
export async function unaccepted(
  ids: readonly string[],
  fromMs: number,
  world: { readonly accepted: AcceptedLog; readonly nowMs: () => number; readonly stopped: () => boolean },
): Promise<{ readonly left: ReadonlySet<string>; readonly read: boolean }> {
  const left = new Set(ids);
  if (left.size === 0) return { left, read: true };
  for await (const named of world.accepted.idsBetween(fromMs, world.nowMs())) {
    for (const id of named) left.delete(id);
    if (left.size === 0) break;
    if (world.stopped()) return { left, read: false };
  }
  return { left, read: true };
}
