/**
 * `npm run bench`: what the hot places cost, as ratios inside one run. Unit is the process's CPU time (neighbours on the same
 * cores make wall time worthless); variants are interleaved, and the median of the rounds is printed.
 */

import { StripeEventSchema } from '@payments/core/event';
import { ROUTES } from '@payments/core/routes';
import { signingKeys, verify } from '@payments/functions/ingress/verify';
import Stripe from 'stripe';
import * as v from 'valibot';
import { matches, parsePattern } from '../src/bus/pattern.ts';
import { PatternIndex } from '../src/bus/pattern-index.ts';
import { openAccount } from '../src/stripe/account.ts';
import { signatureHeader } from '../src/stripe/delivery.ts';
import { printAsStripe } from '../src/stripe/json.ts';
import { life } from '../src/stripe/life.ts';

type Variant = { readonly name: string; readonly run: () => void };
type Group = { readonly title: string; readonly unit: string; readonly variants: readonly Variant[] };

const ROUNDS = 15;
const ROUND_MS = 60;

function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** CPU µs per call: as many calls as fill a round. */
function measure(run: () => void): number {
  const started = cpuMicros();
  let calls = 0;
  do {
    for (let n = 0; n < 16; n += 1) run();
    calls += 16;
  } while (cpuMicros() - started < ROUND_MS * 1_000);
  return (cpuMicros() - started) / calls;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function compare({ title, unit, variants }: Group): void {
  const costs = new Map<string, number[]>(variants.map(({ name }) => [name, []]));
  for (const { run } of variants) measure(run);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let offset = 0; offset < variants.length; offset += 1) {
      const variant = variants[(round + offset) % variants.length];
      if (variant !== undefined) costs.get(variant.name)?.push(measure(variant.run));
    }
  }
  const base = median(costs.get(variants[0]?.name ?? '') ?? []);
  console.log(`\n${title}`);
  for (const { name } of variants) {
    const cost = median(costs.get(name) ?? []);
    console.log(
      `  ${name.padEnd(46)} ${cost.toFixed(2).padStart(9)} µs ${unit}  ${(base / cost).toFixed(2).padStart(6)} ×`,
    );
  }
}

const SECRET = 'whsec_bench_secret';
const account = openAccount({ seed: 7 });
for (const step of life(account, { customers: 20, seed: 7, months: 1 })) void step;
const now = Math.floor(Date.now() / 1_000);
const signed = account
  .events()
  .slice(0, 64)
  .map((event) => {
    const body = printAsStripe(event);
    return { body, bytes: Buffer.from(body), header: signatureHeader(body, [SECRET], now) };
  });
const keys = signingKeys([SECRET]);
const stripe = new Stripe('sk_test_bench');
let at = 0;
const next = (): (typeof signed)[number] => {
  at = (at + 1) % signed.length;
  const found = signed[at];
  if (found === undefined) throw new Error('the account made no events');
  return found;
};
const forgedHeader = signatureHeader('another body', [SECRET], now);

const patterns = Object.keys(ROUTES).flatMap((type, n) => [
  JSON.stringify({
    source: ['stripe.webhook'],
    'detail-type': [type],
    detail: { priority: [n % 2 === 0 ? 'high' : 'low'] },
  }),
  JSON.stringify({
    source: ['stripe.webhook'],
    'detail-type': [{ prefix: type.slice(0, 8) }],
    detail: { priority: ['none'] },
  }),
]);
const hundred = Array.from({ length: 100 }, (_, n) => patterns[n % patterns.length] ?? '{}');
const compiled = hundred.map(parsePattern);
const index = new PatternIndex(compiled.map((pattern, n) => [pattern, n] as const));
const event = { source: 'stripe.webhook', 'detail-type': 'invoice.paid', detail: { priority: 'low' } };

console.log(
  `Node ${process.version}; medians of ${ROUNDS} rounds of ${ROUND_MS} ms CPU each; × is against the first line`,
);
compare({
  title: 'ingress: a signed webhook',
  unit: 'per event',
  variants: [
    {
      name: 'stripe.webhooks.constructEvent',
      run: () => {
        const { bytes, header } = next();
        stripe.webhooks.constructEvent(bytes, header, SECRET);
      },
    },
    {
      name: 'ours: verify, parse, check the shape',
      run: () => {
        const { bytes, header } = next();
        if (verify({ header, body: bytes, keys, nowSeconds: now }) !== 'valid')
          throw new Error('a good signature was refused');
        v.parse(StripeEventSchema, JSON.parse(bytes.toString('utf8')));
      },
    },
  ],
});
compare({
  title: 'ingress: a forged webhook',
  unit: 'per request',
  variants: [
    {
      name: 'stripe.webhooks.constructEvent',
      run: () => {
        try {
          stripe.webhooks.constructEvent(next().bytes, forgedHeader, SECRET);
        } catch {
          return;
        }
        throw new Error('a forged signature was accepted');
      },
    },
    { name: 'ours', run: () => void verify({ header: forgedHeader, body: next().bytes, keys, nowSeconds: now }) },
  ],
});
compare({
  title: 'bus: 100 rules against one event',
  unit: 'per event',
  variants: [
    { name: 'each pattern in turn', run: () => void compiled.filter((pattern) => matches(pattern, event)) },
    { name: 'the index that the local bus uses', run: () => void index.matching(event) },
  ],
});
