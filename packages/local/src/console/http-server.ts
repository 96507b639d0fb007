/**
 * The console over HTTP on loopback: orders and questions of the page under /api, everything else a file of the page.
 * What a request means is the routes' matter (routes.ts); who may ask, the gate's.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { isApi, refusalOf, SAFE_HEADERS } from './gate.ts';
import { NOT_BUILT, pageFile } from './page-files.ts';
import type { Stream } from './stream.ts';

/** Why a question has no answer: told to the page as it is. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export type Question = {
  /** Parts of the path by the route's names. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Parsed JSON; `null` for none. */
  readonly body: unknown;
};

/** `path` as in `/api/events/:id`. Throws {@link Refused}. */
export type Route = {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly answer: (question: Question) => unknown;
};

export type ConsoleServerOptions = {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly routes: readonly Route[];
  readonly stream: Stream;
  /** Where the built page is. */
  readonly folder: string;
  readonly onError: (error: unknown) => void;
};

export type ConsoleServer = { readonly url: string; readonly port: number; close(): Promise<void> };

const STREAM = '/api/stream';
/** Orders are short. */
const MAX_BODY_BYTES = 64 * 1024;

export async function serveConsole(options: ConsoleServerOptions): Promise<ConsoleServer> {
  let port = options.port;
  const server = createServer((request, response) => {
    handle(request, response, port, options).catch((error: unknown) => {
      if (!(error instanceof Refused)) options.onError(error);
      if (response.headersSent) response.destroy();
      else if (error instanceof Refused) problem(response, error);
      else
        problem(response, { status: 500, code: 'Fault', message: 'The console could not answer; npm start says why.' });
    });
  });
  // What a page sends is short and quick.
  server.requestTimeout = 15_000;
  server.maxHeadersCount = 60;
  server.listen(options.port, options.host);
  await once(server, 'listening');
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : options.port;
  return {
    url: `http://${options.host}:${port}`,
    port,
    async close() {
      options.stream.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  port: number,
  options: ConsoleServerOptions,
): Promise<void> {
  const { method = 'GET', url = '/', headers } = request;
  const [path = '/', search = ''] = split(url);
  const refusal = refusalOf({ method, path, headers }, port);
  if (refusal !== null) return problem(response, refusal);
  if (!isApi(path)) return page(response, method, path, options.folder);
  if (path === STREAM && method === 'GET') return listen(request, response, options.stream);
  const found = routeFor(options.routes, method, path);
  const body = method === 'POST' ? await jsonBody(request) : null;
  const answer = await found.route.answer({ params: found.params, query: new URLSearchParams(search), body });
  const text = JSON.stringify(answer);
  response.writeHead(200, { ...API_HEADERS, 'content-length': Buffer.byteLength(text) });
  response.end(method === 'HEAD' ? undefined : text);
}

const API_HEADERS = {
  ...SAFE_HEADERS,
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'no-store',
} as const;

/** The address is taken as it was sent: `..` and double slashes are not smoothed away before they are judged. */
function split(url: string): readonly [string, string] {
  const at = url.indexOf('?');
  return at === -1 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)];
}

function routeFor(routes: readonly Route[], method: string, path: string) {
  const asked = method === 'HEAD' ? 'GET' : method;
  let there = path === STREAM;
  for (const route of routes) {
    const params = paramsOf(route.path, path);
    if (params === null) continue;
    if (route.method === asked) return { route, params };
    there = true;
  }
  if (there) throw new Refused(405, 'MethodNotAllowed', `${method} is not answered here.`);
  throw new Refused(404, 'NotFound', 'There is nothing of that name.');
}

function paramsOf(pattern: string, path: string): Readonly<Record<string, string>> | null {
  const [names, parts] = [pattern.split('/'), path.split('/')];
  if (names.length !== parts.length) return null;
  const params: Record<string, string> = {};
  for (const [index, name] of names.entries()) {
    const part = parts[index] ?? '';
    if (!name.startsWith(':')) {
      if (name !== part) return null;
      continue;
    }
    const value = decoded(part);
    if (value === null || value === '') return null;
    params[name.slice(1)] = value;
  }
  return params;
}

function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

async function jsonBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new Refused(413, 'TooLarge', `An order has at most ${MAX_BODY_BYTES} bytes.`);
    chunks.push(chunk);
  }
  if (bytes === 0) return null;
  if (!/^application\/json(;|$)/.test(request.headers['content-type'] ?? '')) {
    throw new Refused(415, 'NotJson', 'An order is application/json.');
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new Refused(400, 'NotJson', 'That is no JSON.');
  }
}

async function page(response: ServerResponse, method: string, path: string, folder: string): Promise<void> {
  if (method === 'POST') throw new Refused(405, 'MethodNotAllowed', 'POST is answered under /api only.');
  const file = await pageFile(folder, path);
  if (file === null && path !== '/') throw new Refused(404, 'NotFound', 'There is nothing of that name.');
  const { type, cache, body } = file ?? {
    ...{ type: 'text/html; charset=utf-8', cache: 'no-store', body: Buffer.from(NOT_BUILT) },
  };
  response.writeHead(200, {
    ...SAFE_HEADERS,
    'content-type': type,
    'cache-control': cache,
    'content-length': body.length,
  });
  response.end(method === 'HEAD' ? undefined : body);
}

function listen(request: IncomingMessage, response: ServerResponse, stream: Stream): void {
  // A proxy or a socket that waits for more would hold back what is short.
  response.socket?.setNoDelay(true);
  const leave = stream.join({
    write: (text) => {
      if (!response.headersSent) {
        response.writeHead(200, { ...SAFE_HEADERS, 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      }
      response.write(text);
    },
    waiting: () => response.writableLength,
    // An end would wait for whoever does not read.
    end: () => response.destroy(),
  });
  if (leave === null) throw new Refused(503, 'TooMany', 'Too many pages are open.');
  request.on('close', leave);
  response.on('error', leave);
}

function problem(
  response: ServerResponse,
  { status, code, message }: { readonly status: number; readonly code: string; readonly message: string },
): void {
  // What is left of a body that is refused is not read.
  const text = JSON.stringify({ error: { code, message } });
  const allow = status === 405 ? { allow: 'GET, HEAD, POST' } : {};
  response.writeHead(status, {
    ...API_HEADERS,
    ...allow,
    connection: 'close',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}
