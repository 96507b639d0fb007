/**
 * CloudWatch on this machine: the functions' log lines with the metrics in them, and what AWS's own services count
 * (AWS/Lambda, AWS/States, AWS/SQS, AWS/Events), for FilterLogEvents and GetMetricData.
 */
import type { Service } from '../aws/server.ts';
import type { BusMetric } from '../bus/bus.ts';
import type { LogLine } from '../lambda/function.ts';
import type { Depth } from '../queues/queues.ts';
import type { Execution } from '../states/machines.ts';
import { type Dimensions, embeddedMetrics } from './embedded-metrics.ts';
import { createLogStore } from './log-store.ts';
import { handleLogs } from './logs-wire.ts';
import { createMetricStore, type MetricStore } from './metric-store.ts';
import { handleMonitoring } from './monitoring-wire.ts';

export type CloudWatch = {
  /** By the prefix of X-Amz-Target. */
  readonly services: ReadonlyMap<string, Service>;
  /** What GetMetricData answers from. */
  readonly metrics: MetricStore;
  line(line: LogLine): void;
  /** Makes a function's log group known before its first line. */
  watchFunction(functionName: string, logGroup?: string): void;
  /** Counts the invocation that `invoke` makes. */
  invocation<Result>(functionName: string, invoke: () => Promise<Result>): Promise<Result>;
  execution(execution: Execution): void;
  busMetric(metric: BusMetric): void;
  /** SQS reports its gauges once a minute; so should the caller. */
  queueDepth(queueName: string, depth: Depth): void;
};

const EXECUTION_METRICS: Readonly<Record<Execution['status'], string>> = {
  RUNNING: 'ExecutionsStarted',
  SUCCEEDED: 'ExecutionsSucceeded',
  FAILED: 'ExecutionsFailed',
  TIMED_OUT: 'ExecutionsTimedOut',
  ABORTED: 'ExecutionsAborted',
};

export function createCloudWatch(options: {
  readonly account: string;
  readonly region: string;
  readonly now: () => number;
}): CloudWatch {
  const metrics = createMetricStore();
  const logs = createLogStore();
  const { account, region, now } = options;
  const groups = new Map<string, string>();
  const groupOf = (functionName: string): string => groups.get(functionName) ?? `/aws/lambda/${functionName}`;
  const put = (namespace: string, name: string, dimensions: Dimensions, value: number, unit = 'Count'): void =>
    metrics.add({ namespace, name, dimensions, unit, at: now(), values: [value] });

  return {
    metrics,
    services: new Map<string, Service>([
      ['Logs_20140328', (operation, input) => handleLogs(logs, { account, region }, operation, input)],
      ['GraniteServiceVersion20100801', (operation, input) => handleMonitoring(metrics, operation, input)],
    ]),
    line({ functionName, line, at }) {
      logs.add(groupOf(functionName), line, at);
      for (const datum of embeddedMetrics(line)) metrics.add(datum);
    },
    watchFunction: (functionName, logGroup) => {
      if (logGroup !== undefined) groups.set(functionName, logGroup);
      logs.open(groupOf(functionName), now());
    },
    async invocation(FunctionName, invoke) {
      const started = now();
      let errors = 1;
      try {
        const result = await invoke();
        errors = 0;
        return result;
      } finally {
        put('AWS/Lambda', 'Invocations', { FunctionName }, 1);
        put('AWS/Lambda', 'Errors', { FunctionName }, errors);
        put('AWS/Lambda', 'Duration', { FunctionName }, now() - started, 'Milliseconds');
      }
    },
    execution({ machineArn: StateMachineArn, status, startDate, stopDate }) {
      put('AWS/States', EXECUTION_METRICS[status], { StateMachineArn }, 1);
      if (stopDate !== null) {
        put('AWS/States', 'ExecutionTime', { StateMachineArn }, stopDate - startDate, 'Milliseconds');
      }
    },
    busMetric({ name, value, dimensions }) {
      put('AWS/Events', name, { ...dimensions }, value);
    },
    queueDepth(QueueName, { ready, delayed, inFlight, oldestSentAt }) {
      const ageSeconds = oldestSentAt === null ? 0 : Math.floor((now() - oldestSentAt) / 1000);
      put('AWS/SQS', 'ApproximateAgeOfOldestMessage', { QueueName }, ageSeconds, 'Seconds');
      put('AWS/SQS', 'ApproximateNumberOfMessagesVisible', { QueueName }, ready);
      put('AWS/SQS', 'ApproximateNumberOfMessagesDelayed', { QueueName }, delayed);
      put('AWS/SQS', 'ApproximateNumberOfMessagesNotVisible', { QueueName }, inFlight);
    },
  };
}
