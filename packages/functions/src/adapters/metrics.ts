import { type Count, METRICS, type MetricName, type MetricRow, NAMESPACE } from '@payments/core/metrics';

/**
 * CloudWatch's embedded metric format: a log line that is also data
 * (docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
 * Values are kept until the invocation ends and then written in few lines. Not Powertools' Metrics: docs/decisions tell why.
 */
export type Metrics = {
  readonly count: Count;
  /** Writes what was counted since the last time. To be called at the end of every invocation. */
  readonly flush: () => void;
};

/** The format's own limits: values of one metric in a line, metrics in a line. */
const MAX_VALUES = 100;
const MAX_METRICS = 100;
/** An invocation that counts more than this is cut into several lines anyway; it bounds memory. */
const MAX_KEPT = 5_000;

type Group = {
  readonly dimensions: Readonly<Record<string, string>>;
  readonly sets: readonly (readonly string[])[];
  readonly values: Map<MetricName, number[]>;
};

export function metrics(world: {
  readonly stage: string;
  /** As on the log lines: the place. */
  readonly service: string;
  readonly nowMs: () => number;
  readonly write: (line: string) => void;
}): Metrics {
  const groups = new Map<string, Group>();
  let kept = 0;
  const flush = (): void => {
    for (const group of groups.values()) {
      for (const line of linesOf(group, world, world.nowMs())) world.write(line);
    }
    groups.clear();
    kept = 0;
  };
  const keep = (metric: MetricName, value: number, said: Readonly<Record<string, string | undefined>>): void => {
    // CloudWatch would drop the whole line for one value that is no number.
    if (!Number.isFinite(value)) return;
    const dimensions: Record<string, string> = {};
    for (const [name, text] of Object.entries(said)) if (text !== undefined) dimensions[name] = text;
    const row: MetricRow = METRICS[metric];
    const sets = row.by.filter((set) => set.every((name) => Object.hasOwn(dimensions, name)));
    const key = JSON.stringify([sets, dimensions]);
    let group = groups.get(key);
    if (group === undefined) {
      group = { dimensions, sets, values: new Map() };
      groups.set(key, group);
    }
    const values = group.values.get(metric);
    if (values === undefined) group.values.set(metric, [value]);
    else if (row.kind === 'count') values[0] = (values[0] ?? 0) + value;
    else values.push(value);
    kept += 1;
    if (kept >= MAX_KEPT) flush();
  };
  const count: Count = (metric, value, ...[dimensions = {}]) => keep(metric, value, dimensions);
  return { count, flush };
}

/** Straight to the stream, as Powertools' logger does: `console` would wrap the line into one of Lambda's own. */
export function writeLine(line: string): void {
  process.stdout.write(`${line}\n`);
}

function linesOf(
  { dimensions, sets, values }: Group,
  { stage, service }: { readonly stage: string; readonly service: string },
  timestamp: number,
): readonly string[] {
  const lines: string[] = [];
  const Dimensions = sets.map((set) => ['Stage', ...set]);
  const names = [...values.keys()];
  for (let from = 0; from < names.length; from += MAX_METRICS) {
    const some = names.slice(from, from + MAX_METRICS);
    const most = Math.max(...some.map((name) => values.get(name)?.length ?? 0));
    for (let at = 0; at < most; at += MAX_VALUES) {
      const here = some.filter((name) => (values.get(name)?.length ?? 0) > at);
      const Metrics = here.map((Name) => ({ Name, Unit: METRICS[Name].unit }));
      lines.push(
        JSON.stringify({
          level: 'INFO',
          message: 'metrics',
          service,
          _aws: { Timestamp: timestamp, CloudWatchMetrics: [{ Namespace: NAMESPACE, Dimensions, Metrics }] },
          Stage: stage,
          ...dimensions,
          ...Object.fromEntries(here.map((name) => [name, valuesOf(values.get(name) ?? [], at)])),
        }),
      );
    }
  }
  return lines;
}

function valuesOf(values: readonly number[], at: number): number | readonly number[] {
  const some = values.slice(at, at + MAX_VALUES);
  const [only] = some;
  return some.length === 1 && only !== undefined ? only : some;
}
