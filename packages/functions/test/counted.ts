import type { Count, MetricName } from '@payments/core/metrics';

export type Counted = { readonly metric: MetricName; readonly value: number; readonly dimensions: object };

/** What a story counted, for its test. `counted`: every value; `sum`: of those that were said with these dimensions. */
export function counting() {
  const counted: Counted[] = [];
  const count: Count = (metric, value, ...[dimensions = {}]) => {
    counted.push({ metric, value, dimensions });
  };
  const valuesOf = (metric: MetricName, dimensions: object = {}): readonly number[] =>
    counted.filter((each) => each.metric === metric && saysAll(each.dimensions, dimensions)).map(({ value }) => value);
  return {
    count,
    counted,
    valuesOf,
    sum: (metric: MetricName, dimensions?: object) =>
      valuesOf(metric, dimensions).reduce((sum, value) => sum + value, 0),
  };
}

function saysAll(said: object, wanted: object): boolean {
  return Object.entries(wanted).every(([name, value]) => Reflect.get(said, name) === value);
}
