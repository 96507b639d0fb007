import { expect, it } from 'vitest';
import type { Tie } from '../adapters/tie-list.ts';
import { reconcileTies } from './reconcile-ties.ts';

it('asks no more once Stripe does not answer, and keeps every tie for the next flush', async () => {
  const ties = ['evt_1', 'evt_2', 'evt_3'].map(
    (eventId): Tie => ({ key: 'pi_1', owner: 'payment_intent', eventId, correlationId: null, receivedAt: 1 }),
  );
  let asked = 0;
  const removed: Tie[] = [];
  const reconciled = await reconcileTies('Payment_Transaction__c', {
    ties: {
      add: async () => {},
      some: async () => ties,
      remove: async (_object, gone) => {
        removed.push(...gone);
      },
    },
    claims: { done: async () => {} },
    buffer: { put: async () => ({ outcomes: [], waiting: 0 }) },
    nameRows: async (records) => records,
    nowMs: () => 0,
    stripe: async () => {
      asked += 1;
      throw new Error('no answer');
    },
  });
  expect([asked, removed, reconciled.left]).toEqual([1, [], ties]);
});
