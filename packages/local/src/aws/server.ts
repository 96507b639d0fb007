/**
 * One loopback port for every AWS API that the functions, the operators and the `aws` command line speak. SQS requests
 * are handed to fauxqs behind it.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';

export type ServiceAnswer = { readonly status: number; readonly body: unknown };
/** Answers one operation of a JSON protocol; `operation` is the part of X-Amz-Target after the dot. */
export type Service = (operation: string, input: unknown) => ServiceAnswer | Promise<ServiceAnswer>;

export type AwsServer = { readonly url: string; readonly port: number; close(): Promise<void> };

const MAX_BODY_BYTES = 16 * 1024 * 1024;

export async function startAwsServer(options: {
  readonly host: string;
  readonly port: number;
  /** By the prefix of X-Amz-Target, e.g. `AWSEvents`. */
  readonly services: ReadonlyMap<string, Service>;
  /** Where SQS is: requests of that service go there as they are. */
  readonly sqsPort: number;
  readonly onError: (error: unknown) => void;
}): Promise<AwsServer> {
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

async function route(
  request: IncomingMessage,
  response: ServerResponse,
  options: Parameters<typeof startAwsServer>[0],
): Promise<void> {
  const target = request.headers['x-amz-target'];
  if (typeof target !== 'string' || target.startsWith('AmazonSQS.')) return proxy(request, response, options.sqsPort);
  const dot = target.lastIndexOf('.');
  const service = options.services.get(target.slice(0, dot));
  const operation = target.slice(dot + 1);
  if (service === undefined) {
    return json(response, 400, {
      __type: 'UnknownOperationException',
      message: `${target} is not imitated by the local runner (packages/local/README.md says what is)`,
    });
  }
  const text = await readBody(request);
  if (text === null)
    return json(response, 413, { __type: 'RequestEntityTooLarge', message: 'the request is too large' });
  let input: unknown;
  try {
    input = text === '' ? {} : JSON.parse(text);
  } catch {
    return json(response, 400, { __type: 'SerializationException', message: 'the body is not JSON' });
  }
  const { status, body } = await service(operation, input);
  json(response, status, body);
}

function json(response: ServerResponse, status: number, body: unknown): void {
  const type = status === 200 ? {} : errorHeader(body);
  response
    .writeHead(status, { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID(), ...type })
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

function proxy(request: IncomingMessage, response: ServerResponse, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const forwarded = httpRequest(
      { host: '127.0.0.1', port, method: request.method, path: request.url, headers: request.headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
        answer.on('end', resolve);
      },
    );
    forwarded.on('error', reject);
    request.pipe(forwarded);
  });
}
