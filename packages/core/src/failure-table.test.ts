import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { BudgetWait, NeverRetry, RetryLater } from './failure.ts';
import { classifySalesforce, classifyStripe } from './failure-table.ts';
import { SALESFORCE_FAILURES } from './salesforce-failures.ts';
import { STRIPE_FAILURES } from './stripe-failures.ts';

/** Written out a second time on purpose: a verdict is changed in two places or by mistake. What is not named here is `never`. */
const SALESFORCE = {
  wait: `SERVER_UNAVAILABLE API_CURRENTLY_DISABLED ORG_IN_MAINTENANCE ORG_LOCKED ORG_NOT_OWNED_BY_INSTANCE
    FUNCTIONALITY_TEMPORARILY_UNAVAILABLE REQUEST_LIMIT_EXCEEDED TOO_MANY_APEX_REQUESTS EXCEEDED_QUOTA ERROR_HTTP_503
    SSO_SERVICE_DOWN LOGIN_DURING_RESTRICTED_TIME PASSWORD_LOCKOUT ExceededQuota`,
  unreached: `INVALID_SESSION_ID INVALID_AUTH_HEADER INVALID_LOGIN InvalidSessionId ERROR_HTTP_502 ERROR_HTTP_504
    invalid_client invalid_client_id invalid_grant unsupported_grant_type invalid_token`,
  retry: `UNABLE_TO_LOCK_ROW QUERY_TIMEOUT REQUEST_RUNNING_TOO_LONG UNKNOWN_EXCEPTION PROCESSING_HALTED
    BATCH_PROCESSING_HALTED ALL_OR_NONE_OPERATION_ROLLED_BACK ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE DUPLICATE_VALUE
    LIMIT_EXCEEDED INVALID_QUERY_LOCATOR InvalidJobState INVALIDJOBSTATE NotFound`,
};
const STRIPE = {
  wait: 'rate_limit',
  unreached: 'api_error api_connection_error',
  retry: 'lock_timeout idempotency_key_in_use try_again_later api_key_expired platform_api_key_expired',
};

const words = (text: string) => text.split(/\s+/);
function expected(code: string, lists: typeof SALESFORCE) {
  if (words(lists.wait).includes(code)) return { verdict: 'wait', road: true };
  if (words(lists.unreached).includes(code)) return { verdict: 'retry', road: true };
  return { verdict: words(lists.retry).includes(code) ? 'retry' : 'never', road: false };
}

describe('Salesforce', () => {
  test.each(Object.keys(SALESFORCE_FAILURES))('%s', (code) => {
    for (const status of [null, 400, 500]) {
      expect(classifySalesforce({ status, errorCode: code, message: '' })).toMatchObject(expected(code, SALESFORCE));
    }
  });

  test('every code that is to be tried again is in the table', () => {
    for (const code of Object.values(SALESFORCE).flatMap(words))
      expect(Object.keys(SALESFORCE_FAILURES)).toContain(code);
  });

  test('a parent that is not there yet may come; a column that is missing will not', () => {
    const invalid = (message: string) => classifySalesforce({ status: 400, errorCode: 'INVALID_FIELD', message });
    expect(invalid('Foreign key external ID: cus_1 not found for field X in entity Y').verdict).toBe('retry');
    expect(invalid("No such column 'X' on sobject of type Y").verdict).toBe('never');
  });

  test('waiting is always for the road, and a rule of the org is never waited for', () => {
    for (const { verdict, category, road } of Object.values(SALESFORCE_FAILURES)) {
      if (verdict === 'wait') expect([category, road]).toEqual(['Network', true]);
      if (verdict === 'never') expect([category === 'Network', road]).toEqual([false, false]);
      if (road) expect(category).toBe('Network');
    }
  });

  test.each([
    'UNABLE_TO_LOCK_ROW',
    'FIELD_CUSTOM_VALIDATION_EXCEPTION',
    'UNKNOWN_EXCEPTION',
    'REQUEST_RUNNING_TOO_LONG',
  ])('%s is what one row can bring about by itself: it does not close the road', (errorCode) =>
    expect(classifySalesforce({ status: 500, errorCode }).road).toBe(false),
  );
});

