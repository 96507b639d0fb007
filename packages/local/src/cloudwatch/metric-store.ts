/**
 * Metrics by the minute, in bounded memory: at most `maxBuckets` minutes over all series, the oldest written first to
 * go, and at most {@link SAMPLE} single values a minute for percentiles.
 */
import type { Datum, Dimensions } from './embedded-metrics.ts';

export type Bucket = { sum: number; count: number; min: number; max: number; readonly sample: number[] };
export type Series = {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Dimensions;
  readonly unit: string;
  /** By the start of the minute, in milliseconds. */
  readonly minutes: Map<number, Bucket>;
};

export const MINUTE_MS = 60_000;
const MAX_BUCKETS = 50_000;
/** Percentiles of busier minutes are those of their first values. */
const SAMPLE = 500;

export type MetricStore = ReturnType<typeof createMetricStore>;

export function createMetricStore(maxBuckets = MAX_BUCKETS) {
  const byKey = new Map<string, Series>();
  /** Every bucket in the order of its first value. */
  const order: { readonly key: string; readonly minute: number }[] = [];
  let head = 0;

  const evict = (): void => {
    while (order.length - head > maxBuckets) {
      const oldest = order[head];
      head += 1;
      if (oldest === undefined) continue;
      const series = byKey.get(oldest.key);
      series?.minutes.delete(oldest.minute);
      if (series?.minutes.size === 0) byKey.delete(oldest.key);
    }
    if (head > maxBuckets) {
      order.splice(0, head);
      head = 0;
    }
  };

  return {
    add(datum: Datum): void {
      const key = keyOf(datum);
      let series = byKey.get(key);
      if (series === undefined) {
        const { namespace, name, dimensions, unit } = datum;
        series = { namespace, name, dimensions, unit, minutes: new Map() };
        byKey.set(key, series);
      }
      const minute = Math.floor(datum.at / MINUTE_MS) * MINUTE_MS;
      let bucket = series.minutes.get(minute);
      if (bucket === undefined) {
        bucket = { sum: 0, count: 0, min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY, sample: [] };
        series.minutes.set(minute, bucket);
        order.push({ key, minute });
        evict();
      }
      for (const value of datum.values) {
        bucket.sum += value;
        bucket.count += 1;
        bucket.min = Math.min(bucket.min, value);
        bucket.max = Math.max(bucket.max, value);
        if (bucket.sample.length < SAMPLE) bucket.sample.push(value);
      }
    },
    find: (metric: Pick<Series, 'namespace' | 'name' | 'dimensions'>): Series | undefined => byKey.get(keyOf(metric)),
    list: (): Series[] => [...byKey.values()],
  };
}

function keyOf({ namespace, name, dimensions }: Pick<Series, 'namespace' | 'name' | 'dimensions'>): string {
  const sorted = Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([namespace, name, sorted]);
}

const PERCENTILE = /^p(\d{1,2}(?:\.\d+)?|100)$/;

/** Whether CloudWatch has the statistic and this store can give it. */
export function isStatistic(stat: string): boolean {
  return ['Sum', 'Average', 'Minimum', 'Maximum', 'SampleCount'].includes(stat) || PERCENTILE.test(stat);
}

/** One value for each period that has data, oldest first; `start` included, `end` not. Milliseconds. */
export function statistics(
  series: Series,
  range: { readonly start: number; readonly end: number; readonly periodMs: number },
  stat: string,
): { readonly at: number; readonly value: number }[] {
  const periods = new Map<number, Bucket[]>();
  for (const [minute, bucket] of series.minutes) {
    const at = Math.floor(minute / range.periodMs) * range.periodMs;
    if (minute < range.start || minute >= range.end) continue;
    const group = periods.get(at);
    if (group === undefined) periods.set(at, [bucket]);
    else group.push(bucket);
  }
  return [...periods].sort(([a], [b]) => a - b).map(([at, buckets]) => ({ at, value: statisticOf(buckets, stat) }));
}

function statisticOf(buckets: readonly Bucket[], stat: string): number {
  const total = (field: 'sum' | 'count'): number => buckets.reduce((sum, bucket) => sum + bucket[field], 0);
  if (stat === 'Sum') return total('sum');
  if (stat === 'SampleCount') return total('count');
  if (stat === 'Average') return total('sum') / total('count');
  if (stat === 'Minimum') return Math.min(...buckets.map(({ min }) => min));
  if (stat === 'Maximum') return Math.max(...buckets.map(({ max }) => max));
  const sorted = buckets.flatMap(({ sample }) => sample).sort((a, b) => a - b);
  const rank = Math.ceil((Number(stat.slice(1)) / 100) * sorted.length);
  return sorted[Math.max(0, rank - 1)] ?? 0;
}
