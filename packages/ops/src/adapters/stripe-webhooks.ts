import { createHash } from 'node:crypto';
import { STRIPE_API_VERSION } from '@payments/core/api-versions';
import Stripe from 'stripe';
import * as v from 'valibot';
import { NotReached } from '../frame/problem.ts';

/**
 * Webhook endpoints and undelivered events of a Stripe account (docs.stripe.com/api/webhook_endpoints). Stripe shows an
 * endpoint's signing secret once, in the answer that makes it, and its API cannot roll one: only the Dashboard can.
 */
export type Key = { readonly apiKey: string; readonly apiBase?: string | undefined };

const EndpointSchema = v.object({
  id: v.string(),
  url: v.string(),
  status: v.string(),
  enabled_events: v.array(v.string()),
  api_version: v.nullish(v.string(), null),
  created: v.number(),
  livemode: v.boolean(),
  metadata: v.optional(v.record(v.string(), v.string()), {}),
  secret: v.optional(v.string()),
});
export type Endpoint = v.InferOutput<typeof EndpointSchema>;

export type EndpointChange = {
  readonly enabled_events?: readonly string[];
  readonly disabled?: boolean;
  readonly metadata?: Readonly<Record<string, string>>;
};

const EventSchema = v.object({ id: v.string(), type: v.string(), created: v.number() });
export type Undelivered = v.InferOutput<typeof EventSchema>;

export type StripeWebhooks = {
  readonly endpoints: () => Promise<readonly Endpoint[]>;
  /** The answer holds `secret`. */
  readonly create: (endpoint: {
    readonly url: string;
    readonly enabled_events: readonly string[];
    readonly api_version: string;
    readonly description: string;
    readonly metadata: Readonly<Record<string, string>>;
  }) => Promise<Endpoint>;
  readonly update: (id: string, change: EndpointChange) => Promise<Endpoint>;
  readonly remove: (id: string) => Promise<void>;
  /** Events that some endpoint has not taken yet, created in this time (whole seconds, both included), newest first. */
  readonly undelivered: (from: number, to: number) => Promise<readonly Undelivered[]>;
};

const PAGE = 100;

export function stripeWebhooks({ apiKey, apiBase }: Key): StripeWebhooks {
  const stripe = new Stripe(apiKey, { apiVersion: STRIPE_API_VERSION, maxNetworkRetries: 2, ...addressOf(apiBase) });
  const call = async <Schema extends v.GenericSchema>(
    schema: Schema,
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    params: Record<string, unknown> = {},
  ): Promise<v.InferOutput<Schema>> => {
    try {
      return v.parse(schema, await stripe.rawRequest(method, path, params));
    } catch (error) {
      throw refusal(error, method, path);
    }
  };
  const pages = async <Item extends { readonly id: string }>(
    item: v.GenericSchema<unknown, Item>,
    path: string,
    params: Record<string, unknown>,
  ): Promise<readonly Item[]> => {
    const found: Item[] = [];
    const page = v.object({ data: v.array(item), has_more: v.boolean() });
    for (let more = true; more; ) {
      const after = found.at(-1)?.id;
      const cursor = after === undefined ? {} : { starting_after: after };
      const query = new URLSearchParams({ ...texts(params), ...cursor, limit: String(PAGE) });
      const said = await call(page, 'GET', `${path}?${query}`);
      found.push(...said.data);
      more = said.has_more;
    }
    return found;
  };
  return {
    endpoints: () => pages(EndpointSchema, '/v1/webhook_endpoints', {}),
    create: (endpoint) => call(EndpointSchema, 'POST', '/v1/webhook_endpoints', { ...endpoint }),
    update: (id, change) =>
      call(EndpointSchema, 'POST', `/v1/webhook_endpoints/${encodeURIComponent(id)}`, { ...change }),
    remove: async (id) => {
      await call(v.object({ deleted: v.literal(true) }), 'DELETE', `/v1/webhook_endpoints/${encodeURIComponent(id)}`);
    },
    undelivered: (from, to) =>
      pages(EventSchema, '/v1/events', { delivery_success: false, 'created[gte]': from, 'created[lte]': to }),
  };
}

/**
 * Tells two signing secrets apart without being one: 48 bits of its SHA-256, from which nobody finds 32 random
 * characters. Kept in the endpoint's metadata, so that anyone can see whether Secrets Manager holds the right one.
 */
export function fingerprint(secret: string): string {
  return createHash('sha256').update(secret).digest('hex').slice(0, 12);
}

const texts = (params: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)]));

function addressOf(apiBase: string | undefined): { host?: string; port?: string; protocol?: 'http' | 'https' } {
  if (apiBase === undefined) return {};
  const { hostname, port, protocol } = new URL(apiBase);
  return { host: hostname, port, protocol: protocol === 'http:' ? 'http' : 'https' };
}

/** Stripe's own sentence may quote the key: only its code is repeated. */
function refusal(error: unknown, method: string, path: string): unknown {
  if (!(error instanceof Stripe.errors.StripeError)) return error;
  const what = `${method} ${path.split('?')[0]}`;
  const code = error.code ?? error.type;
  if (error.statusCode === 401) return new NotReached(`Stripe does not know the key (${code}, ${what})`);
  if (error.statusCode === 403) {
    return new NotReached(
      `the key may not ${method === 'GET' ? 'read' : 'change'} this in Stripe (${code}, ${what}): use --ask-key with one that may write Webhook Endpoints`,
    );
  }
  if (error.statusCode === undefined) return new NotReached(`Stripe did not answer ${what} (${error.type})`);
  return new NotReached(`Stripe answered ${error.statusCode} ${code} to ${what}`);
}
