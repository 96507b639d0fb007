import { last, type MetricReader } from '../adapters/metrics.ts';
import type { Deployment } from '../deployment/deployment.ts';
import { ours } from './our-metric.ts';
import type { Percentiles, Standing } from './standing.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const STATS = ['p50', 'p95', 'p99', 'SampleCount'] as const;

/** From Stripe's event time to the row written, of the last hour. */
export async function lagOf(
  { deployment, metrics }: { readonly deployment: Pick<Deployment, 'stage'>; readonly metrics: MetricReader },
  nowMs: number,
): Promise<Standing['lag']> {
  const of = (Lane: string) => STATS.map((stat) => ours(deployment, 'SyncLag', stat, { Lane }));
  const span = { from: nowMs - HOUR_MS, to: nowMs + MINUTE_MS, periodSeconds: 3_600 };
  const series = await metrics([...of('realtime'), ...of('bulk')], span);
  const values = series.map(last);
  return { realtime: percentiles(values.slice(0, STATS.length)), bulk: percentiles(values.slice(STATS.length)) };
}

function percentiles([p50, p95, p99, count]: readonly (number | null)[]): Percentiles | null {
  if (typeof p50 !== 'number' || typeof p95 !== 'number') return null;
  if (typeof p99 !== 'number' || typeof count !== 'number') return null;
  return { p50: Math.round(p50), p95: Math.round(p95), p99: Math.round(p99), count };
}
