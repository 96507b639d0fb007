import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ContactFields, toldOf } from '../src/salesforce/automation/contact-changes.ts';
import { updateCustomer } from '../src/stripe/customer.ts';
import {
  expectNothingParked,
  expectSameStory,
  rowsNamed,
  type SmallMachine,
  START_WITHIN_MS,
  startSmall,
  TEST_WITHIN_MS,
} from './small-machine.fixture.ts';

const TOKEN = 'an-administrator';
const ROUNDS = 100;

/**
 * The local org runs no Apex, so the way out is imitated here: after each save of a Contact, `contact-changes.ts` says by the
 * trigger's own rule what Stripe is told, and this test calls Stripe's API with it. The way back is the real road.
 */
describe('what we change in Stripe comes back as an event', { timeout: TEST_WITHIN_MS }, () => {
  let small: SmallMachine;
  let contactId = '';
  let customerId = '';
  let before: ContactFields | null = null;
  const calls: string[] = [];

  beforeAll(async () => {
    small = await startSmall({ seed: 77, org: { fixedTokens: [TOKEN] }, delivery: { reorderWindow: 6 } });
  }, START_WITHIN_MS);
  afterAll(() => small.close());

  const Person = v.object({
    ...{ FirstName: v.nullable(v.string()), LastName: v.nullable(v.string()), Email: v.nullable(v.string()) },
    ...{ Phone: v.nullable(v.string()), Stripe_Customer_ID__c: v.nullable(v.string()) },
  });
  const contact = () => {
    const row = [...small.org.org.rows('Contact')].find(({ id }) => id === contactId);
    return v.parse(Person, row?.columns);
  };
  /** As a person or Apex does, through the org's own API. */
  async function save(fields: Partial<ContactFields>): Promise<void> {
    const answer = await fetch(`${small.org.url}/services/data/v66.0/sobjects/Contact/${contactId}`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify(fields),
    });
    expect(answer.status).toBeLessThan(300);
  }
  /** The trigger: sees every change of the Contact, whoever made it. */
  async function trigger(): Promise<void> {
    const now = contact();
    const told = toldOf(before, now);
    before = now;
    if (told === null) return;
    const key = `sf:org:${calls.length}`;
    calls.push(key);
    const answer = await fetch(`${small.stripeUrl}/v1/customers${customerId === '' ? '' : `/${customerId}`}`, {
      method: 'POST',
      headers: { authorization: 'Bearer sk_test_local_account_key', 'idempotency-key': key },
      body: new URLSearchParams({ ...told, 'metadata[sf_contact_id]': contactId }),
    });
    const made = v.parse(v.object({ id: v.string() }), await answer.json());
    if (customerId !== '') return;
    customerId = made.id;
    await save({ Stripe_Customer_ID__c: customerId });
    await trigger();
  }
  const events = () => small.account.events().filter(({ data }) => data.object.id === customerId);

  it('and is applied like any other', async () => {
    contactId = small.org.org.insert('Contact', { FirstName: 'Ada', LastName: 'Lovelace', Email: 'ada@example.com' });
    await trigger();
    await save({ LastName: 'King' });
    await trigger();
    await small.still();
    await trigger();
    expect(calls).toHaveLength(2);
    // The row has it from the event, which names our own call as its cause.
    expect(events().map(({ request }) => request.idempotency_key)).toEqual(calls);
    const [row] = rowsNamed(small, 'Stripe_Customer__c', customerId);
    expect(row?.columns).toMatchObject({ Customer_Name__c: 'Ada King', Contact__c: contactId });
    expectSameStory(small);
  });

  it(`and causes no further call: ${ROUNDS} rounds of edits on both sides end still`, async () => {
    const [callsBefore, eventsBefore] = [calls.length, events().length];
    for (let round = 1; round <= ROUNDS; round += 1) {
      await save(round % 3 === 0 ? { Phone: `+44 20 ${round}` } : { Email: `ada${round}@example.com` });
      await trigger();
      const customer = small.account.books.customers.get(customerId);
      if (customer === undefined) throw new Error('the customer is not there');
      updateCustomer(small.account.books, customer, { name: `Ada King ${round}` });
      // What has come back by now may have touched the Contact: the trigger would see it.
      await trigger();
    }
    await small.still();
    await trigger();
    expect(calls).toHaveLength(callsBefore + ROUNDS);
    expect(events()).toHaveLength(eventsBefore + 2 * ROUNDS);
    await small.still();
    await trigger();
    expect([calls.length, events().length]).toEqual([callsBefore + ROUNDS, eventsBefore + 2 * ROUNDS]);
    expectSameStory(small);
    expectNothingParked(small);
    // Stripe's word is in the mirror, Salesforce's own is in the Contact: neither writes over the other.
    const [row] = rowsNamed(small, 'Stripe_Customer__c', customerId);
    expect(row?.columns).toMatchObject({
      Customer_Name__c: `Ada King ${ROUNDS}`,
      Customer_Email__c: `ada${ROUNDS}@example.com`,
    });
    expect(contact()).toMatchObject({ FirstName: 'Ada', LastName: 'King', Email: `ada${ROUNDS}@example.com` });
  });
});
