/** A function is held back, or keeps failing. */
import { type MetricName, NAMESPACE } from '../../packages/core/src/metrics.ts';
import { functions } from '../functions.ts';
import { alarm, said } from './alarm.ts';

/** Asking to be waited for is an error to Lambda, as is a crash; in an outage hundreds of executions do nothing else. */
const WAITS: MetricName = 'Waits';

for (const { name, fn } of functions) {
  alarm(`${name}Throttles`, {
    topic: 'warning',
    namespace: 'AWS/Lambda',
    metric: 'Throttles',
    dimensions: { FunctionName: fn.name },
    statistic: 'Sum',
    above: 0,
    minutes: 5,
    impact: 'More work arrives than the function may do at once; it waits.',
    runbook: 'functions-throttled',
  });
  const sum = (
    id: string,
    metric: { namespace: string; metricName: string; dimensions: Record<string, $util.Input<string>> },
  ) => ({
    id,
    metric: { ...metric, stat: 'Sum', period: 60 },
  });
  new aws.cloudwatch.MetricAlarm(`${name}ErrorsAlarm`, {
    ...said(`${name}Errors`, {
      topic: 'warning',
      impact: 'A step keeps failing; its retries may run out.',
      runbook: 'functions-failing',
    }),
    metricQueries: [
      {
        id: 'failed',
        expression: 'FILL(errors, 0) - FILL(waits, 0)',
        label: 'errors, waits left out',
        returnData: true,
      },
      sum('errors', { namespace: 'AWS/Lambda', metricName: 'Errors', dimensions: { FunctionName: fn.name } }),
      sum('waits', { namespace: NAMESPACE, metricName: WAITS, dimensions: { Stage: $app.stage, Function: name } }),
    ],
    evaluationPeriods: 5,
    comparisonOperator: 'GreaterThanThreshold',
    threshold: 5,
    treatMissingData: 'notBreaching',
  });
}
