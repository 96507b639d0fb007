import { BudgetWait, NeverRetry, RetryLater } from '@payments/core/failure';
import { classifyStripe } from '@payments/core/failure-table';
import type { FetchedObject, Need } from '@payments/core/plan';
import * as v from 'valibot';
import type { StripeLimiter } from './stripe-limiter.ts';

/**
 * Reads from Stripe's API, with plain GETs: the plan wants the JSON as it is on the wire and the answer's Date, where
 * the SDK turns decimals into objects (stripe-node 21) and costs 240 KB and 50 ms of each cold start. It only reads;
 * whatever writes to Stripe is Apex.
 */
export type StripeReader = (need: Pick<Need, 'path' | 'query'>) => Promise<FetchedObject>;

export type StripeKey = { readonly apiKey: string; readonly apiBase?: string | undefined };

const TIMEOUT_MS = 10_000;
/** As long as a request waits for its turn, pauses that Stripe asked for included; then the machine or the queue waits. */
const LONGEST_WAIT_MS = 5_000;
/** Of one request that Stripe refuses as too many, however short it asks to wait. */
const MOST_SENDS = 3;
const DEFAULT_BASE = 'https://api.stripe.com';

/**
 * A 404 is an answer (`body: null`). Each request waits for its turn, and one that Stripe refused as too many is sent again
 * when Stripe said so. Throws RetryLater (no answer, or what core's failure table says time may cure), BudgetWait (its turn
 * is seconds away), NeverRetry. Messages carry the path without its query, and Stripe's code.
 */
export function stripeReader(world: {
  readonly apiKey: () => Promise<StripeKey>;
  /** Asked after Stripe refused a key: it may have been rolled. Gives what the secret has now, which may be the same. */
  readonly renewedKey?: () => Promise<StripeKey>;
  /** The pinned Stripe-Version: it decides the shape of the answer. */
  readonly version: string;
  readonly limiter: StripeLimiter;
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
}): StripeReader {
  return async ({ path, query }) => {
    let askedAt = world.nowMs();
    const readWith = ({ apiKey, apiBase = DEFAULT_BASE }: StripeKey) =>
      inTurn(
        path,
        () => {
          askedAt = world.nowMs();
          const headers = { authorization: `Bearer ${apiKey}`, 'stripe-version': world.version };
          return ask(`${apiBase}${path}${queryText(query)}`, path, headers);
        },
        world,
      );
    const key = await world.apiKey();
    let answer = await readWith(key);
    if (answer.status === 401 && world.renewedKey !== undefined) {
      const renewed = await world.renewedKey();
      if (renewed.apiKey !== key.apiKey) answer = await readWith(renewed);
    }
    const at = secondOfAsking(answer.date, askedAt, world.nowMs());
    if (answer.status === 404) return { body: null, at };
    if (answer.status !== 200) throw refusal(answer.status, path, answer.text);
    return { body: parsed(answer.text, path), at };
  };
}

type Answer = {
  readonly status: number;
  readonly date: string | null;
  /** Of a 429: `Stripe-Rate-Limited-Reason` and `Retry-After`. */
  readonly reason: string | null;
  readonly retryAfter: string | null;
  readonly text: string;
};

async function inTurn(
  path: string,
  send: () => Promise<Answer>,
  { limiter, sleep }: { readonly limiter: StripeLimiter; readonly sleep: (ms: number) => Promise<unknown> },
): Promise<Answer> {
  let left = LONGEST_WAIT_MS;
  const wait = async (ms: number, code: string): Promise<void> => {
    left -= ms;
    if (left < 0) throw notNow(path, code, ms);
    await sleep(ms);
  };
  for (let sends = 1; ; sends += 1) {
    for (let ms = await limiter.admit(path); ms > 0; ms = await limiter.admit(path)) await wait(ms, STRIPE_TURN);
    const answer = await send();
    if (answer.status !== 429 || stripeCode(answer.text) === 'lock_timeout') return answer;
    const ms = await limiter.refused(path, answer);
    if (ms === null) return answer;
    const code = stripeCode(answer.text) ?? 'HTTP_429';
    if (sends === MOST_SENDS) throw notNow(path, code, ms);
    await wait(ms, code);
  }
}

/** Our own code for a request that was not sent, because others have their turn first. */
const STRIPE_TURN = 'STRIPE_TURN';

function notNow(path: string, code: string, retryAfterMs: number): BudgetWait {
  const seconds = Math.ceil(retryAfterMs / 1_000);
  return new BudgetWait(`Stripe takes no more calls now: GET ${path} again in ${seconds} s`, { code, retryAfterMs });
}

async function ask(url: string, path: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
  try {
    const response = await fetch(url, { headers, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
    const header = (name: string) => response.headers.get(name);
    return {
      status: response.status,
      ...{ date: header('date'), reason: header('stripe-rate-limited-reason'), retryAfter: header('retry-after') },
      text: await response.text(),
    };
  } catch (cause) {
    const code = cause instanceof Error && cause.name === 'TimeoutError' ? 'TIMEOUT' : 'NETWORK';
    throw new RetryLater(`Stripe did not answer GET ${path} (${code})`, { code, category: 'Network', cause });
  }
}

function refusal(status: number, path: string, text: string): RetryLater | NeverRetry | BudgetWait {
  const errorCode = stripeCode(text);
  const code = errorCode ?? `HTTP_${status}`;
  const message = `Stripe answered ${status} ${code} to GET ${path}`;
  const { verdict, category } = classifyStripe({ status, errorCode });
  if (verdict === 'wait') return new BudgetWait(message, { code, retryAfterMs: 1_000 });
  // A key that was just rolled may not be in Secrets Manager yet.
  return verdict === 'retry' || status === 401
    ? new RetryLater(message, { code, category })
    : new NeverRetry(message, { code, category });
}

const ErrorSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ error: v.object({ code: v.optional(v.string()), type: v.optional(v.string()) }) }),
);

/** Stripe's `error.code`, else `error.type`: a short word; anything else in the body may name a person. */
function stripeCode(text: string): string | null {
  const said = v.safeParse(ErrorSchema, text);
  const code = said.success ? (said.output.error.code ?? said.output.error.type) : undefined;
  return code !== undefined && /^[a-z0-9_]{1,60}$/.test(code) ? code : null;
}

function parsed(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Without the cause: JSON.parse quotes the body.
    throw new RetryLater(`Stripe's answer to GET ${path} is not JSON`, { code: 'NOT_JSON', category: 'Network' });
  }
}

function queryText(query: Need['query']): string {
  if (query.length === 0) return '';
  return `?${query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')}`;
}

/**
 * A lower bound of the second in which Stripe read the object, by Stripe's clock: `Date` tells when the answer was written,
 * and what changed between the two is not in it. Without a `Date`, our own clock when we asked.
 */
function secondOfAsking(date: string | null, askedAtMs: number, answeredAtMs: number): number {
  const written = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(written)) return Math.floor(askedAtMs / 1000);
  return Math.floor(written / 1000) - Math.ceil(Math.max(0, answeredAtMs - askedAtMs) / 1000);
}
