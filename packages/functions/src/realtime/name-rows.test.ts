import type { SalesforceRecord } from '@payments/core/record';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { emptyRedis, type TestRedis } from '../../test/redis-server.ts';
import { freshnessStore } from '../adapters/freshness-store.ts';
import { rowNames } from '../adapters/row-names.ts';
import type { StripeReader } from '../adapters/stripe.ts';
import { rowNamer } from './name-rows.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await emptyRedis();
});
afterAll(() => server.stop());
beforeEach(() => server.redis.flushall());

const ROW = 'a0B000000000001AAA';
const STUB: SalesforceRecord = {
  ...{
    object: 'Stripe_Subscription__c',
    externalIdField: 'Stripe_Subscription_ID__c',
    externalId: 'sub_1',
    rowId: null,
  },
  ...{ fields: {}, parents: [], owners: { subscription: { version: 0, fetched: false } } },
};

function namer(answer: object | Error) {
  const asked: string[] = [];
  const stripe: StripeReader = async ({ path, query }) => {
    asked.push(`${path}?${query.map((pair) => pair.join('=')).join('&')}`);
    if (answer instanceof Error) throw answer;
    return { body: { data: [answer] }, at: 1 };
  };
  const freshness = freshnessStore(server.redis);
  return { asked, freshness, nameRows: rowNamer({ stripe, rowNames: rowNames(server.redis), freshness }) };
}

describe('a subscription that the event ties to no row of ours', () => {
  it('is asked about once, and gets the row that its session names', async () => {
    const { asked, nameRows } = namer({ metadata: { sf_subscription_id: ROW } });
    for (const round of [1, 2]) {
      const [named] = await nameRows([STUB]);
      expect(named?.rowId, `round ${round}`).toBe(ROW);
    }
    expect(asked).toEqual(['/v1/checkout/sessions?subscription=sub_1&limit=1']);
  });

  it('is asked about once when it belongs to none, too', async () => {
    const { asked, nameRows } = namer({ client_reference_id: 'order-77' });
    expect(await nameRows([STUB, STUB])).toEqual([STUB, STUB]);
    await nameRows([STUB]);
    expect(asked).toHaveLength(1);
  });

  it('is not asked about when it was written before: then it has its row', async () => {
    const { asked, freshness, nameRows } = namer({ metadata: { sf_subscription_id: ROW } });
    await freshness.remember([{ owner: 'invoice', externalId: 'sub_1', version: 1050, eventId: 'evt_1' }]);
    expect(await nameRows([STUB])).toEqual([STUB]);
    expect(asked).toEqual([]);
  });

  it('goes as it is while Stripe does not answer, and is asked about again', async () => {
    const { asked, nameRows } = namer(new Error('Stripe is down'));
    expect(await nameRows([STUB])).toEqual([STUB]);
    await nameRows([STUB]);
    expect(asked).toHaveLength(2);
  });
});
