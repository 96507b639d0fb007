import type { Salesforce } from '@payments/functions/adapters/salesforce';
import type { StripeReader } from '@payments/functions/adapters/stripe';
import { everyList, type ReconcileWorld, reconcile } from '@payments/functions/operations/reconcile/reconcile';
import { rowsTold } from '@payments/functions/operations/reconcile/told';
import { expect, it } from 'vitest';
import { startOrg, TOKEN } from '../src/salesforce/test-org.ts';
import { withStripe } from '../src/stripe/api.fixture.ts';
import { directSalesforce, directStripe } from './direct-clients.fixture.ts';

const CUSTOMERS = 20_000;
const EVERYTHING = { resources: ['customers'] as const, since: 0, until: Math.floor(Date.now() / 1_000) + 86_400 };

it(
  'compares 20,000 rows in as few calls as their pages, and reads again only those that differ',
  { timeout: 120_000 },
  () =>
    withStripe(
      async ({ url }) => {
        const org = await startOrg();
        const requests = { stripe: 0, salesforce: 0 };
        const send = directSalesforce(org.url, TOKEN);
        const counted: Salesforce = (request) => {
          requests.salesforce += 1;
          return send(request);
        };
        const read = directStripe(url, 'sk_test_123456789012');
        const stripe: StripeReader = (need) => {
          requests.stripe += 1;
          return read(need);
        };
        const world: ReconcileWorld = {
          ...{ stripe, salesforce: counted, sleep: async () => {}, stopped: () => false, onProgress: () => {} },
        };
        const ids: string[] = [];
        await everyList(EVERYTHING, world, async (list, said) => {
          for (const { key, columns } of await rowsTold(list, said, stripe)) {
            ids.push(key);
            const fields = Object.fromEntries([...columns].map(([name, { value }]) => [name, value]));
            org.org.insert('Stripe_Customer__c', { Stripe_Customer_ID__c: key, ...fields });
          }
        });
        expect([ids.length, org.org.count('Stripe_Customer__c')]).toEqual([CUSTOMERS, CUSTOMERS]);

        Object.assign(requests, { stripe: 0, salesforce: 0 });
        const equal = await reconcile(EVERYTHING, world);
        expect(equal).toMatchObject({
          differences: [],
          rows: [],
          counts: [{ stripe: CUSTOMERS, salesforce: CUSTOMERS }],
        });
        expect(requests.salesforce).toBe(CUSTOMERS / 2_000);
        // Pages of a hundred, and a page that is not full for each part that is read beside the others.
        expect(requests.stripe).toBeLessThan((CUSTOMERS / 100) * 1.2);

        await change(org.url, String(org.org.rows('Stripe_Customer__c').next().value?.id));
        org.org.insert('Stripe_Customer__c', { Stripe_Customer_ID__c: 'cus_nobody' });
        Object.assign(requests, { stripe: 0, salesforce: 0 });
        const { differences } = await reconcile(EVERYTHING, world);
        expect(differences.map(({ kind, column }) => [kind, column])).toEqual([
          ['different', 'Customer_Name__c'],
          ['extra', null],
        ]);
        // One row more takes a page more; and one call for the row that differs.
        expect(requests.salesforce).toBe(CUSTOMERS / 2_000 + 2);
        await org.close();
      },
      { account: { past: { customers: CUSTOMERS, subscriptions: 1, payments: 1 } } },
    ),
);

async function change(url: string, id: string): Promise<void> {
  await fetch(`${url}/services/data/v66.0/sobjects/Stripe_Customer__c/${id}`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ Customer_Name__c: 'Mallory' }),
  });
}
