import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunningOrg } from './serve-org.ts';
import { send as sendTo, startOrg, V } from './test-org.ts';

let running: RunningOrg;

beforeEach(async () => {
  running = await startOrg();
});
afterEach(() => running.close());

const send = (method: string, url: string, body?: unknown, headers: Record<string, string> = {}) =>
  sendTo(running, method, url, body, headers);

const customer = (id: string, body: object = {}) =>
  send('PATCH', `${V}/sobjects/Stripe_Customer__c/Stripe_Customer_ID__c/${id}`, body);

describe('single records', () => {
  test('an upsert creates with 201 and Location, and updates with 200 and created:false', async () => {
    const first = await customer('cus_1', { Customer_Name__c: 'Acme' });
    expect(first).toMatchObject({ status: 201, body: { success: true, errors: [], created: true } });
    expect(first.headers.get('location')).toMatch(/^\/services\/data\/v66\.0\/sobjects\/Stripe_Customer__c\/a0\w{16}$/);
    const second = await customer('cus_1', { Customer_Name__c: 'Acme Ltd' });
    expect(second).toMatchObject({ status: 200, body: { created: false } });
    expect([...running.org.rows('Stripe_Customer__c')]).toMatchObject([
      { key: 'cus_1', columns: { Customer_Name__c: 'Acme Ltd', Name: 'SC-000001' } },
    ]);
  });

  test('an upsert that updates answers 204 up to v45', async () => {
    await customer('cus_1');
    const reply = await send(
      'PATCH',
      '/services/data/v45.0/sobjects/Stripe_Customer__c/Stripe_Customer_ID__c/cus_1',
      {},
    );
    expect(reply).toMatchObject({ status: 204, body: '' });
  });

  test('case-sensitive external ids keep two customers apart, doubled and trailing slashes do not matter', async () => {
    await customer('cus_AbC');
    await send('PATCH', `/${V}/sobjects/stripe_customer__C/STRIPE_customer_id__c/cus_aBC/`, {});
    expect(running.org.count('Stripe_Customer__c')).toBe(2);
  });

  test('updateOnly without a match is 404 and creates nothing', async () => {
    const reply = await send(
      'PATCH',
      `${V}/sobjects/Stripe_Customer__c/Stripe_Customer_ID__c/cus_9?updateOnly=true`,
      {},
    );
    expect(reply.status).toBe(404);
    expect(running.org.count('Stripe_Customer__c')).toBe(0);
  });

  test('a missing key, an unknown object and a field that is no key are answered as Salesforce does', async () => {
    expect((await send('PATCH', `${V}/sobjects/Stripe_Customer__c/Stripe_Customer_ID__c/`, {})).status).toBe(404);
    expect((await send('GET', `${V}/sobjects/Nope__c/abc`)).body).toEqual([
      { errorCode: 'NOT_FOUND', message: 'The requested resource does not exist' },
    ]);
    expect((await send('PATCH', `${V}/sobjects/Stripe_Customer__c/Customer_Name__c/x`, {})).body).toEqual([
      {
        message: 'Provided external ID field does not exist or is not accessible: Customer_Name__c',
        errorCode: 'NOT_FOUND',
      },
    ]);
  });

  test.each([
    [
      'what a validation rule forbids',
      { Currency__c: 'eur' },
      'FIELD_CUSTOM_VALIDATION_EXCEPTION',
      'The currency is three capital letters, such as EUR.',
    ],
    [
      'an unknown column',
      { Nope__c: 1 },
      'INVALID_FIELD',
      "No such column 'Nope__c' on sobject of type Stripe_Subscription__c",
    ],
    [
      'text that is too long, label first',
      { Currency__c: 'EURO' },
      'STRING_TOO_LONG',
      'Currency: data value too large: EURO (max length=3)',
    ],
    [
      'a value outside a restricted picklist',
      { Status__c: 'sleeping' },
      'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
      'Status: bad value for restricted picklist field: sleeping',
    ],
    [
      'a parent that is not there',
      { Stripe_Customer__r: { Stripe_Customer_ID__c: 'cus_9' } },
      'INVALID_FIELD',
      'Foreign key external ID: cus_9 not found for field Stripe_Customer_ID__c in entity Stripe_Customer__c',
    ],
    [
      'the key in the body',
      { Stripe_Subscription_ID__c: 'sub_1' },
      'INVALID_FIELD',
      'The Stripe_Subscription_ID__c field should not be specified in the sobject data.',
    ],
    [
      'an auto-number',
      { Name: 'SUB-1' },
      'INVALID_FIELD_FOR_INSERT_UPDATE',
      'Unable to create/update fields: Name. Please check the security settings of this field and verify that it is read/write for your profile or permission set.',
    ],
    [
      'a lookup to nothing',
      { Stripe_Customer__c: 'a04Qy0000000099' },
      'INVALID_CROSS_REFERENCE_KEY',
      'invalid cross reference id',
    ],
    [
      'an object where text belongs',
      { Error_Message__c: {} },
      'JSON_PARSER_ERROR',
      'Cannot deserialize instance of string from START_OBJECT value { or request may be missing a required field at [line:1, column:2]',
    ],
  ])('%s is refused', async (_, body, errorCode, message) => {
    const reply = await send('PATCH', `${V}/sobjects/Stripe_Subscription__c/Stripe_Subscription_ID__c/sub_1`, body);
    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject([{ errorCode, message }]);
    expect(running.org.count('Stripe_Subscription__c')).toBe(0);
  });

  test('a null relationship is refused, a null lookup clears', async () => {
    await customer('cus_1');
    const url = `${V}/sobjects/Stripe_Subscription__c/Stripe_Subscription_ID__c/sub_1`;
    await send('PATCH', url, { Stripe_Customer__r: { Stripe_Customer_ID__c: 'cus_1' } });
    expect((await send('PATCH', url, { Stripe_Customer__r: null })).status).toBe(400);
    expect([...running.org.rows('Stripe_Subscription__c')][0]?.columns.Stripe_Customer__r).toBe('cus_1');
    await send('PATCH', url, { Stripe_Customer__c: null });
    expect([...running.org.rows('Stripe_Subscription__c')][0]?.columns.Stripe_Customer__r).toBeNull();
  });

  test('decimal text is rounded half up on its digits, date-times come back in wire form', async () => {
    const url = `${V}/sobjects/Stripe_Subscription__c/Stripe_Subscription_ID__c/sub_1`;
    await send('PATCH', url, { Amount__c: '1.0005', Current_Period_End__c: '2026-11-23T08:24:10+01:00' });
    expect((await send('GET', `${url}?fields=Amount__c,Current_Period_End__c`)).body).toMatchObject({
      Amount__c: 1.001,
      Current_Period_End__c: '2026-11-23T07:24:10.000+0000',
    });
  });

  test('a unique clash names the other record by its 15 characters', async () => {
    const made = await customer('cus_1');
    const other = await customer('cus_2');
    const [id, otherId] = [made, other].map(({ body }) => /a0\w{16}/.exec(JSON.stringify(body))?.[0] ?? '');
    const reply = await send('PATCH', `${V}/sobjects/Stripe_Customer__c/${otherId}`, {
      Stripe_Customer_ID__c: 'cus_1',
    });
    expect(reply.body).toEqual([
      {
        errorCode: 'DUPLICATE_VALUE',
        message: `duplicate value found: Stripe_Customer_ID__c duplicates value on record with id: ${id?.slice(0, 15)}`,
        fields: [],
      },
    ]);
  });

  test('a deleted row is gone: 404 ENTITY_IS_DELETED, its key is free again', async () => {
    const id = /a0\w{16}/.exec(JSON.stringify((await customer('cus_1')).body))?.[0];
    expect((await send('DELETE', `${V}/sobjects/Stripe_Customer__c/${id}`)).status).toBe(204);
    expect(await send('GET', `${V}/sobjects/Stripe_Customer__c/${id}`)).toMatchObject({
      status: 404,
      body: [{ errorCode: 'ENTITY_IS_DELETED', message: 'entity is deleted' }],
    });
    expect((await customer('cus_1')).status).toBe(201);
  });

  test('details need their master, follow it into the bin, and roll up onto it', async () => {
    const tier = (key: string, body: object) => send('PATCH', `${V}/sobjects/Pricing_Tier__c/Tier_Key__c/${key}`, body);
    expect((await tier('p:0', { Name: 'a', Tier_Number__c: 1 })).body).toMatchObject([
      { errorCode: 'REQUIRED_FIELD_MISSING', fields: ['Pricing_Plan__c'] },
    ]);
    const plan = await send('PATCH', `${V}/sobjects/Pricing_Plan__c/Plan_Key__c/p`, { Name: 'Plan' });
    await tier('p:0', {
      Name: 'a',
      Tier_Number__c: 1,
      Unit_Price__c: '0.00000001',
      Pricing_Plan__r: { Plan_Key__c: 'p' },
    });
    await tier('p:1', { Name: 'b', Tier_Number__c: 2, Unit_Price__c: '5', Pricing_Plan__r: { Plan_Key__c: 'p' } });
    expect([...running.org.rows('Pricing_Plan__c')]).toMatchObject([
      { columns: { Tier_Count__c: 2, Lowest_Unit_Price__c: 0.00000001 } },
    ]);
    await send('DELETE', `${V}/sobjects/Pricing_Plan__c/${/a0\w{16}/.exec(JSON.stringify(plan.body))?.[0]}`);
    expect(running.org.count('Pricing_Tier__c')).toBe(0);
  });

  test('a platform event is enqueued with a receipt in errors, and listed', async () => {
    const reply = await send('POST', `${V}/sobjects/Payment_Failed__e`, { Event_ID__c: 'evt_1', Currency__c: 'eur' });
    expect(reply).toMatchObject({
      status: 201,
      body: { success: true, errors: [{ statusCode: 'OPERATION_ENQUEUED' }] },
    });
    expect(running.org.platformEvents).toMatchObject([
      { object: 'Payment_Failed__e', fields: { Event_ID__c: 'evt_1' } },
    ]);
  });
});

