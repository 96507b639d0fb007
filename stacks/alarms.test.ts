import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ALARMS, type Alarm } from '@payments/core/alarms';
import type { SynthesisedResource } from '@payments/local/graph/graph';
import { synthesiseResources } from '@payments/local/graph/synth';
import * as v from 'valibot';
import { beforeAll, describe, expect, it } from 'vitest';
import { isReported } from './known-metric.ts';

const root = path.dirname(import.meta.dirname);
const PAGER = 'https://events.pagerduty.com/integration/0123456789abcdef/enqueue';
const FILLED = { AlarmReceivers: JSON.stringify({ pagerDuty: PAGER, email: 'oncall@example.com' }) };

let resources: readonly SynthesisedResource[];
/** With nobody to tell. */
let quiet: readonly SynthesisedResource[];
let headings: readonly string[];

beforeAll(async () => {
  const request = { root, stage: 'production', say: () => {} };
  resources = (await synthesiseResources({ ...request, filled: FILLED })).resources;
  quiet = (await synthesiseResources({ ...request, stage: 'local' })).resources;
  const runbook = await readFile(path.join(root, 'docs/runbook.md'), 'utf8');
  const [, alarms = ''] = /^# The alarms$(.*)^# Procedures$/ms.exec(runbook) ?? [];
  headings = [...alarms.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading ?? '');
}, 180_000);

const Dimensions = v.optional(v.record(v.string(), v.string()), {});
const Alarmed = v.object({
  name: v.string(),
  alarmDescription: v.string(),
  alarmActions: v.array(v.string()),
  okActions: v.array(v.string()),
  actionsEnabled: v.optional(v.boolean(), true),
  namespace: v.optional(v.string()),
  metricName: v.optional(v.string()),
  dimensions: Dimensions,
  statistic: v.optional(v.string()),
  extendedStatistic: v.optional(v.string()),
  period: v.optional(v.number()),
  evaluationPeriods: v.number(),
  threshold: v.number(),
  comparisonOperator: v.string(),
  treatMissingData: v.string(),
  metricQueries: v.optional(
    v.array(
      v.object({
        id: v.string(),
        expression: v.optional(v.string()),
        returnData: v.optional(v.boolean(), false),
        metric: v.optional(
          v.object({
            namespace: v.string(),
            metricName: v.string(),
            dimensions: Dimensions,
            stat: v.string(),
            period: v.number(),
          }),
        ),
      }),
    ),
    [],
  ),
});

const of = (type: string, among = resources) => among.filter((resource) => resource.type === type);
const alarmsOf = (among = resources) =>
  of('aws:cloudwatch/metricAlarm:MetricAlarm', among).map(({ inputs }) => v.parse(Alarmed, inputs));

describe('every alarm', () => {
  it('watches a metric that somebody reports, under these dimensions', () => {
    expect(alarmsOf().length).toBeGreaterThan(60);
    for (const { name, namespace = '', metricName = '', dimensions, metricQueries } of alarmsOf()) {
      const watched = metricQueries.flatMap(({ metric }) => metric ?? []);
      if (metricQueries.length === 0) watched.push({ namespace, metricName, dimensions, stat: 'x', period: 60 });
      for (const metric of watched) {
        const found =
          isReported({ ...metric, metric: metric.metricName }) &&
          (metric.dimensions.Stage ?? 'production') === 'production';
        expect([name, metric.metricName, metric.dimensions, found]).toEqual([
          name,
          metric.metricName,
          metric.dimensions,
          true,
        ]);
      }
    }
  });

  it('says in one sentence what it means for people, and where in the runbook to go on', () => {
    for (const { name, alarmDescription } of alarmsOf()) {
      const [, impact = '', anchor = ''] =
        /^([A-Z].{30,200}\.) Runbook: docs\/runbook\.md#([a-z-]+)$/.exec(alarmDescription) ?? [];
      expect([name, impact.length > 30]).toEqual([name, true]);
      expect(headings).toContain(anchor);
    }
  });

  it('leaves no section of the runbook without an alarm that leads to it', () => {
    const led = new Set(alarmsOf().map(({ alarmDescription }) => alarmDescription.split('#')[1]));
    expect(headings.filter((heading) => !led.has(heading))).toEqual([]);
  });

  it('has a name of its own, rings and ends at the same topic, and looks no longer back than CloudWatch does', () => {
    const all = alarmsOf();
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    for (const { name, alarmActions, okActions, period, evaluationPeriods, metricQueries } of all) {
      expect([name, alarmActions]).toEqual([name, okActions]);
      expect(alarmActions[0]).toMatch(/payments-production-(critical|warning)$/);
      const seconds = period ?? metricQueries.find(({ metric }) => metric !== undefined)?.metric?.period ?? 0;
      expect([name, seconds >= 60 && seconds * evaluationPeriods <= 86_400]).toEqual([name, true]);
    }
  });
});

