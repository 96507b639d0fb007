import { type AdviceRow, never, retry, unreached, wait } from './advice.ts';

/**
 * By Stripe's `error.code`, else `error.type` (docs.stripe.com/error-codes, docs.stripe.com/api/errors): those that a GET
 * can meet, and the types under which every other code comes. What is written to Stripe is written by Apex, whose own
 * table is StripeFailure's.
 */
export const STRIPE_FAILURES = {
  rate_limit: wait('too many calls'),
  lock_timeout: retry('Network', 'another call is changing the object'),
  idempotency_key_in_use: retry('Network', 'the same call is under way'),
  try_again_later: retry('Network', 'Stripe asks for a little time'),
  resource_missing: never('Data', 'Stripe does not have the object in this mode'),
  idempotency_error: never('Data', 'the key was used for another call'),
  parameter_invalid_empty: never('Data', 'the call is wrong'),
  parameter_invalid_integer: never('Data', 'the call is wrong'),
  parameter_invalid_string_blank: never('Data', 'the call is wrong'),
  parameter_invalid_string_empty: never('Data', 'the call is wrong'),
  parameter_missing: never('Data', 'the call is wrong'),
  parameter_unknown: never('Data', 'the call is wrong'),
  parameters_exclusive: never('Data', 'the call is wrong'),
  url_invalid: never('Data', 'the call is wrong'),
  api_key_expired: retry('Business', 'the key was rolled: the new one is read within five minutes'),
  platform_api_key_expired: retry('Business', 'the key was rolled: the new one is read within five minutes'),
  secret_key_required: never('Business', 'a restricted or publishable key is configured'),
  livemode_mismatch: never('Business', 'the key is of the other mode'),
  testmode_charges_only: never('Business', 'the account is not activated'),
  account_invalid: never('Business', 'the key may not see the account'),
  account_closed: never('Business', 'the account is closed'),
  tls_version_unsupported: never('Business', 'the connection is too old'),
  api_error: unreached('an error of Stripe itself'),
  api_connection_error: unreached('Stripe was not reached'),
  authentication_error: never('Business', 'the key is wrong'),
  permission_error: never('Business', 'the key lacks a permission'),
  card_error: never('Business', 'the bank refused'),
  invalid_request_error: never('Data', 'the call is wrong'),
} as const satisfies Record<string, AdviceRow>;
