import { type StripeEvent, StripeEventSchema } from '@payments/core/event';
import { NeverRetry } from '@payments/core/failure';
import { type Interval, typeLists } from '@payments/core/sweep';
import * as v from 'valibot';
import type { StripeReader } from '../adapters/stripe.ts';

/** An event in Stripe's list. `pending`: endpoints that have not taken it yet, of any application. */
export type ListedEvent = { readonly event: StripeEvent; readonly pending: number };

const PAGE = '100';
const Page = v.object({ data: v.array(v.unknown()), has_more: v.boolean() });
const Named = v.object({ id: v.string() });
const Pending = v.object({ pending_webhooks: v.optional(v.number(), 0) });

/**
 * Events of the routed types that Stripe made in an interval, page by page; of each list of types the newest first. Ends
 * early when nobody asks for more. Throws what the reader throws, and NeverRetry for what is no list.
 */
export async function* listEvents(
  interval: Interval,
  filter: 'all' | 'undelivered',
  stripe: StripeReader,
): AsyncGenerator<readonly ListedEvent[]> {
  for (const types of typeLists()) {
    let after: string | null = null;
    do {
      const page: v.InferOutput<typeof Page> = pageIn(
        (
          await stripe({
            path: '/v1/events',
            query: [
              ...types.map((type) => ['types[]', type] as const),
              ...(filter === 'undelivered' ? [['delivery_success', 'false'] as const] : []),
              ['created[gte]', String(interval.from)],
              ['created[lte]', String(interval.to)],
              ['limit', PAGE],
              ...(after === null ? [] : [['starting_after', after] as const]),
            ],
          })
        ).body,
      );
      yield page.data.flatMap((event) =>
        v.is(StripeEventSchema, event) ? [{ event, pending: v.parse(Pending, event).pending_webhooks }] : [],
      );
      const last = v.safeParse(Named, page.data.at(-1));
      after = page.has_more && last.success ? last.output.id : null;
    } while (after !== null);
  }
}

function pageIn(body: unknown): v.InferOutput<typeof Page> {
  const page = v.safeParse(Page, body);
  if (page.success) return page.output;
  throw new NeverRetry('the answer of Stripe to GET /v1/events is no list', { code: 'NO_LIST', category: 'Data' });
}
