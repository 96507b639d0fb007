import * as v from 'valibot';
import type { Health } from './health.ts';
import type { Answer, WebhookRequest } from './webhook.ts';

/** Between HTTP API's payload 2.0 (what Lambda is called with) and the two stories behind it. */
const RequestSchema = v.object({
  rawPath: v.string(),
  requestContext: v.object({ http: v.object({ method: v.string() }) }),
  headers: v.optional(v.record(v.string(), v.optional(v.string())), {}),
  body: v.optional(v.string()),
  isBase64Encoded: v.optional(v.boolean(), false),
});

export type HttpResponse = {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

export type Endpoints = {
  readonly webhook: (request: WebhookRequest) => Promise<Answer>;
  readonly health: () => Promise<Health>;
};

const WEBHOOK_PATH = '/webhook/stripe';
const HEALTH_PATH = '/health';

/** Answers every request; the input is parsed, since a function may be invoked by something that is no HTTP API. */
export async function route(input: unknown, endpoints: Endpoints): Promise<HttpResponse> {
  const parsed = v.safeParse(RequestSchema, input);
  if (!parsed.success) return json(400, { error: 'not a request of this API' });
  const { rawPath, requestContext, headers, body, isBase64Encoded } = parsed.output;
  const method = requestContext.http.method;
  if (rawPath === WEBHOOK_PATH) {
    if (method !== 'POST') return json(405, { error: 'POST only' }, { allow: 'POST' });
    // HTTP API sends header names in lower case.
    const answer = await endpoints.webhook({ signature: headers['stripe-signature'], body, isBase64Encoded });
    return json(answer.status, answer.body);
  }
  if (rawPath === HEALTH_PATH) {
    if (method !== 'GET') return json(405, { error: 'GET only' }, { allow: 'GET' });
    const health = await endpoints.health();
    return json(health.status === 'ok' ? 200 : 503, health);
  }
  return json(404, { error: 'no such path' });
}

function json(statusCode: number, body: object, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  return {
    statusCode,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
    body: JSON.stringify(body),
  };
}
