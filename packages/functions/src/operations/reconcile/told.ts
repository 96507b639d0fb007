import { onlyOwners, relationColumn } from '@payments/core/batch';
import { COLUMNS } from '@payments/core/columns';
import type { StripeEvent } from '@payments/core/event';
import { type List, type ListName, listed } from '@payments/core/listing';
import { asJsonObject } from '@payments/core/objects/reference';
import { type FetchedObject, needs, plan } from '@payments/core/plan';
import type { FieldValue, Owner, SalesforceRecord, SObjectName } from '@payments/core/record';
import type { StripeReader } from '../../adapters/stripe.ts';

/** The state that tells a column: what has to be told again when Salesforce has another value. */
export type Origin = { readonly event: StripeEvent; readonly isEvent: boolean };

/** What Salesforce should have in one row, column by column. Relations are named as in SOQL: `Stripe_Customer__r.…`. */
export type ExpectedRow = {
  readonly object: SObjectName;
  readonly key: string;
  /** Seconds since 1970, of the Stripe object; 0 where the list is not that of the row's own objects. */
  readonly created: number;
  readonly columns: ReadonlyMap<string, { readonly value: FieldValue; readonly origin: Origin }>;
};

/** Says of a session that is complete and unpaid only that it is: whether its delayed payment failed is in no list. */
const UNDECIDED = 'Checkout Created';
const MOST_READS = 50;

/**
 * What one object of a list tells of rows, by the mapping of both lanes. Other lists may tell more of the same rows, and what
 * two of them tell of one column is the same, or the later one stands.
 */
export async function rowsTold(
  list: List,
  { object, created, at }: { readonly object: unknown; readonly created: number; readonly at: number },
  stripe: StripeReader,
): Promise<readonly ExpectedRow[]> {
  const json = asJsonObject(object);
  if (json === null) return [];
  const rows = new Map<
    string,
    ExpectedRow & { readonly columns: Map<string, { value: FieldValue; origin: Origin }> }
  >();
  for (const { source, fetched: brought } of listed(list.name, json, at)) {
    const fetched = new Map<string, FetchedObject>(brought);
    for (
      let asked = needs(source, fetched);
      asked.length > 0 && fetched.size < MOST_READS;
      asked = needs(source, fetched)
    ) {
      for (const need of asked) fetched.set(need.key, await stripe(need));
    }
    const origin = { event: lean(source.event), isEvent: source.fetchedAt === null && list.path === '/v1/events' };
    for (const record of plan(source, fetched).records) {
      const said = spoken(record);
      if (said === null || said.externalId === null) continue;
      const name = `${said.object} ${said.externalId}`;
      const row = rows.get(name) ?? {
        ...{ object: said.object, key: said.externalId, columns: new Map() },
        created: OWN_LISTS.has(list.name) ? created : 0,
      };
      rows.set(name, row);
      for (const [column, value] of columnsIn(said)) {
        // A session's word on it gives way to every invoice's.
        if (list.name === 'sessions' && column === 'Error_Message__c') continue;
        row.columns.set(column, { value, origin });
      }
    }
  }
  return [...rows.values()];
}

/** Lists whose objects have a row of their own; the others only tell of such rows. */
const OWN_LISTS: ReadonlySet<ListName> = new Set(['customers', 'subscriptions', 'payment_intents', 'prices']);

/** Every column that may be told of in rows of an object. */
export function tellableColumns(object: SObjectName): readonly string[] {
  return [...Object.keys(COLUMNS[object]), ...PARENTS[object]];
}

const CUSTOMER = 'Stripe_Customer__r.Stripe_Customer_ID__c';
const SUBSCRIPTION = 'Stripe_Subscription__r.Stripe_Subscription_ID__c';
const PARENTS = {
  Stripe_Customer__c: [],
  Stripe_Subscription__c: [CUSTOMER],
  Payment_Transaction__c: [CUSTOMER, SUBSCRIPTION],
  Pricing_Plan__c: [SUBSCRIPTION],
  Pricing_Tier__c: ['Pricing_Plan__r.Plan_Key__c'],
} as const satisfies Record<SObjectName, readonly string[]>;

/** What is told of it again is read from Stripe then: only its name is kept. A deletion is kept whole, for nothing is left to read. */
function lean(event: StripeEvent): StripeEvent {
  if (event.type.endsWith('.deleted')) return event;
  const { id = '' } = event.data.object;
  return { ...event, data: { object: { id } } };
}

/** Without what only helps a row into being, which Salesforce may have from elsewhere. */
function spoken(record: SalesforceRecord): SalesforceRecord | null {
  const owners = Object.entries(record.owners);
  if (owners.length === 0) return record;
  const speaking = new Set<Owner>();
  for (const owner of ALL_OWNERS) if ((record.owners[owner]?.version ?? 0) > 0) speaking.add(owner);
  if (record.fields.Sync_Status__c === UNDECIDED) speaking.delete('session');
  return speaking.size === 0 ? null : onlyOwners(record, speaking);
}

const ALL_OWNERS: readonly Owner[] = [
  ...(['customer', 'subscription', 'session', 'invoice', 'payment_intent'] as const),
  ...(['charge', 'dispute', 'price', 'product'] as const),
];

function columnsIn(record: SalesforceRecord): readonly (readonly [string, FieldValue])[] {
  const parents = record.parents.map((parent) => [relationColumn(parent), parent.externalId] as const);
  return [...Object.entries(record.fields), ...parents];
}
