import { at, listed } from './reference.ts';

export type Period = { readonly start: unknown; readonly end: unknown };

/**
 * The current period of a subscription. Since 2025-03-31.basil each item has its own; the one that ends first is the
 * next renewal. Before, the subscription had it.
 */
export function subPeriod(
  subscription: unknown,
  items: readonly unknown[] = listed(at(subscription, 'items')),
): Period {
  let next: { readonly item: unknown; readonly end: number } | null = null;
  for (const item of items) {
    const end = at(item, 'current_period_end');
    if (typeof end === 'number' && end > 0 && (next === null || end < next.end)) next = { item, end };
  }
  if (next !== null) return { start: at(next.item, 'current_period_start'), end: next.end };
  return { start: at(subscription, 'current_period_start'), end: at(subscription, 'current_period_end') };
}
