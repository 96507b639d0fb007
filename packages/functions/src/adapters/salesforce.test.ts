import { RetryLater } from '@payments/core/failure';
import { afterEach, describe, expect, it } from 'vitest';
import { type Received, type Reply, startHttp } from '../../test/http-stand-in.ts';
import { type SalesforceRequest, salesforce } from './salesforce.ts';
import { SalesforceFailure } from './salesforce-failure.ts';
import { LOGIN_MS, logIn, logInAsNow } from './salesforce-login.ts';
import { LOCK_MS } from './token-cache.ts';

let stop: (() => Promise<void>) | undefined;
afterEach(async () => {
  await stop?.();
  stop = undefined;
});

const EXPIRED = { status: 401, body: '[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]' };
const GET: SalesforceRequest = { method: 'GET', path: '/limits' };

async function org(answer: (request: Received) => Reply | 'hang', timeoutMs = 5_000) {
  const http = await startHttp(answer);
  stop = http.stop;
  const state = { renewals: 0, usage: [] as object[] };
  const token = (n: number) => ({ accessToken: `secret-token-${n}`, instanceUrl: http.url });
  const ask = salesforce({
    version: '66.0',
    timeoutMs,
    tokens: {
      current: async () => token(0),
      renewed: async () => {
        state.renewals += 1;
        return token(state.renewals);
      },
    },
    observe: async (said) => {
      state.usage.push(said);
      throw new Error('Redis is down');
    },
  });
  const failure = async (request: SalesforceRequest = GET): Promise<SalesforceFailure> => {
    const thrown = await ask(request).catch((error: unknown) => error);
    if (thrown instanceof SalesforceFailure) return thrown;
    throw new Error(`no SalesforceFailure but ${String(thrown)}`);
  };
  return { http, state, ask, failure };
}

describe('salesforce', () => {
  it('sends JSON to the pinned version and tells the budget what the org counted', async () => {
    const { http, ask, state } = await org(() => ({
      status: 200,
      body: '{"ok":true}',
      headers: { 'sforce-limit-info': 'api-usage=18/15000' },
    }));
    expect(await ask({ method: 'POST', path: '/composite', body: { a: 1 } })).toEqual({
      status: 200,
      body: { ok: true },
    });
    expect(http.received).toMatchObject([
      {
        method: 'POST',
        url: '/services/data/v66.0/composite',
        body: '{"a":1}',
        headers: { authorization: 'Bearer secret-token-0', 'content-type': 'application/json' },
      },
    ]);
    expect(state.usage).toEqual([{ used: 18, max: 15000 }]);
  });

  it('gives null for 204 and leaves CSV as text', async () => {
    const { ask } = await org(({ method }) =>
      method === 'PATCH' ? { status: 204 } : { status: 200, body: 'a;b\n1', headers: { 'content-type': 'text/csv' } },
    );
    expect(await ask({ method: 'PATCH', path: '/x', body: {} })).toEqual({ status: 204, body: null });
    expect(await ask({ method: 'GET', path: '/x', asText: true })).toEqual({ status: 200, body: 'a;b\n1' });
  });

  it('sends a string as it is', async () => {
    const { ask, http } = await org(() => ({ status: 201 }));
    await ask({ method: 'PUT', path: '/jobs/ingest/1/batches', body: 'a\n1', contentType: 'text/csv' });
    expect(http.received[0]).toMatchObject({ body: 'a\n1', headers: { 'content-type': 'text/csv' } });
  });

  it('takes another token when the org refuses one', async () => {
    const { ask, state } = await org(({ headers }) =>
      headers.authorization === 'Bearer secret-token-1' ? { status: 200, body: '{}' } : EXPIRED,
    );
    expect((await ask(GET)).status).toBe(200);
    expect(state.renewals).toBe(1);
  });

  it('stops after two renewals when the org refuses every token', async () => {
    const { failure, state, http } = await org(() => EXPIRED);
    expect(await failure()).toMatchObject({ status: 401, errorCode: 'INVALID_SESSION_ID' });
    expect(state.renewals).toBe(2);
    expect(http.received).toHaveLength(3);
  });

  it('repeats nothing by itself', async () => {
    const { failure, http } = await org(() => ({
      status: 503,
      body: '[{"errorCode":"SERVER_UNAVAILABLE","message":"busy"}]',
    }));
    expect(await failure()).toMatchObject({ status: 503, errorCode: 'SERVER_UNAVAILABLE' });
    expect(http.received).toHaveLength(1);
  });

  it("keeps the org's words out of message, properties and JSON, since they quote data", async () => {
    const quoted = 'Email: data value too large: jane@example.com';
    const { failure } = await org(() => ({
      status: 400,
      body: JSON.stringify([{ errorCode: 'STRING_TOO_LONG', message: quoted }]),
    }));
    const failed = await failure({ method: 'PATCH', path: '/sobjects/X/Key__c/cus_1?x=jane@example.com', body: {} });
    expect(failed.text).toBe(quoted);
    expect(failed.message).toBe('Salesforce: STRING_TOO_LONG (400) to PATCH /sobjects/X/Key__c/cus_1');
    expect(JSON.stringify({ ...failed, stack: failed.stack, cause: failed.cause })).not.toMatch(/jane|secret-token/);
  });

  it('names an answer in HTML, several errors, no answer and a late one', async () => {
    const html = await org(() => ({
      status: 503,
      body: '<html>maintenance</html>',
      headers: { 'content-type': 'text/html' },
    }));
    expect(await html.failure()).toMatchObject({ status: 503, errorCode: 'ERROR_HTTP_503' });
    await stop?.();
    expect(await html.failure()).toMatchObject({ status: 0, errorCode: 'ECONNREFUSED' });
    const late = await org(() => 'hang', 50);
    expect(await late.failure()).toMatchObject({ status: 0, errorCode: 'TIMEOUT' });
  });
});

