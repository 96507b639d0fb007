import type { Stored } from '../schema.ts';

/**
 * Whether the catalogue decides Product_Plan_Name__c of a subscription: Stripe's events name a price by its nickname, which
 * few prices have, and never the product. So a price without a nickname takes the name of its catalogue row, and after a
 * change of price the name of the old one must not stay. As PlanNames does in Apex; both run plan-name.cases.json.
 */
export function asksCatalogue(
  before: { readonly price: Stored; readonly name: Stored } | null,
  after: { readonly price: Stored; readonly name: Stored },
): boolean {
  if (after.price === null) return false;
  if (after.name === null) return true;
  return before !== null && before.price !== after.price && before.name === after.name;
}
