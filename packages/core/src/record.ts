/**
 * What goes to Salesforce, as a value: it can be printed, compared and tested before anything is sent.
 *
 * A record names its columns by owner. Each column of a Salesforce row belongs to one Stripe object type, so
 * "which of two states is newer" is only ever asked about two states of the same Stripe object.
 */

export type SObjectName =
  | 'Stripe_Customer__c'
  | 'Stripe_Subscription__c'
  | 'Payment_Transaction__c'
  | 'Pricing_Plan__c'
  | 'Pricing_Tier__c';

/** The Stripe object type that a group of columns comes from. */
export type Owner =
  | 'customer'
  | 'subscription'
  | 'session'
  | 'invoice'
  | 'payment_intent'
  | 'charge'
  | 'dispute'
  | 'price'
  | 'product';

/** Decimal amounts travel as strings (`"10.99"`), instants as ISO-8601 UTC; `null` clears, an absent key leaves alone. */
export type FieldValue = string | number | boolean | null;

/** A lookup to a row that is named by its own external id: `field` points at `object` where `externalIdField = externalId`. */
export type Parent = {
  readonly field: string;
  readonly object: SObjectName;
  readonly externalIdField: string;
  readonly externalId: string;
};

/** One owner's say in a write: `version` is created seconds × 100 + rank (freshness.ts), `fetched` whether the value was read from Stripe's API. */
export type OwnerVersion = { readonly version: number; readonly fetched: boolean };

/**
 * How the row is found. `rowId` is the row's own Salesforce id, when Stripe's metadata carried one: it is tried before
 * the external id. A Checkout session that ends without a subscription has no external id, only the id of the row
 * that Salesforce made for it.
 */
export type RowIdentity =
  | { readonly externalId: string; readonly rowId: string | null }
  | { readonly externalId: null; readonly rowId: string };

export type SalesforceRecord = RowIdentity & {
  readonly object: SObjectName;
  readonly externalIdField: string;
  readonly fields: Readonly<Record<string, FieldValue>>;
  /** In the order in which they have to exist. */
  readonly parents: readonly Parent[];
  /** Empty for objects without versions (tiers). A stub has version 0: it is applied on insert only. */
  readonly owners: Readonly<Partial<Record<Owner, OwnerVersion>>>;
};

export const EXTERNAL_ID_FIELD = {
  Stripe_Customer__c: 'Stripe_Customer_ID__c',
  Stripe_Subscription__c: 'Stripe_Subscription_ID__c',
  Payment_Transaction__c: 'Stripe_Payment_Intent_ID__c',
  Pricing_Plan__c: 'Plan_Key__c',
  Pricing_Tier__c: 'Tier_Key__c',
} as const satisfies Record<SObjectName, string>;

/** Parents before children: the order in which batches of different objects are written. */
export const WRITE_ORDER = [
  'Stripe_Customer__c',
  'Stripe_Subscription__c',
  'Payment_Transaction__c',
  'Pricing_Plan__c',
  'Pricing_Tier__c',
] as const satisfies readonly SObjectName[];

type OwnedColumns = { readonly versionField: string; readonly columns: readonly string[] };

/**
 * Who owns which column. The org's guard keeps a refused owner's columns as they were and touches no other's.
 * Columns that are in no list (external ids) never change once set, so nobody judges them.
 */
