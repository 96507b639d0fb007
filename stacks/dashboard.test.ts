import path from 'node:path';
import { METRICS } from '@payments/core/metrics';
import { ROUTES } from '@payments/core/routes';
import { synthesiseResources } from '@payments/local/graph/synth';
import * as v from 'valibot';
import { beforeAll, describe, expect, it } from 'vitest';
import { isReported, type NamedMetric } from './known-metric.ts';

const root = path.dirname(import.meta.dirname);

const Line = v.pipe(v.array(v.union([v.string(), v.object({ stat: v.string(), label: v.string() })])), v.minLength(5));
const place = { x: v.number(), y: v.number(), width: v.number(), height: v.number() };
const Body = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    widgets: v.array(
      v.variant('type', [
        v.object({ type: v.literal('text'), ...place, properties: v.object({ markdown: v.string() }) }),
        v.object({
          type: v.literal('metric'),
          ...place,
          properties: v.object({
            title: v.string(),
            region: v.string(),
            metrics: v.pipe(v.array(Line), v.minLength(1)),
          }),
        }),
      ]),
    ),
  }),
);

let widgets: v.InferOutput<typeof Body>['widgets'];
let size: number;
beforeAll(async () => {
  const { resources } = await synthesiseResources({ root, stage: 'local', say: () => {} });
  const [dashboard] = resources.filter(({ type }) => type === 'aws:cloudwatch/dashboard:Dashboard');
  const text = v.parse(v.string(), dashboard?.inputs.dashboardBody);
  size = text.length;
  ({ widgets } = v.parse(Body, text));
}, 120_000);

const charts = () => widgets.flatMap((widget) => (widget.type === 'metric' ? [widget] : []));

function metricOf(line: v.InferOutput<typeof Line>): NamedMetric {
  const [namespace = '', metric = '', ...rest] = line.filter((part) => typeof part === 'string');
  const dimensions: Record<string, string> = {};
  for (let at = 0; at < rest.length; at += 2) dimensions[rest[at] ?? ''] = rest[at + 1] ?? '';
  return { namespace, metric, dimensions };
}

describe('the dashboard', () => {
  it('reads from top to bottom along the road', () => {
    const headings = widgets.flatMap((widget) => (widget.type === 'text' ? [widget] : []));
    expect(headings.map(({ properties }) => properties.markdown.replace(/^## ([\w ]+?)(:.*)?$/, '$1'))).toEqual([
      ...['ingress', 'bus', 'realtime', 'bulk', 'salesforce', 'money', 'what it runs on'],
    ]);
    const tops = headings.map(({ y }) => y);
    expect(tops).toEqual([...tops].sort((a, b) => a - b));
  });

  it('shows no metric that nobody reports', () => {
    for (const { properties } of charts()) {
      for (const line of properties.metrics) {
        const metric = metricOf(line);
        expect([properties.title, metric, isReported(metric)]).toEqual([properties.title, metric, true]);
      }
    }
  });

  it('shows nearly all that is measured; what is left out is said here', () => {
    const shown = new Set(
      charts().flatMap(({ properties }) => properties.metrics.map((line) => metricOf(line).metric)),
    );
    expect(Object.keys(METRICS).filter((name) => !shown.has(name))).toEqual([
      // Shown as Errors by category, SyncLag, CircuitState, the executions and the batches they belong to.
      ...['Tries', 'Replayed', 'Redriven', 'PathTime', 'StripeTime', 'CircuitOpened', 'CircuitProbes'],
      ...['RedisLost', 'Recoveries'],
      // Seldom anything; all ring.
      ...['MissedEvents', 'SweepBehind', 'LedgerDifferences'],
      // How a function asks to be waited for; what it waits for is shown.
      'Waits',
    ]);
  });

  it('names event types that are routed', () => {
    const types = charts().flatMap(({ properties }) =>
      properties.metrics.flatMap((line) => metricOf(line).dimensions.EventType ?? []),
    );
    expect(types.length).toBeGreaterThan(8);
    for (const type of types) expect(Object.keys(ROUTES)).toContain(type);
  });

  it('fits: no two charts overlap, 24 columns, 500 metrics a chart, a megabyte', () => {
    for (const widget of widgets) {
      expect(widget.x + widget.width).toBeLessThanOrEqual(24);
      if (widget.type === 'metric') expect(widget.properties.metrics.length).toBeLessThanOrEqual(500);
      const others = widgets.filter((other) => other !== widget);
      const hit = others.find(
        (other) =>
          widget.x < other.x + other.width &&
          other.x < widget.x + widget.width &&
          widget.y < other.y + other.height &&
          other.y < widget.y + widget.height,
      );
      expect(hit).toBeUndefined();
    }
    expect(size).toBeLessThan(1024 * 1024);
  });
});
