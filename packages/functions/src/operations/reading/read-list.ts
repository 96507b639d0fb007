import { BudgetWait, NeverRetry, RetryLater } from '@payments/core/failure';
import type { List } from '@payments/core/listing';
import * as v from 'valibot';
import type { StripeReader } from '../../adapters/stripe.ts';
import type { ReadPage } from './ranges.ts';

const PAGE = '100';
/** A busy or restarting Stripe is asked again for about two minutes; the reader itself keeps to the limits. */
const MOST_TRIES = 8;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;

const PageSchema = v.object({
  data: v.array(v.looseObject({ id: v.string(), created: v.number() })),
  has_more: v.boolean(),
});

/** One page of a list of Stripe's, the newest of the range first. */
export function pageReader(
  list: Pick<List, 'path' | 'query'>,
  world: {
    readonly stripe: StripeReader;
    readonly sleep: (ms: number) => Promise<unknown>;
    readonly onRequest: () => void;
  },
): ReadPage {
  return async (range, cursor) => {
    const query = [
      ...list.query,
      ['created[gte]', String(range.from)] as const,
      ['created[lte]', String(range.to)] as const,
      ['limit', PAGE] as const,
      ...(cursor === null ? [] : [['starting_after', cursor] as const]),
    ];
    const { body, at } = await persistent(() => {
      world.onRequest();
      return world.stripe({ path: list.path, query });
    }, world.sleep);
    const page = v.safeParse(PageSchema, body);
    if (!page.success) {
      const message = `the answer of Stripe to GET ${list.path} is no list`;
      throw new NeverRetry(message, { code: 'NO_LIST', category: 'Data' });
    }
    const { data, has_more: more } = page.output;
    const objects = data.map((object) => ({ id: object.id, created: object.created, object }));
    return { objects, last: !more || objects.length === 0, at };
  };
}

async function persistent<T>(ask: () => Promise<T>, sleep: (ms: number) => Promise<unknown>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      const passes = error instanceof RetryLater || error instanceof BudgetWait;
      if (!passes || tries === MOST_TRIES) throw error;
      const asked = error instanceof BudgetWait ? error.retryAfterMs : 0;
      await sleep(Math.min(LONGEST_WAIT_MS, Math.max(asked, FIRST_WAIT_MS * 2 ** (tries - 1))));
    }
  }
}
