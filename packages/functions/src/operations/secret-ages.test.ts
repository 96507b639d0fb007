import { expect, it } from 'vitest';
import { counting } from '../../test/counted.ts';
import { secretAges } from './secret-ages.ts';

const DAY = 24 * 60 * 60_000;
const NOW = 400 * DAY;

it('tells the whole days since each secret was put, and nothing of one that is empty', async () => {
  const { count, counted } = counting();
  const put = new Map<string, number | null>([
    ['arn:a', NOW - 91 * DAY],
    ['arn:b', NOW - DAY + 1],
    ['arn:c', null],
  ]);
  await secretAges({
    secrets: { StripeApiKey: 'arn:a', SalesforceClient: 'arn:b', StripeSigningSecret: 'arn:c' },
    changedAt: async (arn) => put.get(arn) ?? null,
    count,
    nowMs: () => NOW,
  });
  expect(counted).toEqual([
    { metric: 'SecretAge', value: 91, dimensions: { Secret: 'StripeApiKey' } },
    { metric: 'SecretAge', value: 0, dimensions: { Secret: 'SalesforceClient' } },
  ]);
});
