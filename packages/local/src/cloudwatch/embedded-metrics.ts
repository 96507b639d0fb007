/**
 * Metrics that functions write into their log lines: CloudWatch's embedded metric format
 * (docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
 */
import * as v from 'valibot';

export type Dimensions = Readonly<Record<string, string>>;
export type Datum = {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Dimensions;
  readonly unit: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly values: readonly number[];
};

const Text = v.pipe(v.string(), v.minLength(1), v.maxLength(1024));
const Root = v.looseObject({
  _aws: v.object({
    Timestamp: v.number(),
    CloudWatchMetrics: v.array(
      v.object({
        Namespace: Text,
        Dimensions: v.optional(v.array(v.pipe(v.array(v.string()), v.maxLength(30))), [[]]),
        Metrics: v.pipe(v.array(v.object({ Name: Text, Unit: v.optional(v.string(), 'None') })), v.maxLength(100)),
      }),
    ),
  }),
});
const Values = v.union([
  v.pipe(
    v.pipe(v.number(), v.finite()),
    v.transform((value) => [value]),
  ),
  v.pipe(v.array(v.pipe(v.number(), v.finite())), v.minLength(1), v.maxLength(100)),
]);

/** The metrics in one log line; none for any other line, and none for what CloudWatch would not take. */
export function embeddedMetrics(line: string): Datum[] {
  if (!line.startsWith('{') || !line.includes('"_aws"')) return [];
  const parsed = v.safeParse(Root, jsonOf(line));
  if (!parsed.success) return [];
  const { _aws, ...root } = parsed.output;
  return _aws.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
    Dimensions.flatMap((names) => {
      const dimensions = dimensionsOf(names, root);
      if (dimensions === null) return [];
      return Metrics.flatMap(({ Name, Unit }): Datum[] => {
        const values = v.safeParse(Values, root[Name]);
        if (!values.success) return [];
        return [
          { namespace: Namespace, name: Name, dimensions, unit: Unit, at: _aws.Timestamp, values: values.output },
        ];
      });
    }),
  );
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function dimensionsOf(names: readonly string[], root: Readonly<Record<string, unknown>>): Dimensions | null {
  const entries: [string, string][] = [];
  for (const name of names) {
    const value = Object.hasOwn(root, name) ? root[name] : undefined;
    if (typeof value !== 'string') return null;
    entries.push([name, value]);
  }
  return Object.fromEntries(entries);
}
