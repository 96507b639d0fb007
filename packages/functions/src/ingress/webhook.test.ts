import { createHmac } from 'node:crypto';
import { EnvelopeSchema } from '@payments/core/event';
import { METRICS } from '@payments/core/metrics';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { counting } from '../../test/counted.ts';
import { type BusEntry, BusRefused } from '../adapters/bus.ts';
import { MAX_WHOLE_EVENT_BYTES } from './bus-entry.ts';
import { HEALTH_CACHE_MS, healthCheck } from './health.ts';
import { route } from './http.ts';
import { cachedSigningKeys } from './signing-keys.ts';
import { MAX_BODY_BYTES, receiveWebhook, type WebhookLine } from './webhook.ts';

const NOW_MS = 1_790_000_000_123;
const SECRET = 'whsec_test';
const CORRELATION = '0b9d8a4e-0f1c-4f7e-9a55-5f5f0f5d7a11';

type Options = {
  readonly fail?: Error;
  readonly livemode?: boolean;
  readonly secretsDown?: boolean;
  /** What Secrets Manager has, read by read; the last one stays. */
  readonly secrets?: readonly string[];
};

function world(options: Options = {}) {
  const reads: string[] = [];
  const entries: BusEntry[] = [];
  const lines: WebhookLine[] = [];
  const { count, counted, valuesOf } = counting();
  return {
    entries,
    lines,
    counted,
    valuesOf,
    deps: {
      keys: cachedSigningKeys({
        nowMs: () => NOW_MS,
        readSecrets: async () => {
          if (options.secretsDown) throw new Error('arn:secret is down');
          const secrets = options.secrets ?? [SECRET];
          const secret = secrets[Math.min(reads.length, secrets.length - 1)] ?? SECRET;
          reads.push(secret);
          return [secret];
        },
      }),
      publish: async (entry: BusEntry) => {
        if (options.fail !== undefined) throw options.fail;
        entries.push(entry);
      },
      livemode: options.livemode ?? false,
      nowMs: () => NOW_MS,
      log: (line: WebhookLine) => lines.push(line),
      count,
    },
  };
}

function event(over: object = {}, object: object = {}) {
  return {
    id: 'evt_1',
    object: 'event',
    type: 'payment_intent.succeeded',
    created: 1_789_999_999,
    livemode: false,
    api_version: '2026-10-28.endive',
    data: { object: { id: 'pi_1', object: 'payment_intent', ...object } },
    ...over,
  };
}

function signature(body: string | Buffer, t = Math.floor(NOW_MS / 1000)): string {
  return `t=${t},v1=${createHmac('sha256', SECRET).update(`${t}.`).update(body).digest('hex')}`;
}

/** As Stripe sends it: two spaces. */
function signed(value: unknown, base64 = false) {
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  const body = base64 ? Buffer.from(text).toString('base64') : text;
  return { body, isBase64Encoded: base64, signature: signature(text) };
}

