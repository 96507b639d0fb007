import { coalesce } from '@payments/core/batch';
import { type List, listed } from '@payments/core/listing';
import { asJsonObject } from '@payments/core/objects/reference';
import { type FetchedObject, needs, plan } from '@payments/core/plan';
import type { SalesforceRecord } from '@payments/core/record';
import type { StripeReader } from '@payments/functions/adapters/stripe';

/** Items of a subscription beyond the page that its list carries: seldom, so they are read one after the other. */
const MOST_READS = 50;

/** The rows that one object of a list becomes, by the mapping that both lanes use; one record per row. */
export async function rowsOf(
  list: List,
  object: unknown,
  at: number,
  stripe: StripeReader,
): Promise<readonly SalesforceRecord[]> {
  const json = asJsonObject(object);
  if (json === null) return [];
  const records: SalesforceRecord[] = [];
  for (const { source, fetched: brought } of listed(list.name, json, at)) {
    const fetched = new Map<string, FetchedObject>(brought);
    for (
      let asked = needs(source, fetched);
      asked.length > 0 && fetched.size < MOST_READS;
      asked = needs(source, fetched)
    ) {
      for (const need of asked) fetched.set(need.key, await stripe(need));
    }
    records.push(...plan(source, fetched).records);
  }
  return coalesce(records);
}
