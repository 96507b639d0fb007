/**
 * Secrets Manager keeps every credential. The stacks make the secrets empty: nobody's key is in the state, the
 * repository or an environment variable. docs/deployment.md says what to put in.
 */
import { prefix } from './stage.ts';

function secret(name: string, description: string) {
  const made = new aws.secretsmanager.Secret(name, {
    name: `${prefix}/${name}`,
    description,
  });
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