describe('Stripe', () => {
  test.each(Object.keys(STRIPE_FAILURES))('%s', (code) =>
    expect(classifyStripe({ status: 400, errorCode: code })).toMatchObject(expected(code, STRIPE)),
  );

  test('429 waits, unless another call holds the object', () => {
    expect(classifyStripe({ status: 429, errorCode: 'invalid_request_error' }).verdict).toBe('wait');
    expect(classifyStripe({ status: 429, errorCode: 'lock_timeout' }).verdict).toBe('retry');
  });
});

describe('what no table names', () => {
  test.each([
    [400, 'never', 'Data', false],
    [401, 'retry', 'Network', true],
    [402, 'never', 'Data', false],
    [403, 'never', 'Business', false],
    [404, 'never', 'Data', false],
    [405, 'never', 'Data', false],
    [408, 'retry', 'Network', false],
    [409, 'retry', 'Network', false],
    [410, 'never', 'Data', false],
    [412, 'never', 'Data', false],
    [415, 'never', 'Data', false],
    [420, 'retry', 'Network', false],
    [422, 'never', 'Data', false],
    [425, 'retry', 'Network', false],
    [428, 'retry', 'Network', false],
    [429, 'wait', 'Network', true],
    [431, 'never', 'Data', false],
    [500, 'retry', 'Network', false],
    [502, 'retry', 'Network', true],
    [503, 'wait', 'Network', true],
    [504, 'retry', 'Network', true],
    [302, 'retry', 'Network', false],
  ] as const)('is decided by status %s: %s', (status, verdict, category, road) => {
    expect(classifySalesforce({ status, errorCode: 'NEW_CODE' })).toEqual({ verdict, category, road });
    expect(classifyStripe({ status, errorCode: null })).toEqual({ verdict, category, road });
  });

  test.each(['ECONNRESET', 'UND_ERR_SOCKET', 'TIMEOUT', 'SOMETHING_NEW', null])(
    '%s without an answer: nobody gets through',
    (errorCode) => {
      const away = { verdict: 'retry', category: 'Network', road: true };
      expect(classifySalesforce({ status: 0, errorCode })).toEqual(away);
      expect(classifyStripe({ status: 0, errorCode })).toEqual(away);
    },
  );

  test('a row of an answer is tried again and says nothing about the road', () => {
    const again = { verdict: 'retry', category: 'Network', road: false };
    expect(classifySalesforce({ status: null, errorCode: 'NEW_CODE' })).toEqual(again);
    expect(classifySalesforce({ status: null, errorCode: null })).toEqual(again);
  });
});

test('a failure keeps its code, its category and its cause, and a wait its time', () => {
  const cause = new Error('why');
  for (const Failure of [RetryLater, NeverRetry]) {
    const failure = new Failure('what', { code: 'C', category: 'Data', cause });
    expect(failure).toMatchObject({ message: 'what', code: 'C', category: 'Data', cause });
    expect(failure.name).toBe(Failure.name);
  }
  const wait = new BudgetWait('what', { code: 'C', retryAfterMs: 7 });
  expect(wait).toMatchObject({ name: 'BudgetWait', code: 'C', category: 'Network', retryAfterMs: 7 });
  expect(Object.hasOwn(wait, 'cause')).toBe(false);
});

test('docs/troubleshooting.md lists both tables, each code with something to do', async () => {
  const guide = await readFile(path.join(import.meta.dirname, '../../../docs/troubleshooting.md'), 'utf8');
  const rows = [...guide.matchAll(/^\| `(\w+)` \| (\w+) \| (\w+) \| ([^|]+) \| [^|]+ \|$/gm)].map(
    ([, ...cells]) => cells,
  );
  const tables = [...Object.entries(SALESFORCE_FAILURES), ...Object.entries(STRIPE_FAILURES)];
  expect(rows).toEqual(tables.map(([code, { verdict, category, why }]) => [code, verdict, category, why]));
});