export const OWNED_COLUMNS = {
  Stripe_Customer__c: {
    customer: {
      versionField: 'Stripe_Version__c',
      columns: [
        'Customer_Email__c',
        'Customer_Name__c',
        'Customer_Phone__c',
        'Default_Payment_Method__c',
        'Contact_ID_In_Stripe__c',
        'Deleted_In_Stripe__c',
      ],
    },
  },
  Stripe_Subscription__c: {
    subscription: {
      versionField: 'Stripe_Version__c',
      columns: [
        'Stripe_Customer__c',
        'Product_Plan_Name__c',
        'Stripe_Price_ID__c',
        'Status__c',
        'Current_Period_Start__c',
        'Current_Period_End__c',
        'Amount__c',
        'Currency__c',
        'Cancel_At_Period_End__c',
        'Trial_End__c',
      ],
    },
    session: {
      versionField: 'Session_Version__c',
      columns: ['Stripe_Checkout_Session_ID__c', 'Checkout_URL__c', 'Checkout_Link__c', 'Sync_Status__c'],
    },
    // A failed or expired Checkout session writes Error_Message__c too, and then speaks as `invoice`.
    invoice: { versionField: 'Invoice_Version__c', columns: ['Error_Message__c'] },
  },
  Payment_Transaction__c: {
    payment_intent: {
      versionField: 'Stripe_Version__c',
      columns: [
        'Stripe_Customer__c',
        'Amount__c',
        'Currency__c',
        'Status__c',
        'Transaction_Date__c',
        'Failure_Code__c',
        'Failure_Message__c',
      ],
    },
    charge: { versionField: 'Charge_Version__c', columns: ['Payment_Method_Type__c', 'Amount_Refunded__c'] },
    dispute: { versionField: 'Dispute_Version__c', columns: ['Dispute_Status__c', 'Dispute_Reason__c'] },
    invoice: { versionField: 'Invoice_Version__c', columns: ['Stripe_Invoice_ID__c', 'Stripe_Subscription__c'] },
  },
  Pricing_Plan__c: {
    price: {
      versionField: 'Stripe_Version__c',
      columns: [
        'Stripe_Price_ID__c',
        'Amount__c',
        'Currency__c',
        'Recurrency_Type__c',
        'Interval_Count__c',
        'Tiers_Mode__c',
        'Usage_Type__c',
        'Stripe_Product_ID__c',
        'Active__c',
        'Quantity__c',
        'Stripe_Subscription__c',
      ],
    },
    product: { versionField: 'Product_Version__c', columns: ['Name', 'Description__c'] },
  },
  Pricing_Tier__c: {},
} as const satisfies Record<SObjectName, Partial<Record<Owner, OwnedColumns>>>;

/** The owners of an object's columns, as a plain lookup; empty for an object without versions. */
export function ownersOf(object: SObjectName): ReadonlyMap<Owner, OwnedColumns> {
  return OWNERS.get(object) ?? new Map();
}

const OWNER_NAMES: readonly Owner[] = [
  'customer',
  'subscription',
  'session',
  'invoice',
  'payment_intent',
  'charge',
  'dispute',
  'price',
  'product',
];

const OWNERS: ReadonlyMap<string, ReadonlyMap<Owner, OwnedColumns>> = new Map(
  Object.entries(OWNED_COLUMNS).map(([object, byOwner]: [string, Partial<Record<Owner, OwnedColumns>>]) => [
    object,
    new Map(OWNER_NAMES.flatMap((owner) => (byOwner[owner] === undefined ? [] : [[owner, byOwner[owner]] as const]))),
  ]),
);

/**
 * The text of Stripe_Write__c, by which the org's guard knows a Stripe write from a user's edit:
 * `<write id>;<owners whose values were fetched, comma separated>;<correlation id>`, at most 255 characters.
 * The write id is an event id (realtime) or a batch id (bulk); a refused write leaves it in Refused_Write__c.
 */
export function writeMark(mark: {
  readonly writeId: string;
  readonly fetchedOwners: readonly Owner[];
  readonly correlationId: string;
}): string {
  return `${mark.writeId};${[...mark.fetchedOwners].sort().join(',')};${mark.correlationId}`.slice(0, 255);
}

/** Reads {@link writeMark} back. Unknown owner names are dropped: they own no column. */
export function parseWriteMark(text: string): {
  readonly writeId: string;
  readonly fetchedOwners: readonly Owner[];
  readonly correlationId: string;
} {
  const [writeId = '', owners = '', correlationId = ''] = text.split(';');
  const named = new Set(owners.split(','));
  return { writeId, fetchedOwners: OWNER_NAMES.filter((owner) => named.has(owner)), correlationId };
}

/** The columns of a write as Salesforce takes them: fields, one version column per owner and the mark; parents apart. */
export function columnsOf(
  record: SalesforceRecord,
  write: { readonly writeId: string; readonly correlationId: string },
): Record<string, FieldValue> {
  const columns: Record<string, FieldValue> = { ...record.fields };
  const fetchedOwners: Owner[] = [];
  let versioned = false;
  for (const [owner, { versionField }] of ownersOf(record.object)) {
    const said = record.owners[owner];
    if (said === undefined) continue;
    versioned = true;
    columns[versionField] = said.version;
    if (said.fetched) fetchedOwners.push(owner);
  }
  if (versioned) columns.Stripe_Write__c = writeMark({ ...write, fetchedOwners });
  return columns;
}
