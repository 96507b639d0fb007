import { setDerived } from '../derived.ts';
import type { Engine } from '../engine.ts';
import type { ObjectSchema, Stored } from '../schema.ts';
import { rollUp } from './roll-up.ts';
import { subscriptionStatus } from './subscription-status.ts';

type Values = Readonly<Record<string, Stored>>;

/** After one row was saved (`next`) or deleted (`null`): roll-ups at once, the customer's status when the transaction is over. */
export function afterSave(engine: Engine, object: ObjectSchema, before: Values | null, next: Values | null): void {
  rollUpToMasters(engine, object, [before, next]);
  if (object.name === 'Stripe_Customer__c') linkBack(engine, before, next);
  if (object.name !== 'Stripe_Subscription__c') return;
  for (const customer of [before?.Stripe_Customer__c, next?.Stripe_Customer__c]) {
    if (typeof customer === 'string') engine.dirtyCustomers.add(customer);
  }
}

/** A Contact that a customer was just linked to learns its Stripe id, unless it has one or the customer is deleted. */
function linkBack(engine: Engine, before: Values | null, next: Values | null): void {
  const contactId = next?.Contact__c;
  if (next === null || typeof contactId !== 'string' || contactId === before?.Contact__c) return;
  if (next.Deleted_In_Stripe__c === true || !engine.store.table('Contact').schema.byName.has('stripe_customer_id__c'))
    return;
  const contact = engine.store.table('Contact').get(contactId);
  if (contact?.values.Stripe_Customer_ID__c !== null) return;
  setDerived(engine, 'Contact', contactId, { Stripe_Customer_ID__c: next.Stripe_Customer_ID__c ?? null });
}

function rollUpToMasters(engine: Engine, object: ObjectSchema, states: readonly (Values | null)[]): void {
  for (const foreignKey of object.fields) {
    if (!foreignKey.masterDetail) continue;
    const master = engine.schema.byName.get((foreignKey.referenceTo[0] ?? '').toLowerCase());
    const summaries = (master?.fields ?? []).filter(
      ({ summary }) => summary?.detail === object.name && summary.foreignKey === foreignKey.name,
    );
    if (master === undefined || summaries.length === 0) continue;
    const masters = new Set(states.map((state) => state?.[foreignKey.name]).filter((id) => typeof id === 'string'));
    for (const id of masters) {
      const table = engine.store.table(object.name);
      const details = table.find(foreignKey, id).flatMap((detail) => table.get(detail) ?? []);
      const values = summaries.map(({ name, summary }) => {
        const summarized = summary?.summarized;
        const numbers = details.map((row) =>
          typeof summarized === 'string' ? (row.values[summarized] ?? null) : null,
        );
        return [name, rollUp(summary?.operation ?? 'count', details.length, numbers)] as const;
      });
      setDerived(engine, master.name, id, Object.fromEntries(values));
    }
  }
}

/**
 * `Subscription_Status__c` of every customer whose subscriptions changed. In the org a Queueable does this after the
 * commit, so that subscriptions never lock their customer; here it is the transaction that follows.
 */
export function settleCustomers(engine: Engine): void {
  if (engine.dirtyCustomers.size === 0) return;
  const subscriptions = engine.store.table('Stripe_Subscription__c');
  const parent = subscriptions.schema.byName.get('stripe_customer__c');
  for (const customer of engine.dirtyCustomers) {
    if (parent === undefined) break;
    const statuses = subscriptions
      .find(parent, customer)
      .map((id) => subscriptions.get(id)?.values.Status__c)
      .filter((status) => typeof status === 'string');
    setDerived(engine, 'Stripe_Customer__c', customer, { Subscription_Status__c: subscriptionStatus(statuses) });
  }
  engine.dirtyCustomers.clear();
  engine.store.commit();
}
