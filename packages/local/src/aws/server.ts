/**
 * One loopback port for every AWS API that the functions, the operators and the `aws` command line speak: JSON by
 * X-Amz-Target, the older query protocol for the services that have a dialect, and REST by path.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import * as v from 'valibot';
import type { AwsFaults } from './faults.ts';
import { answerXml, errorXml, parseFields, type QueryDialect } from './query-protocol.ts';

export type ServiceAnswer = {
  readonly status: number;
  readonly body: unknown;
  /** The code that the query protocol gives an error, when it is another than in JSON. */
  readonly queryCode?: string;
};
export type ServiceCall = {
  /** The Host header: what the caller calls this endpoint. */
  readonly host: string;
};
/** Answers one operation of a JSON protocol; `operation` is the part of X-Amz-Target after the dot. */
export type Service = (operation: string, input: unknown, call: ServiceCall) => ServiceAnswer | Promise<ServiceAnswer>;

export type RestRequest = {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
};
export type RestAnswer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
};
/** Answers what is its own by method and path; `null`: another service's. */
export type RestService = (request: RestRequest) => RestAnswer | Promise<RestAnswer> | null;

export type AwsServer = { readonly url: string; readonly port: number; close(): Promise<void> };

export type AwsServerOptions = {
  readonly host: string;
  readonly port: number;
  /** By the prefix of X-Amz-Target, e.g. `AWSEvents`. */
  readonly services: ReadonlyMap<string, Service>;
  /** By the API version that a query request names, e.g. `2012-11-05`. */
  readonly dialects?: ReadonlyMap<string, QueryDialect>;
  /** Answered at /__fake/faults. */
  readonly faults?: AwsFaults;
  readonly rest?: readonly RestService[];
  readonly onError: (error: unknown) => void;
};

const MAX_BODY_BYTES = 16 * 1024 * 1024;
const ErrorBody = v.object({ __type: v.string(), message: v.optional(v.string(), '') });

