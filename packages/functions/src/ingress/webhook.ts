import { isUtf8 } from 'node:buffer';
import { type StripeEvent, StripeEventSchema } from '@payments/core/event';
import type { Count } from '@payments/core/metrics';
import * as v from 'valibot';
import type { BusEntry } from '../adapters/bus.ts';
import { busEntry, objectIdOf } from './bus-entry.ts';
import type { SigningKeys } from './signing-keys.ts';
import { verify } from './verify.ts';

/**
 * The story of `POST /webhook/stripe`: verify over the raw body, parse, decide lane and priority, publish, answer.
 *
 * | case | answer | published |
 * |---|---|---|
 * | an event of a routed type | 200 `{"received":true,"routed":true}` | yes |
 * | an event of another type | 200 `{"received":true,"routed":false}` | yes: it lands in `unrouted` |
 * | test mode on a live stage, or the reverse | 200 `{"received":true,"routed":false}` | no |
 * | no or bad signature, too old, too new | 400 `{"error":"signature"}` | no |
 * | signed, but not JSON or not an event | 400 `{"error":"not an event"}` | no |
 * | longer than {@link MAX_BODY_BYTES} | 413 `{"error":"too large"}` | no |
 * | our fault | 500 `{"error":"try again"}`: Stripe sends it again for three days | no |
 */

/**
 * Stripe's bodies are a few KB, seldom some hundred. HTTP API lets 10 MB through, so the limit is ours: more is not
 * worth the memory to hash and parse for a stranger. A genuine event above it fails in Stripe's dashboard, visibly.
 */
export const MAX_BODY_BYTES = 1024 * 1024;

export type WebhookRequest = {
  readonly signature: string | undefined;
  readonly body: string | undefined;
  readonly isBase64Encoded: boolean;
};

export type Answer = { readonly status: number; readonly body: { readonly [key: string]: boolean | string } };

export type Outcome =
  | 'published'
  | 'unrouted'
  | 'other-mode'
  | 'bad-signature'
  | 'not-an-event'
  | 'too-large'
  | 'failed';

/** What the log line of a request says: identifiers only, and the reason in one word. */
export type WebhookLine = {
  readonly outcome: Outcome;
  readonly reason?: string;
  readonly stripeEventId?: string;
  readonly stripeObjectId?: string;
  readonly type?: string;
  readonly thin?: boolean;
};

export type WebhookWorld = {
  readonly keys: SigningKeys;
  /** Resolves only when the entry is on the bus. */
  readonly publish: (entry: BusEntry) => Promise<void>;
  /** The stage's mode: a live stage takes live events only, any other takes test events only. */
  readonly livemode: boolean;
  readonly nowMs: () => number;
  readonly log: (line: WebhookLine) => void;
  readonly count: Count;
};

const RECEIVED = { status: 200, body: { received: true, routed: true } } as const satisfies Answer;
const UNROUTED = { status: 200, body: { received: true, routed: false } } as const satisfies Answer;
const BAD_SIGNATURE = { status: 400, body: { error: 'signature' } } as const satisfies Answer;
const NOT_AN_EVENT = { status: 400, body: { error: 'not an event' } } as const satisfies Answer;
const TOO_LARGE = { status: 413, body: { error: 'too large' } } as const satisfies Answer;
const OUR_FAULT = { status: 500, body: { error: 'try again' } } as const satisfies Answer;

/** Never throws. `correlationId` is a random UUID: it follows the event through both lanes. */
export async function receiveWebhook(
  request: WebhookRequest,
  correlationId: string,
  world: WebhookWorld,
): Promise<Answer> {
  const startedAt = world.nowMs();
  const answer = await judgeRequest(request, correlationId, world);
  world.count('WebhookTime', world.nowMs() - startedAt);
  return answer;
}

function tell(line: WebhookLine, { log, count }: Pick<WebhookWorld, 'log' | 'count'>): void {
  log(line);
  // Not of types that nobody routes: there is no end to their names.
  const published = line.outcome === 'published' && line.type !== undefined;
  count('WebhookRequests', 1, { Outcome: line.outcome, ...(published ? { EventType: line.type } : {}) });
}

async function judgeRequest(request: WebhookRequest, correlationId: string, world: WebhookWorld): Promise<Answer> {
  const raw = rawBody(request);
  if (raw === null) {
    tell({ outcome: 'too-large' }, world);
    return TOO_LARGE;
  }
  try {
    const reason = await checkSignature(request.signature, raw, world);
    if (reason !== 'valid') {
      tell({ outcome: 'bad-signature', reason }, world);
      return BAD_SIGNATURE;
    }
    const event = parseEvent(raw);
    if (event === null) {
      tell({ outcome: 'not-an-event' }, world);
      return NOT_AN_EVENT;
    }
    return await accept(event, raw.toString('utf8'), correlationId, world);
  } catch (error) {
    // Only the class of the failure: a message may quote the entry.
    tell({ outcome: 'failed', reason: codeOf(error) }, world);
    return OUR_FAULT;
  }
}

async function accept(event: StripeEvent, text: string, correlationId: string, world: WebhookWorld): Promise<Answer> {
  const ids = { stripeEventId: event.id, stripeObjectId: objectIdOf(event), type: event.type };
  if (event.livemode !== world.livemode) {
    tell({ outcome: 'other-mode', ...ids }, world);
    return UNROUTED;
  }
  const receivedAt = new Date(world.nowMs());
  const { entry, lane, thin } = busEntry(event, text, { receivedAt, correlationId });
  await world.publish(entry);
  tell({ outcome: lane === null ? 'unrouted' : 'published', ...ids, ...(thin ? { thin } : {}) }, world);
  world.count('DeliveryLag', receivedAt.getTime() - event.created * 1_000);
  return lane === null ? UNROUTED : RECEIVED;
}

async function checkSignature(
  header: string | undefined,
  body: Buffer,
  world: WebhookWorld,
): Promise<ReturnType<typeof verify>> {
  if (header === undefined) return 'malformed';
  const nowSeconds = Math.floor(world.nowMs() / 1000);
  const first = verify({ header, body, keys: await world.keys.current(), nowSeconds });
  if (first !== 'mismatch') return first;
  const fresh = await world.keys.afterMismatch();
  return fresh === null ? first : verify({ header, body, keys: fresh, nowSeconds });
}

/** The bytes that Stripe signed; `null` when they are too many (judged before anything is decoded). */
function rawBody({ body = '', isBase64Encoded }: WebhookRequest): Buffer | null {
  const bytes = isBase64Encoded ? Math.floor((body.length * 3) / 4) - 2 : body.length;
  if (bytes > MAX_BODY_BYTES) return null;
  const raw = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  return raw.length > MAX_BODY_BYTES ? null : raw;
}

function parseEvent(raw: Buffer): StripeEvent | null {
  if (!isUtf8(raw)) return null;
  let value: unknown;
  try {
    value = JSON.parse(raw.toString('utf8'));
  } catch {
    return null;
  }
  const parsed = v.safeParse(StripeEventSchema, value);
  return parsed.success ? parsed.output : null;
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? `${error.name}:${error.code}` : error.name;
}
