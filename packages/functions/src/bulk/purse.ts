import { BudgetWait } from '@payments/core/failure';
import type { Batches, Held } from '../adapters/batches.ts';
import type { Budget } from '../adapters/budget.ts';
import type { Salesforce } from '../adapters/salesforce.ts';

/** Salesforce, with each call booked in the shared budget first and counted for the batch's audit row. */
export function spending(
  held: Held,
  world: {
    readonly salesforce: Salesforce;
    readonly budget: Pick<Budget, 'acquire'>;
    readonly batches: Pick<Batches, 'countCall'>;
  },
): Salesforce {
  return async (request) => {
    const { granted, retryAfterMs } = await world.budget.acquire({ lane: 'bulk', calls: 1 });
    if (!granted) {
      throw new BudgetWait(`no call left for batch ${held.batchId}: bulk waits so that realtime does not`, {
        code: 'NO_BUDGET',
        retryAfterMs,
      });
    }
    await world.batches.countCall(held);
    return world.salesforce(request);
  };
}
