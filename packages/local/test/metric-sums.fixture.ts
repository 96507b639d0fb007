/** What the functions have told CloudWatch, asked for over its wire. */
import { CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import type { Snapshot } from '@payments/console/contract';
import { NAMESPACE } from '@payments/core/metrics';
import type { Machine } from '../src/machine.ts';

type Watched = Pick<Machine, 'road' | 'graph'>;

/** Of the last day. */
export async function metricSum(
  { road, graph }: Watched,
  name: string,
  dimensions: Readonly<Record<string, string>> = {},
): Promise<number> {
  const client = new CloudWatchClient({
    ...{ endpoint: road.awsUrl, region: graph.region },
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const Dimensions = Object.entries({ Stage: 'local', ...dimensions }).map(([Name, Value]) => ({ Name, Value }));
  const Metric = { Namespace: NAMESPACE, MetricName: name, Dimensions };
  const { MetricDataResults = [] } = await client.send(
    new GetMetricDataCommand({
      MetricDataQueries: [{ Id: 'm', MetricStat: { Metric, Period: 3_600, Stat: 'Sum' } }],
      StartTime: new Date(Date.now() - 86_400_000),
      EndTime: new Date(Date.now() + 60_000),
    }),
  );
  return (MetricDataResults[0]?.Values ?? []).reduce((sum, value) => sum + value, 0);
}

/** The totals of console and command, as the metrics have them; how many dead letters wait is the queues' to say. */
export async function totalsByMetrics(machine: Watched): Promise<Omit<Snapshot['totals'], 'deadLetters'>> {
  const sum = (name: string, dimensions?: Record<string, string>) => metricSum(machine, name, dimensions);
  return {
    received: await sum('WebhookRequests'),
    published: await sum('WebhookRequests', { Outcome: 'published' }),
    duplicates: await sum('Duplicates'),
    staleRefused: await sum('StaleWritesRefused'),
    rowsWritten:
      (await sum('EventsHandled', { Lane: 'realtime', Outcome: 'written' })) +
      (await sum('RowsHandled', { Outcome: 'written' })),
    failures: await sum('Parked'),
    salesforceCalls: await sum('SalesforceCalls'),
  };
}
