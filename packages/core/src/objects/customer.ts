import type { ObjectReader, Reading, Told } from '../need.ts';
import { Row } from '../row.ts';
import { at, idOf, salesforceContactId } from './reference.ts';
import { rankOfType, spoken } from './spoken.ts';
import { present } from './stub.ts';

/**
 * `customer.deleted` carries the whole last object and no mark, so the event's type decides; only the API's answer
 * says `deleted`. The row is kept and marked.
 */
export const customer: ObjectReader = { needs: () => [], tell };

function tell(reading: Reading): Told {
  const { event, object } = reading;
  const id = idOf(object);
  if (id === null) return { records: [], notes: ['the customer has no id: nothing is written'] };
  const notes: string[] = [];
  const deleted = event.type === 'customer.deleted' || object.deleted === true;
  const row = new Row('Stripe_Customer__c', id, notes)
    .email('Customer_Email__c', object.email, 'nullable')
    // In 2018 the customer had no name, and `description` was used for it.
    .text('Customer_Name__c', Object.hasOwn(object, 'name') ? object.name : object.description, 'nullable')
    .text('Customer_Phone__c', object.phone, 'nullable')
    .text('Default_Payment_Method__c', defaultMethod(reading), 'nullable');
  const contact = at(object, 'metadata', 'sf_contact_id');
  const contactId = salesforceContactId(contact);
  if (contactId !== null) row.set('Contact_ID_In_Stripe__c', contactId);
  else if (contact !== undefined) notes.push(`${id}: metadata.sf_contact_id is no Contact id`);
  if (deleted) row.set('Deleted_In_Stripe__c', true);
  const rank = deleted ? 'terminal' : rankOfType(reading);
  return { records: present(row.record(id, { owners: { customer: spoken(reading, rank) } })), notes };
}

/** `null` only when both places are there and empty. */
function defaultMethod({ object }: Reading): string | null | undefined {
  const method = at(object, 'invoice_settings', 'default_payment_method');
  const found = idOf(method) ?? idOf(object.default_source);
  if (found !== null) return found;
  return method === null && object.default_source === null ? null : undefined;
}
