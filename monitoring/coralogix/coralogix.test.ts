import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { ALARMS } from '@payments/core/alarms';
import { COMMON_FIELDS, LOG_LINES } from '@payments/core/log-lines';
import { METRICS, type MetricRow, NAMESPACE } from '@payments/core/metrics';
import * as v from 'valibot';
import { beforeAll, describe, expect, it } from 'vitest';
import { AWS_METRICS } from '../../stacks/aws-metrics.ts';
import { isReported, type NamedMetric } from '../../stacks/known-metric.ts';
import { alerts } from './alerts.ts';
import { dashboard } from './dashboard.ts';

const here = import.meta.dirname;
const files = new Map<string, string>();
let headings: readonly string[];

beforeAll(async () => {
  files.set('dashboard.json', await readFile(path.join(here, 'dashboard.json'), 'utf8'));
  for (const file of await readdir(path.join(here, 'alerts'))) {
    files.set(file, await readFile(path.join(here, 'alerts', file), 'utf8'));
  }
  const runbook = await readFile(path.join(here, '../../docs/runbook.md'), 'utf8');
  headings = [...runbook.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading ?? '');
});

/** Every text in a file's JSON. */
function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
const everyText = (): readonly (readonly [string, string])[] =>
  [...files].flatMap(([file, json]) => textsIn(JSON.parse(json)).map((text) => [file, text] as const));

const NAMESPACES = [NAMESPACE, ...Object.keys(AWS_METRICS)].map((name) => [name.replaceAll('/', '_'), name] as const);

/** `amazonaws_com_Payments_SyncLag{Stage="…", Lane="bulk", quantile="0.95"}` as the metric that CloudWatch has. */
function metricsIn(promql: string): readonly (NamedMetric & { readonly statistic: string })[] {
  return [...promql.matchAll(/amazonaws_com_(\w+)\{([^}]*)\}/g)].map(([, name = '', labels = '']) => {
    const [prefix, namespace] = NAMESPACES.find(([known]) => name.startsWith(`${known}_`)) ?? ['', ''];
    const [, metric = '', suffix] = /^(.*?)(?:_(sum|count|max))?$/.exec(name.slice(prefix.length + 1)) ?? [];
    const said = [...labels.matchAll(/(\w+)(=~|!=|=)"([^"]*)"/g)].map(([, label = '', operator = '', value = '']) => ({
      label,
      operator,
      value,
    }));
    const quantile = said.find(({ label }) => label === 'quantile')?.value;
    // `!=""` is any value; `=""` says that the dimension is absent.
    const present = said.filter(
      ({ label, operator, value }) => label !== 'quantile' && (operator !== '=' || value !== ''),
    );
    const dimensions = Object.fromEntries(
      present.map(({ label, operator, value }) => [label, operator === '=' ? value : ANY]),
    );
    return { namespace, metric, dimensions, statistic: suffix ?? `p${Number(quantile) * 100}` };
  });
}
const ANY = '(any)';

/** As {@link isReported}, with any of a dimension's values. */
function isKnown({ dimensions, ...named }: NamedMetric): boolean {
  const row: MetricRow | undefined = Object.entries(METRICS).find(([name]) => name === named.metric)?.[1];
  const some = (name: string): string => {
    const values = row?.dimensions[name];
    return typeof values === 'object' ? (values[0] ?? '') : 'some';
  };
  const said = Object.entries(dimensions).map(([name, value]) => [name, value === ANY ? some(name) : value]);
  return isReported({ ...named, dimensions: Object.fromEntries(said) });
}

const FIELDS: ReadonlySet<string> = new Set([
  ...COMMON_FIELDS,
  ...Object.values(LOG_LINES).flatMap(({ fields }) => [...fields]),
]);

