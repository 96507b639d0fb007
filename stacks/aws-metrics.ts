/**
 * What AWS measures by itself and this integration looks at: namespace → metric → the dimensions it is reported under.
 * Plain data that imports nothing. A metric under other dimensions does not exist, and an alarm on it never rings.
 */
export const AWS_METRICS = {
  'AWS/ApiGateway': {
    dimensions: [['ApiId']],
    metrics: ['Count', '4xx', '5xx', 'Latency'],
  },
  'AWS/Lambda': {
    dimensions: [['FunctionName']],
    metrics: ['Invocations', 'Errors', 'Throttles', 'Duration'],
  },
  // A rule of another bus than the default one is named together with its bus.
  'AWS/Events': {
    dimensions: [['RuleName'], ['EventBusName', 'RuleName']],
    metrics: ['MatchedEvents', 'Invocations', 'FailedInvocations', 'InvocationsFailedToBeSentToDlq'],
  },
  'AWS/States': {
    dimensions: [['StateMachineArn']],
    metrics: [
      'ExecutionsStarted',
      'ExecutionsSucceeded',
      'ExecutionsFailed',
      'ExecutionsTimedOut',
      'ExecutionThrottled',
      'ExecutionTime',
    ],
  },
  'AWS/SQS': {
    dimensions: [['QueueName']],
    metrics: [
      'ApproximateNumberOfMessagesVisible',
      'ApproximateNumberOfMessagesNotVisible',
      'ApproximateAgeOfOldestMessage',
    ],
  },
  // By node, not by replication group.
  'AWS/ElastiCache': {
    dimensions: [['CacheClusterId']],
    metrics: ['DatabaseMemoryUsagePercentage', 'Evictions', 'EngineCPUUtilization', 'ReplicationLag'],
  },
  'AWS/Firehose': {
    dimensions: [['DeliveryStreamName']],
    metrics: ['DeliveryToHttpEndpoint.DataFreshness'],
  },
} as const;

export type AwsNamespace = keyof typeof AWS_METRICS;
export type AwsMetric<Namespace extends AwsNamespace> = (typeof AWS_METRICS)[Namespace]['metrics'][number];
