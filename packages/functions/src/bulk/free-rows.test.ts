import { describe, expect, it } from 'vitest';
import { failure } from '../../test/fake-org.ts';
import type { Salesforce } from '../adapters/salesforce.ts';
import { ownersOfRows } from './free-rows.ts';

const GOOD = 'a06000000000001AAA';
const OTHER = 'a06000000000002AAA';
const NONE = 'a06Qy00000099999AA';

/** Refuses a query with an id that is none, as Salesforce does. */
function org(): { readonly salesforce: Salesforce; readonly asked: string[] } {
  const asked: string[] = [];
  const salesforce: Salesforce = async ({ path }) => {
    const soql = decodeURIComponent(path);
    asked.push(soql);
    if (soql.includes(NONE)) throw failure(400, 'INVALID_QUERY_FILTER_OPERATOR');
    const records = [GOOD, OTHER]
      .filter((id) => soql.includes(id))
      .map((Id) => ({ Id, Stripe_Subscription_ID__c: Id === GOOD ? 'sub_1' : null }));
    return { status: 200, body: { totalSize: records.length, done: true, records } };
  };
  return { salesforce, asked };
}

describe('whose the rows are that metadata names', () => {
  const ask = (ids: readonly string[], salesforce: Salesforce) =>
    ownersOfRows('Stripe_Subscription__c', 'Stripe_Subscription_ID__c', ids, salesforce);

  it('are found by one query; free rows and unknown ones belong to nobody', async () => {
    const { salesforce, asked } = org();
    expect(await ask([GOOD, OTHER, GOOD], salesforce)).toEqual(new Map([[GOOD.slice(0, 15), 'sub_1']]));
    expect(asked).toHaveLength(1);
  });

  it('are found although one id is none: it has its own query refused and no other', async () => {
    expect(await ask([NONE, GOOD, OTHER], org().salesforce)).toEqual(new Map([[GOOD.slice(0, 15), 'sub_1']]));
  });

  it('are not asked for with text that is no id at all', async () => {
    const { salesforce, asked } = org();
    expect(await ask(["x' OR Id != '", ''], salesforce)).toEqual(new Map());
    expect(asked).toEqual([]);
  });

  it('stay unknown when Salesforce is away: that is for the machine to retry', async () => {
    const down: Salesforce = async () => {
      throw failure(503, 'SERVER_UNAVAILABLE');
    };
    await expect(ask([GOOD], down)).rejects.toMatchObject({ status: 503 });
  });
});
