import type { Engine } from '../engine.ts';
import { parseId } from '../ids.ts';
import { fieldNamed, type ObjectSchema, type Stored } from '../schema.ts';
import type { Row } from '../store.ts';
import { chooseContact } from './contact-matching.ts';
import { guardWrite, isStripeObject } from './freshness-guard.ts';
import { asksCatalogue } from './plan-name.ts';
import { forwardSyncStatus } from './sync-status.ts';

type Values = Readonly<Record<string, Stored>>;

/**
 * What the before-save triggers would change in a row about to be saved, as columns to set. They run before required
 * fields, lengths and references are checked, so a refused write cannot fail on a value that is not kept.
 */
export function automate(
  engine: Engine,
  object: ObjectSchema,
  before: Row | null,
  given: Values,
  next: Values,
  id: string,
): Values {
  if (!isStripeObject(object.name)) return {};
  const guarded = guardWrite({ object: object.name, stored: before?.values ?? null, given });
  tallyVerdict(engine, guarded, given);
  const after = { ...next, ...guarded };
  if (object.name === 'Stripe_Customer__c') return { ...guarded, ...contactOf(engine, before, after, id) };
  if (object.name === 'Pricing_Plan__c') return { ...guarded, ...itemPlanNameOf(engine, before, after) };
  if (object.name !== 'Stripe_Subscription__c') return guarded;
  const named = { ...guarded, ...planNameOf(engine, before, after) };
  if (before === null) return named;
  return { ...named, ...forwardSyncStatus(before.values.Sync_Status__c ?? null, after.Sync_Status__c ?? null) };
}

function planNameOf(engine: Engine, before: Row | null, after: Values): Values {
  const of = (values: Values) => ({
    price: values.Stripe_Price_ID__c ?? null,
    name: values.Product_Plan_Name__c ?? null,
  });
  const { price } = of(after);
  if (price === null || !asksCatalogue(before === null ? null : of(before.values), of(after))) return {};
  return { Product_Plan_Name__c: nameInCatalogue(engine, price) };
}

/** The plan of a subscription's item: as the subscription, or else by its price. */
function itemPlanNameOf(engine: Engine, before: Row | null, after: Values): Values {
  const of = (values: Values) => ({ price: values.Stripe_Price_ID__c ?? null, name: values.Name ?? null });
  const { price } = of(after);
  if (price === null || (after.Stripe_Subscription__c ?? null) === null) return {};
  if (!asksCatalogue(before === null ? null : of(before.values), of(after))) return {};
  return { Name: nameInCatalogue(engine, price) ?? String(price).slice(0, 80) };
}

function nameInCatalogue(engine: Engine, price: NonNullable<Stored>): Stored {
  const plans = engine.store.table('Pricing_Plan__c');
  const key = fieldNamed(plans.schema, 'Plan_Key__c');
  const [found] = key === undefined ? [] : plans.find(key, price);
  return found === undefined ? null : (plans.get(found)?.values.Name ?? null);
}

function tallyVerdict(engine: Engine, guarded: Values, given: Values): void {
  if (typeof guarded.Refused_Write__c === 'string') engine.tally.guardRefused++;
  else if (Object.keys(guarded).some((name) => name.endsWith('_Version__c') && name in given)) engine.tally.guardKept++;
}

/**
 * The customer's Contact: the one that Stripe's metadata names, when it is there; else chosen when the row is new and again
 * when a stub gets its first e-mail address.
 */
function contactOf(engine: Engine, before: Row | null, next: Values, id: string): Values {
  const name = next.Contact_ID_In_Stripe__c;
  if (typeof name === 'string' && name !== before?.values.Contact_ID_In_Stripe__c) {
    const named = engine.store.table('Contact').get(parseId(name) ?? name);
    if (named !== undefined && !named.deleted) return { Contact__c: named.id };
  }
  const email = next.Customer_Email__c;
  const firstEmail = typeof email === 'string' && typeof before?.values.Customer_Email__c !== 'string';
  if ((next.Contact__c ?? null) !== null || !(before === null || firstEmail) || !matchesContacts(engine)) return {};
  const choice = chooseContact({
    withStripeId: contactsBy(engine, 'Stripe_Customer_ID__c', next.Stripe_Customer_ID__c),
    withEmail: contactsBy(engine, 'Email', email),
  });
  if (choice.kind === 'ambiguous') engine.tally.ambiguousContacts.add(id);
  else engine.tally.ambiguousContacts.delete(id);
  return choice.kind === 'set' ? { Contact__c: choice.contactId } : {};
}

/** The administrator's switch, in the custom metadata record that Apex reads; without the record, matching is on. */
function matchesContacts({ schema, store }: Engine): boolean {
  if (!schema.byName.has('integration_config__mdt')) return true;
  const [config] = store.table('Integration_Config__mdt').rows();
  return config?.values.Contact_Matching_Enabled__c !== false;
}

function contactsBy(engine: Engine, name: string, value: Stored | undefined): readonly string[] {
  const contacts = engine.store.table('Contact');
  const field = fieldNamed(contacts.schema, name);
  return typeof value !== 'string' || field === undefined ? [] : contacts.find(field, value);
}