describe('receiveWebhook', () => {
  it.each([false, true])('publishes a signed event and answers 200 (base64: %s)', async (base64) => {
    const { deps, entries, lines, valuesOf } = world();
    const text = JSON.stringify(event({}, { description: 'naïve — “x”\u2028' }), null, 2);
    const answer = await receiveWebhook(signed(text, base64), CORRELATION, deps);
    expect(answer).toEqual({ status: 200, body: { received: true, routed: true } });
    expect(entries).toHaveLength(1);
    // Without a time of ours: the bus dates it, so that a replay finds it though this function's clock is wrong.
    expect(entries[0]).toEqual({ detailType: 'payment_intent.succeeded', detail: expect.any(String) });
    expect(entries[0]?.detail).toContain(text);
    const envelope = v.parse(EnvelopeSchema, JSON.parse(entries[0]?.detail ?? ''));
    expect(envelope).toEqual({
      priority: 'high',
      lane: 'realtime',
      receivedAt: '2026-09-21T14:13:20.123Z',
      correlationId: CORRELATION,
      event: JSON.parse(text),
    });
    expect(lines).toEqual([
      { outcome: 'published', stripeEventId: 'evt_1', stripeObjectId: 'pi_1', type: 'payment_intent.succeeded' },
    ]);
    expect(valuesOf('DeliveryLag')).toEqual([1_123]);
  });

  it('counts every request once, by its outcome, with the time it took', async () => {
    const cases = [
      ['published', world(), signed(event())],
      ['unrouted', world(), signed(event({ type: 'radar.early_fraud_warning.created' }))],
      ['other-mode', world({ livemode: true }), signed(event())],
      ['bad-signature', world(), { ...signed(event()), signature: 'x' }],
      ['not-an-event', world(), signed('null')],
      ['too-large', world(), signed(event({}, { pad: 'x'.repeat(MAX_BODY_BYTES) }))],
      ['failed', world({ fail: new BusRefused('AccessDeniedException') }), signed(event())],
    ] as const;
    for (const [Outcome, { deps, counted, valuesOf }, request] of cases) {
      await receiveWebhook(request, CORRELATION, deps);
      const type = Outcome === 'published' ? { EventType: 'payment_intent.succeeded' } : {};
      expect(counted.filter(({ metric }) => metric === 'WebhookRequests')).toEqual([
        { metric: 'WebhookRequests', value: 1, dimensions: { Outcome, ...type } },
      ]);
      expect(valuesOf('WebhookTime')).toEqual([0]);
    }
    expect(cases.map(([outcome]) => outcome)).toEqual(METRICS.WebhookRequests.dimensions.Outcome);
  });

  it('publishes a type that is not routed, and says so', async () => {
    const { deps, entries } = world();
    const answer = await receiveWebhook(
      signed(event({ type: 'radar.early_fraud_warning.created' })),
      CORRELATION,
      deps,
    );
    expect(answer).toEqual({ status: 200, body: { received: true, routed: false } });
    expect(JSON.parse(entries[0]?.detail ?? '')).toMatchObject({ lane: null, priority: 'low' });
  });

  it('publishes what our own call caused like any other: the same call may have caused a payment', async () => {
    const { deps, entries } = world();
    const request = { id: 'req_1', idempotency_key: 'sf:00D000000000001:a0R000000000001' };
    const answer = await receiveWebhook(signed(event({ type: 'customer.updated', request })), CORRELATION, deps);
    expect(answer).toEqual({ status: 200, body: { received: true, routed: true } });
    expect(entries).toMatchObject([{ detailType: 'customer.updated' }]);
  });

  it('takes an event of the other mode, publishes nothing, and counts it', async () => {
    for (const livemode of [true, false]) {
      const { deps, entries, lines } = world({ livemode });
      const answer = await receiveWebhook(signed(event({ livemode: !livemode })), CORRELATION, deps);
      expect(answer.status).toBe(200);
      expect(entries).toEqual([]);
      expect(lines).toMatchObject([{ outcome: 'other-mode', stripeEventId: 'evt_1' }]);
    }
  });

  it('sends an event above 200 KB thin, and one just below whole', async () => {
    const { deps, entries } = world();
    const bytes = (length: number) => JSON.stringify(event({}, { pad: 'é'.repeat(length) }));
    await receiveWebhook(signed(bytes(MAX_WHOLE_EVENT_BYTES / 2)), CORRELATION, deps);
    await receiveWebhook(signed(bytes(MAX_WHOLE_EVENT_BYTES / 2 - 300)), CORRELATION, deps);
    const [thin, whole] = entries.map(({ detail }) => v.parse(EnvelopeSchema, JSON.parse(detail)).event);
    expect(thin).toEqual({
      thin: true,
      id: 'evt_1',
      type: 'payment_intent.succeeded',
      created: 1_789_999_999,
      livemode: false,
      api_version: '2026-10-28.endive',
      objectId: 'pi_1',
    });
    expect(whole).not.toHaveProperty('thin');
    expect(entries.every(({ detail }) => Buffer.byteLength(detail) < 262_144)).toBe(true);
  });

  it('refuses what is not signed, too old or from the future, in one and the same way', async () => {
    const { deps, entries, lines } = world();
    const body = JSON.stringify(event());
    const now = Math.floor(NOW_MS / 1000);
    const headers = [undefined, '', 'x', signature(`${body} `), signature(body, now - 301), signature(body, now + 301)];
    for (const header of headers) {
      const answer = await receiveWebhook({ body, isBase64Encoded: false, signature: header }, CORRELATION, deps);
      expect(answer).toEqual({ status: 400, body: { error: 'signature' } });
    }
    expect(entries).toEqual([]);
    expect(lines.map(({ reason }) => reason)).toEqual([
      'malformed',
      'malformed',
      'malformed',
      'mismatch',
      'too-old',
      'too-new',
    ]);
  });

  it.each([
    'not json',
    '',
    'null',
    '[]',
    '{"id":"evt_1"}',
    JSON.stringify(event({ id: '../../etc/passwd' })),
    JSON.stringify(event({ id: '{{7*7}} <script>' })),
    JSON.stringify(event({ type: 'a.b"},"x":{"' })),
    JSON.stringify(event({ created: 'now' })),
    JSON.stringify(event({ data: { object: [] } })),
    `\ufeff${JSON.stringify(event())}`,
    '['.repeat(500_000),
  ])('answers 400 to a signed body that is no event: %.40j', async (text) => {
    const { deps, entries, lines } = world();
    const answer = await receiveWebhook(signed(text), CORRELATION, deps);
    expect(answer).toEqual({ status: 400, body: { error: 'not an event' } });
    expect(entries).toEqual([]);
    expect(lines).toEqual([{ outcome: 'not-an-event' }]);
  });

  it('answers 400 to signed bytes that are not UTF-8', async () => {
    const { deps, entries } = world();
    // Within a text: a decoder that replaces broken bytes would find good JSON there.
    const [before = '', after = ''] = JSON.stringify(event({}, { description: '|' })).split('|');
    const bytes = Buffer.concat([Buffer.from(before), Buffer.from([0xff]), Buffer.from(after)]);
    const request = { body: bytes.toString('base64'), isBase64Encoded: true, signature: signature(bytes) };
    expect((await receiveWebhook(request, CORRELATION, deps)).status).toBe(400);
    expect(entries).toEqual([]);
  });

  it('keeps hostile text inside an event what it is: text', async () => {
    const { deps, entries } = world();
    const hostile = {
      note: '"},"lane":"bulk","event":{"id":"evt_2"',
      __proto__: { polluted: true },
      nul: '\u0000\ud800',
    };
    await receiveWebhook(signed(event({}, hostile)), CORRELATION, deps);
    const parsed = v.parse(EnvelopeSchema, JSON.parse(entries[0]?.detail ?? ''));
    expect(parsed.lane).toBe('realtime');
    expect(parsed.event.id).toBe('evt_1');
  });

  it.each([false, true])('answers 413 to a body of 2 MB before looking at it (base64: %s)', async (base64) => {
    const { deps, entries, lines } = world();
    const answer = await receiveWebhook(
      signed(event({}, { pad: 'x'.repeat(2 * MAX_BODY_BYTES) }), base64),
      CORRELATION,
      deps,
    );
    expect(answer).toEqual({ status: 413, body: { error: 'too large' } });
    expect(entries).toEqual([]);
    expect(lines).toEqual([{ outcome: 'too-large' }]);
  });

  it('counts bytes, not characters', async () => {
    const { deps } = world();
    const answer = await receiveWebhook(signed(event({}, { pad: 'é'.repeat(MAX_BODY_BYTES / 2) })), CORRELATION, deps);
    expect(answer.status).toBe(413);
  });

  it('reads the secrets again when a signature does not match: a roll may have just begun', async () => {
    const rolled = world({ secrets: ['whsec_before', SECRET] });
    expect((await receiveWebhook(signed(event()), CORRELATION, rolled.deps)).status).toBe(200);
    expect(rolled.entries).toHaveLength(1);
    const forged = world({ secrets: ['whsec_before', 'whsec_after'] });
    expect((await receiveWebhook(signed(event()), CORRELATION, forged.deps)).status).toBe(400);
    expect(forged.entries).toEqual([]);
  });

  it('answers 500 when the bus or the secret fails, so that Stripe sends it again, and tells no more', async () => {
    const cases = [
      { fail: new BusRefused('AccessDeniedException') },
      { fail: new Error('quotes cus_x') },
      { secretsDown: true },
    ];
    for (const options of cases) {
      const { deps, entries, lines } = world(options);
      const answer = await receiveWebhook(signed(event()), CORRELATION, deps);
      expect(answer).toEqual({ status: 500, body: { error: 'try again' } });
      expect(entries).toEqual([]);
      expect(JSON.stringify(lines)).not.toMatch(/cus_x|arn:secret/);
    }
  });
});

