import { createHmac } from 'node:crypto';
import { ApiGatewayV2Client, GetApisCommand } from '@aws-sdk/client-apigatewayv2';
import type { Deployment } from '../deployment/deployment.ts';
import { NotReached } from '../frame/problem.ts';

/** The deployment's `POST /webhook/stripe`, found by the name that the stacks give its API. */
export async function webhookUrl(deployment: Deployment): Promise<string> {
  const client = new ApiGatewayV2Client(deployment.aws);
  const name = `${deployment.prefix}-webhooks`;
  let NextToken: string | undefined;
  do {
    const page = await client.send(new GetApisCommand({ NextToken }));
    const found = page.Items?.find((api) => api.Name === name)?.ApiEndpoint;
    if (found !== undefined) return `${found}/webhook/stripe`;
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  throw new NotReached(
    `there is no API ${name} in ${deployment.region}: is the stage ${deployment.stage} deployed here?`,
  );
}

const TIMEOUT_MS = 15_000;

export type WebhookAnswer = { readonly status: number; readonly body: string };

/** Sends a body as Stripe does: `Stripe-Signature: t=<seconds>,v1=<hmac>` (docs.stripe.com/webhooks#verify-manually). */
export async function sendSigned(
  url: string,
  body: string,
  { secret, seconds }: { readonly secret: string; readonly seconds: number },
): Promise<WebhookAnswer> {
  const signature = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'stripe-signature': `t=${seconds},v1=${signature}`,
    },
    body,
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  return { status: response.status, body: await response.text() };
}
