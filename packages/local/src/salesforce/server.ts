import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { gunzipSync, inflateSync } from 'node:zlib';
import type { ApiUsage } from './api-usage.ts';
import { type Answer, type Call, errorAnswer, parseJson, type Session, splitPath } from './call.ts';
import type { Clock } from './clock.ts';
import type { Effect, Faults } from './faults.ts';
import type { OAuth } from './oauth.ts';
import { kindOf } from './rest.ts';
import { resourceNotFound, SalesforceError } from './salesforce-error.ts';

export type ServerParts = {
  readonly clock: Clock;
  readonly oauth: OAuth;
  readonly faults: Faults;
  readonly api: ApiUsage;
  /** Whether this request is one API call; Bulk polling may be free. */
  readonly counts: (call: Call) => boolean;
  readonly versions: { readonly oldest: number; readonly newest: number };
  /** Answers a REST request as one transaction. */
  readonly rest: (call: Call, session: Session, done: (answer: Answer) => void) => void;
  /** Addresses outside `/services/data`: SOAP and the fault address. `null` when it is none of them. */
  readonly other: (request: { method: string; path: string; text: string; headers: Call['headers'] }) => Answer | null;
  /** A bug in here: told, and answered as UNKNOWN_EXCEPTION. */
  readonly report: (error: unknown) => void;
};

const MAX_BODY_BYTES = 160_000_000;
const MAX_URI_BYTES = 16_384;

export function orgServer(parts: ServerParts): Server {
  return createServer({ maxHeaderSize: 32_768, keepAliveTimeout: 65_000 }, (request, response) => {
    readAll(request)
      .then((raw) => receive(parts, request, response, raw))
      .catch((error: unknown) => {
        // Whoever hung up gets no answer and is no bug of ours.
        if (response.destroyed || response.headersSent) return;
        if (!(error instanceof SalesforceError)) parts.report(error);
        const failure = new SalesforceError(500, 'UNKNOWN_EXCEPTION', 'An unexpected error occurred.');
        send(parts, response, errorAnswer(error instanceof SalesforceError ? error : failure), false);
      });
  });
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const part = Buffer.from(chunk);
    size += part.byteLength;
    if (size > MAX_BODY_BYTES)
      throw new SalesforceError(413, 'REQUEST_ENTITY_TOO_LARGE', 'The request body is too large.');
    chunks.push(part);
  }
  const raw = Buffer.concat(chunks);
  return unpacked(raw, request.headers['content-encoding']);
}

function unpacked(raw: Buffer, encoding: string | undefined): Buffer {
  if (encoding !== 'gzip' && encoding !== 'deflate') return raw;
  try {
    return encoding === 'gzip' ? gunzipSync(raw) : inflateSync(raw);
  } catch (cause) {
    throw new SalesforceError(400, 'UNKNOWN_EXCEPTION', `The body is not ${encoding}`, undefined, { cause });
  }
}

function receive(parts: ServerParts, request: IncomingMessage, response: ServerResponse, raw: Buffer): void {
  const url = request.url ?? '/';
  const method = request.method ?? 'GET';
  if (url.startsWith('/__fake/') || parts.faults.quiet) {
    handle(parts, request, response, raw);
    return;
  }
  const effect = parts.faults.take({ method, url, body: raw.toString('utf8') });
  if (effect === null) {
    handle(parts, request, response, raw);
    return;
  }
  if (effect.delayMs > 0) parts.clock.after(effect.delayMs, () => strike(parts, effect, request, response, raw));
  else strike(parts, effect, request, response, raw);
}

function strike(
  parts: ServerParts,
  effect: Effect,
  request: IncomingMessage,
  response: ServerResponse,
  raw: Buffer,
): void {
  if (effect.hang) return;
  if (effect.resetSocket) {
    request.socket.resetAndDestroy();
    return;
  }
  if (effect.answer !== null) {
    send(parts, response, effect.answer, true);
    return;
  }
  handle(parts, request, response, raw, effect.dropAfterCommit ? () => request.socket.resetAndDestroy() : undefined);
}

