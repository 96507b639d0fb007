import { createHash } from 'node:crypto';
import { METRICS, type MetricName } from '@payments/core/metrics';
import { awsOwn, ours, type Statistic } from './metric.ts';

/** The dashboard in the form that Coralogix' API takes (`cx dashboards create --from-file`): along the road, then the log. */
type Line = { readonly label: string; readonly promql: string };
type Chart = { readonly title: string; readonly lines: readonly Line[] };
type Table = { readonly title: string; readonly dataprime: string; readonly columns: readonly string[] };
type Section = { readonly name: string; readonly rows: readonly (readonly (Chart | Table)[])[] };

function sections(stage: string): readonly Section[] {
  const line = (
    metric: MetricName,
    label: string,
    dimensions: Readonly<Record<string, string>> = {},
    statistic: Statistic = METRICS[metric].kind === 'count' ? 'sum' : METRICS[metric].kind === 'gauge' ? 'max' : 'p95',
  ): Line => ({ label, promql: `sum(${ours(metric, statistic, { stage, dimensions })})` });
  /** One line for each value of a dimension. */
  const each = (metric: MetricName, by: string, dimensions: Readonly<Record<string, string>> = {}): Line => {
    const statistic = METRICS[metric].kind === 'count' ? 'sum' : 'max';
    return { label: by, promql: `sum by (${by}) (${ours(metric, statistic, { stage, dimensions, by })})` };
  };
  const percentiles = (metric: MetricName, dimensions: Readonly<Record<string, string>> = {}): readonly Line[] =>
    (['p50', 'p95', 'p99'] as const).map((statistic) => line(metric, statistic, dimensions, statistic));
  const queues = (metric: string): string =>
    `max by (QueueName) (${awsOwn('AWS/SQS', metric, 'max', 'QueueName', `payments-${stage}-.*`)})`;
  const logs = `source logs | filter $l.applicationname == 'payments' && $l.subsystemname == '${stage}'`;
  return [
    {
      name: 'ingress',
      rows: [
        [
          { title: 'Requests by outcome', lines: [each('WebhookRequests', 'Outcome')] },
          { title: 'Time to answer, ms', lines: percentiles('WebhookTime') },
        ],
        [
          { title: 'Events by type', lines: [each('WebhookRequests', 'EventType')] },
          { title: "Stripe's share of the lag, ms", lines: percentiles('DeliveryLag') },
        ],
      ],
    },
    {
      name: 'realtime',
      rows: [
        [
          { title: 'Urgent events by outcome', lines: [each('EventsHandled', 'Outcome', { Lane: 'realtime' })] },
          { title: 'Sync lag, urgent, ms', lines: percentiles('SyncLag', { Lane: 'realtime' }) },
        ],
        [
          { title: 'Failed tries by category', lines: [each('Errors', 'Category', { Lane: 'realtime' })] },
          { title: 'Failed tries by event type', lines: [each('Errors', 'EventType')] },
        ],
      ],
    },
    {
      name: 'bulk',
      rows: [
        [
          {
            title: 'Queues: messages',
            lines: [{ label: 'queue', promql: queues('ApproximateNumberOfMessagesVisible') }],
          },
          { title: 'Queues: age, s', lines: [{ label: 'queue', promql: queues('ApproximateAgeOfOldestMessage') }] },
        ],
        [
          { title: 'Rows in the buffer', lines: [each('BufferRows', 'Object')] },
          { title: 'Longest due in the buffer, s', lines: [line('BufferAge', 'due for')] },
        ],
        [
          { title: 'Rows by outcome', lines: [each('RowsHandled', 'Outcome')] },
          { title: 'Sync lag, bulk, ms', lines: percentiles('SyncLag', { Lane: 'bulk' }) },
        ],
        [
          {
            title: 'Left out',
            lines: [line('Duplicates', 'duplicates'), each('StaleWritesRefused', 'By'), line('Parked', 'parked')],
          },
          { title: 'Time of a batch, ms', lines: percentiles('BatchTime') },
        ],
      ],
    },
    {
      name: 'salesforce and stripe',
      rows: [
        [
          { title: 'Calls of Salesforce by outcome', lines: [each('SalesforceCalls', 'Outcome')] },
          { title: 'Time of a call of Salesforce, ms', lines: percentiles('SalesforceTime') },
        ],
        [
          { title: 'API calls used, %', lines: [line('OrgApiUsage', 'the org'), each('ApiUsage', 'Window')] },
          {
            title: 'Calls in the sliding windows',
            lines: [line('OrgApiCalls', 'the org'), each('ApiCalls', 'Window')],
          },
        ],
        [
          { title: 'Circuit: 0 closed, 1 half open, 2 open', lines: [line('CircuitState', 'state')] },
          { title: 'Told to wait', lines: [each('BudgetRefused', 'Lane'), each('RateLimitWaits', 'System')] },
        ],
        [
          { title: 'OAuth tokens fetched', lines: [each('OAuthRefreshes', 'Outcome')] },
          { title: 'Reads of Stripe by outcome', lines: [each('StripeReads', 'Outcome')] },
        ],
      ],
    },
    {
      name: 'what it runs on',
      rows: [
        [
          { title: 'Memory of the functions, %', lines: [each('MemoryUsage', 'Function')] },
          { title: 'Processor of the functions, %', lines: [each('CpuUsage', 'Function')] },
        ],
        [{ title: 'Age of the secrets, days', lines: [each('SecretAge', 'Secret')] }],
      ],
    },
    {
      name: 'log',
      rows: [
        [
          {
            title: 'What needs a person',
            dataprime: `${logs} && ($d.level == 'ERROR' || $d.level == 'CRITICAL') | orderby $m.timestamp desc`,
            columns: ['$m.timestamp', '$d.level', '$d.message', '$d.code', '$d.stripeEventId', '$d.executionName'],
          },
        ],
        [
          {
            title: 'Failures by code',
            dataprime: `${logs} && $d.message == 'step failed' | groupby $d.code, $d.category agg count() as failures | orderby failures desc`,
            columns: ['$d.code', '$d.category', 'failures'],
          },
        ],
      ],
    },
  ];
}