export async function startAwsServer(options: AwsServerOptions): Promise<AwsServer> {
  const server = createServer((request, response) => {
    route(request, response, options).catch((error: unknown) => {
      options.onError(error);
      if (!response.headersSent)
        json(response, 500, { __type: 'InternalFailure', message: 'internal error of the local runner' });
    });
  });
  server.listen(options.port, options.host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the AWS endpoint has no TCP address');
  return {
    url: `http://${options.host}:${address.port}`,
    port: address.port,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function route(request: IncomingMessage, response: ServerResponse, options: AwsServerOptions): Promise<void> {
  const target = request.headers['x-amz-target'];
  const text = await readBody(request);
  if (text === null)
    return json(response, 413, { __type: 'RequestEntityTooLarge', message: 'the request is too large' });
  if (request.url?.startsWith('/__fake/faults') === true && options.faults !== undefined) {
    const { status, body } = answerFaults(options.faults, request.method ?? 'GET', request.url, text);
    return json(response, status, body, { 'content-type': 'application/json' });
  }
  if (typeof target === 'string') return routeJson(request, response, target, text, options);
  const rest = await restAnswer(request, text, options);
  if (rest !== null) {
    response.writeHead(rest.status, {
      'content-type': 'application/json',
      'x-amzn-requestid': randomUUID(),
      ...rest.headers,
    });
    return void response.end(rest.body);
  }
  const params = new URLSearchParams(text);
  const action = params.get('Action');
  if (action !== null) return routeQuery(request, response, action, params, options);
  json(response, 404, unknownOperation(`${request.method} ${request.url}`));
}

/** GET lists, POST places one, DELETE lifts `/:id` or all. */
function answerFaults(faults: AwsFaults, method: string, url: string, text: string): ServiceAnswer {
  const id = url.slice('/__fake/faults'.length).replace('/', '');
  try {
    if (method === 'GET') return { status: 200, body: faults.placed() };
    if (method === 'POST') return { status: 200, body: { id: faults.place(text === '' ? {} : JSON.parse(text)) } };
    if (method !== 'DELETE') return { status: 405, body: { error: 'GET, POST or DELETE' } };
    if (id !== '') return { status: 200, body: { lifted: faults.lift(id) } };
    faults.clear();
    return { status: 200, body: { lifted: true } };
  } catch (error) {
    if (v.isValiError(error) || error instanceof SyntaxError) return { status: 400, body: { error: error.message } };
    throw error;
  }
}

async function restAnswer(
  { method = '', url = '', headers }: IncomingMessage,
  body: string,
  { rest = [] }: AwsServerOptions,
): Promise<RestAnswer | null> {
  const [path = '', query] = url.split('?');
  for (const service of rest) {
    const answer = await service({ method, path, query: new URLSearchParams(query), headers, body });
    if (answer !== null) return answer;
  }
  return null;
}

async function routeJson(
  request: IncomingMessage,
  response: ServerResponse,
  target: string,
  text: string,
  options: AwsServerOptions,
): Promise<void> {
  const dot = target.lastIndexOf('.');
  const service = options.services.get(target.slice(0, dot));
  if (service === undefined) return json(response, 400, unknownOperation(target));
  let input: unknown;
  try {
    input = text === '' ? {} : JSON.parse(text);
  } catch {
    return json(response, 400, { __type: 'SerializationException', message: 'the body is not JSON' });
  }
  const answer = await service(target.slice(dot + 1), input, callOf(request));
  json(response, answer.status, answer.body, {
    ...(answer.queryCode === undefined ? {} : { 'x-amzn-query-error': `${answer.queryCode};Sender` }),
    'content-type': request.headers['content-type'] ?? 'application/x-amz-json-1.1',
  });
}

async function routeQuery(
  request: IncomingMessage,
  response: ServerResponse,
  action: string,
  params: URLSearchParams,
  options: AwsServerOptions,
): Promise<void> {
  const requestId = randomUUID();
  const send = (status: number, xml: string): void => {
    response.writeHead(status, { 'content-type': 'text/xml', 'x-amzn-requestid': requestId }).end(xml);
  };
  const dialect = options.dialects?.get(params.get('Version') ?? '');
  const service = dialect && options.services.get(dialect.service);
  if (dialect === undefined || service === undefined) {
    const { message } = unknownOperation(`${action} of API version ${params.get('Version')}`);
    return send(
      400,
      errorXml('http://webservices.amazon.com/AWSFault/2005-15-09', requestId, {
        code: 'InvalidAction',
        message,
        status: 400,
      }),
    );
  }
  const answer = await service(action, dialect.input(action, parseFields(params)), callOf(request));
  if (answer.status === 200) {
    return send(200, answerXml(action, dialect.namespace, requestId, dialect.output(action, answer.body)));
  }
  const { __type, message } = v.parse(ErrorBody, answer.body);
  const code = answer.queryCode ?? __type.slice(__type.lastIndexOf('#') + 1);
  send(answer.status, errorXml(dialect.namespace, requestId, { code, message, status: answer.status }));
}

function unknownOperation(what: string): { readonly __type: string; readonly message: string } {
  return {
    __type: 'UnknownOperationException',
    message: `${what} is not imitated by the local runner (packages/local/README.md says what is)`,
  };
}

function callOf(request: IncomingMessage): ServiceCall {
  return { host: request.headers.host ?? 'localhost' };
}

function json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  const type = status === 200 ? {} : errorHeader(body);
  response
    .writeHead(status, {
      'content-type': 'application/x-amz-json-1.1',
      'x-amzn-requestid': randomUUID(),
      ...type,
      ...headers,
    })
    .end(JSON.stringify(body));
}

function errorHeader(body: unknown): Record<string, string> {
  if (typeof body !== 'object' || body === null || !('__type' in body)) return {};
  return { 'x-amzn-errortype': String(body.__type) };
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return size > MAX_BODY_BYTES ? null : Buffer.concat(chunks).toString('utf8');
}
