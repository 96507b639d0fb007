/**
 * An HTTP API (API Gateway v2) in front of Lambda: routes, payload format 2.0, 10 MB bodies, 30 s. Throttling is not
 * imitated.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import * as v from 'valibot';

export type HttpRoute = { readonly method: string; readonly path: string; readonly functionArn: string };
export type HttpApi = { readonly url: string; close(): Promise<void> };

const MAX_BODY_BYTES = 10 * 1024 * 1024;
const TEXT = /^(text\/|application\/(json|javascript|xml|x-www-form-urlencoded))/;

const LambdaAnswer = v.object({
  statusCode: v.number(),
  headers: v.optional(v.record(v.string(), v.union([v.string(), v.number(), v.boolean()]))),
  body: v.optional(v.string()),
  isBase64Encoded: v.optional(v.boolean()),
});

export async function startHttpApi(
  routes: readonly HttpRoute[],
  invoke: (functionArn: string, event: unknown) => Promise<unknown>,
  options: { readonly host: string; readonly port: number; readonly onError: (error: unknown) => void },
): Promise<HttpApi> {
  const server = createServer((request, response) => {
    answer(request, response, routes, invoke).catch((error: unknown) => {
      options.onError(error);
      if (!response.headersSent) send(response, 500, '{"message":"Internal Server Error"}');
    });
  });
  server.listen(options.port, options.host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the HTTP API has no TCP address');
  return {
    url: `http://${options.host}:${address.port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  routes: readonly HttpRoute[],
  invoke: (functionArn: string, event: unknown) => Promise<unknown>,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://gateway');
  const route = routes.find(
    ({ method, path }) => path === url.pathname && (method === 'ANY' || method === request.method),
  );
  if (route === undefined) return send(response, 404, '{"message":"Not Found"}');
  const body = await readBody(request);
  if (body === null) return send(response, 413, '{"message":"Request Entity Too Large"}');
  const result = v.safeParse(LambdaAnswer, await invoke(route.functionArn, eventOf(request, url, route, body)));
  if (!result.success) return send(response, 500, '{"message":"Internal Server Error"}');
  const { statusCode, headers = {}, body: text = '', isBase64Encoded = false } = result.output;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, String(value));
  response.statusCode = statusCode;
  response.end(isBase64Encoded ? Buffer.from(text, 'base64') : text);
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(body);
}

async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return size > MAX_BODY_BYTES ? null : Buffer.concat(chunks);
}

function eventOf(request: IncomingMessage, url: URL, route: HttpRoute, body: Buffer) {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(',') : value;
  }
  const isText = TEXT.test(headers['content-type'] ?? '');
  const now = new Date();
  return {
    version: '2.0',
    routeKey: `${route.method} ${route.path}`,
    rawPath: url.pathname,
    rawQueryString: url.search.slice(1),
    headers,
    requestContext: {
      accountId: '123456789012',
      apiId: 'local',
      domainName: headers.host ?? 'localhost',
      http: {
        method: request.method ?? 'GET',
        path: url.pathname,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey: `${route.method} ${route.path}`,
      stage: '$default',
      time: now.toISOString(),
      timeEpoch: now.getTime(),
    },
    ...(body.length === 0 ? {} : { body: isText ? body.toString('utf8') : body.toString('base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}
