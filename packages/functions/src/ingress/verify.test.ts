import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import { signingKeys, TOLERANCE_SECONDS, verify } from './verify.ts';

const NOW = 1_790_000_000;
const SECRET = 'whsec_test_main';
const OTHER = 'whsec_test_other';
const stripe = new Stripe('sk_test_not_used');

function hmac(timestamp: number | string, body: string | Buffer, secret = SECRET): string {
  return createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex');
}

function ours(header: string, body: string | Buffer, secrets: readonly string[] = [SECRET]) {
  return verify({ header, body, keys: signingKeys(secrets), nowSeconds: NOW });
}

function sdkAccepts(header: string, body: string | Buffer): boolean {
  try {
    stripe.webhooks.constructEvent(body, header, SECRET, TOLERANCE_SECONDS, undefined, NOW * 1000);
    return true;
  } catch {
    return false;
  }
}

/** The points in which ours is stricter, as listed in verify.ts. Ours must refuse every one of them. */
function isStricterHere(header: string): boolean {
  const timestamps = header
    .split(',')
    .map((item) => item.split('='))
    .filter(([scheme]) => scheme === 't')
    .map(([, value = '']) => value);
  return (
    !/^[\x20-\x7e]*$/.test(header) ||
    timestamps.length !== 1 ||
    timestamps.some((value) => !/^[1-9]\d{0,11}$/.test(value) || Number(value) > NOW + TOLERANCE_SECONDS)
  );
}

const body = fc
  .record({ id: fc.string(), text: fc.string({ unit: 'binary' }), n: fc.integer() })
  .chain((value) => fc.constantFrom(JSON.stringify(value), JSON.stringify(value, null, 2)));

const timestamp = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: NOW - 305, max: NOW + 305 }).map(String) },
  fc.constantFrom(
    '',
    '0',
    '-1',
    'abc',
    `${NOW}abc`,
    `0${NOW}`,
    `+${NOW}`,
    ` ${NOW}`,
    `${NOW}.5`,
    '1e9',
    '9'.repeat(20),
  ),
);

/** Headers as Stripe makes them, and as someone makes them who would like to be taken for Stripe. */
const signed = fc.tuple(body, timestamp).chain(([text, t]) => {
  const signedSecond = Number.parseInt(t, 10);
  const good = hmac(Number.isNaN(signedSecond) ? t : signedSecond, text);
  const item = fc.oneof(
    { weight: 6, arbitrary: fc.constant(`v1=${good}`) },
    fc.constantFrom(
      `v0=${good}`,
      `v1=${good.toUpperCase()}`,
      ` v1=${good}`,
      `v1=${good}=x`,
      `v1=${good.slice(1)}`,
      `v1=${good}0`,
      `v1=${hmac(t, text, OTHER)}`,
      `v1=${hmac(t, `${text} `)}`,
      'v1=',
      'v1',
      '=',
      '',
    ),
    fc.string({ unit: 'binary' }).map((noise) => `v1=${noise}`),
  );
  const times = fc.oneof(
    { weight: 8, arbitrary: fc.constant([`t=${t}`]) },
    fc.constantFrom([], [`t=${NOW}`, `t=${t}`], [`T=${t}`]),
  );
  return fc
    .tuple(times, fc.array(item, { maxLength: 4 }))
    .map(([first, rest]) => ({ header: [...first, ...rest].join(','), text }));
});

describe('verify', () => {
  it('agrees with stripe.webhooks.constructEvent on 10,000 headers and bodies, but for the points where it is stricter', () => {
    const seen = { both: 0, neither: 0, stricter: 0 };
    fc.assert(
      fc.property(signed, fc.boolean(), ({ header, text }, asBytes) => {
        const raw = asBytes ? Buffer.from(text) : text;
        const valid = ours(header, raw) === 'valid';
        const sdk = sdkAccepts(header, raw);
        if (valid) {
          seen.both += 1;
          expect(sdk).toBe(true);
        } else if (sdk) {
          seen.stricter += 1;
          expect(isStricterHere(header)).toBe(true);
        } else {
          seen.neither += 1;
        }
      }),
      { numRuns: 10_000, seed: 7 },
    );
    // Each of the three cases has to be met often, or the agreement says nothing.
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(300);
  });

  it("accepts a header that Stripe's own signer made", () => {
    const payload = '{"id":"evt_1"}';
    const header = stripe.webhooks.generateTestHeaderString({ payload, secret: SECRET, timestamp: NOW });
    expect(ours(header, payload)).toBe('valid');
    expect(ours(header, `${payload} `)).toBe('mismatch');
  });

  it('takes any of several secrets and any of several v1, as during a roll', () => {
    const header = `t=${NOW},v1=${hmac(NOW, 'x', 'whsec_unknown')},v1=${hmac(NOW, 'x', OTHER)}`;
    expect(ours(header, 'x', [SECRET, OTHER])).toBe('valid');
    expect(ours(header, 'x', [SECRET])).toBe('mismatch');
    expect(ours(header, 'x', [])).toBe('mismatch');
  });

  it.each([
    [-301, 'too-old'],
    [-300, 'valid'],
    [300, 'valid'],
    [301, 'too-new'],
  ])('a timestamp %d s from now is %s', (offset, verdict) => {
    const t = NOW + offset;
    expect(ours(`t=${t},v1=${hmac(t, 'x')}`, 'x')).toBe(verdict);
  });

  it('refuses two timestamps, where the SDK takes the last', () => {
    const header = `t=${NOW - 5},t=${NOW},v1=${hmac(NOW, '{}')}`;
    expect(sdkAccepts(header, '{}')).toBe(true);
    expect(ours(header, '{}')).toBe('malformed');
  });

  it('verifies bytes as they came, not what a decoder makes of them', () => {
    const bytes = Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0x7d]);
    const header = `t=${NOW},v1=${hmac(NOW, '{}')}`;
    expect(sdkAccepts(header, bytes)).toBe(true);
    expect(ours(header, bytes)).toBe('mismatch');
  });

  it.each(['', 'garbage', 't=', `t=${NOW}`, `v1=${'0'.repeat(64)}`, `t=${NOW},v0=${'0'.repeat(64)}`, ','.repeat(5000)])(
    'calls header %# malformed',
    (header) => expect(ours(header, 'x')).toBe('malformed'),
  );
});
