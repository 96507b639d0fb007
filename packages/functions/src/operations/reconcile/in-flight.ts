import * as v from 'valibot';
import type { StripeReader } from '../../adapters/stripe.ts';

const PAGE = '100';
/** 10,000 events of a few minutes: more than the lanes handle in that time. */
const MOST_PAGES = 100;

const Page = v.object({
  data: v.array(v.looseObject({ id: v.string(), data: v.looseObject({ object: v.unknown() }) })),
  has_more: v.boolean(),
});

/** Ids of every Stripe object that an event since `since` (seconds) is about or mentions, as having been there before too: what is under way may differ for now. */
export async function idsInFlight(since: number, stripe: StripeReader): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  let after: string | null = null;
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const cursor = after === null ? [] : [['starting_after', after] as const];
    const query = [['created[gte]', String(since)] as const, ['limit', PAGE] as const, ...cursor];
    const page: v.InferOutput<typeof Page> = v.parse(Page, (await stripe({ path: '/v1/events', query })).body);
    for (const { data } of page.data) {
      for (const [, id = ''] of JSON.stringify(data).matchAll(/"([A-Za-z0-9_-]{3,255})"/g)) ids.add(id);
    }
    after = page.data.at(-1)?.id ?? null;
    if (!page.has_more || after === null) break;
  }
  return ids;
}
