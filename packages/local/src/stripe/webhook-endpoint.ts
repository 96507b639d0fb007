import type { Books, Metadata } from './books.ts';
import { refused } from './stripe-error.ts';

export type WebhookEndpoint = {
  id: string;
  object: 'webhook_endpoint';
  /** The version whose shapes it gets; null: the account's own. */
  api_version: string | null;
  application: null;
  created: number;
  description: string | null;
  enabled_events: string[];
  livemode: boolean;
  metadata: Metadata;
  status: 'enabled' | 'disabled';
  url: string;
};

/** `expiresAt`: real milliseconds since 1970, since signatures bear the real time; null: in force. */
export type SigningSecret = { readonly secret: string; readonly expiresAt: number | null };

const MOST_ENDPOINTS = 16;
/** An old secret may sign beside the new one for a day at most. */
const LONGEST_ROLL_MS = 86_400_000;

export type WebhookEndpointFields = {
  readonly url: string;
  readonly enabledEvents: readonly string[];
  readonly apiVersion?: string | null;
  readonly description?: string | null;
  readonly metadata?: Metadata;
};

export function createWebhookEndpoint(books: Books, fields: WebhookEndpointFields): WebhookEndpoint {
  if (books.webhookEndpoints.size >= MOST_ENDPOINTS) {
    throw refused(`You have reached the maximum of ${MOST_ENDPOINTS} test webhook endpoints.`);
  }
  const endpoint: WebhookEndpoint = {
    id: books.ids.timed('we', books.now()),
    object: 'webhook_endpoint',
    api_version: fields.apiVersion ?? null,
    application: null,
    created: books.now(),
    description: fields.description ?? null,
    enabled_events: [...fields.enabledEvents],
    livemode: books.livemode,
    metadata: fields.metadata ?? {},
    status: 'enabled',
    url: fields.url,
  };
  books.webhookEndpoints.set(endpoint.id, endpoint);
  books.signingSecrets.set(endpoint.id, [{ secret: newSecret(books), expiresAt: null }]);
  return endpoint;
}

/**
 * A new secret signs at once; the old one beside it until `expiresAt` (real milliseconds; 24 hours at most, now: at
 * once). Stripe rolls in the Dashboard only, so the HTTP door to this is one of ours.
 */
export function rollSecret(books: Books, endpoint: WebhookEndpoint, nowMs: number, expiresAt: number): string {
  if (expiresAt > nowMs + LONGEST_ROLL_MS) throw refused('The old secret may stay for 24 hours at most.', 'expires_at');
  const secret = newSecret(books);
  const old = activeSecretsOf(books, endpoint.id, nowMs).map((it) => ({ secret: it, expiresAt }));
  books.signingSecrets.set(endpoint.id, [{ secret, expiresAt: null }, ...old]);
  return secret;
}

/** What an event is signed with at this moment, newest first. */
export function activeSecretsOf(books: Books, id: string, nowMs: number): readonly string[] {
  const all = books.signingSecrets.get(id) ?? [];
  return all.filter((it) => it.expiresAt === null || it.expiresAt > nowMs).map((it) => it.secret);
}

export function takes(endpoint: WebhookEndpoint, type: string): boolean {
  return (
    endpoint.status === 'enabled' && (endpoint.enabled_events.includes('*') || endpoint.enabled_events.includes(type))
  );
}

function newSecret(books: Books): string {
  return books.ids.long('whsec_', 32);
}
