import type { DimensionsOf, MetricName } from './metrics.ts';

/**
 * When to ring on what this integration measures itself (metrics.ts): plain data. The stacks make CloudWatch alarms from it,
 * scripts/coralogix.ts the alerts of Coralogix. Alarms on what AWS measures lie beside the place, in stacks/alarms/.
 */
export type Watched<Name extends MetricName> = {
  readonly metric: Name;
  readonly dimensions?: Partial<DimensionsOf<Name>>;
};

/** One metric, or one as a percentage of another; a share of fewer than `atLeast` is nothing to ring about. */
export type Watch =
  | ({ readonly statistic: 'Sum' | 'Maximum' | 'p95' } & { [Name in MetricName]: Watched<Name> }[MetricName])
  | { readonly percent: MetricName; readonly of: MetricName; readonly atLeast: number };

export type Alarm = {
  /** `critical` pages; `warning` is read in the morning. */
  readonly topic: 'critical' | 'warning';
  readonly watch: Watch;
  /** `from`: at the threshold already. */
  readonly rings: 'above' | 'from' | 'below';
  /** In the metric's unit. */
  readonly threshold: number;
  /** Length of one look in minutes, and for how many in a row it has to be so. */
  readonly every: number;
  readonly times: number;
  /** What no data means. `bad`: the measuring itself has stopped. */
  readonly silence: 'fine' | 'bad';
  /** What it means for people who are no engineers. */
  readonly impact: string;
  /** Heading in docs/runbook.md. */
  readonly runbook: string;
  /** Left out on a stage that nobody depends on. */
  readonly onlyProduction?: true;
};

const FIVE_MINUTES_MS = 300_000;

/** At this age a secret is overdue: to the alarm, to `doctor` and to `secrets status`. */
export const ROTATE_AFTER_DAYS = 90;

export const ALARMS = {
  ErrorRate: {
    topic: 'critical',
    watch: { percent: 'Errors', of: 'Tries', atLeast: 20 },
    ...{ rings: 'above', threshold: 5, every: 5, times: 1, silence: 'fine' },
    impact: 'More than one write in twenty fails; changes in Stripe reach Salesforce late or not at all.',
    runbook: 'error-rate',
  },
  UrgentSyncLag: {
    topic: 'critical',
    watch: { metric: 'SyncLag', dimensions: { Lane: 'realtime' }, statistic: 'p95' },
    ...{ rings: 'above', threshold: FIVE_MINUTES_MS, every: 5, times: 1, silence: 'fine' },
    impact: 'People act on payments and subscriptions as they were more than five minutes ago.',
    runbook: 'sync-lag',
  },
  BulkSyncLag: {
    topic: 'warning',
    watch: { metric: 'SyncLag', dimensions: { Lane: 'bulk' }, statistic: 'p95' },
    ...{ rings: 'above', threshold: FIVE_MINUTES_MS, every: 5, times: 3, silence: 'fine' },
    impact: 'Changes that nobody waits for are more than five minutes late in Salesforce.',
    runbook: 'sync-lag',
  },
  FlushLate: {
    topic: 'warning',
    watch: { metric: 'BufferAge', statistic: 'Maximum' },
    ...{ rings: 'above', threshold: 300, every: 1, times: 5, silence: 'bad' },
    impact: 'Buffered changes are not being written, or nobody can look into the buffer.',
    runbook: 'flush-late',
  },
  OrgApiUse: {
    topic: 'warning',
    watch: { metric: 'OrgApiUsage', statistic: 'Maximum' },
    ...{ rings: 'above', threshold: 80, every: 5, times: 1, silence: 'fine' },
    impact:
      'The org is using up its API calls of the day; at its limit every integration of the customer stands still.',
    runbook: 'api-calls-running-out',
  },
  OwnApiUseOfDay: {
    topic: 'warning',
    watch: { metric: 'ApiUsage', dimensions: { Window: 'day' }, statistic: 'Maximum' },
    ...{ rings: 'above', threshold: 80, every: 5, times: 1, silence: 'fine' },
    impact: 'This integration is using up the API calls it may make in a day; bulk changes will wait first.',
    runbook: 'api-calls-running-out',
  },
  OwnApiUseOfHour: {
    topic: 'warning',
    watch: { metric: 'ApiUsage', dimensions: { Window: 'hour' }, statistic: 'Maximum' },
    ...{ rings: 'above', threshold: 80, every: 5, times: 3, silence: 'fine' },
    impact: 'This integration is using up the API calls it may make in an hour; bulk changes will wait first.',
    runbook: 'api-calls-running-out',
  },
  CircuitOpen: {
    topic: 'critical',
    watch: { metric: 'CircuitState', statistic: 'Maximum' },
    ...{ rings: 'above', threshold: 0, every: 1, times: 5, silence: 'fine' },
    impact: 'Salesforce has been away for more than five minutes; nothing is written, everything waits.',
    runbook: 'salesforce-is-away',
  },
  NoEvents: {
    topic: 'critical',
    watch: { metric: 'WebhookRequests', dimensions: { Outcome: 'published' }, statistic: 'Sum' },
    ...{ rings: 'below', threshold: 1, every: 60, times: 6, silence: 'bad' },
    impact: 'Stripe has told us nothing for six hours; Salesforce may be quietly out of date.',
    runbook: 'no-events',
    onlyProduction: true,
  },
  EventsMissed: {
    topic: 'warning',
    watch: { metric: 'MissedEvents', statistic: 'Sum' },
    ...{ rings: 'above', threshold: 0, every: 60, times: 1, silence: 'fine' },
    impact: 'Changes in Stripe did not reach us when they happened; they are being written now, hours late.',
    runbook: 'events-missed',
  },
  SweepBehind: {
    topic: 'warning',
    watch: { metric: 'SweepBehind', statistic: 'Maximum' },
    ...{ rings: 'above', threshold: 3_600, every: 60, times: 6, silence: 'bad' },
    impact: 'For hours nobody has looked whether Stripe has events that never arrived.',
    runbook: 'events-missed',
  },
  LedgersDiffer: {
    topic: 'warning',
    watch: { metric: 'LedgerDifferences', statistic: 'Sum' },
    ...{ rings: 'above', threshold: 0, every: 60, times: 1, silence: 'fine' },
    impact: 'Stripe and Salesforce do not say the same of some rows; somebody may act on what is wrong.',
    runbook: 'ledgers-differ',
  },
  LoginsFailing: {
    topic: 'critical',
    watch: { metric: 'OAuthRefreshes', dimensions: { Outcome: 'failed' }, statistic: 'Sum' },
    ...{ rings: 'above', threshold: 2, every: 5, times: 1, silence: 'fine' },
    impact: 'Salesforce does not let this integration in; nothing can be written.',
    runbook: 'logins-failing',
  },
  RedisLost: {
    topic: 'critical',
    watch: { metric: 'RedisLost', statistic: 'Sum' },
    ...{ rings: 'above', threshold: 0, every: 1, times: 1, silence: 'fine' },
    impact: 'The store of waiting changes was lost; a replay of the archive is bringing them back.',
    runbook: 'redis',
  },
  RotationOverdue: {
    topic: 'warning',
    watch: { metric: 'SecretAge', statistic: 'Maximum' },
    ...{ rings: 'from', threshold: ROTATE_AFTER_DAYS, every: 60, times: 2, silence: 'bad' },
    impact:
      'A key is ninety days old, and whoever copied it may still be using it; or nobody measures how old the keys are.',
    runbook: 'rotation-overdue',
  },
} as const satisfies Readonly<Record<string, Alarm>>;