export function dashboard(stage: string): object {
  const id = (...of: readonly string[]) => ({ value: uuid(stage, ...of) });
  return {
    id: uuid(stage, 'dashboard').replaceAll('-', '').slice(0, 21),
    name: `payments ${stage} - the road of an event`,
    layout: {
      sections: sections(stage).map(({ name, rows }) => ({
        id: id(name),
        rows: rows.map((widgets, row) => ({
          id: id(name, String(row)),
          appearance: { height: 19 },
          widgets: widgets.map((widget) => ({
            id: id(name, widget.title),
            title: widget.title,
            definition: 'lines' in widget ? lineChart(stage, widget) : dataTable(widget),
          })),
        })),
        options: {
          custom: { name, collapsed: false, color: { predefined: 'SECTION_PREDEFINED_COLOR_UNSPECIFIED' } },
        },
      })),
    },
    variables: [],
    variablesV2: [],
    filters: [],
    relativeTimeFrame: '21600s',
    annotations: [],
    off: {},
    actions: [],
  };
}

function lineChart(stage: string, { title, lines }: Chart): object {
  return {
    lineChart: {
      legend: { isVisible: true, columns: [], groupByQuery: true, placement: 'LEGEND_PLACEMENT_AUTO' },
      tooltip: { showLabels: false, type: 'TOOLTIP_TYPE_ALL' },
      queryDefinitions: lines.map(({ label, promql }) => ({
        id: uuid(stage, title, label),
        query: {
          metrics: {
            promqlQuery: { value: promql },
            filters: [],
            editorMode: 'METRICS_QUERY_EDITOR_MODE_TEXT',
            seriesLimitType: 'METRICS_SERIES_LIMIT_TYPE_BY_SERIES_COUNT',
          },
        },
        name: label,
        seriesCountLimit: '40',
        unit: 'UNIT_UNSPECIFIED',
        scaleType: 'SCALE_TYPE_LINEAR',
        isVisible: true,
        colorScheme: 'classic',
        resolution: { bucketsPresented: 96 },
        dataModeType: 'DATA_MODE_TYPE_HIGH_UNSPECIFIED',
      })),
      stackedLine: 'STACKED_LINE_UNSPECIFIED',
      connectNulls: false,
    },
  };
}

function dataTable({ dataprime, columns }: Table): object {
  return {
    dataTable: {
      query: { dataprime: { dataprimeQuery: { text: dataprime }, filters: [] } },
      resultsPerPage: 100,
      rowStyle: 'ROW_STYLE_ONE_LINE',
      columns: columns.map((field) => ({ field })),
      dataModeType: 'DATA_MODE_TYPE_HIGH_UNSPECIFIED',
    },
  };
}

/** The same for the same thing, so that writing anew changes only what changed. */
function uuid(...of: readonly string[]): string {
  const hex = createHash('sha256').update(of.join('\n')).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}
