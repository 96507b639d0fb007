import { onlyOwners, relationColumn } from '@payments/core/batch';
import type { StripeEvent } from '@payments/core/event';
import { type List, type ListName, listed } from '@payments/core/listing';
import { asJsonObject } from '@payments/core/objects/reference';
import { type FetchedObject, needs, plan } from '@payments/core/plan';
import type { FieldValue, Owner, SalesforceRecord, SObjectName } from '@payments/core/record';
import type { StripeReader } from '@payments/functions/adapters/stripe';

/** The state that tells a column: what has to be told again when Salesforce has another value. */
export type Origin = { readonly event: StripeEvent; readonly isEvent: boolean };

/** What Salesforce should have in one row, column by column. Relations are named as in SOQL: `Stripe_Customer__r.…`. */
export type ExpectedRow = {
  readonly object: SObjectName;
  readonly key: string;
  /** Seconds since 1970, of the Stripe object; 0 for a row that only others tell of. */
  readonly created: number;
  readonly columns: ReadonlyMap<string, { readonly value: FieldValue; readonly origin: Origin }>;
};

/** Says of a session that is complete and unpaid only that it is: whether its delayed payment failed is in no list. */
const UNDECIDED = 'Checkout Created';
const MOST_READS = 50;

export type Expectations = {
  readonly add: (
    list: List,
    said: { readonly object: unknown; readonly created: number; readonly at: number },
  ) => Promise<void>;
  readonly rows: () => readonly ExpectedRow[];
};

/** Collects the rows of every list, by the mapping of both lanes. About a kilobyte of memory for each row. */
export function expectations(stripe: StripeReader): Expectations {
  type Open = {
    object: SObjectName;
    key: string;
    created: number;
    columns: Map<string, { value: FieldValue; origin: Origin }>;
  };
  const rows = new Map<string, Open>();
  return {
    add: async (list, { object, created, at }) => {
      const json = asJsonObject(object);
      if (json === null) return;
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
          const row: Open = rows.get(name) ?? {
            object: said.object,
            key: said.externalId,
            created: 0,
            columns: new Map(),
          };
          rows.set(name, row);
          if (OWN_LISTS.has(list.name)) row.created = created;
          for (const [column, value] of columnsIn(said)) {
            // A session's word on it gives way to every invoice's.
            if (list.name === 'sessions' && column === 'Error_Message__c') continue;
            row.columns.set(column, { value, origin });
          }
        }
      }
    },
    rows: () => [...rows.values()],
  };
}

/** Lists whose objects have a row of their own; the others only tell of such rows. */
const OWN_LISTS: ReadonlySet<ListName> = new Set(['customers', 'subscriptions', 'payment_intents', 'prices']);

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
