import { afterEach, describe, expect, it } from 'vitest';
import { type HttpApi, startHttpApi } from './http-api.ts';

const FUNCTION = 'arn:aws:lambda:us-east-1:123456789012:function:ingress';

describe('the HTTP API', () => {
  let api: HttpApi;
  afterEach(() => api.close());

  const start = async (invoke: (event: unknown) => Promise<unknown>): Promise<string> => {
    api = await startHttpApi(
      [{ method: 'POST', path: '/webhook/stripe', functionArn: FUNCTION }],
      (_arn, event) => invoke(event),
      {
        host: '127.0.0.1',
        port: 0,
        onError: () => {},
      },
    );
    return `${api.url}/webhook/stripe`;
  };

  it('hands a JSON body over as the text that arrived, with lower-case header names', async () => {
    let seen: unknown;
    const url = await start(async (event) => {
      seen = event;
      return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: '{"ok":true}' };
    });
    const body = '{\n  "name": "Zoë"\n}';
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Stripe-Signature': 't=1' },
      body,
    });
    expect([response.status, await response.text()]).toEqual([200, '{"ok":true}']);
    expect(seen).toMatchObject({
      version: '2.0',
      routeKey: 'POST /webhook/stripe',
      body,
      isBase64Encoded: false,
      headers: { 'stripe-signature': 't=1' },
    });
  });

  it('hands a binary body over in base64', async () => {
    let seen: unknown;
    const url = await start(async (event) => {
      seen = event;
      return { statusCode: 204 };
    });
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: new Uint8Array([0, 255]),
    });
    expect(response.status).toBe(204);
    expect(seen).toMatchObject({ body: 'AP8=', isBase64Encoded: true });
  });

  it('answers 404 for other routes, 500 for a function that fails or answers nonsense, 413 above 10 MB', async () => {
    let answer: () => Promise<unknown> = async () => {
      throw new Error('boom');
    };
    const url = await start(() => answer());
    expect((await fetch(url)).status).toBe(404);
    expect((await fetch(url, { method: 'POST', body: 'x' })).status).toBe(500);
    answer = async () => 'nonsense';
    expect((await fetch(url, { method: 'POST', body: 'x' })).status).toBe(500);
    expect((await fetch(url, { method: 'POST', body: 'x'.repeat(10 * 1024 * 1024 + 1) })).status).toBe(413);
  });
});
