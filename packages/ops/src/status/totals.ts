import { type MetricReader, sum } from '../adapters/metrics.ts';
import type { Deployment } from '../deployment/deployment.ts';
import { ours } from './our-metric.ts';
import type { Totals } from './standing.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** The counts of the last 24 hours; how many dead letters there are is the queues' to say. */
export async function totalsOf(
  { deployment, metrics }: { readonly deployment: Pick<Deployment, 'stage'>; readonly metrics: MetricReader },
  nowMs: number,
): Promise<Omit<Totals, 'deadLetters'>> {
  const series = await metrics(
    [
      ours(deployment, 'WebhookRequests', 'Sum'),
      ours(deployment, 'WebhookRequests', 'Sum', { Outcome: 'published' }),
      ours(deployment, 'Duplicates', 'Sum'),
      ours(deployment, 'StaleWritesRefused', 'Sum'),
      ours(deployment, 'EventsHandled', 'Sum', { Lane: 'realtime', Outcome: 'written' }),
      ours(deployment, 'RowsHandled', 'Sum', { Outcome: 'written' }),
      ours(deployment, 'Parked', 'Sum'),
      ours(deployment, 'SalesforceCalls', 'Sum'),
    ],
    { from: nowMs - DAY_MS, to: nowMs + MINUTE_MS, periodSeconds: 3_600 },
  );
  const [received = 0, published = 0, duplicates = 0, staleRefused = 0, urgent = 0, bulk = 0, failures = 0, calls = 0] =
    series.map(sum);
  const rowsWritten = urgent + bulk;
  return { received, published, duplicates, staleRefused, rowsWritten, failures, salesforceCalls: calls };
}