describe('the alarms that were asked for', () => {
  const named = (name: string) => alarmsOf().find((alarm) => alarm.name === `payments-production-${name}`);
  const topic = (name: string) => named(name)?.alarmActions[0]?.replace(/^.*-/, '');

  it('ring at more than five per cent of errors, of twenty tries or more', () => {
    expect(named('ErrorRate')).toMatchObject({ threshold: 5, comparisonOperator: 'GreaterThanThreshold' });
    const [share, ...sums] = named('ErrorRate')?.metricQueries ?? [];
    expect(share).toMatchObject({ expression: 'IF(whole >= 20, 100 * FILL(part, 0) / whole, 0)', returnData: true });
    expect(sums.map(({ id, metric }) => [id, metric?.metricName, metric?.stat])).toEqual([
      ['part', 'Errors', 'Sum'],
      ['whole', 'Tries', 'Sum'],
    ]);
  });

  it.each([
    ['BulkQueueDepth', 'warning', { metricName: 'ApproximateNumberOfMessagesVisible', threshold: 1_000 }],
    ['OrgApiUse', 'warning', { metricName: 'OrgApiUsage', threshold: 80 }],
    ['OwnApiUseOfDay', 'warning', { metricName: 'ApiUsage', threshold: 80 }],
    ['UrgentSyncLag', 'critical', { metricName: 'SyncLag', threshold: 300_000, extendedStatistic: 'p95' }],
    ['BulkSyncLag', 'warning', { metricName: 'SyncLag', threshold: 300_000, extendedStatistic: 'p95' }],
    ['Unrouted', 'warning', { threshold: 0 }],
    ['BulkParked', 'critical', { threshold: 0 }],
    ['FlushUnstarted', 'warning', { alarmDescription: expect.stringContaining('no data is lost') }],
    ['OperationsUnstarted', 'warning', { alarmDescription: expect.stringContaining('no data is lost') }],
    ['PaymentsExecutionsFailed', 'critical', { threshold: 0 }],
    ['CircuitOpen', 'critical', { metricName: 'CircuitState', threshold: 0, period: 60, evaluationPeriods: 5 }],
    ['FlushLate', 'warning', { metricName: 'BufferAge', threshold: 300, treatMissingData: 'breaching' }],
    ['Redis1DatabaseMemoryUsagePercentage', 'warning', { threshold: 75 }],
  ])('%s goes to %s', (name, to, expected) => {
    expect(named(name)).toMatchObject(expected);
    expect(topic(name)).toBe(to);
  });

  it('ring on the day on which doctor and `secrets status` call a secret overdue, and when its age is not measured', () => {
    expect(named('RotationOverdue')).toMatchObject({
      ...{ metricName: 'SecretAge', comparisonOperator: 'GreaterThanOrEqualToThreshold', threshold: 90 },
      ...{ statistic: 'Maximum', period: 3_600, evaluationPeriods: 2, treatMissingData: 'breaching' },
    });
    expect(topic('RotationOverdue')).toBe('warning');
  });

  it('do not take for a failing step one that waits: no call left, the circuit open', () => {
    const [failed, ...sums] = named('SyncErrors')?.metricQueries ?? [];
    expect(failed).toMatchObject({ expression: 'FILL(errors, 0) - FILL(waits, 0)', returnData: true });
    expect(sums.map(({ id, metric }) => [id, metric?.namespace, metric?.metricName, metric?.dimensions])).toEqual([
      ['errors', 'AWS/Lambda', 'Errors', expect.objectContaining({ FunctionName: expect.any(String) })],
      ['waits', 'Payments', 'Waits', { Stage: 'production', Function: 'Sync' }],
    ]);
    expect(named('SyncErrors')).toMatchObject({ threshold: 5, evaluationPeriods: 5 });
  });

  it('page when Stripe has said nothing for six hours, silence being the bad sign; in production only', () => {
    expect(named('NoEvents')).toMatchObject({
      ...{ metricName: 'WebhookRequests', comparisonOperator: 'LessThanThreshold', threshold: 1, statistic: 'Sum' },
      ...{ period: 3_600, evaluationPeriods: 6, treatMissingData: 'breaching', actionsEnabled: true },
    });
    const local = alarmsOf(quiet).find(({ name }) => name === 'payments-local-NoEvents');
    expect(local).toMatchObject({ actionsEnabled: false });
  });

  it('watch every queue of last resort, what somebody is reading there included', () => {
    const watched = alarmsOf().flatMap(({ dimensions, metricName, metricQueries }) => [
      `${dimensions.QueueName} ${metricName}`,
      ...metricQueries.map(({ metric }) => `${metric?.dimensions.QueueName} ${metric?.metricName}`),
    ]);
    for (const { inputs } of of('aws:sqs/queue:Queue')) {
      expect(watched).toContain(`${inputs.name} ApproximateNumberOfMessagesVisible`);
      if (inputs.name !== 'payments-production-Bulk')
        expect(watched).toContain(`${inputs.name} ApproximateNumberOfMessagesNotVisible`);
    }
    expect(named('BulkParked')).toMatchObject({ threshold: 0, comparisonOperator: 'GreaterThanThreshold' });
    expect(named('BulkParked')?.metricQueries.find(({ returnData }) => returnData)?.expression).toBe(
      'FILL(visible, 0) + FILL(hidden, 0)',
    );
  });

  it('are made from the whole table', () => {
    const table: Readonly<Record<string, Alarm>> = ALARMS;
    for (const [name, { topic: to, impact }] of Object.entries(table)) {
      expect([name, topic(name), named(name)?.alarmDescription.startsWith(impact)]).toEqual([name, to, true]);
    }
  });
});

describe('whom alarms reach', () => {
  const subscriptions = (among: readonly SynthesisedResource[]) =>
    of('aws:sns/topicSubscription:TopicSubscription', among).map(({ inputs }) => inputs);

  it('is PagerDuty for what is critical, and an address for everything, as the secret says', () => {
    expect(subscriptions(resources)).toHaveLength(3);
    expect(subscriptions(resources)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          protocol: 'https',
          endpointAutoConfirms: true,
          topic: expect.stringMatching(/critical$/),
        }),
        expect.objectContaining({ protocol: 'email', topic: expect.stringMatching(/critical$/) }),
        expect.objectContaining({ protocol: 'email', topic: expect.stringMatching(/warning$/) }),
      ]),
    );
    expect(JSON.stringify(subscriptions(resources))).toContain(PAGER);
  });

  it('is nobody while the secret is empty, and the stacks deploy all the same', () => {
    expect(subscriptions(quiet)).toEqual([]);
    expect(of('aws:sns/topic:Topic', quiet)).toHaveLength(2);
  });

  it('is read by no function', () => {
    for (const { inputs } of of('aws:iam/role:Role')) expect(JSON.stringify(inputs)).not.toContain('AlarmReceivers');
  });
});
