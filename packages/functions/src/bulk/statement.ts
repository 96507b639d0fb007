import type { StripeEvent, ThinEvent } from '@payments/core/event';
import { isThin } from '@payments/core/event';
import type { Source } from '@payments/core/plan';
import * as planner from '@payments/core/plan';
import type { SalesforceRecord } from '@payments/core/record';
import type { StripeReader } from '../adapters/stripe.ts';
import type { NameRows } from '../realtime/name-rows.ts';
import { planFrom } from '../realtime/planned.ts';

/** What is read beside the event. */
export type Reads = { readonly stripe: StripeReader; readonly nameRows: NameRows };

/** What an event says, with everything read from Stripe that it takes to say it. */
export type Statement = {
  readonly event: StripeEvent;
  readonly source: Source;
  readonly records: readonly SalesforceRecord[];
};

/** Whether it is what Stripe's API said, of the event's object or of what the event is about, rather than what the event carried. */
export function wasRead({ source, records }: Statement): boolean {
  return (
    source.fetchedAt !== null || records.some(({ owners }) => Object.values(owners).some(({ fetched }) => fetched))
  );
}

/** A thin event is filled with its object as it is now, or with the event that Stripe keeps: where the object is gone, or says less. */
export async function readFrom(event: StripeEvent | ThinEvent, reads: Reads): Promise<Statement> {
  return statementOf(isThin(event) ? await filled(event, reads.stripe) : { event, fetchedAt: null }, reads);
}

/** The same event with its object as Stripe has it now; unchanged (and not fetched) where Stripe has it no more. */
export async function refetched(statement: Statement, reads: Reads): Promise<Statement> {
  const need = planner.refetchNeed(statement.event);
  if (need === null) return statement;
  return statementOf(planner.withFetchedObject(statement.event, await reads.stripe(need)), reads);
}

/** What was before is in the event alone: a subscription does not tell of items that it has no more. */
const TELLS_OF_BEFORE: ReadonlySet<string> = new Set(['customer.subscription.updated']);

/**
 * Unlike the realtime lane, which tells of the very event: a row of this lane is written once for many events, so the newest
 * state will do where it says as much.
 */
async function filled(event: ThinEvent, stripe: StripeReader): Promise<Source> {
  if (TELLS_OF_BEFORE.has(event.type)) {
    const whole = await stripe(planner.eventNeed(event));
    if (whole.body !== null) return planner.withFetchedObject(event, whole);
  }
  const need = planner.refetchNeed(event);
  const object = need === null ? null : await stripe(need);
  if (object !== null && object.body !== null) return planner.withFetchedObject(event, object);
  return planner.withFetchedObject(event, await stripe(planner.eventNeed(event)));
}

async function statementOf(source: Source, reads: Reads): Promise<Statement> {
  const { plan } = await planFrom(source, { planner, ...reads });
  return { event: source.event, source, records: plan.records };
}
