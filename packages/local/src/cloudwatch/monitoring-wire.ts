/** CloudWatch's GetMetricData, GetMetricStatistics and ListMetrics, in JSON and in the query protocol. */
import * as v from 'valibot';
import type { QueryDialect, XmlValue } from '../aws/query-protocol.ts';
import type { ServiceAnswer } from '../aws/server.ts';
import { wrongParameter } from '../aws/wrong-parameter.ts';
import type { Dimensions } from './embedded-metrics.ts';
import { isStatistic, type MetricStore, type Series, statistics } from './metric-store.ts';

class MonitoringError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = code;
    this.code = code;
  }
}

/** Numbers are text in the query protocol. */
const Whole = v.pipe(v.union([v.number(), v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number))]), v.integer());
/** Seconds since 1970 in JSON, ISO 8601 in the query protocol; milliseconds here. */
const Time = v.union([
  v.pipe(
    v.number(),
    v.transform((seconds) => seconds * 1000),
  ),
  v.pipe(
    v.string(),
    v.check((text) => !Number.isNaN(Date.parse(text)), 'is not a timestamp'),
    v.transform((text) => Date.parse(text)),
  ),
]);
const Flag = v.union([
  v.boolean(),
  v.pipe(
    v.picklist(['true', 'false']),
    v.transform((text) => text === 'true'),
  ),
]);
const Dimension = v.strictObject({ Name: v.string(), Value: v.string() });
const DimensionList = v.optional(v.pipe(v.array(Dimension), v.maxLength(30)), []);
const Period = v.pipe(Whole, v.minValue(1));

const Query = v.strictObject({
  Id: v.pipe(v.string(), v.regex(/^[a-z]\w{0,254}$/, 'must start with a lower-case letter')),
  Label: v.optional(v.string()),
  Expression: v.optional(v.string()),
  ReturnData: v.optional(Flag, true),
  MetricStat: v.optional(
    v.strictObject({
      Metric: v.strictObject({ Namespace: v.string(), MetricName: v.string(), Dimensions: DimensionList }),
      Period,
      Stat: v.string(),
      Unit: v.optional(v.string()),
    }),
  ),
});
const GetMetricData = v.strictObject({
  MetricDataQueries: v.pipe(v.array(Query), v.minLength(1), v.maxLength(500)),
  StartTime: Time,
  EndTime: Time,
  /** All data points fit into one answer. */
  MaxDatapoints: v.optional(Whole),
  ScanBy: v.optional(v.picklist(['TimestampAscending', 'TimestampDescending']), 'TimestampDescending'),
});
const GetMetricStatistics = v.strictObject({
  Namespace: v.string(),
  MetricName: v.string(),
  Dimensions: DimensionList,
  StartTime: Time,
  EndTime: Time,
  Period,
  Unit: v.optional(v.string()),
  Statistics: v.optional(v.array(v.string()), []),
  ExtendedStatistics: v.optional(v.array(v.string()), []),
});
const ListMetrics = v.strictObject({
  Namespace: v.optional(v.string()),
  MetricName: v.optional(v.string()),
  Dimensions: v.optional(v.array(v.strictObject({ Name: v.string(), Value: v.optional(v.string()) })), []),
  NextToken: v.optional(v.string()),
});

const PAGE = 500;

export function handleMonitoring(metrics: MetricStore, operation: string, input: unknown): ServiceAnswer {
  try {
    return { status: 200, body: answer(metrics, operation, input) };
  } catch (error) {
    if (error instanceof MonitoringError) return refusal(error.code, error.message);
    if (error instanceof v.ValiError) {
      return refusal('ValidationException', wrongParameter(error, 'CloudWatch'));
    }
    throw error;
  }
}

function refusal(code: string, message: string): ServiceAnswer {
  const body = { __type: code, message };
  return code === 'ValidationException' ? { status: 400, body, queryCode: 'ValidationError' } : { status: 400, body };
}

function answer(metrics: MetricStore, operation: string, input: unknown): unknown {
  switch (operation) {
    case 'GetMetricData':
      return getMetricData(metrics, v.parse(GetMetricData, input));
    case 'GetMetricStatistics':
      return getMetricStatistics(metrics, v.parse(GetMetricStatistics, input));
    case 'ListMetrics':
      return listMetrics(metrics, v.parse(ListMetrics, input));
    default:
      throw new MonitoringError('InvalidAction', `${operation} is not imitated by the local CloudWatch.`);
  }
}

function getMetricData(metrics: MetricStore, request: v.InferOutput<typeof GetMetricData>): unknown {
  const { StartTime: start, EndTime: end } = request;
  if (start >= end) {
    throw new MonitoringError(
      'ValidationException',
      'The parameter StartTime must be less than the parameter EndTime.',
    );
  }
  const results = request.MetricDataQueries.map((query) => {
    if (query.MetricStat === undefined) {
      throw new MonitoringError(
        'ValidationException',
        `The query ${query.Id} has no MetricStat: metric math and Metrics Insights are not imitated by the local CloudWatch.`,
      );
    }
    const { Metric, Period: period, Stat, Unit } = query.MetricStat;
    checkStatistic(Stat);
    const series = inUnit(
      metrics.find({
        namespace: Metric.Namespace,
        name: Metric.MetricName,
        dimensions: dimensionsOf(Metric.Dimensions),
      }),
      Unit,
    );
    const points = series === undefined ? [] : statistics(series, { start, end, periodMs: periodMs(period) }, Stat);
    if (request.ScanBy === 'TimestampDescending') points.reverse();
    return {
      returned: query.ReturnData,
      Id: query.Id,
      Label: query.Label ?? Metric.MetricName,
      Timestamps: points.map(({ at }) => at / 1000),
      Values: points.map(({ value }) => value),
      StatusCode: 'Complete',
    };
  });
  return {
    MetricDataResults: results.filter(({ returned }) => returned).map(({ returned: _, ...result }) => result),
    Messages: [],
  };
}

