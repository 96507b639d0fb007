/** Verifying and reading a webhook, against what Stripe's SDK takes for it. */
import { StripeEventSchema } from '@payments/core/event';
import { signingKeys, verify } from '@payments/functions/ingress/verify';
import Stripe from 'stripe';
import * as v from 'valibot';
import { openAccount } from '../src/stripe/account.ts';
import { signatureHeader } from '../src/stripe/delivery.ts';
import { printAsStripe } from '../src/stripe/json.ts';
import { life } from '../src/stripe/life.ts';
import { compare } from './compare.ts';

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
