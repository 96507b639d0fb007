export type Interval = 'day' | 'week' | 'month' | 'year';

export const MINUTE = 60;
export const HOUR = 3_600;
export const DAY = 86_400;

/**
 * The end of the period that starts at `start`, in epoch seconds. Months keep the anchor's day and fall back to the
 * month's last day: a subscription begun on 31 January renews on 28 February, then on 31 March.
 */
export function addInterval(start: number, interval: Interval, count: number, anchor: number): number {
  if (interval === 'day') return start + count * DAY;
  if (interval === 'week') return start + count * 7 * DAY;
  const from = new Date(start * 1000);
  const months = interval === 'year' ? 12 * count : count;
  const day = new Date(anchor * 1000).getUTCDate();
  const firstOfMonth = Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + months, 1);
  const lastDay = new Date(
    Date.UTC(new Date(firstOfMonth).getUTCFullYear(), new Date(firstOfMonth).getUTCMonth() + 1, 0),
  ).getUTCDate();
  return firstOfMonth / 1000 + (Math.min(day, lastDay) - 1) * DAY + (start % DAY);
}
