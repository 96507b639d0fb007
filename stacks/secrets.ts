/**
 * Secrets Manager keeps every credential. The stacks make the secrets empty: nobody's key is in the state, the
 * repository or an environment variable. docs/deployment.md says what to put in.
 */
import { prefix } from './stage.ts';

const arns: Record<string, $util.Output<string>> = {};

function secret(name: string, description: string) {
  const made = new aws.secretsmanager.Secret(name, {
    name: `${prefix}/${name}`,
    description,
  });
  arns[name] = made.arn;
  return new sst.Linkable(name, {
    properties: { arn: made.arn },
    include: [sst.aws.permission({ actions: ['secretsmanager:GetSecretValue'], resources: [made.arn] })],
  });
}

export const stripeSigningSecret = secret(
  'StripeSigningSecret',
  'Webhook signing secrets, all that are active: {"secrets":["whsec_…"]}',
);
export const stripeApiKey = secret('StripeApiKey', 'Restricted read key of Stripe: {"apiKey":"rk_…"}');
export const salesforceClient = secret(
  'SalesforceClient',
  'Client credentials: {"loginUrl":"…","clientId":"…","clientSecret":"…"}',
);

/** Read when the stacks are deployed (alarms/topics.ts), by no function: who is told. No key of any data. */
export const alarmReceivers = new aws.secretsmanager.Secret('AlarmReceivers', {
  name: `${prefix}/AlarmReceivers`,
  description: 'Who hears alarms: {"pagerDuty":"https://events.pagerduty.com/integration/…/enqueue","email":"…"}',
}).arn;

/** Every secret by name, to ask how old it is: no right to read one. */
export function secretArns(others: Readonly<Record<string, $util.Input<string>>>): sst.Linkable<object> {
  const all = { ...arns, ...others };
  return new sst.Linkable('SecretArns', {
    properties: { arns: all },
    include: [sst.aws.permission({ actions: ['secretsmanager:ListSecretVersionIds'], resources: Object.values(all) })],
  });
}
