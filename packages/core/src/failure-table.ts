import type { Category } from './failure.ts';

/**
 * What to do about an answer that is no success. `retry`: the same request can succeed later. `never`: it cannot, so
 * park it for a person. `wait`: the road is closed for everyone (limit, maintenance): wait without using up attempts.
 * Category: Network (the road), Business (a rule of the org or of Stripe), Data (this row).
 */
export type Advice = { readonly verdict: 'retry' | 'never' | 'wait'; readonly category: Category };

type Row = Advice & { readonly why: string };

const retry = (category: Category, why: string): Row => ({ verdict: 'retry', category, why });
const never = (category: Category, why: string): Row => ({ verdict: 'never', category, why });
const wait = (why: string): Row => ({ verdict: 'wait', category: 'Network', why });

/** By Salesforce's errorCode (REST, composite), statusCode (collections) or the code before the colon in a Bulk result. */
export const SALESFORCE_FAILURES = {
  INVALID_SESSION_ID: retry('Network', 'the token expired: a new one is fetched'),
  INVALID_AUTH_HEADER: retry('Network', 'the token is malformed: a new one is fetched'),
  REQUEST_LIMIT_EXCEEDED: wait('the org has no API calls left, or too many long ones at once'),
  API_DISABLED_FOR_ORG: never('Business', 'the edition or the user has no API access'),
  API_CURRENTLY_DISABLED: wait('the org is in maintenance'),
  SERVER_UNAVAILABLE: wait('the org is down or busy'),
  UNABLE_TO_LOCK_ROW: retry('Network', 'another write holds the row or its parent'),
  QUERY_TIMEOUT: retry('Network', 'the org was too slow'),
  REQUEST_RUNNING_TOO_LONG: retry('Network', 'the org was too slow'),
  UNKNOWN_EXCEPTION: retry('Network', 'an error of the org itself'),
  PROCESSING_HALTED: retry('Network', 'another part of the call failed, this one was not tried'),
  ALL_OR_NONE_OPERATION_ROLLED_BACK: retry('Network', 'another row of the call failed, this one was not tried'),
  DUPLICATE_VALUE: retry('Data', 'another write inserted the row meanwhile: the next upsert finds it'),
  DUPLICATE_EXTERNAL_ID: never('Data', 'several rows have this key: merge them in the org'),
  DUPLICATES_DETECTED: never('Business', 'a duplicate rule of the org refuses the row'),
  INVALID_FIELD: never('Data', 'a column is missing in the org or hidden from the integration user'),
  INVALID_TYPE: never('Business', 'the object is missing in the org or hidden from the integration user'),
  NOT_FOUND: never('Business', 'object, key field or row does not exist'),
  STRING_TOO_LONG: never('Data', 'a text does not fit its column'),
  NUMBER_OUTSIDE_VALID_RANGE: never('Data', 'a number does not fit its column'),
  INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST: never('Data', 'the picklist lacks the value'),
  INVALID_EMAIL_ADDRESS: never('Data', 'the org refuses the e-mail address'),
  MALFORMED_ID: never('Data', 'an id is of another kind or no id'),
  INVALID_CROSS_REFERENCE_KEY: never('Data', 'a lookup points at nothing'),
  ENTITY_IS_DELETED: never('Data', 'the row is in the recycle bin'),
  INVALID_ID_FIELD: never('Data', 'an id is no id'),
  REQUIRED_FIELD_MISSING: never('Data', 'the org requires a column that Stripe does not have'),
  INVALID_FIELD_FOR_INSERT_UPDATE: never('Business', 'the integration user may not write a column'),
  INSUFFICIENT_ACCESS_OR_READONLY: never('Business', 'the integration user may not write the row'),
  INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY: never('Business', 'the integration user may not see a parent'),
  CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY: never('Business', 'a trigger or flow of the org failed'),
  FIELD_CUSTOM_VALIDATION_EXCEPTION: never('Business', 'a validation rule of the org refuses the row'),
  FIELD_INTEGRITY_EXCEPTION: never('Data', 'a value contradicts another one'),
  FIELD_FILTER_VALIDATION_EXCEPTION: never('Business', 'a lookup filter of the org refuses the row'),
  STORAGE_LIMIT_EXCEEDED: never('Business', 'the org is full'),
  JSON_PARSER_ERROR: never('Data', 'the body is not what the org expects'),
  MALFORMED_QUERY: never('Data', 'the query is wrong'),
  EXCEEDED_ID_LIMIT: never('Data', 'more rows in a call than allowed'),
  LIMIT_EXCEEDED: never('Data', 'more parts in a call than allowed'),
  URI_TOO_LONG: never('Data', 'the address is too long'),
  METHOD_NOT_ALLOWED: never('Data', 'the address has no key'),
  ERROR_HTTP_503: wait('the org is down: it answered in HTML'),
  InvalidBatch: never('Business', 'the job names a column or relation that the org lacks'),
  InvalidSessionId: retry('Network', 'the token expired during the job'),
  ExceededQuota: wait('the org takes no more Bulk jobs now'),
  ClientInputError: never('Data', 'the upload is malformed'),
  InvalidJobState: retry('Network', 'the job was closed or aborted meanwhile: another one is made'),
  INVALIDJOBSTATE: retry('Network', 'the job was closed or aborted meanwhile: another one is made'),
  invalid_client: never('Business', 'the client secret is wrong'),
  invalid_client_id: never('Business', 'the org does not know the client'),
  invalid_grant: never('Business', 'the app has no run-as user, or the user may not log in'),
} as const satisfies Record<string, Row>;