describe('sessions and limits', () => {
  test('a missing or wrong token is 401 INVALID_SESSION_ID, with the limit header', async () => {
    const reply = await send('GET', `${V}/limits`, undefined, { authorization: 'Bearer nope' });
    expect(reply).toMatchObject({
      status: 401,
      body: [{ message: 'Session expired or invalid', errorCode: 'INVALID_SESSION_ID' }],
    });
    expect(reply.headers.get('sforce-limit-info')).toBe('api-usage=0/100000');
  });

  test('every call counts once, whatever is in it, and the last one allowed is the last', async () => {
    await customer('cus_1');
    const reply = await send('GET', `${V}/limits/`);
    expect(reply.headers.get('sforce-limit-info')).toBe('api-usage=2/100000');
    expect(reply.body).toMatchObject({ DailyApiRequests: { Max: 100_000, Remaining: 99_998 } });
    running.org.preset({ preset: 'limitAfter', calls: 1 });
    expect((await customer('cus_1')).status).toBe(200);
    expect(await customer('cus_1')).toMatchObject({
      status: 403,
      body: [{ errorCode: 'REQUEST_LIMIT_EXCEEDED', message: 'TotalRequests Limit exceeded.' }],
    });
    expect(running.org.apiCalls().byKind).toEqual({ sobject: 2, limits: 1 });
  });

  test('client credentials in body or header give a token; the errors are OAuth errors', async () => {
    const login = (form: string, headers: Record<string, string> = {}) =>
      send('POST', '/services/oauth2/token', form, { 'content-type': 'application/x-www-form-urlencoded', ...headers });
    const good = await login('grant_type=client_credentials&client_id=local-client&client_secret=local-secret');
    expect(good).toMatchObject({
      status: 200,
      body: { instance_url: running.url, token_type: 'Bearer', scope: 'api' },
    });
    const basic = `Basic ${Buffer.from('local-client:local-secret').toString('base64')}`;
    expect((await login('grant_type=client_credentials', { authorization: basic })).status).toBe(200);
    const noEscape = `Basic ${Buffer.from('100%:of%it').toString('base64')}`;
    expect((await login('grant_type=client_credentials', { authorization: noEscape })).body).toMatchObject({
      error: 'invalid_client_id',
    });
    expect((await login('grant_type=client_credentials&client_id=local-client&client_secret=x')).body).toEqual({
      error: 'invalid_client',
      error_description: 'invalid client credentials',
    });
    expect((await login('grant_type=client_credentials&client_id=x')).body).toMatchObject({
      error: 'invalid_client_id',
    });
    expect((await login('grant_type=magic')).body).toMatchObject({ error: 'unsupported_grant_type' });
  });

  test('an expired token ends at its time', async () => {
    await running.close();
    running = await startOrg({ tokenLifeMs: -1 });
    const login = await send(
      'POST',
      '/services/oauth2/token',
      'grant_type=client_credentials&client_id=local-client&client_secret=local-secret',
    );
    const token = /00D[^"]+/.exec(JSON.stringify(login.body))?.[0];
    expect((await send('GET', `${V}/limits`, undefined, { authorization: `Bearer ${token}` })).status).toBe(401);
  });

  test('a body that is no JSON is a parser error, an unknown version is not there', async () => {
    expect((await customer('cus_1', undefined)).status).not.toBe(500);
    expect(await send('PATCH', `${V}/sobjects/Stripe_Customer__c/Stripe_Customer_ID__c/cus_1`, '{')).toMatchObject({
      status: 400,
      body: [{ errorCode: 'JSON_PARSER_ERROR' }],
    });
    expect((await send('GET', '/services/data/v99.0/limits')).status).toBe(404);
  });
});

describe('composite', () => {
  const composite = (compositeRequest: readonly object[], allOrNone = true) =>
    send('POST', `${V}/composite`, { allOrNone, collateSubrequests: false, compositeRequest });
  const put = (referenceId: string, object: string, key: string, value: string, body: object = {}) => ({
    method: 'PATCH',
    url: `${V}/sobjects/${object}/${key}/${value}`,
    referenceId,
    body,
  });

  test('children refer to parents of the same call', async () => {
    const reply = await composite([
      put('cust', 'Stripe_Customer__c', 'Stripe_Customer_ID__c', 'cus_1'),
      put('sub', 'Stripe_Subscription__c', 'Stripe_Subscription_ID__c', 'sub_1', { Stripe_Customer__c: '@{cust.id}' }),
      {
        method: 'GET',
        url: `${V}/sobjects/Stripe_Subscription__c/@{sub.id}?fields=Stripe_Customer__c`,
        referenceId: 'back',
      },
    ]);
    expect(reply).toMatchObject({
      status: 200,
      body: {
        compositeResponse: [
          { httpStatusCode: 201, referenceId: 'cust', body: { created: true } },
          { httpStatusCode: 201, referenceId: 'sub' },
          { httpStatusCode: 200, referenceId: 'back' },
        ],
      },
    });
    expect([...running.org.rows('Stripe_Subscription__c')]).toMatchObject([
      { columns: { Stripe_Customer__r: 'cus_1' } },
    ]);
    expect(running.org.apiCalls().total).toBe(1);
  });

  test('allOrNone: one failure is HTTP 200, undoes earlier and later parts, and events are not published', async () => {
    const reply = await composite([
      put('cust', 'Stripe_Customer__c', 'Stripe_Customer_ID__c', 'cus_1'),
      { method: 'POST', url: `${V}/sobjects/Payment_Failed__e`, referenceId: 'event', body: { Event_ID__c: 'evt_1' } },
      put('sub', 'Stripe_Subscription__c', 'Stripe_Subscription_ID__c', 'sub_1', { Status__c: 'sleeping' }),
      put('late', 'Stripe_Customer__c', 'Stripe_Customer_ID__c', 'cus_2'),
    ]);
    const halted = {
      httpStatusCode: 400,
      body: [
        {
          errorCode: 'PROCESSING_HALTED',
          message: 'The transaction was rolled back since another operation in the same transaction failed.',
        },
      ],
    };
    expect(reply).toMatchObject({
      status: 200,
      body: {
        compositeResponse: [
          { ...halted, referenceId: 'cust' },
          { ...halted, referenceId: 'event' },
          { httpStatusCode: 400, referenceId: 'sub', body: [{ errorCode: 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST' }] },
          { ...halted, referenceId: 'late' },
        ],
      },
    });
    expect(running.org.count('Stripe_Customer__c')).toBe(0);
    expect(running.org.platformEvents).toHaveLength(0);
  });

  test('without allOrNone the others stand and a reference to what failed is halted', async () => {
    const reply = await composite(
      [
        put('bad', 'Stripe_Customer__c', 'Stripe_Customer_ID__c', 'cus_1', { Nope__c: 1 }),
        put('sub', 'Stripe_Subscription__c', 'Stripe_Subscription_ID__c', 'sub_1', { Stripe_Customer__c: '@{bad.id}' }),
        put('good', 'Stripe_Customer__c', 'Stripe_Customer_ID__c', 'cus_2'),
      ],
      false,
    );
    expect(reply.body).toMatchObject({
      compositeResponse: [
        { httpStatusCode: 400 },
        {
          httpStatusCode: 400,
          body: [
            {
              errorCode: 'PROCESSING_HALTED',
              message: 'Invalid reference specified. No value for bad.id found in bad',
            },
          ],
        },
        { httpStatusCode: 201 },
      ],
    });
    expect(running.org.count('Stripe_Customer__c')).toBe(1);
  });

  test('26 parts are refused inside a 200, with a curly apostrophe', async () => {
    const parts = Array.from({ length: 26 }, (_, i) =>
      put(`r${i}`, 'Stripe_Customer__c', 'Stripe_Customer_ID__c', `cus_${i}`),
    );
    expect(await composite(parts)).toMatchObject({
      status: 200,
      body: {
        compositeResponse: [
          {
            body: [{ errorCode: 'LIMIT_EXCEEDED', message: 'The request can’t contain more than 25 operations.' }],
            referenceId: null,
          },
        ],
      },
    });
  });
});

describe('collections', () => {
  const record = (id: string, more: object = {}) => ({
    attributes: { type: 'Stripe_Customer__c' },
    Stripe_Customer_ID__c: id,
    ...more,
  });
  const upsert = (records: readonly object[], allOrNone = false) =>
    send('PATCH', `${V}/composite/sobjects/Stripe_Customer__c/Stripe_Customer_ID__c`, { allOrNone, records });

  test('rows are answered by position, failures with statusCode and without id', async () => {
    const reply = await upsert([record('cus_1'), record('cus_2', { Customer_Email__c: 'no mail' })]);
    expect(reply).toMatchObject({ status: 200, body: [{ success: true, created: true }, { success: false }] });
    expect(Array.isArray(reply.body) ? reply.body[1] : null).toEqual({
      success: false,
      errors: [
        {
          statusCode: 'INVALID_EMAIL_ADDRESS',
          message: 'Customer Email: invalid email address: no mail',
          fields: ['Customer_Email__c'],
        },
      ],
    });
  });

  test('one key twice fails every row that carries it', async () => {
    const reply = await upsert([record('cus_1'), record('cus_2'), record('cus_1')]);
    const duplicate = {
      success: false,
      errors: [
        {
          statusCode: 'DUPLICATE_VALUE',
          message: 'Duplicate external id specified: cus_1',
          fields: ['Stripe_Customer_ID__c'],
        },
      ],
    };
    expect(reply.body).toMatchObject([duplicate, { success: true }, duplicate]);
  });

  test('allOrNone rolls the good rows back and says so', async () => {
    const reply = await upsert([record('cus_1'), record('cus_2', { Customer_Email__c: 'x' })], true);
    expect(reply.body).toMatchObject([
      { success: false, errors: [{ statusCode: 'ALL_OR_NONE_OPERATION_ROLLED_BACK' }] },
      { success: false, errors: [{ statusCode: 'INVALID_EMAIL_ADDRESS' }] },
    ]);
    expect(running.org.count('Stripe_Customer__c')).toBe(0);
  });

  test('201 records are too many', async () => {
    const reply = await upsert(Array.from({ length: 201 }, (_, i) => record(`cus_${i}`)));
    expect(reply).toMatchObject({ status: 400, body: [{ errorCode: 'EXCEEDED_ID_LIMIT' }] });
  });

  test('insert, update and delete work by position, without created', async () => {
    const contact = (fields: object) => ({ attributes: { type: 'Contact' }, ...fields });
    const url = `${V}/composite/sobjects`;
    const made = await send('POST', url, {
      records: [contact({ LastName: 'A' }), contact({ FirstName: 'B' }), { LastName: 'C' }],
    });
    expect(made.body).toMatchObject([
      { success: true },
      { success: false, errors: [{ statusCode: 'REQUIRED_FIELD_MISSING', fields: ['LastName'] }] },
      { success: false, errors: [{ statusCode: 'INVALID_TYPE' }] },
    ]);
    const id = /003\w{15}/.exec(made.text)?.[0] ?? '';
    const changed = await send('PATCH', url, {
      records: [contact({ id, FirstName: 'Ann' }), contact({ FirstName: 'x' })],
    });
    expect(changed.body).toEqual([
      { id, success: true, errors: [] },
      {
        success: false,
        errors: [{ statusCode: 'MISSING_ARGUMENT', message: 'Id not specified in an update call', fields: [] }],
      },
    ]);
    expect([...running.org.rows('Contact')][0]?.columns.Name).toBe('Ann A');
    const all = await send('DELETE', `${url}?ids=${id},nonsense&allOrNone=true`);
    expect(all.body).toMatchObject([{ success: false }, { success: false, errors: [{ statusCode: 'MALFORMED_ID' }] }]);
    expect((await send('DELETE', `${url}?ids=${id}`)).body).toEqual([{ id, success: true, errors: [] }]);
    expect(running.org.count('Contact')).toBe(0);
  });

  test('inside a composite the outer allOrNone rules', async () => {
    const part = (referenceId: string, records: readonly object[]) => ({
      method: 'PATCH',
      url: `${V}/composite/sobjects/Stripe_Customer__c/Stripe_Customer_ID__c`,
      referenceId,
      body: { records },
    });
    const reply = await send('POST', `${V}/composite`, {
      allOrNone: true,
      compositeRequest: [part('a', [record('cus_1')]), part('b', [record('cus_2', { Customer_Email__c: 'x' })])],
    });
    expect(reply.status).toBe(200);
    expect(running.org.count('Stripe_Customer__c')).toBe(0);
    const six = Array.from({ length: 6 }, (_, i) => part(`r${i}`, [record(`cus_${i}`)]));
    expect((await send('POST', `${V}/composite`, { compositeRequest: six })).text).toContain('LIMIT_EXCEEDED');
  });
});