describe('what Coralogix is given', () => {
  it('is what the tables of metrics and alarms say: after a change run `npm run coralogix`', () => {
    const made = new Map([
      ['dashboard.json', dashboard('production')],
      ...alerts('production').map(({ file, definition }) => [file, definition] as const),
    ]);
    expect([...files.keys()].sort()).toEqual([...made.keys()].sort());
    for (const [file, definition] of made) expect(JSON.parse(files.get(file) ?? '')).toEqual(definition);
  });

  it('names only metrics that somebody reports, under dimensions that they have', () => {
    const named = everyText().flatMap(([file, text]) => metricsIn(text).map((metric) => ({ file, ...metric })));
    expect(named.length).toBeGreaterThan(50);
    for (const { file, statistic, ...metric } of named) {
      expect([file, metric, isKnown(metric)]).toEqual([file, metric, true]);
      expect(['sum', 'count', 'max', 'p50', 'p95', 'p99']).toContain(statistic);
    }
    // Nothing that looks like a metric was overlooked.
    for (const [file, text] of everyText()) {
      expect([file, (text.match(/amazonaws_com_/g) ?? []).length]).toEqual([file, metricsIn(text).length]);
    }
  });

  it('names only fields that a log line has', () => {
    const named = everyText().flatMap(([file, text]) => [
      ...[...text.matchAll(/\$d\.(\w+)/g)].map(([, field = '']) => ({ file, field })),
      ...[...text.matchAll(/^(\w+):"/g)].map(([, field = '']) => ({ file, field })),
    ]);
    expect(named.length).toBeGreaterThan(8);
    for (const { file, field } of named) expect([file, field, FIELDS.has(field)]).toEqual([file, field, true]);
  });

  it('names log lines and levels that there are', () => {
    const messages = everyText().flatMap(([, text]) => [...text.matchAll(/\$d\.message == '([^']*)'/g)]);
    for (const [, message] of messages) expect(Object.keys(LOG_LINES)).toContain(message);
    const levels = everyText().flatMap(([, text]) => [...text.matchAll(/level(?: == |:)['"](\w+)['"]/g)]);
    expect(levels.length).toBeGreaterThan(2);
    for (const [, level] of levels) expect(['DEBUG', 'INFO', 'WARN', 'ERROR', 'CRITICAL']).toContain(level);
  });

  it('has an alert for every alarm of the table, which says what it means and where to read on', () => {
    const Definition = v.object({
      alertDefProperties: v.object({
        name: v.string(),
        description: v.string(),
        enabled: v.literal(true),
        priority: v.picklist(['ALERT_DEF_PRIORITY_P1', 'ALERT_DEF_PRIORITY_P3']),
        type: v.picklist(['ALERT_DEF_TYPE_METRIC_THRESHOLD', 'ALERT_DEF_TYPE_LOGS_IMMEDIATE_OR_UNSPECIFIED']),
        metricThreshold: v.optional(
          v.object({
            metricFilter: v.object({ promql: v.string() }),
            rules: v.array(v.object({ condition: v.object({ threshold: v.number() }) })),
          }),
        ),
        logsImmediate: v.optional(v.object({})),
      }),
    });
    for (const name of Object.keys(ALARMS)) expect([...files.keys()]).toContain(`${name}.json`);
    for (const [file, json] of files) {
      if (file === 'dashboard.json') continue;
      const { alertDefProperties: said } = v.parse(Definition, JSON.parse(json));
      expect(said.name).toBe(`payments-production-${file.replace('.json', '')}`);
      expect(headings).toContain(said.description.split('docs/runbook.md#')[1]);
      // The kind's own part stands beside `type`.
      expect(said.type === 'ALERT_DEF_TYPE_METRIC_THRESHOLD' ? said.metricThreshold : said.logsImmediate).toBeDefined();
    }
  });

  const Threshold = v.object({
    alertDefProperties: v.object({
      metricThreshold: v.object({
        metricFilter: v.object({ promql: v.string() }),
        rules: v.tuple([
          v.object({
            condition: v.object({
              conditionType: v.string(),
              threshold: v.number(),
              ofTheLast: v.object({ dynamicDuration: v.string() }),
            }),
          }),
        ]),
      }),
    }),
  });
  /** `SyncLag more than 300000 for 5m`, and what is asked. */
  function asked(file: string) {
    const { metricThreshold } = v.parse(Threshold, JSON.parse(files.get(`${file}.json`) ?? '')).alertDefProperties;
    const { promql } = metricThreshold.metricFilter;
    const [{ condition }] = metricThreshold.rules;
    const how = condition.conditionType.replace('METRIC_THRESHOLD_CONDITION_TYPE_', '').replace('_OR_UNSPECIFIED', '');
    const metrics = [...new Set(metricsIn(promql).map(({ metric }) => metric))].join(', ');
    const { dynamicDuration } = condition.ofTheLast;
    return { promql, text: `${metrics} ${how.toLowerCase()} ${condition.threshold} for ${dynamicDuration}` };
  }

  it.each([
    ['errors above five per cent', 'ErrorRate', 'Errors, Tries more_than 5 for 5m'],
    ['more than a thousand in the queue', 'BulkQueueDepth', 'ApproximateNumberOfMessagesVisible more_than 1000 for 5m'],
    ["the org's API calls above 80 %", 'OrgApiUse', 'OrgApiUsage more_than 80 for 5m'],
    ['our API calls of the day above 80 %', 'OwnApiUseOfDay', 'ApiUsage more_than 80 for 5m'],
    ['our API calls of the hour above 80 %', 'OwnApiUseOfHour', 'ApiUsage more_than 80 for 15m'],
    ['urgent changes five minutes late', 'UrgentSyncLag', 'SyncLag more_than 300000 for 5m'],
    ['bulk changes five minutes late', 'BulkSyncLag', 'SyncLag more_than 300000 for 15m'],
    ['any dead letter', 'DeadLetters', 'ApproximateNumberOfMessagesVisible more_than 0 for 5m'],
    ['any unrouted event', 'Unrouted', 'ApproximateNumberOfMessagesVisible more_than 0 for 5m'],
    ['a failed execution', 'ExecutionsFailed', 'ExecutionsFailed, ExecutionsTimedOut more_than 0 for 5m'],
    ['a failed flush', 'FlushExecutionsFailed', 'ExecutionsFailed, ExecutionsTimedOut more_than 0 for 5m'],
    ['a circuit that is open for five minutes', 'CircuitOpen', 'CircuitState more_than 0 for 5m'],
    ['no event for six hours', 'NoEvents', 'WebhookRequests less_than 1 for 360m'],
    ['a late flush', 'FlushLate', 'BufferAge more_than 300 for 5m'],
    ["Redis' memory", 'RedisMemory', 'DatabaseMemoryUsagePercentage more_than 75 for 3m'],
    ['an overdue rotation', 'RotationOverdue', 'SecretAge more_than_or_equals 90 for 120m'],
  ])('rings at %s', (_what, file, text) => {
    expect(asked(file).text).toBe(text);
  });

  it('rings when what should be measured is not, where silence is bad, and there alone', () => {
    const silent = Object.keys(ALARMS).filter((name) => asked(name).promql.includes(' or absent_over_time('));
    expect(silent).toEqual(['FlushLate', 'NoEvents', 'SweepBehind', 'RotationOverdue']);
    const valueOfNothing = silent.map((name) => [
      name,
      /absent_over_time\(.*\) \* (\d+)$/.exec(asked(name).promql)?.[1],
    ]);
    expect(Object.fromEntries(valueOfNothing)).toEqual({
      ...{ FlushLate: '301', NoEvents: '0', SweepBehind: '3601', RotationOverdue: '91' },
    });
  });

  it('has a dashboard with ids that are unique, and no widget without a definition', () => {
    const ids = [
      ...(files.get('dashboard.json') ?? '').matchAll(
        /"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}"/g,
      ),
    ];
    expect(ids.length).toBeGreaterThan(80);
    expect(new Set(ids.map(([id]) => id)).size).toBe(ids.length);
    const Widget = v.object({
      title: v.string(),
      definition: v.union([v.object({ lineChart: v.object({}) }), v.object({ dataTable: v.object({}) })]),
    });
    const Dashboard = v.object({
      layout: v.object({ sections: v.array(v.object({ rows: v.array(v.object({ widgets: v.array(Widget) })) })) }),
    });
    expect(v.safeParse(Dashboard, JSON.parse(files.get('dashboard.json') ?? '')).success).toBe(true);
  });
});
