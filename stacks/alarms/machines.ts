/** An execution ended badly, or could not begin. */
import { flush } from '../bulk.ts';
import { machines } from '../realtime.ts';
import { alarm } from './alarm.ts';

for (const { name, machine } of [...machines, { name: 'Flush', machine: flush }]) {
  for (const metric of ['ExecutionsFailed', 'ExecutionsTimedOut', 'ExecutionThrottled'] as const) {
    alarm(`${name}${metric}`, {
      topic: metric === 'ExecutionThrottled' || name === 'Flush' ? 'warning' : 'critical',
      namespace: 'AWS/States',
      metric,
      dimensions: { StateMachineArn: machine.arn },
      statistic: 'Sum',
      above: 0,
      impact:
        name === 'Flush'
          ? 'A batch could not be written; the next minute resumes it.'
          : 'An urgent change in Stripe did not reach Salesforce.',
      runbook: 'failed-executions',
    });
  }
}
