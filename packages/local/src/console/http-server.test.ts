import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ConsoleServer, Refused, type Route, serveConsole } from './http-server.ts';
import { createStream } from './stream.ts';

type Answer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string };
type Ask = { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: string };

const ORDER = {
  method: 'POST',
  headers: { 'content-type': 'application/json', 'x-console': '1' },
  body: '{"on":true}',
};
const PLAIN = 'default-src';

/** The door without the machine behind it: who may ask, what is given out, what is refused. */
describe("the console's door", () => {
  let folder: string;
  let server: ConsoleServer;
  const orders: unknown[] = [];
  const errors: unknown[] = [];
  const routes: readonly Route[] = [
    { method: 'GET', path: '/api/things/:id', answer: ({ params, query }) => ({ ...params, q: query.get('q') }) },
    {
      method: 'POST',
      path: '/api/order',
      answer: ({ body }) => {
        orders.push(body);
        return { message: 'done' };
      },
    },
    {
      method: 'GET',
      path: '/api/fault',
      answer: () => {
        throw new Error('a secret inside');
      },
    },
    {
      method: 'GET',
      path: '/api/refused',
      answer: () => {
        throw new Refused(409, 'NotNow', 'Not now.');
      },
    },
  ];

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'console-'));
    await mkdir(path.join(folder, 'dist/assets'), { recursive: true });
    await writeFile(path.join(folder, 'secret.txt'), 'not yours');
    await writeFile(path.join(folder, 'dist/index.html'), '<!doctype html><title>page</title>');
    await writeFile(path.join(folder, 'dist/assets/page-1a2b.js'), 'export {};');
    await writeFile(path.join(folder, 'dist/.env'), 'hidden');
    await writeFile(path.join(folder, 'dist/run.sh'), 'no page');
    server = await serveConsole({
      ...{ host: '127.0.0.1', port: 0, routes, stream: createStream(), folder: path.join(folder, 'dist') },
      onError: (error) => errors.push(error),
    });
  });
  afterAll(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  /** As a client that smooths nothing away would send it. */
  function ask(address: string, { method = 'GET', headers = {}, body }: Ask = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port: server.port, path: address, method, headers }, (answer) => {
        let text = '';
        answer.on('data', (chunk) => {
          text += chunk;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }
  const own = () => `http://127.0.0.1:${server.port}`;
  const code = ({ text }: Answer): unknown => JSON.parse(text).error.code;

  it('listens on loopback alone', () => expect(server.url).toBe(own()));

  describe('lets nobody else in', () => {
    it.each(['evil.example', 'console.evil.example:4240', '127.0.0.1', '127.0.0.1:1', '[::1]:4240', 'localhost.evil'])(
      'under the name %s',
      async (host) => {
        for (const address of ['/', '/api/things/1', '/api/stream']) {
          const answer = await ask(address, { headers: { host } });
          expect([answer.status, code(answer)]).toEqual([403, 'WrongHost']);
        }
      },
    );

    it('but its own two names', async () => {
      for (const name of ['127.0.0.1', 'localhost']) {
        expect((await ask('/api/things/1', { headers: { host: `${name}:${server.port}` } })).status).toBe(200);
      }
    });

    it.each([
      ['a page of another origin', { origin: 'https://evil.example' }],
      ['a page without an origin', { origin: 'null' }],
      ['a page of another port of this machine', { origin: 'http://127.0.0.1:5173' }],
      ['a picture or script of another site', { 'sec-fetch-site': 'cross-site' }],
      ['a page of another port by its site', { 'sec-fetch-site': 'same-site' }],
    ])('%s', async (_, headers) => {
      const reads = await ask('/api/things/1', { headers });
      const writes = await ask('/api/order', { ...ORDER, headers: { ...ORDER.headers, ...headers } });
      expect([reads.status, writes.status]).toEqual([403, 403]);
      expect(reads.headers).not.toHaveProperty('access-control-allow-origin');
      expect(orders).toEqual([]);
    });

    it('a form, which can send no header of ours', async () => {
      const headers = { 'content-type': 'text/plain', origin: own(), 'sec-fetch-site': 'same-origin' };
      expect((await ask('/api/order', { method: 'POST', headers, body: '{"on":true}' })).status).toBe(403);
      expect(orders).toEqual([]);
    });

    it('a question before an order from elsewhere', async () => {
      const headers = { origin: 'https://evil.example', 'access-control-request-headers': 'x-console' };
      const answer = await ask('/api/order', { method: 'OPTIONS', headers });
      expect(answer.status).toBe(403);
      expect((await ask('/api/order', { method: 'OPTIONS' })).status).toBe(405);
    });
  });

  it('takes an order of its own page', async () => {
    const headers = { ...ORDER.headers, origin: own(), 'sec-fetch-site': 'same-origin' };
    const answer = await ask('/api/order', { ...ORDER, headers });
    expect([answer.status, answer.text, orders.splice(0)]).toEqual([200, '{"message":"done"}', [{ on: true }]]);
  });

  it('lets a link from elsewhere open the page, and nothing else', async () => {
    expect((await ask('/', { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(200);
  });

  describe('gives out the page and nothing beside it', () => {
    it('with a policy that lets it load nothing from anywhere else', async () => {
      const { status, headers, text } = await ask('/');
      expect([status, text]).toEqual([200, '<!doctype html><title>page</title>']);
      expect(headers['content-security-policy']).toMatch(/^default-src 'self';.*frame-ancestors 'none'/);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'content-type': 'text/html; charset=utf-8',
      });
      const script = await ask('/assets/page-1a2b.js');
      expect(script.headers).toMatchObject({
        'content-type': 'text/javascript; charset=utf-8',
        'cache-control': expect.stringContaining('immutable'),
      });
      // A view of the page is the page.
      expect((await ask('/events')).text).toBe(text);
    });

    it.each([
      '/../secret.txt',
      '/assets/../../secret.txt',
      '/%2e%2e/secret.txt',
      '/..%2fsecret.txt',
      '/assets/..%5c..%5csecret.txt',
      '//../secret.txt',
      '/.env',
      '/run.sh',
      '/assets/none.js',
      '/\0.html',
      '/%00.html',
    ])('not %j', async (address) => {
      const answer = await raw(server.port, address);
      expect(answer).toMatch(/^HTTP\/1\.1 40[04] /);
      expect(answer).not.toContain('not yours');
    });

    it('nor takes orders there', async () => {
      expect((await ask('/', { ...ORDER })).status).toBe(405);
      expect((await ask('/', { method: 'DELETE' })).headers.allow).toBe('GET, HEAD, POST');
    });
  });

  describe('answers what it cannot answer with a code and a sentence', () => {
    it.each<[string, string, Ask, number, string]>([
      ['what is not there', '/api/nothing', {}, 404, 'NotFound'],
      ['an id that cannot be read', '/api/things/%E0%A4%A', {}, 404, 'NotFound'],
      ['a read of an order', '/api/order', {}, 405, 'MethodNotAllowed'],
      ['an order to a read', '/api/things/1', ORDER, 405, 'MethodNotAllowed'],
      ['an order to the stream', '/api/stream', ORDER, 405, 'MethodNotAllowed'],
      ['half an order', '/api/order', { ...ORDER, body: '{"on":' }, 400, 'NotJson'],
      ['a huge order', '/api/order', { ...ORDER, body: `"${'x'.repeat(70_000)}"` }, 413, 'TooLarge'],
      [
        'an order that is no JSON',
        '/api/order',
        { ...ORDER, headers: { ...ORDER.headers, 'content-type': 'text/plain' } },
        415,
        'NotJson',
      ],
      ['what is not possible now', '/api/refused', {}, 409, 'NotNow'],
      ['a fault of ours', '/api/fault', {}, 500, 'Fault'],
    ])('%s', async (_, address, asked, status, expected) => {
      const answer = await ask(address, asked);
      expect([answer.status, code(answer)]).toEqual([status, expected]);
      expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
      expect(answer.text).not.toContain('a secret inside');
      expect(answer.headers['content-security-policy']).toContain(PLAIN);
      expect(orders).toEqual([]);
    });

    it('and says to npm start what its fault was', () => expect(errors).toEqual([new Error('a secret inside')]));
  });

  it('reads names out of the address as they were meant', async () => {
    const answer = await ask('/api/things/evt%5F1%2F..?q=a%20b');
    expect(JSON.parse(answer.text)).toEqual({ id: 'evt_1/..', q: 'a b' });
    expect((await ask('/api/things/1', { method: 'HEAD' })).text).toBe('');
  });
});

/** Bytes as they are, which no client would send. Gives the whole answer. */
function raw(port: number, address: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`GET ${address} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`);
    });
    socket.on('data', (chunk) => {
      text += chunk.toString('utf8');
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
}
