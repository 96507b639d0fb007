/** A rule could not hand an event on. */
import { rule as bulkRule } from '../bulk.ts';
import { busName, unroutedRules } from '../bus.ts';
import { failedRule, machines } from '../realtime.ts';
import { alarm } from './alarm.ts';

/** Every rule with the dimensions under which EventBridge counts it. */
const rules = [
  ...[...unroutedRules, ...machines, { name: 'Bulk', rule: bulkRule }].map(({ name, rule }) => ({
    name,
    dimensions: { EventBusName: busName, RuleName: rule.name },
  })),
  { name: 'FailedExecutions', dimensions: { RuleName: failedRule.name } },
];

for (const { name, dimensions } of rules) {
  alarm(`${name}UndeliverableDeadLetters`, {
    topic: 'critical',
    namespace: 'AWS/Events',
    metric: 'InvocationsFailedToBeSentToDlq',
    dimensions,
    statistic: 'Sum',
    above: 0,
    impact: 'An event could be neither delivered nor kept: only the archive still has it.',
    runbook: 'events-lost-by-the-bus',
  });
  alarm(`${name}FailedInvocations`, {
    topic: 'warning',
    namespace: 'AWS/Events',
    metric: 'FailedInvocations',
    dimensions,
    statistic: 'Sum',
    above: 0,
    impact: 'The bus gave up delivering an event; it is a dead letter.',
    runbook: 'bus-deliveries-failing',
  });
}