describe('route', () => {
  const endpoints = {
    webhook: async (request: { signature: string | undefined }) => ({
      status: 200,
      body: { received: request.signature === 'sig' },
    }),
    health: async () => ({ status: 'degraded', bus: 'unreachable', secret: 'ok' }) as const,
  };
  const request = (method: string, rawPath: string) => ({
    rawPath,
    requestContext: { http: { method } },
    headers: { 'stripe-signature': 'sig' },
    body: '{}',
    isBase64Encoded: false,
  });

  it.each([
    ['POST', '/webhook/stripe', 200, '{"received":true}'],
    ['GET', '/webhook/stripe', 405, '{"error":"POST only"}'],
    ['GET', '/health', 503, '{"status":"degraded","bus":"unreachable","secret":"ok"}'],
    ['POST', '/health', 405, '{"error":"GET only"}'],
    ['GET', '/', 404, '{"error":"no such path"}'],
  ])('%s %s is answered %d', async (method, path, status, body) => {
    expect(await route(request(method, path), endpoints)).toMatchObject({ statusCode: status, body });
  });

  it('answers something that is no HTTP request', async () => {
    expect((await route({ detail: 'x' }, endpoints)).statusCode).toBe(400);
  });
});

describe('healthCheck', () => {
  it('asks bus and secret, and at most once in ten seconds', async () => {
    const state = { now: 0, asked: 0, down: false };
    const health = healthCheck({
      nowMs: () => state.now,
      secretReadable: async () => [],
      busReachable: async () => {
        state.asked += 1;
        if (state.down) throw new Error('down');
      },
    });
    await Promise.all([health(), health()]);
    expect(await health()).toEqual({ status: 'ok', bus: 'ok', secret: 'ok' });
    expect(state.asked).toBe(1);
    state.down = true;
    state.now = HEALTH_CACHE_MS;
    expect(await health()).toEqual({ status: 'degraded', bus: 'unreachable', secret: 'ok' });
  });
});
