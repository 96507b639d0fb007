/** The dashboard, top to bottom along the road: ingress, bus, realtime, bulk, salesforce, money, what it runs on. */
import { ALARMS } from '../../packages/core/src/alarms.ts';
import { METRICS } from '../../packages/core/src/metrics.ts';
import { rule as bulkRule, flush, queue } from '../bulk.ts';
import { busName, unrouted, unroutedRules } from '../bus.ts';
import { deadLetterQueues } from '../dead-letter.ts';
import { functions } from '../functions.ts';
import { apiId, ingress } from '../ingress.ts';
import { machines } from '../realtime.ts';
import { nodeIds } from '../redis.ts';
import { awsLine, type Line, ours, type Row } from './widget.ts';

const percentiles = (line: (stat: 'p50' | 'p95' | 'p99') => Line): readonly Line[] =>
  (['p50', 'p95', 'p99'] as const).map(line);
const depth = (QueueName: $util.Input<string>, label: string): Line =>
  awsLine('AWS/SQS', 'ApproximateNumberOfMessagesVisible', { QueueName }, label, 'Maximum');
const received = (EventType: string): Line => ours('WebhookRequests', { EventType }, EventType);

export const rows: readonly Row[] = [
  {
    heading: 'ingress: what Stripe tells us, and how fast it is answered',
    charts: [
      {
        title: 'requests by outcome',
        stacked: true,
        lines: METRICS.WebhookRequests.dimensions.Outcome.map((Outcome) =>
          ours('WebhookRequests', { Outcome }, Outcome),
        ),
      },
      { title: 'time to answer, ms', lines: percentiles((stat) => ours('WebhookTime', {}, stat, stat)) },
      { title: "Stripe's share of the lag, ms", lines: percentiles((stat) => ours('DeliveryLag', {}, stat, stat)) },
      {
        title: 'refused or throttled',
        lines: [
          awsLine('AWS/ApiGateway', '5xx', { ApiId: apiId }, '5xx'),
          awsLine('AWS/ApiGateway', '4xx', { ApiId: apiId }, '4xx'),
          awsLine('AWS/Lambda', 'Throttles', { FunctionName: ingress.name }, 'throttled'),
        ],
      },
    ],
  },
  {
    heading: 'bus: which road an event takes, and what takes none',
    charts: [
      {
        title: 'events matched by rule',
        stacked: true,
        lines: [...machines, { name: 'Bulk', rule: bulkRule }, ...unroutedRules].map(({ name, rule }) =>
          awsLine('AWS/Events', 'MatchedEvents', { EventBusName: busName, RuleName: rule.name }, name),
        ),
      },
      {
        title: 'deliveries given up',
        lines: [...machines, { name: 'Bulk', rule: bulkRule }, ...unroutedRules].map(({ name, rule }) =>
          awsLine('AWS/Events', 'FailedInvocations', { EventBusName: busName, RuleName: rule.name }, name),
        ),
      },
      { title: 'unrouted', lines: [depth(unrouted.name, 'waiting')] },
      {
        title: 'dead letters',
        stacked: true,
        lines: deadLetterQueues().map(({ name, queue: letters }) => depth(letters.name, name)),
      },
    ],
  },
  {
    heading: 'realtime: what a person waits for',
    charts: [
      {
        title: 'urgent events by outcome',
        stacked: true,
        lines: (['written', 'dropped', 'nothing', 'duplicate', 'parked'] as const).map((Outcome) =>
          ours('EventsHandled', { Lane: 'realtime', Outcome }, Outcome),
        ),
      },
      {
        title: 'sync lag, ms: from Stripe to the row',
        rings: ALARMS.UrgentSyncLag.threshold,
        lines: percentiles((stat) => ours('SyncLag', { Lane: 'realtime' }, stat, stat)),
      },
      {
        title: 'failed tries by category',
        stacked: true,
        lines: METRICS.Errors.dimensions.Category.map((Category) =>
          ours('Errors', { Lane: 'realtime', Category }, Category),
        ),
      },
      {
        title: 'executions that ended badly',
        lines: machines.flatMap(({ name, machine: { arn: StateMachineArn } }) => [
          awsLine('AWS/States', 'ExecutionsFailed', { StateMachineArn }, `${name} failed`),
          awsLine('AWS/States', 'ExecutionsTimedOut', { StateMachineArn }, `${name} timed out`),
        ]),
      },
    ],
  },
  {
    heading: 'bulk: the rest, merged and sent in batches',
    charts: [
      {
        title: 'queue: depth, and age of the oldest in seconds',
        rings: 1_000,
        lines: [
          depth(queue.name, 'messages'),
          awsLine('AWS/SQS', 'ApproximateAgeOfOldestMessage', { QueueName: queue.name }, 'age', 'Maximum'),
        ],
      },
      {
        title: 'rows in the buffer',
        stacked: true,
        lines: METRICS.BufferRows.dimensions.Object.map((object) => ours('BufferRows', { Object: object }, object)),
      },
      {
        title: 'longest due in the buffer, seconds',
        rings: ALARMS.FlushLate.threshold,
        lines: [ours('BufferAge', {}, 'due for')],
      },
      {
        title: 'rows by outcome',
        stacked: true,
        lines: METRICS.RowsHandled.dimensions.Outcome.map((Outcome) => ours('RowsHandled', { Outcome }, Outcome)),
      },
      {
        title: 'sync lag, ms: from Stripe to the row',
        rings: ALARMS.BulkSyncLag.threshold,
        lines: percentiles((stat) => ours('SyncLag', { Lane: 'bulk' }, stat, stat)),
      },
      { title: 'time of a batch, ms', lines: percentiles((stat) => ours('BatchTime', {}, stat, stat)) },
      {
        title: 'flushes',
        lines: [
          awsLine('AWS/States', 'ExecutionsStarted', { StateMachineArn: flush.arn }, 'started'),
          awsLine('AWS/States', 'ExecutionsFailed', { StateMachineArn: flush.arn }, 'failed'),
        ],
      },
      {
        title: 'left out: duplicates, older states, parked',
        lines: [
          ours('Duplicates', {}, 'duplicates'),
          ours('StaleWritesRefused', { By: 'redis' }, 'older, not sent'),
          ours('StaleWritesRefused', { By: 'guard' }, 'older, kept by the org'),
          ours('Parked', {}, 'parked'),
        ],
      },
    ],
  },
  {
    heading: 'salesforce: calls, limits, the circuit',
    charts: [
      {
        title: 'calls by outcome',
        stacked: true,
        lines: METRICS.SalesforceCalls.dimensions.Outcome.map((Outcome) =>
          ours('SalesforceCalls', { Outcome }, Outcome),
        ),
      },
      { title: 'time of a call, ms', lines: percentiles((stat) => ours('SalesforceTime', {}, stat, stat)) },
      {
        title: 'share of the API calls used, %',
        rings: ALARMS.OrgApiUse.threshold,
        lines: [
          ours('OrgApiUsage', {}, 'the org, 24 h'),
          ...METRICS.ApiUsage.dimensions.Window.map((Window) => ours('ApiUsage', { Window }, `ours, ${Window}`)),
        ],
      },
      { title: 'circuit: 0 closed, 1 half open, 2 open', lines: [ours('CircuitState', {}, 'state')] },
      {
        title: 'waits',
        lines: [
          ours('BudgetRefused', { Lane: 'realtime' }, 'no call left, urgent'),
          ours('BudgetRefused', { Lane: 'bulk' }, 'no call left, bulk'),
          ours('BudgetShed', {}, 'batches put off'),
          ours('RateLimitWaits', { System: 'salesforce' }, 'Salesforce says wait'),
          ours('RateLimitWaits', { System: 'stripe' }, 'Stripe says wait'),
        ],
      },
      {
        title: 'logins',
        lines: METRICS.OAuthRefreshes.dimensions.Outcome.map((Outcome) => ours('OAuthRefreshes', { Outcome }, Outcome)),
      },
      {
        title: 'calls of ours, and of everyone',
        lines: [
          ours('OrgApiCalls', {}, 'the org, 24 h'),
          ...METRICS.ApiCalls.dimensions.Window.map((Window) => ours('ApiCalls', { Window }, `ours, ${Window}`)),
        ],
      },
      {
        title: 'reads of Stripe by outcome',
        lines: METRICS.StripeReads.dimensions.Outcome.map((Outcome) => ours('StripeReads', { Outcome }, Outcome)),
      },
    ],
  },
  {
    heading: 'money: what it is all about',
    charts: [
      {
        title: 'payments',
        lines: ['payment_intent.succeeded', 'payment_intent.payment_failed', 'charge.refunded'].map(received),
      },
      { title: 'invoices', lines: ['invoice.paid', 'invoice.payment_failed'].map(received) },
      {
        title: 'subscriptions',
        lines: ['customer.subscription.created', 'customer.subscription.deleted', 'customer.subscription.paused'].map(
          received,
        ),
      },
      {
        title: 'trouble',
        lines: ['charge.dispute.created', 'checkout.session.expired', 'checkout.session.async_payment_failed'].map(
          received,
        ),
      },
    ],
  },
  {
    heading: 'what it runs on',
    charts: [
      {
        title: 'memory of the functions, %',
        lines: functions.map(({ name }) => ours('MemoryUsage', { Function: name }, name)),
      },
      {
        title: 'processor of the functions, %',
        lines: functions.map(({ name }) => ours('CpuUsage', { Function: name }, name)),
      },
      {
        title: 'Redis: memory and processor, %',
        rings: 75,
        lines: nodeIds.flatMap((CacheClusterId, index) => [
          awsLine(
            'AWS/ElastiCache',
            'DatabaseMemoryUsagePercentage',
            { CacheClusterId },
            `memory ${index + 1}`,
            'Maximum',
          ),
          awsLine('AWS/ElastiCache', 'EngineCPUUtilization', { CacheClusterId }, `processor ${index + 1}`, 'Maximum'),
        ]),
      },
      {
        title: 'age of the oldest secret, days',
        rings: ALARMS.RotationOverdue.threshold,
        lines: [ours('SecretAge', {}, 'days')],
      },
    ],
  },
];
