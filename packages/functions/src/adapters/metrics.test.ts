import { glob, readFile } from 'node:fs/promises';
import path from 'node:path';
import { METRICS, type MetricRow, NAMESPACE } from '@payments/core/metrics';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { metrics } from './metrics.ts';

const AT = 1_790_000_000_000;

/** The format as its specification has it; what else is in the line are the values. */
const Line = v.pipe(
  v.string(),
  v.parseJson(),
  v.looseObject({
    _aws: v.strictObject({
      Timestamp: v.number(),
      CloudWatchMetrics: v.tuple([
        v.strictObject({
          Namespace: v.string(),
          Dimensions: v.array(v.pipe(v.array(v.string()), v.maxLength(30))),
          Metrics: v.pipe(v.array(v.strictObject({ Name: v.string(), Unit: v.string() })), v.maxLength(100)),
        }),
      ]),
    }),
  }),
);
const Values = v.union([v.number(), v.pipe(v.array(v.number()), v.minLength(2), v.maxLength(100))]);

function dataOf(line: string) {
  const { _aws, ...root } = v.parse(Line, line);
  const [{ Namespace, Dimensions, Metrics }] = _aws.CloudWatchMetrics;
  return Dimensions.flatMap((set) =>
    Metrics.map(({ Name, Unit }) => ({
      namespace: Namespace,
      name: Name,
      dimensions: Object.fromEntries(set.map((name) => [name, v.parse(v.string(), root[name])])),
      unit: Unit,
      at: _aws.Timestamp,
      values: [v.parse(Values, root[Name])].flat(),
    })),
  );
}

function writing() {
  const lines: string[] = [];
  return { lines, ...metrics({ stage: 'test', service: 'bulk', nowMs: () => AT, write: (line) => lines.push(line) }) };
}

describe('metrics in log lines', () => {
  it('are written when the invocation ends, once, under each set of dimensions that was said', () => {
    const { count, flush, lines } = writing();
    count('Errors', 1, { Lane: 'realtime', Category: 'Data', EventType: 'invoice.paid' });
    count('Errors', 2, { Lane: 'realtime', Category: 'Data', EventType: 'invoice.paid' });
    expect(lines).toEqual([]);
    flush();
    flush();
    expect(lines).toHaveLength(1);
    const data = lines.flatMap(dataOf);
    expect(data).toEqual(
      [
        { Stage: 'test' },
        { Stage: 'test', Lane: 'realtime' },
        { Stage: 'test', Lane: 'realtime', Category: 'Data' },
        { Stage: 'test', EventType: 'invoice.paid' },
      ].map((dimensions) => ({ namespace: NAMESPACE, name: 'Errors', dimensions, unit: 'Count', at: AT, values: [3] })),
    );
  });

  it('leave out the sets whose dimension was not said', () => {
    const { count, flush, lines } = writing();
    count('Tries', 7, { Lane: 'bulk' });
    flush();
    expect(lines.flatMap(dataOf).map(({ dimensions }) => dimensions)).toEqual([
      { Stage: 'test' },
      { Stage: 'test', Lane: 'bulk' },
    ]);
  });

  it('keep every single time, for percentiles, a hundred to a line', () => {
    const { count, flush, lines } = writing();
    for (let ms = 1; ms <= 250; ms += 1) count('WebhookTime', ms);
    flush();
    expect(lines).toHaveLength(3);
    const values = lines.flatMap(dataOf).flatMap((datum) => datum.values);
    expect(values).toEqual(Array.from({ length: 250 }, (_, index) => index + 1));
  });

  it('share a line when they have the same dimensions', () => {
    const { count, flush, lines } = writing();
    count('WebhookTime', 12);
    count('DeliveryLag', 900);
    flush();
    expect(lines).toHaveLength(1);
    expect(lines.flatMap(dataOf).map(({ name, values }) => [name, values])).toEqual([
      ['WebhookTime', [12]],
      ['DeliveryLag', [900]],
    ]);
  });

  it('drop what is no number, with which CloudWatch would drop the line', () => {
    const { count, flush, lines } = writing();
    count('WebhookTime', Number.NaN);
    count('WebhookTime', Number.POSITIVE_INFINITY);
    flush();
    expect(lines).toEqual([]);
  });

  it('are bounded in memory: a flood is written before the end', () => {
    const { count, lines } = writing();
    for (let ms = 0; ms < 5_000; ms += 1) count('WebhookTime', ms);
    expect(lines).toHaveLength(50);
  });

  it('take no name, no dimension and no value that the table does not have', () => {
    const { count, flush } = writing();
    // @ts-expect-error no such metric
    expect(() => count('Webhooks', 1)).toThrow();
    // @ts-expect-error no such dimension
    count('WebhookTime', 1, { Lane: 'bulk' });
    // @ts-expect-error no such value
    count('Tries', 1, { Lane: 'slow' });
    // @ts-expect-error a dimension that has to be said
    count('OAuthRefreshes', 1);
    count('Tries', 1, { Lane: 'bulk', EventType: 'invoice.paid' });
    flush();
  });
});

describe('the table of metrics', () => {
  const rows: readonly (readonly [string, MetricRow])[] = Object.entries(METRICS);

  it.each(rows)('%s is published under dimensions that it has, and says what it means', (_name, row) => {
    expect(row.by.length).toBeGreaterThan(0);
    for (const set of row.by) expect(Object.keys(row.dimensions)).toEqual(expect.arrayContaining([...set]));
    expect(row.means.length).toBeGreaterThan(20);
  });

  it('names the files that count each metric, all of them and no other', async () => {
    const src = path.join(import.meta.dirname, '..');
    const counted = new Map<string, string[]>();
    for await (const file of glob('**/*.ts', { cwd: src })) {
      if (file.endsWith('.test.ts')) continue;
      const text = await readFile(path.join(src, file), 'utf8');
      for (const name of new Set([...text.matchAll(/count\(\s*'(\w+)'/g)].map(([, found = '']) => found))) {
        counted.set(name, [...(counted.get(name) ?? []), file].sort());
      }
    }
    for (const [name, { from }] of rows) {
      expect([name, counted.get(name) ?? []]).toEqual([name, from]);
    }
  });

  it.each(rows)('%s has a name that no dimension has: both stand side by side in a line', (name) => {
    expect([
      'Stage',
      'level',
      'message',
      '_aws',
      ...rows.flatMap(([, row]) => Object.keys(row.dimensions)),
    ]).not.toContain(name);
  });
});
