import { randomUUID } from 'node:crypto';
import { eventBridge, publisher } from '../adapters/bus.ts';
import { instrument } from '../adapters/instrument.ts';
import { link } from '../adapters/resources.ts';
import { StripeSigningSecret, secretReader, secretsManager } from '../adapters/secrets.ts';
import { healthCheck } from './health.ts';
import { route } from './http.ts';
import { cachedSigningKeys } from './signing-keys.ts';
import { receiveWebhook, type WebhookLine } from './webhook.ts';

// Once per cold start.
const { log, count, around } = instrument('Ingress', 'ingress');
const nowMs = () => Date.now();
const bus = eventBridge(link('Bus').name);
const publish = publisher(bus.put);
const readSecret = secretReader(secretsManager());
const signingSecret = link('StripeSigningSecret').arn;
const keys = cachedSigningKeys({
  readSecrets: async () => (await readSecret(signingSecret, StripeSigningSecret)).secrets,
  nowMs,
});
const { livemode } = link('Settings');
const health = healthCheck({ busReachable: bus.reachable, secretReadable: keys.current, nowMs });

/** Called by the HTTP API: `POST /webhook/stripe` and `GET /health`. */
export const handler = around((input) => {
  const correlationId = randomUUID();
  return route(input, {
    health,
    webhook: (request) =>
      receiveWebhook(request, correlationId, {
        keys,
        publish,
        livemode,
        nowMs,
        count,
        log: (line) => write({ correlationId, ...line }),
      }),
  });
});

function write(line: WebhookLine & { readonly correlationId: string }): void {
  if (line.outcome === 'failed') log.error('webhook', line);
  else if (line.outcome === 'published' || line.outcome === 'unrouted') log.info('webhook', line);
  else log.warn('webhook', line);
}