/** A parent that is not there yet is written by its own event or by the next try of the whole plan. */
const PARENT_MISSING = /^Foreign key external ID: /;

/** Stripe's `error.code`, else `error.type`. */
export const STRIPE_FAILURES = {
  rate_limit: wait('too many calls'),
  lock_timeout: retry('Network', 'another call is changing the object'),
  idempotency_key_in_use: retry('Network', 'the same call is under way'),
  idempotency_error: never('Data', 'the key was used for another call'),
  resource_missing: never('Data', 'Stripe does not have the object in this mode'),
  api_key_expired: never('Business', 'the key was rolled'),
  secret_key_required: never('Business', 'a restricted or publishable key is configured'),
  testmode_charges_only: never('Business', 'the account is not activated'),
  livemode_mismatch: never('Business', 'the key is of the other mode'),
  account_invalid: never('Business', 'the key may not see the account'),
  api_error: retry('Network', 'an error of Stripe itself'),
  api_connection_error: retry('Network', 'Stripe was not reached'),
  authentication_error: never('Business', 'the key is wrong'),
  permission_error: never('Business', 'the key lacks a permission'),
  card_error: never('Business', 'the bank refused'),
  invalid_request_error: never('Data', 'the call is wrong'),
} as const satisfies Record<string, Row>;

/** The codes of Node and undici when no answer came. Writes are upserts, so one that was lost may be repeated. */
export const NETWORK_FAILURES = [
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
] as const;

const SALESFORCE: ReadonlyMap<string, Row> = new Map(Object.entries(SALESFORCE_FAILURES));
const STRIPE: ReadonlyMap<string, Row> = new Map(Object.entries(STRIPE_FAILURES));
const NETWORK: ReadonlySet<string> = new Set(NETWORK_FAILURES);

export type Failed = {
  /** HTTP status; `null` when no answer came or the row is part of one that was a success. */
  readonly status: number | null;
  readonly errorCode: string | null;
  readonly message?: string | null;
};

/** Of one Salesforce answer, part or row. What the table does not know is decided by the status. */
export function classifySalesforce({ status, errorCode, message }: Failed): Advice {
  if (errorCode === 'INVALID_FIELD' && PARENT_MISSING.test(message ?? '')) {
    return { verdict: 'retry', category: 'Data' };
  }
  const row = errorCode === null ? undefined : SALESFORCE.get(errorCode);
  return row === undefined ? byStatus(status, errorCode) : { verdict: row.verdict, category: row.category };
}

/** Of one Stripe answer: `errorCode` is `error.code`, else `error.type`. */
export function classifyStripe({ status, errorCode }: Failed): Advice {
  if (status === 429 && errorCode !== 'lock_timeout') return { verdict: 'wait', category: 'Network' };
  const row = errorCode === null ? undefined : STRIPE.get(errorCode);
  return row === undefined ? byStatus(status, errorCode) : { verdict: row.verdict, category: row.category };
}

/** Without a status or a known code nothing says that trying again is useless. */
function byStatus(status: number | null, errorCode: string | null): Advice {
  if (errorCode !== null && NETWORK.has(errorCode)) return { verdict: 'retry', category: 'Network' };
  if (status === null) return { verdict: 'retry', category: 'Network' };
  if (status === 429 || status === 503) return { verdict: 'wait', category: 'Network' };
  if (status === 401 || status === 408 || status === 409 || status >= 500)
    return { verdict: 'retry', category: 'Network' };
  if (status === 403) return { verdict: 'never', category: 'Business' };
  return status >= 400 ? { verdict: 'never', category: 'Data' } : { verdict: 'retry', category: 'Network' };
}