function handle(
  parts: ServerParts,
  request: IncomingMessage,
  response: ServerResponse,
  raw: Buffer,
  instead?: () => void,
): void {
  const url = request.url ?? '/';
  const [path = '', query = ''] = url.split(/\?(.*)/s);
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
  const method = request.method ?? 'GET';
  const reply = (answer: Answer, counted: boolean) => (instead ?? (() => send(parts, response, answer, counted)))();
  if (Buffer.byteLength(url) > MAX_URI_BYTES) {
    reply(errorAnswer(new SalesforceError(414, 'URI_TOO_LONG', 'The requested URI is too long')), false);
    return;
  }
  const segments = splitPath(path);
  if (segments[0] === 'services' && segments[1] === 'data' && segments.length > 2) {
    const found = restCall(parts, method, segments.slice(2), query, headers, raw);
    if (found instanceof SalesforceError) reply(errorAnswer(found), true);
    else parts.rest(found.call, found.session, (answer) => reply(answer, true));
    return;
  }
  reply(outside(parts, { method, path: `/${segments.join('/')}`, text: raw.toString('utf8'), headers }), false);
}

/** The call that a request is, once its session is good and the day has calls left. */
function restCall(
  parts: ServerParts,
  method: string,
  [versionName = '', ...segments]: readonly string[],
  query: string,
  headers: Call['headers'],
  raw: Buffer,
): { readonly call: Call; readonly session: Session } | SalesforceError {
  const version = Number(/^v(\d+)\.0$/.exec(versionName)?.[1] ?? 0);
  try {
    const session = parts.oauth.authenticate(headers.authorization);
    if (version < parts.versions.oldest || version > parts.versions.newest) throw resourceNotFound();
    const text = raw.toString('utf8');
    let parsed: { readonly value: unknown } | null = null;
    const json = () => {
      parsed ??= { value: parseJson(text) };
      return parsed.value;
    };
    const call: Call = { method, version, segments, query: new URLSearchParams(query), headers, json, text, raw };
    if (parts.counts(call)) parts.api.count(kindOf(segments));
    return { call, session };
  } catch (error) {
    if (error instanceof SalesforceError) return error;
    throw error;
  }
}

type OutsideRequest = {
  readonly method: string;
  readonly path: string;
  readonly text: string;
  readonly headers: Call['headers'];
};

/** Logins, the list of versions and whatever else needs no API session of its own. */
function outside(parts: ServerParts, request: OutsideRequest): Answer {
  const { path, text, headers } = request;
  const base = `http://${headers.host ?? '127.0.0.1'}`;
  switch (path) {
    case '/services/oauth2/token':
      return parts.oauth.token(new URLSearchParams(text), headers.authorization, base);
    case '/services/oauth2/revoke':
      return parts.oauth.revoke(new URLSearchParams(text).get('token') ?? '');
    case '/services/data':
      return { status: 200, body: versionList(parts.versions) };
    default:
      break;
  }
  if (path === '/services/oauth2/userinfo' || path.startsWith('/id/')) {
    return parts.oauth.identity(headers.authorization, base);
  }
  return parts.other(request) ?? errorAnswer(resourceNotFound());
}

const SEASONS = ['Spring', 'Summer', 'Winter'] as const;

/** v66 is Spring '26; three releases a year, and Winter bears the next year's number. */
function versionList({ oldest, newest }: ServerParts['versions']) {
  return Array.from({ length: newest - oldest + 1 }, (_, i) => {
    const version = oldest + i;
    const turn = (version - 66 + 300) % 3;
    const year = 26 + Math.floor((version - 66) / 3) + (turn === 2 ? 1 : 0);
    return { label: `${SEASONS[turn] ?? ''} '${year}`, url: `/services/data/v${version}.0`, version: `${version}.0` };
  });
}

function send(parts: ServerParts, response: ServerResponse, answer: Answer, counted: boolean): void {
  if (response.destroyed) return;
  const text = answer.text ?? (answer.body === undefined ? '' : JSON.stringify(answer.body));
  const type = answer.contentType ?? 'application/json;charset=UTF-8';
  response.writeHead(answer.status, {
    Date: new Date(parts.clock.now()).toUTCString(),
    'Strict-Transport-Security': 'max-age=63072000; includeSubDomains',
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-cache,must-revalidate,max-age=0,no-store,private',
    'Set-Cookie': 'BrowserId=local; path=/',
    Expires: 'Thu, 01 Jan 1970 00:00:00 GMT',
    Vary: 'Accept-Encoding',
    ...(counted ? { 'Sforce-Limit-Info': parts.api.header() } : {}),
    ...(text === '' ? {} : { 'Content-Type': type }),
    'Content-Length': Buffer.byteLength(text),
    ...answer.headers,
  });
  response.end(text);
}
