import type { JsonObject, StripeEvent } from './event.ts';
import type { SalesforceRecord } from './record.ts';

/** One GET on Stripe's API. `path` begins with /v1; `query` is in the order in which it is sent. */
export type Need = {
  /** Names the answer in {@link Fetched}. */
  readonly key: string;
  readonly path: string;
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly why: string;
};

/**
 * `at` is a second of Stripe's clock in which the reading had not begun yet, or just did: whatever changed before it is in the
 * answer. A 404 is an answer too (`body: null`).
 */
export type FetchedObject = { readonly body: unknown; readonly at: number };
export type Fetched = ReadonlyMap<string, FetchedObject>;

/** The platform event that starts dunning (design: Payment_Failed__e). Amount is a decimal string. */
export type PaymentFailed = {
  readonly eventId: string;
  readonly subscriptionId: string | null;
  readonly customerId: string | null;
  readonly paymentIntentId: string | null;
  readonly invoiceId: string | null;
  readonly amount: string | null;
  readonly currency: string | null;
  readonly code: string | null;
  readonly attemptCount: number | null;
  readonly nextAttemptAt: string | null;
  readonly isFinal: boolean;
};

export type Plan = {
  /** Children after their parents. Empty when the event changes nothing in Salesforce; `notes` then says why. */
  readonly records: readonly SalesforceRecord[];
  readonly paymentFailed: PaymentFailed | null;
  /** For people: what was left out and why. Identifiers only. */
  readonly notes: readonly string[];
};

/**
 * A state to plan from: an event as delivered, or with its object replaced by what Stripe's API says now
 * (`fetchedAt` as in {@link FetchedObject}), which is how a tie is broken and a thin entry is filled.
 */
export type Source = { readonly event: StripeEvent; readonly fetchedAt: number | null };

/** What the reader of one Stripe object gets: the state, the object in it, and what was read beside it. */
export type Reading = Source & { readonly object: JsonObject; readonly fetched: Fetched };

/** What the reader of one Stripe object says. */
export type Told = {
  readonly records: readonly SalesforceRecord[];
  readonly notes: readonly string[];
  readonly paymentFailed?: PaymentFailed | null;
};

/** One reader per Stripe object: what it must know beside the event, and what it then tells Salesforce. */
export type ObjectReader = {
  readonly needs: (reading: Reading) => readonly Need[];
  readonly tell: (reading: Reading) => Told;
};