describe('logIn', () => {
  const credentials = (loginUrl: string) => ({ loginUrl, clientId: 'ck', clientSecret: 'very-secret' });

  it('asks for client credentials', async () => {
    const http = await startHttp(() => ({
      status: 200,
      body: '{"access_token":"t","instance_url":"https://org.example"}',
    }));
    stop = http.stop;
    expect(await logIn(credentials(http.url))).toEqual({
      accessToken: 't',
      instanceUrl: 'https://org.example',
    });
    expect(http.received[0]).toMatchObject({ method: 'POST', url: '/services/oauth2/token' });
    expect(new URLSearchParams(http.received[0]?.body).get('grant_type')).toBe('client_credentials');
  });

  it.each([
    [{ status: 400, body: '{"error":"invalid_client","error_description":"very-secret"}' }, 'invalid_client'],
    [{ status: 200, body: '{}' }, 'NO_TOKEN'],
    [{ status: 503, body: 'down' }, 'ERROR_HTTP_503'],
    [{ status: 503, body: '[{"errorCode":"SERVER_UNAVAILABLE"}]' }, 'NETWORK'],
    ['hang', 'TimeoutError'],
  ] as const)('is RetryLater when the answer is %j', async (reply, code) => {
    const http = await startHttp(() => reply);
    stop = http.stop;
    const thrown = await logIn(credentials(http.url), reply === 'hang' ? 50 : 10_000).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ name: 'RetryLater', code });
    expect(thrown instanceof Error && `${thrown.message} ${thrown.stack}`).not.toContain('very-secret');
  });
});

describe('a login while the secret is changed', () => {
  const [old, changed] = ['old', 'new'].map((clientSecret) => ({ loginUrl: 'x', clientId: 'ck', clientSecret }));
  const refused = new RetryLater('refused', { code: 'invalid_client', category: 'Network' });

  /** Salesforce takes the new secret alone, and answers after `takesMs`. */
  function world(kept: (typeof old)[], takesMs: number) {
    const tries: [secret: string, timeoutMs: number][] = [];
    let now = 0;
    return {
      tries,
      run: () =>
        logInAsNow({
          credentials: {
            get: async () => kept[0] ?? { loginUrl: '', clientId: '', clientSecret: '' },
            forget: () => {
              kept.shift();
            },
          },
          logIn: async ({ clientSecret }, timeoutMs = LOGIN_MS) => {
            tries.push([clientSecret, timeoutMs]);
            now += Math.min(takesMs, timeoutMs);
            if (clientSecret === 'old' || takesMs > timeoutMs) throw refused;
            return { accessToken: 't', instanceUrl: 'https://org.example' };
          },
          nowMs: () => now,
        }),
    };
  }

  it('goes on with the new one in what is left of its time, which the lock outlasts', async () => {
    const { tries, run } = world([old, changed], 4_000);
    expect(await run()).toMatchObject({ accessToken: 't' });
    expect(tries).toEqual([
      ['old', LOGIN_MS],
      ['new', LOGIN_MS - 4_000],
    ]);
    expect(LOGIN_MS + 2 * 10_000).toBeLessThan(LOCK_MS);
  });

  it('is over when the secret is the same, or no time is left', async () => {
    for (const [kept, takesMs] of [
      [[old, old], 4_000],
      [[old, changed], 20_000],
    ] as const) {
      const { tries, run } = world([...kept], takesMs);
      await expect(run()).rejects.toBe(refused);
      expect(tries).toEqual([['old', LOGIN_MS]]);
    }
  });
});
