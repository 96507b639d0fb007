import { isTerminal } from '../freshness.ts';
import type { Reading } from '../need.ts';
import type { OwnerVersion, SalesforceRecord } from '../record.ts';
import { Row } from '../row.ts';
import { describePlan, planName } from './price.ts';
import { at, expanded, idOf, listed } from './reference.ts';
import { spoken } from './spoken.ts';
import { subscriptionParent } from './stub.ts';

type Item = { readonly [key: string]: unknown };

/** Stripe had plans before it had prices; in 2018 an item has only a plan. */
export function priceOfItem(item: Item): unknown {
  return item.price ?? item.plan;
}

/**
 * The plans of one subscription: a row for each of its items, named by the item (`si_…`), with what the item's price says and
 * how many are bought. They have the subscription's version, for nothing else tells of them. A plan is active while its item is
 * there and the subscription has not ended; an item that was taken out never comes back, so that is its last word. When not all
 * items were read (`complete`), none can be said to be gone.
 */
export function itemPlans(
  reading: Reading,
  subscription: { readonly id: string; readonly version: OwnerVersion },
  items: { readonly rows: readonly Item[]; readonly complete: boolean },
  notes: string[],
): readonly SalesforceRecord[] {
  const lives = !isTerminal(subscription.version.version);
  const plans = items.rows.map((item) => itemPlan(item, subscription.id, subscription.version, lives, notes));
  const kept = new Set(items.rows.map(idOf));
  const gone = items.complete ? formerItems(reading).filter((item) => !kept.has(idOf(item))) : [];
  const last = spoken(reading, 'terminal');
  const removed = gone.map((item) => itemPlan(item, subscription.id, last, false, notes));
  return [...plans, ...removed].filter((plan) => plan !== null);
}

/** A changed list is given whole in `previous_attributes`. */
function formerItems({ event }: Reading): readonly Item[] {
  return listed(at(event.data.previous_attributes, 'items'));
}

function itemPlan(
  item: Item,
  subscriptionId: string,
  version: OwnerVersion,
  active: boolean,
  notes: string[],
): SalesforceRecord | null {
  const [id, price] = [idOf(item), expanded(priceOfItem(item))];
  if (id === null || price === null) return null;
  const row = new Row('Pricing_Plan__c', id, notes).set('Active__c', active);
  describePlan(row, price, notes, id);
  // Without a nickname the org names it, from the catalogue (docs/decisions/0015).
  row.text('Name', planName(price)).count('Quantity__c', item.quantity ?? null, 'nullable');
  return row.record(id, {
    owners: { price: version, product: version },
    parents: [subscriptionParent(subscriptionId)],
  });
}
