/** The door: Stripe's webhooks, verified and published. Outside the VPC: it needs the bus and one secret. */
import { bus } from './bus.ts';
import { stripeSigningSecret } from './secrets.ts';
import { logRetention, prefix, settings } from './stage.ts';

const api = new sst.aws.ApiGatewayV2('Webhooks', {
  // Nobody calls it from a browser; SST would allow every origin.
  cors: false,
  accessLog: { retention: logRetention },
  transform: {
    // Operators find the webhook's address by this name.
    api: { name: `${prefix}-webhooks` },
    // Stripe sends bursts when it catches up; 100 events a minute is the floor we promise, this is its ceiling.
    stage: { defaultRouteSettings: { throttlingBurstLimit: 500, throttlingRateLimit: 250 } },
  },
});

export const ingress = new sst.aws.Function('Ingress', {
  handler: 'packages/functions/src/ingress/webhook-lambda.handler',
  // Checkout waits ten seconds for our answer before it lets the customer go.
  timeout: '10 seconds',
  concurrency: { reserved: 50 },
  link: [bus, stripeSigningSecret, settings],
});

api.route('POST /webhook/stripe', ingress.arn);
api.route('GET /health', ingress.arn);

export const webhookUrl = $interpolate`${api.url}/webhook/stripe`;
export const apiId = api.nodes.api.id;
