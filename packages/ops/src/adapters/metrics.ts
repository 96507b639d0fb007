import { CloudWatchClient, GetMetricDataCommand, type MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import type { Deployment } from '../deployment/deployment.ts';

export type Metric = {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions?: Readonly<Record<string, string>>;
  readonly stat: 'Sum' | 'Average' | 'Maximum' | 'SampleCount' | 'p50' | 'p95' | 'p99';
};

export type Span = {
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** Multiple of 60. */
  readonly periodSeconds: number;
};

/** One value per period that has data, oldest first. */
export type Series = readonly { readonly at: number; readonly value: number }[];

/** CloudWatch takes 500 a call. */
const QUERIES_PER_CALL = 500;

/** Reads metrics in the order asked; a metric that was never said is an empty series. */
export type MetricReader = (metrics: readonly Metric[], span: Span) => Promise<readonly Series[]>;

export function metricReader(deployment: Deployment): MetricReader {
  const client = new CloudWatchClient(deployment.aws);
  return async (metrics, span) => {
    const found: Series[] = [];
    for (let from = 0; from < metrics.length; from += QUERIES_PER_CALL) {
      found.push(...(await read(client, metrics.slice(from, from + QUERIES_PER_CALL), span)));
    }
    return found;
  };
}

async function read(client: CloudWatchClient, metrics: readonly Metric[], span: Span): Promise<readonly Series[]> {
  const points = metrics.map((): { at: number; value: number }[] => []);
  let NextToken: string | undefined;
  do {
    const answer = await client.send(
      new GetMetricDataCommand({
        MetricDataQueries: metrics.map((metric, index) => query(metric, index, span.periodSeconds)),
        StartTime: new Date(span.from),
        EndTime: new Date(span.to),
        ScanBy: 'TimestampAscending',
        NextToken,
      }),
    );
    for (const { Id = '', Timestamps = [], Values = [] } of answer.MetricDataResults ?? []) {
      Timestamps.forEach((at, index) => {
        points[Number(Id.slice(1))]?.push({ at: at.getTime(), value: Values[index] ?? 0 });
      });
    }
    NextToken = answer.NextToken;
  } while (NextToken !== undefined);
  return points;
}

function query({ namespace, name, dimensions = {}, stat }: Metric, index: number, period: number): MetricDataQuery {
  return {
    Id: `m${index}`,
    MetricStat: {
      Metric: {
        Namespace: namespace,
        MetricName: name,
        Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
      },
      Period: period,
      Stat: stat,
    },
  };
}

export function sum(series: Series | undefined): number {
  return (series ?? []).reduce((total, { value }) => total + value, 0);
}

/** The newest value; `null` when there is none. */
export function last(series: Series | undefined): number | null {
  return series?.at(-1)?.value ?? null;
}