function getMetricStatistics(metrics: MetricStore, request: v.InferOutput<typeof GetMetricStatistics>): unknown {
  const wanted = [...request.Statistics, ...request.ExtendedStatistics];
  if (wanted.length === 0) {
    throw new MonitoringError('InvalidParameterCombination', 'At least one statistic must be given.');
  }
  wanted.forEach(checkStatistic);
  const { Namespace: namespace, MetricName: name } = request;
  const series = inUnit(metrics.find({ namespace, name, dimensions: dimensionsOf(request.Dimensions) }), request.Unit);
  const points = new Map<number, Record<string, unknown>>();
  for (const stat of series === undefined ? [] : wanted) {
    const range = { start: request.StartTime, end: request.EndTime, periodMs: periodMs(request.Period) };
    for (const { at, value } of series === undefined ? [] : statistics(series, range, stat)) {
      const point = points.get(at) ?? { Timestamp: at / 1000, Unit: series?.unit ?? 'None' };
      const extended = stat.startsWith('p') ? { ExtendedStatistics: { ...asObject(point), [stat]: value } } : null;
      points.set(at, { ...point, ...(extended ?? { [stat]: value }) });
    }
  }
  return { Label: name, Datapoints: [...points.values()] };
}

function asObject(point: Readonly<Record<string, unknown>>): object {
  const { ExtendedStatistics: given } = point;
  return typeof given === 'object' && given !== null ? given : {};
}

function listMetrics(metrics: MetricStore, request: v.InferOutput<typeof ListMetrics>): unknown {
  const from = Number(request.NextToken ?? 0);
  if (!Number.isSafeInteger(from) || from < 0) throw new MonitoringError('InvalidParameterValue', 'Invalid nextToken');
  const all = metrics.list().filter((series) => isWanted(series, request));
  const end = from + PAGE;
  return {
    Metrics: all.slice(from, end).map(({ namespace, name, dimensions }) => ({
      Namespace: namespace,
      MetricName: name,
      Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
    })),
    ...(end < all.length ? { NextToken: String(end) } : {}),
  };
}

function isWanted(series: Series, request: v.InferOutput<typeof ListMetrics>): boolean {
  if (request.Namespace !== undefined && request.Namespace !== series.namespace) return false;
  if (request.MetricName !== undefined && request.MetricName !== series.name) return false;
  return request.Dimensions.every(({ Name, Value }) => {
    const held = Object.hasOwn(series.dimensions, Name) ? series.dimensions[Name] : undefined;
    return held !== undefined && (Value === undefined || Value === held);
  });
}

/** Data of another unit than the one asked for is no data. */
function inUnit(series: Series | undefined, unit: string | undefined): Series | undefined {
  return unit === undefined || series?.unit === unit ? series : undefined;
}

function checkStatistic(stat: string): void {
  if (isStatistic(stat)) return;
  throw new MonitoringError(
    'ValidationException',
    `The statistic ${stat.slice(0, 40)} is not one of Sum, Average, Minimum, Maximum, SampleCount and pNN, which are all that the local CloudWatch has.`,
  );
}

/** Metrics are kept by the minute: shorter periods are those of the minute. */
function periodMs(seconds: number): number {
  if (seconds > 60 && seconds % 60 !== 0) {
    throw new MonitoringError('ValidationException', 'Period must be 1, 5, 10, 30 or a multiple of 60.');
  }
  return Math.max(60, seconds) * 1000;
}

function dimensionsOf(list: readonly { readonly Name: string; readonly Value: string }[]): Dimensions {
  return Object.fromEntries(list.map(({ Name, Value }) => [Name, Value]));
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function xmlOf(value: unknown, name: string): XmlValue {
  if (Array.isArray(value)) return { member: value.map((entry) => xmlOf(entry, name)) };
  if (name.startsWith('Timestamp') && typeof value === 'number') return new Date(value * 1000).toISOString();
  if (name === 'ExtendedStatistics' && isRecord(value)) {
    return { entry: Object.entries(value).map(([key, entry]) => ({ key, value: xmlOf(entry, '') })) };
  }
  if (!isRecord(value)) return typeof value === 'number' || typeof value === 'boolean' ? value : String(value ?? '');
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, xmlOf(entry, key)]));
}

export const monitoringDialect: QueryDialect = {
  service: 'GraniteServiceVersion20100801',
  namespace: 'http://monitoring.amazonaws.com/doc/2010-08-01/',
  input: (_action, fields) => fields,
  output: (_action, body) => xmlOf(body, ''),
};
