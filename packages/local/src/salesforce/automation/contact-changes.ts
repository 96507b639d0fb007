export type ContactFields = {
  readonly FirstName: string | null;
  readonly LastName: string | null;
  readonly Email: string | null;
  readonly Phone: string | null;
  readonly Stripe_Customer_ID__c: string | null;
};

/** Stripe's parameters; `''` clears. */
export type Told = Readonly<Partial<Record<'name' | 'email' | 'phone', string>>>;

/**
 * What a saved Contact has Stripe told, `null` for nothing: a new one without a customer becomes one, of an old one what
 * changed, and the customer's id is none of it. As ContactTriggerHandler and StripeCustomerService do in Apex, which this org
 * does not run: here nobody calls Stripe by himself. Both run contact-changes.cases.json.
 */
export function toldOf(before: ContactFields | null, after: ContactFields): Told | null {
  const now = spoken(after);
  if (before === null) return after.Stripe_Customer_ID__c === null ? withoutEmpty(now) : null;
  const then = spoken(before);
  const told: Told = {
    ...(then.name === now.name ? {} : { name: now.name }),
    ...(then.email === now.email ? {} : { email: now.email }),
    ...(then.phone === now.phone ? {} : { phone: now.phone }),
  };
  return Object.keys(told).length === 0 ? null : told;
}

function spoken({ FirstName, LastName, Email, Phone }: ContactFields) {
  const first = FirstName?.trim() ?? '';
  const name = first === '' ? (LastName ?? '') : `${FirstName} ${LastName ?? ''}`;
  return { name, email: Email ?? '', phone: Phone ?? '' };
}

function withoutEmpty({ name, email, phone }: Required<Told>): Told {
  return { name, ...(email === '' ? {} : { email }), ...(phone === '' ? {} : { phone }) };
}
