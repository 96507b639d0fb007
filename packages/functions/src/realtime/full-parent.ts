import type { StripeEvent, ThinEvent } from '@payments/core/event';
import type { SalesforceRecord, SObjectName } from '@payments/core/record';
import { type PlannerWorld, planFrom } from './planned.ts';

/** Objects that others refer to, and the type of event by which Stripe would tell of them. */
const TOLD_BY: ReadonlyMap<SObjectName, string> = new Map([
  ['Stripe_Customer__c', 'customer.updated'],
  ['Stripe_Subscription__c', 'customer.subscription.updated'],
  ['Pricing_Plan__c', 'price.updated'],
]);

/**
 * A parent as Stripe has it now, with its own parents before it: where Salesforce does not take an empty row, it may take
 * the real one. `null`: Stripe does not have it (any more), or it is no object of Stripe's that others refer to.
 */
export async function fullParent(
  parent: Pick<SalesforceRecord, 'object' | 'externalId'>,
  child: Pick<StripeEvent, 'id' | 'created' | 'livemode'>,
  world: PlannerWorld,
): Promise<readonly SalesforceRecord[] | null> {
  const type = TOLD_BY.get(parent.object);
  if (type === undefined || parent.externalId === null) return null;
  const { id, created, livemode } = child;
  const asked: ThinEvent = { thin: true, id, type, created, livemode, api_version: null, objectId: parent.externalId };
  const need = world.planner.refetchNeed(asked);
  if (need === null) return null;
  const answer = await world.stripe(need);
  if (answer.body === null) return null;
  const { plan } = await planFrom(world.planner.withFetchedObject(asked, answer), world);
  // What belongs to it comes after it (the plans of a subscription), and is no business of the child.
  const at = plan.records.findIndex(
    ({ object, externalId }) => object === parent.object && externalId === parent.externalId,
  );
  return at < 0 ? null : plan.records.slice(0, at + 1);
}
