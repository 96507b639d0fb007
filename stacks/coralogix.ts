/**
 * Logs and metrics, shipped to Coralogix by Firehose. Not their Lambda layer: nothing is added to a function's cold start, the
 * functions in the VPC need no further way out, AWS's own metrics come along, and what cannot be delivered waits in a
 * bucket. One switch: `coralogix` in stage.ts. The key is read by Firehose, from Secrets Manager.
 */
import { METRICS, NAMESPACE } from '../packages/core/src/metrics.ts';
import { AWS_METRICS } from './aws-metrics.ts';
import { functions } from './functions.ts';
import { coralogix, logRetentionInDays, prefix } from './stage.ts';

/** All but the metrics that stand in log lines: those come as metrics. */
const SHIPPED_LINES = '{ $._aws NOT EXISTS }';

/** Both streams, for the alarm that they fall behind. */
export const deliveries: { readonly name: string; readonly stream: $util.Output<string> }[] = [];

if (coralogix !== null) ship(coralogix);

function ship({ domain }: { readonly domain: string }): void {
  const { arn: key } = new aws.secretsmanager.Secret('Coralogix', {
    name: `${prefix}/Coralogix`,
    description: 'A Send-Your-Data key of Coralogix: {"api_key":"cxtp_…"}',
  });
  const bucket = new aws.s3.Bucket('CoralogixUndelivered', {
    bucketPrefix: `${prefix}-coralogix`.slice(0, 37).toLowerCase(),
  });
  new aws.s3.BucketPublicAccessBlock('CoralogixUndeliveredPrivate', {
    bucket: bucket.id,
    ...{ blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true },
  });
  new aws.s3.BucketLifecycleConfiguration('CoralogixUndeliveredEnds', {
    bucket: bucket.id,
    rules: [{ id: 'end', status: 'Enabled', filter: { prefix: '' }, expiration: { days: logRetentionInDays } }],
  });
  const errors = new aws.cloudwatch.LogGroup('CoralogixLogs', {
    name: `/aws/kinesisfirehose/${prefix}-coralogix`,
    retentionInDays: logRetentionInDays,
  });
  const stream = (kind: string) =>
    new aws.cloudwatch.LogStream(`Coralogix${kind}LogStream`, { name: kind.toLowerCase(), logGroupName: errors.name });
  const role = new aws.iam.Role('CoralogixRole', {
    assumeRolePolicy: aws.iam.assumeRolePolicyForPrincipal({ Service: 'firehose.amazonaws.com' }),
    inlinePolicies: [
      {
        name: 'deliver',
        policy: aws.iam.getPolicyDocumentOutput({
          statements: [
            { actions: ['secretsmanager:GetSecretValue'], resources: [key] },
            { actions: ['s3:PutObject', 's3:AbortMultipartUpload'], resources: [$interpolate`${bucket.arn}/*`] },
            {
              actions: ['s3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketMultipartUploads'],
              resources: [bucket.arn],
            },
            { actions: ['logs:PutLogEvents'], resources: [$interpolate`${errors.arn}:*`] },
          ],
        }).json,
      },
    ],
  });

  /** Buffer sizes and times are Coralogix' own advice for each kind. */
  const delivery = (kind: 'Logs' | 'Metrics', integrationType: string, megabytes: number, retrySeconds: number) => {
    const made = new aws.kinesis.FirehoseDeliveryStream(`Coralogix${kind}`, {
      name: `${prefix}-coralogix-${kind.toLowerCase()}`,
      destination: 'http_endpoint',
      httpEndpointConfiguration: {
        name: 'Coralogix',
        url: `https://ingress.${domain}/aws/firehose`,
        secretsManagerConfiguration: { enabled: true, secretArn: key, roleArn: role.arn },
        roleArn: role.arn,
        bufferingSize: megabytes,
        bufferingInterval: 60,
        retryDuration: retrySeconds,
        s3BackupMode: 'FailedDataOnly',
        s3Configuration: {
          roleArn: role.arn,
          bucketArn: bucket.arn,
          prefix: `${kind.toLowerCase()}/`,
          bufferingSize: 5,
          bufferingInterval: 300,
          compressionFormat: 'GZIP',
        },
        cloudwatchLoggingOptions: { enabled: true, logGroupName: errors.name, logStreamName: stream(kind).name },
        requestConfiguration: {
          contentEncoding: 'GZIP',
          commonAttributes: [
            { name: 'integrationType', value: integrationType },
            { name: 'applicationName', value: $app.name },
            { name: 'subsystemName', value: $app.stage },
          ],
        },
      },
    });
    deliveries.push({ name: `Coralogix${kind}`, stream: made.name });
    return made;
  };

  const putRole = (name: string, service: string, target: aws.kinesis.FirehoseDeliveryStream) =>
    new aws.iam.Role(name, {
      assumeRolePolicy: aws.iam.assumeRolePolicyForPrincipal({ Service: service }),
      inlinePolicies: [
        {
          name: 'put',
          policy: aws.iam.getPolicyDocumentOutput({
            statements: [{ actions: ['firehose:PutRecord', 'firehose:PutRecordBatch'], resources: [target.arn] }],
          }).json,
        },
      ],
    });

  const logs = delivery('Logs', 'CloudWatch_JSON', 6, 300);
  const subscriber = putRole('CoralogixLogsPutRole', 'logs.amazonaws.com', logs);
  // Not of the machines: the cause of a crash may quote what our own lines leave out.
  for (const { name, fn } of functions) {
    new aws.cloudwatch.LogSubscriptionFilter(`Coralogix${name}`, {
      name: `${prefix}-coralogix`,
      logGroup: fn.nodes.logGroup.apply((group) => group?.name ?? $output('')),
      filterPattern: SHIPPED_LINES,
      destinationArn: logs.arn,
      roleArn: subscriber.arn,
    });
  }

  const metrics = delivery('Metrics', 'CloudWatch_Metrics_OpenTelemetry070_WithAggregations', 1, 300);
  new aws.cloudwatch.MetricStream('CoralogixMetricStream', {
    name: `${prefix}-coralogix`,
    firehoseArn: metrics.arn,
    roleArn: putRole('CoralogixMetricsPutRole', 'streams.metrics.cloudwatch.amazonaws.com', metrics).arn,
    outputFormat: 'opentelemetry0.7',
    includeFilters: [
      { namespace: NAMESPACE },
      ...Object.entries(AWS_METRICS).map(([namespace, { metrics: names }]) => ({ namespace, metricNames: [...names] })),
    ],
    // CloudWatch streams minimum, maximum, sum and count; percentiles only where they are asked for.
    statisticsConfigurations: [
      {
        additionalStatistics: ['p50', 'p95', 'p99'],
        includeMetrics: Object.entries(METRICS)
          .filter(([, { kind }]) => kind === 'time')
          .map(([metricName]) => ({ namespace: NAMESPACE, metricName })),
      },
    ],
  });
}
