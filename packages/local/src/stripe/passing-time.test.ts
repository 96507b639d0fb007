import { expect, it } from 'vitest';
import { openAccount } from './account.ts';
import { stripeApi } from './answers.ts';

const READ = {
  method: 'GET',
  url: '/v1/customers',
  headers: { authorization: 'Bearer sk_test_123456789012' },
  body: '',
};

it('an account that is told so goes on while it is asked, a second for a second', async () => {
  const account = openAccount({ seed: 1, start: 1_790_000_000 });
  const real = { ms: 0 };
  const api = stripeApi(account, { clock: () => real.ms, timePasses: true });
  const dateAfter = async (ms: number) => {
    real.ms += ms;
    return Date.parse((await api.answer(READ))?.headers.date ?? '') / 1000 - 1_790_000_000;
  };
  expect([await dateAfter(0), await dateAfter(900), await dateAfter(900), await dateAfter(2_200)]).toEqual([
    0, 0, 1, 4,
  ]);
  account.advance(60);
  expect([await dateAfter(5_000), await dateAfter(1_000)]).toEqual([64, 65]);
});

it('an account stands still otherwise', async () => {
  const account = openAccount({ seed: 1, start: 1_790_000_000 });
  const real = { ms: 0 };
  const api = stripeApi(account, { clock: () => real.ms });
  real.ms = 90_000;
  await api.answer(READ);
  expect(account.now()).toBe(1_790_000_000);
});
