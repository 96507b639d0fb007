import { describe, expect, test } from 'vitest';
import {
  classifySalesforce,
  classifyStripe,
  NETWORK_FAILURES,
  SALESFORCE_FAILURES,
  STRIPE_FAILURES,
} from './failure-table.ts';

/** Written out a second time on purpose: a verdict is changed in two places or by mistake. */
const SALESFORCE_WAITS =
  'REQUEST_LIMIT_EXCEEDED API_CURRENTLY_DISABLED SERVER_UNAVAILABLE ERROR_HTTP_503 ExceededQuota'.split(' ');
const SALESFORCE_RETRIES = [
  ...'INVALID_SESSION_ID INVALID_AUTH_HEADER UNABLE_TO_LOCK_ROW QUERY_TIMEOUT REQUEST_RUNNING_TOO_LONG'.split(' '),
  ...'UNKNOWN_EXCEPTION PROCESSING_HALTED ALL_OR_NONE_OPERATION_ROLLED_BACK DUPLICATE_VALUE'.split(' '),
  ...'InvalidSessionId InvalidJobState INVALIDJOBSTATE'.split(' '),
];
const STRIPE_RETRIES = 'lock_timeout idempotency_key_in_use api_error api_connection_error'.split(' ');

const expected = (code: string, waits: readonly string[], retries: readonly string[]) =>
  waits.includes(code) ? 'wait' : retries.includes(code) ? 'retry' : 'never';

describe('Salesforce', () => {
  test.each(Object.keys(SALESFORCE_FAILURES))('%s', (code) =>
    expect(classifySalesforce({ status: 400, errorCode: code, message: '' }).verdict).toBe(
      expected(code, SALESFORCE_WAITS, SALESFORCE_RETRIES),
    ),
  );

  test('a parent that is not there yet may come; a column that is missing will not', () => {
    const invalid = (message: string) => classifySalesforce({ status: 400, errorCode: 'INVALID_FIELD', message });
    expect(invalid('Foreign key external ID: cus_1 not found for field X in entity Y').verdict).toBe('retry');
    expect(invalid("No such column 'X' on sobject of type Y").verdict).toBe('never');
  });
});

describe('Stripe', () => {
  test.each(Object.keys(STRIPE_FAILURES))('%s', (code) =>
    expect(classifyStripe({ status: 400, errorCode: code }).verdict).toBe(
      expected(code, ['rate_limit'], STRIPE_RETRIES),
    ),
  );

  test('429 waits, unless another call holds the object', () => {
    expect(classifyStripe({ status: 429, errorCode: 'invalid_request_error' }).verdict).toBe('wait');
    expect(classifyStripe({ status: 429, errorCode: 'lock_timeout' }).verdict).toBe('retry');
  });
});

describe('what no table names', () => {
  test.each([
    [401, 'retry'],
    [403, 'never'],
    [404, 'never'],
    [409, 'retry'],
    [422, 'never'],
    [429, 'wait'],
    [500, 'retry'],
    [502, 'retry'],
    [503, 'wait'],
    [null, 'retry'],
    [302, 'retry'],
  ] as const)('status %s: %s', (status, verdict) => {
    expect(classifySalesforce({ status, errorCode: 'NEW_CODE' }).verdict).toBe(verdict);
    expect(classifyStripe({ status, errorCode: null }).verdict).toBe(verdict);
  });

  test.each(NETWORK_FAILURES)('%s: no answer came', (errorCode) =>
    expect(classifySalesforce({ status: null, errorCode })).toEqual({ verdict: 'retry', category: 'Network' }),
  );
});
