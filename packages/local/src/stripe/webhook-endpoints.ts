import type { JsonObject } from '@payments/core/event';
import * as v from 'valibot';
import type { Books } from './books.ts';
import type { Endpoint } from './endpoint.ts';
import { endpoint } from './endpoint.ts';
import { EVENT_TYPES } from './event-types.ts';
import { mergeMetadata, withoutEmpty } from './metadata.ts';
import { clearable, flag, list, metadata, text } from './parameters.ts';
import { noSuch, refused } from './stripe-error.ts';
import { isVersion } from './versions.ts';
import type { WebhookEndpoint } from './webhook-endpoint.ts';
import { activeSecretsOf, createWebhookEndpoint } from './webhook-endpoint.ts';

export const WEBHOOK_CREATE = {
  api_version: v.optional(text()),
  connect: v.optional(flag()),
  description: v.optional(clearable()),
  enabled_events: list(text(), 1_000),
  metadata: v.optional(metadata()),
  url: text(),
};

export const WEBHOOK_UPDATE = {
  description: v.optional(clearable()),
  disabled: v.optional(flag()),
  enabled_events: v.optional(list(text(), 1_000)),
  metadata: v.optional(metadata()),
  url: v.optional(text()),
};

/** Signing secrets are shown once, when an endpoint is made. */
export function webhookEndpoints(): readonly Endpoint[] {
  return [
    endpoint('POST', 'webhook_endpoints', WEBHOOK_CREATE, ({ books }, given): JsonObject => {
      checkUrl(given.url);
      checkVersion(given.api_version);
      checkEvents(given.enabled_events);
      const made = createWebhookEndpoint(books, {
        url: given.url,
        enabledEvents: given.enabled_events,
        apiVersion: given.api_version ?? null,
        description: given.description ?? null,
        metadata: withoutEmpty(given.metadata),
      });
      return { ...made, secret: activeSecretsOf(books, made.id, 0)[0] ?? '' };
    }),
    endpoint('POST', 'webhook_endpoints/:id', WEBHOOK_UPDATE, ({ books, id }, given) => {
      const found = webhookEndpointOf(books, id);
      if (given.url !== undefined) checkUrl(given.url);
      if (given.enabled_events !== undefined) checkEvents(given.enabled_events);
      if (given.url !== undefined) found.url = given.url;
      if (given.enabled_events !== undefined) found.enabled_events = given.enabled_events;
      if (given.description !== undefined) found.description = given.description;
      if (given.metadata !== undefined) found.metadata = mergeMetadata(found.metadata, given.metadata);
      if (given.disabled !== undefined) found.status = given.disabled ? 'disabled' : 'enabled';
      return found;
    }),
    endpoint('DELETE', 'webhook_endpoints/:id', {}, ({ books, id }) => {
      webhookEndpointOf(books, id);
      books.webhookEndpoints.delete(id);
      books.signingSecrets.delete(id);
      return { id, object: 'webhook_endpoint', deleted: true };
    }),
  ];
}

export function webhookEndpointOf(books: Books, id: string): WebhookEndpoint {
  const found = books.webhookEndpoints.get(id);
  if (found === undefined) throw noSuch('webhook endpoint', id, 'webhook_endpoint', 404);
  return found;
}

/** Stripe refuses URLs that the public cannot reach; here everything is on loopback. */
function checkUrl(url: string): void {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return;
  throw refused('Invalid URL: An explicit scheme (such as https) must be provided.', 'url', 'url_invalid');
}

function checkVersion(version: string | undefined): void {
  if (version === undefined || isVersion(version)) return;
  throw refused(`Invalid API version: ${version}.`, 'api_version');
}

function checkEvents(types: readonly string[]): void {
  const odd = types.findIndex((type) => !EVENT_TYPES.has(type));
  if (types.length === 0)
    throw refused('Missing required param: enabled_events.', 'enabled_events', 'parameter_missing');
  if (odd < 0) return;
  const [last, ...others] = [...EVENT_TYPES].reverse();
  const listed = `${others.reverse().join(', ')}, or ${last}`;
  throw refused(`Invalid enabled_events[${odd}]: must be one of ${listed}`, `enabled_events[${odd}]`);
}
