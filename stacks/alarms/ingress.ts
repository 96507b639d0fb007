/** Stripe cannot deliver. */
import { apiId } from '../ingress.ts';
import { alarm } from './alarm.ts';

alarm('WebhookServerErrors', {
  topic: 'critical',
  namespace: 'AWS/ApiGateway',
  metric: '5xx',
  dimensions: { ApiId: apiId },
  statistic: 'Sum',
  above: 5,
  minutes: 5,
  impact: 'Stripe cannot deliver; it retries for three days, and customers wait meanwhile.',
  runbook: 'webhooks-refused',
});
