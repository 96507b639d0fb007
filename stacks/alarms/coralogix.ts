/** What is shipped to Coralogix falls behind. */
import { deliveries } from '../coralogix.ts';
import { alarm } from './alarm.ts';

for (const { name, stream } of deliveries) {
  alarm(`${name}Late`, {
    topic: 'warning',
    namespace: 'AWS/Firehose',
    metric: 'DeliveryToHttpEndpoint.DataFreshness',
    dimensions: { DeliveryStreamName: stream },
    statistic: 'Maximum',
    above: 900,
    minutes: 5,
    impact: 'Coralogix shows how things were a quarter of an hour ago or more; alarms here are not touched.',
    runbook: 'coralogix-late',
  });
}
