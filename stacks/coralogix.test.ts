import path from 'node:path';
import { METRICS } from '@payments/core/metrics';
import { metrics } from '@payments/functions/adapters/metrics';
import { parseFilter } from '@payments/local/cloudwatch/log-filter';
import type { SynthesisedResource } from '@payments/local/graph/graph';
import { synthesiseResources } from '@payments/local/graph/synth';
import * as v from 'valibot';
import { beforeAll, describe, expect, it } from 'vitest';
import { alerts } from '../monitoring/coralogix/alerts.ts';

const root = path.dirname(import.meta.dirname);
let on: readonly SynthesisedResource[];
let off: readonly SynthesisedResource[];
beforeAll(async () => {
  on = (await synthesiseResources({ root, stage: 'production', say: () => {} })).resources;
  off = (await synthesiseResources({ root, stage: 'local', say: () => {} })).resources;
}, 180_000);

const of = (type: string, among = on) => among.filter((resource) => resource.type === type);

describe('what is shipped to Coralogix', () => {
  it('is nothing at all on a stage without the switch', () => {
    expect(off.filter(({ name }) => name.startsWith('Coralogix'))).toEqual([]);
    expect(of('aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream', off)).toEqual([]);
  });

  it('is the log of every function, and of nothing else', () => {
    const Filter = v.object({ logGroup: v.string(), filterPattern: v.string(), destinationArn: v.string() });
    const shipped = of('aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter').map(({ inputs }) =>
      v.parse(Filter, inputs),
    );
    const logging = v.object({ loggingConfig: v.object({ logGroup: v.string() }) });
    const groups = of('aws:lambda/function:Function')
      .filter(({ inputs }) => String(inputs.name).startsWith('payments-production-'))
      .map(({ inputs }) => v.parse(logging, inputs).loggingConfig.logGroup);
    expect(groups.length).toBeGreaterThan(10);
    expect(shipped.map(({ logGroup }) => logGroup).sort()).toEqual([...groups].sort());
    for (const { destinationArn } of shipped) expect(destinationArn).toMatch(/coralogix-logs$/);
  });

  it('is every line but those that are metrics', () => {
    const [first] = of('aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter');
    const passes = parseFilter(String(first?.inputs.filterPattern));
    const lines: string[] = [];
    const { count, flush } = metrics({
      ...{ stage: 'production', service: 'bulk', nowMs: () => 0 },
      write: (line) => lines.push(line),
    });
    count('BatchTime', 12);
    flush();
    expect(lines.map(passes)).toEqual([false]);
    expect(passes('{"level":"ERROR","message":"parked","stripeEventId":"evt_1"}')).toBe(true);
    expect(passes('{"time":"…","type":"platform.report","record":{}}')).toBe(true);
  });

  it('is every metric of ours and of AWS that alarms and dashboards look at, percentiles included', () => {
    const [stream] = of('aws:cloudwatch/metricStream:MetricStream');
    expect(stream?.inputs).toMatchObject({ outputFormat: 'opentelemetry0.7' });
    expect(stream?.inputs.includeFilters).toContainEqual({ namespace: 'Payments' });
    const Statistics = v.array(
      v.object({
        additionalStatistics: v.array(v.string()),
        includeMetrics: v.array(v.object({ metricName: v.string(), namespace: v.literal('Payments') })),
      }),
    );
    const [percentiles] = v.parse(Statistics, stream?.inputs.statisticsConfigurations);
    const times = Object.entries(METRICS).filter(([, { kind }]) => kind === 'time');
    expect(percentiles?.includeMetrics.map(({ metricName }) => metricName)).toEqual(times.map(([name]) => name));
    expect(percentiles?.additionalStatistics).toEqual(['p50', 'p95', 'p99']);
  });

  it('carries application and stage, by a key that only Firehose reads, and is kept when it cannot be delivered', () => {
    const streams = of('aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream');
    expect(streams).toHaveLength(2);
    for (const { inputs } of streams) {
      expect(inputs.httpEndpointConfiguration).toMatchObject({
        url: expect.stringMatching(/^https:\/\/ingress\.[\w.]*coralogix[\w.]*\/aws\/firehose$/),
        secretsManagerConfiguration: { enabled: true, secretArn: expect.stringContaining('/Coralogix') },
        s3BackupMode: 'FailedDataOnly',
        requestConfiguration: {
          commonAttributes: expect.arrayContaining([
            { name: 'applicationName', value: 'payments' },
            { name: 'subsystemName', value: 'production' },
          ]),
        },
      });
      expect(JSON.stringify(inputs)).not.toContain('accessKey');
    }
    const types = streams.map(({ inputs }) => /"integrationType","value":"(\w+)"/.exec(JSON.stringify(inputs))?.[1]);
    expect(types.sort()).toEqual(['CloudWatch_JSON', 'CloudWatch_Metrics_OpenTelemetry070_WithAggregations']);
    const readers = of('aws:iam/role:Role').filter(({ inputs }) => JSON.stringify(inputs).includes('/Coralogix-'));
    expect(readers.map(({ name }) => name)).toEqual(['CoralogixRole']);
    expect(of('aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock').map(({ name }) => name)).toContain(
      'CoralogixUndeliveredPrivate',
    );
  });
});

describe('what the alerts of Coralogix find by name', () => {
  /** `QueueName=~"…"` in an alert, as Prometheus reads it: from the first letter to the last. */
  const patterns = (label: string, file: string): readonly RegExp[] =>
    alerts('production')
      .filter((alert) => alert.file === file)
      .flatMap(({ definition }) => [...JSON.stringify(definition).matchAll(/(\w+)=~\\"([^"]*)\\"/g)])
      .flatMap(([, name, pattern = '']) => (name === label ? [new RegExp(`^(?:${pattern})$`)] : []));
  const found = (names: readonly string[], label: string, file: string) => {
    const named = patterns(label, file);
    expect([file, named.length > 0]).toEqual([file, true]);
    return names.filter((name) => named.every((pattern) => pattern.test(name))).sort();
  };

  it('is every queue once', () => {
    const queues = of('aws:sqs/queue:Queue').map(({ inputs }) => String(inputs.name));
    const files = ['BulkQueueDepth.json', 'DeadLetters.json', 'Unrouted.json', 'Unstarted.json'];
    expect(files.flatMap((file) => found(queues, 'QueueName', file)).sort()).toEqual([...queues].sort());
    expect(found(queues, 'QueueName', 'BulkQueueDepth.json')).toEqual(['payments-production-Bulk']);
    expect(found(queues, 'QueueName', 'Unrouted.json')).toEqual(['payments-production-Unrouted']);
  });

  it('is every machine once', () => {
    const machines = of('aws:sfn/stateMachine:StateMachine').map(
      ({ inputs }) => `arn:aws:states:eu-central-1:123456789012:stateMachine:${inputs.name}`,
    );
    const files = ['ExecutionsFailed.json', 'FlushExecutionsFailed.json'];
    expect(files.flatMap((file) => found(machines, 'StateMachineArn', file)).sort()).toEqual([...machines].sort());
    expect(machines).toHaveLength(4);
  });

  it("is Redis' nodes", () => {
    const nodes = of('aws:elasticache/replicationGroup:ReplicationGroup').map(
      ({ inputs }) => `${inputs.replicationGroupId}-0001-001`,
    );
    expect(nodes).toHaveLength(1);
    expect(found(nodes, 'CacheClusterId', 'RedisMemory.json')).toEqual(nodes);
  });
});
