import { Connection } from 'jsforce/lib/core.js';
import { HttpApi } from 'jsforce/lib/http-api.js';
import * as v from 'valibot';
import { SalesforceFailure } from './salesforce-failure.ts';
import type { SalesforceToken, TokenCache } from './token-cache.ts';

/**
 * One Salesforce request, over jsforce's transport with what jsforce lacks: a cap on logins after 401 (it has none and
 * repeats thousands of times), a time limit (its own is 30 minutes), no hidden retries (the machines retry) and no
 * parsing of CSV.
 */
export type SalesforceRequest = {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** Below `/services/data/v66.0`, percent-encoded: `/composite`. */
  readonly path: string;
  /** JSON when it is no string; a string goes as `contentType` says. */
  readonly body?: string | object;
  readonly contentType?: string;
  /** The answer as text, whatever it calls itself: CSV results. */
  readonly asText?: boolean;
};

/** `body` is parsed JSON, text, or `null` for 204. Read it with a schema. */
export type SalesforceAnswer = { readonly status: number; readonly body: unknown };

/** Throws {@link SalesforceFailure} for every answer of 300 and more and for none at all. */
export type Salesforce = (request: SalesforceRequest) => Promise<SalesforceAnswer>;

/** Logins per request: one for an expired token, one more in case another function shared an old one. */
const MAX_RENEWALS = 2;
/** The org allows ten minutes; the functions end after one. A call that takes longer is asked again, and is harmless twice. */
const TIMEOUT_MS = 25_000;

const ResponseSchema = v.object({
  statusCode: v.number(),
  headers: v.record(v.string(), v.unknown()),
});
const ThrownSchema = v.object({ errorCode: v.optional(v.string()), message: v.optional(v.string()) });

export type SalesforceWorld = {
  readonly tokens: TokenCache;
  /** `66.0`; the default of jsforce is 50.0. */
  readonly version: string;
  /** Told what the org says it has counted in 24 hours, after each answer. A failure of its own is its own affair. */
  readonly observe: (said: { readonly used: number; readonly max: number }) => Promise<void>;
  readonly timeoutMs?: number;
};

export function salesforce(world: SalesforceWorld): Salesforce {
  return async (request) => {
    let token = await world.tokens.current();
    for (let renewals = 0; ; renewals += 1) {
      try {
        return await send(request, token, world);
      } catch (error) {
        if (!(error instanceof SalesforceFailure) || error.status !== 401 || renewals === MAX_RENEWALS) throw error;
        token = await world.tokens.renewed(token);
      }
    }
  };
}

async function send(
  request: SalesforceRequest,
  token: SalesforceToken,
  world: SalesforceWorld,
): Promise<SalesforceAnswer> {
  // Without a refresh function jsforce reports a 401 instead of logging in by itself.
  const connection = new Connection({ ...token, version: world.version });
  const api = new HttpApi(connection, {
    retry: { maxRetries: 0 },
    timeout: world.timeoutMs ?? TIMEOUT_MS,
    ...(request.asText ? { responseType: 'text/plain' } : {}),
  });
  let status = 0;
  let usage: { readonly used: number; readonly max: number } | null = null;
  api.on('response', (response: unknown) => {
    const said = v.safeParse(ResponseSchema, response);
    if (!said.success) return;
    status = said.output.statusCode;
    usage = usageOf(said.output.headers['sforce-limit-info']);
  });
  try {
    const body: unknown = await api.request(wire(request, connection.instanceUrl, world.version));
    return { status, body: body ?? null };
  } catch (thrown) {
    throw failureOf(thrown, status, request);
  } finally {
    if (usage !== null) await world.observe(usage).catch(() => {});
  }
}

function wire(request: SalesforceRequest, instanceUrl: string, version: string) {
  const body = typeof request.body === 'object' ? JSON.stringify(request.body) : request.body;
  return {
    method: request.method,
    url: `${instanceUrl}/services/data/v${version}${request.path}`,
    headers: body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' },
    ...(body === undefined ? {} : { body }),
  };
}

/** `api-usage=18/15000`, and sometimes more after it (per-app usage). */
function usageOf(header: unknown): { readonly used: number; readonly max: number } | null {
  const match = typeof header === 'string' ? /api-usage=(\d+)\/(\d+)/.exec(header) : null;
  return match === null ? null : { used: Number(match[1]), max: Number(match[2]) };
}

function failureOf(thrown: unknown, status: number, request: SalesforceRequest): SalesforceFailure {
  const what = `${request.method} ${request.path.split('?')[0]}`;
  if (status === 0) {
    const aborted = thrown instanceof Error && thrown.name === 'AbortError';
    return new SalesforceFailure({ what, status, errorCode: aborted ? 'TIMEOUT' : networkCode(thrown), text: '' });
  }
  const said = v.safeParse(ThrownSchema, thrown);
  const errorCode = said.success ? (said.output.errorCode ?? `HTTP_${status}`) : `HTTP_${status}`;
  return new SalesforceFailure({ what, status, errorCode, text: said.success ? (said.output.message ?? '') : '' });
}

/** `fetch failed` keeps the system's code (ECONNREFUSED …) in its cause. */
function networkCode(thrown: unknown): string {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : 'NETWORK';
}
