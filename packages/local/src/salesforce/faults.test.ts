import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { manualClock } from './clock.ts';
import type { RunningOrg } from './serve-org.ts';
import { send, startOrg, V } from './test-org.ts';

const clock = manualClock(Date.UTC(2026, 10, 23));
let running: RunningOrg;
beforeEach(async () => {
  running = await startOrg({ clock, locks: { holdMs: 0, waitMs: 10_000 } });
});
afterEach(() => running.close());

const customer = (id: string, body: object = {}) =>
  send(running, 'PATCH', `${V}/sobjects/Stripe_Customer__c/Stripe_Customer_ID__c/${id}`, body);
const arm = (fault: object) => send(running, 'POST', '/__fake/faults', fault);
const idOf = (reply: { readonly text: string }) => /a0\w{16}/.exec(reply.text)?.[0] ?? '';
/** Until the server has read what was just sent, and so many requests wait for the clock. */
const waits = (requests: number) => expect.poll(() => clock.waiting()).toBe(requests);

describe('faults over HTTP', () => {
  test('hit the request they describe, as often as they say, after what they let pass', async () => {
    const body = [{ message: 'Session expired or invalid', errorCode: 'INVALID_SESSION_ID' }];
    await arm({
      match: { method: 'PATCH', object: 'Stripe_Customer__c', externalId: 'cus_1' },
      after: 1,
      times: 1,
      effect: { status: 401, body },
    });
    expect((await customer('cus_12')).status).toBe(201);
    expect((await customer('cus_1')).status).toBe(201);
    expect(await customer('cus_1')).toMatchObject({ status: 401, body });
    expect((await customer('cus_1')).status).toBe(200);
    expect((await send(running, 'GET', '/__fake/faults')).body).toMatchObject({ faults: [{ hits: 1 }] });
  });

  test('the n-th matching request alone can be hit', async () => {
    await arm({ match: { urlRegex: '/sobjects/', nth: 2 }, effect: { status: 503, html: '<h1>down</h1>' } });
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await customer('cus_1')).status);
    expect(statuses).toEqual([201, 503, 200]);
  });

  test('dropAfterCommit saves and then cuts the line: only an upsert can be sent again', async () => {
    await arm({ match: { urlRegex: 'cus_1' }, times: 1, effect: { dropAfterCommit: true } });
    await expect(customer('cus_1')).rejects.toThrow();
    expect(running.org.count('Stripe_Customer__c')).toBe(1);
    expect((await customer('cus_1')).body).toMatchObject({ created: false });
  });

  test('resetSocket cuts the line and saves nothing', async () => {
    await arm({ times: 1, effect: { resetSocket: true } });
    await expect(customer('cus_1')).rejects.toThrow();
    expect(running.org.count('Stripe_Customer__c')).toBe(0);
  });

  test('a delay lasts as long as the clock says', async () => {
    running.org.preset({ preset: 'slow', ms: 5000, times: 1 });
    const reply = customer('cus_1');
    await waits(1);
    expect(running.org.count('Stripe_Customer__c')).toBe(0);
    clock.advance(5000);
    expect((await reply).status).toBe(201);
  });

  test('what is no fault is refused with a reason, DELETE clears', async () => {
    expect(await arm({ effect: { status: 'x' } })).toMatchObject({
      status: 400,
      body: [{ errorCode: 'INVALID_FAULT' }],
    });
    expect(await arm({ match: { urlRegex: '(' }, effect: {} })).toMatchObject({ status: 400 });
    expect(await arm({ preset: 'nonsense' })).toMatchObject({ status: 400 });
    expect(await arm({ match: { urlRegexp: '/query' }, effect: { status: 503 } })).toMatchObject({ status: 400 });
    expect(await arm({ preset: 'limitAfter', calls: 0, times: 1 })).toMatchObject({ status: 400 });
    await arm({ effect: { status: 503 } });
    await send(running, 'DELETE', '/__fake/faults');
    expect((await customer('cus_1')).status).toBe(201);
  });

  test('DELETE clears what presets did, too', async () => {
    const id = idOf(await customer('cus_1'));
    await arm({ preset: 'storageFull' });
    await arm({ preset: 'lockRow', id, times: 5 });
    await arm({ preset: 'refuseRow', object: 'Stripe_Customer__c', key: 'cus_1' });
    await arm({ preset: 'jobFail', errorMessage: 'InvalidBatch : x' });
    await arm({ preset: 'limitAfter', calls: 0 });
    expect((await customer('cus_2')).status).toBe(403);
    await send(running, 'DELETE', '/__fake/faults');
    expect((await customer('cus_1')).status).toBe(200);
    expect((await customer('cus_2')).headers.get('sforce-limit-info')).toMatch(/\/100000$/);
    expect(running.org.count('Stripe_Customer__c')).toBe(2);
  });

  test('presets work over HTTP: a full storage, a row that is locked', async () => {
    const id = idOf(await customer('cus_1'));
    await arm({ preset: 'storageFull' });
    expect((await customer('cus_2')).body).toMatchObject([{ errorCode: 'STORAGE_LIMIT_EXCEEDED' }]);
    expect((await customer('cus_1')).status).toBe(200);
    await arm({ preset: 'storageFull', full: false });
    await arm({ preset: 'lockRow', id, times: 2 });
    const subscription = await send(
      running,
      'PATCH',
      `${V}/sobjects/Stripe_Subscription__c/Stripe_Subscription_ID__c/s`,
      { Stripe_Customer__c: id },
    );
    expect(subscription).toMatchObject({
      status: 500,
      body: [
        {
          errorCode: 'UNABLE_TO_LOCK_ROW',
          message: `unable to obtain exclusive access to this record or 1 records: ${id.slice(0, 15)}`,
          fields: [],
        },
      ],
    });
    expect((await customer('cus_1')).status).toBe(500);
    expect((await customer('cus_1')).status).toBe(200);
  });
});

describe('row locks between writers', () => {
  test('a writer waits for the row and goes on once it is free', async () => {
    const id = idOf(await customer('cus_1'));
    const release = running.org.holdRows([id]);
    const reply = customer('cus_1', { Customer_Name__c: 'late' });
    await waits(1);
    release();
    clock.advance(1);
    expect((await reply).status).toBe(200);
    expect([...running.org.rows('Stripe_Customer__c')][0]?.columns.Customer_Name__c).toBe('late');
  });

  test('after ten seconds its row fails; in a collection its neighbours are saved', async () => {
    const id = idOf(await customer('cus_1'));
    running.org.holdRows([id]);
    const records = ['cus_1', 'cus_2'].map((key) => ({
      attributes: { type: 'Stripe_Customer__c' },
      Stripe_Customer_ID__c: key,
    }));
    const reply = send(running, 'PATCH', `${V}/composite/sobjects/Stripe_Customer__c/Stripe_Customer_ID__c`, {
      records,
    });
    await waits(1);
    expect(running.org.count('Stripe_Customer__c')).toBe(1);
    clock.advance(10_000);
    expect((await reply).body).toMatchObject([
      { success: false, errors: [{ statusCode: 'UNABLE_TO_LOCK_ROW' }] },
      { success: true, created: true },
    ]);
  });

  test('with a hold, two children of one parent wait for each other', async () => {
    await running.close();
    running = await startOrg({ clock, locks: { holdMs: 100, waitMs: 10_000 } });
    const made = customer('cus_1');
    await waits(1);
    clock.advance(100);
    const parent = idOf(await made);
    const child = (key: string) =>
      send(running, 'PATCH', `${V}/sobjects/Stripe_Subscription__c/Stripe_Subscription_ID__c/${key}`, {
        Stripe_Customer__c: parent,
      });
    const both = Promise.all([child('s1'), child('s2')]);
    await waits(2);
    expect(running.org.count('Stripe_Subscription__c')).toBe(1);
    clock.advance(100);
    expect(running.org.count('Stripe_Subscription__c')).toBe(2);
    clock.advance(100);
    expect((await both).map(({ status }) => status)).toEqual([201, 201]);
  });
});

test('a row that the org refuses is saved on no road, its neighbours are', async () => {
  await arm({ preset: 'refuseRow', object: 'Stripe_Customer__c', key: 'cus_1' });
  expect(await customer('cus_1')).toMatchObject({
    status: 400,
    body: [{ errorCode: 'FIELD_CUSTOM_VALIDATION_EXCEPTION' }],
  });
  const records = ['cus_1', 'cus_2'].map((id) => ({
    attributes: { type: 'Stripe_Customer__c' },
    Stripe_Customer_ID__c: id,
  }));
  const path = `${V}/composite/sobjects/Stripe_Customer__c/Stripe_Customer_ID__c`;
  expect((await send(running, 'PATCH', path, { allOrNone: false, records })).body).toMatchObject([
    { success: false, errors: [{ statusCode: 'FIELD_CUSTOM_VALIDATION_EXCEPTION' }] },
    { success: true },
  ]);
});

test('after its secret was changed the client logs in with the new one only; its tokens live on', async () => {
  await arm({ preset: 'changeClientSecret', secret: 'rolled' });
  const logIn = (secret: string) =>
    fetch(`${running.url}/services/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials', client_id: 'local-client', client_secret: secret }),
    });
  expect((await logIn('local-secret')).status).toBe(400);
  expect((await logIn('rolled')).status).toBe(200);
  expect((await customer('cus_1')).status).toBe(201);
});

test('the limit counter forgets calls after 24 hours', async () => {
  await customer('cus_1');
  running.org.otherAppsCalled(50);
  clock.advance(86_400_000 - 1000);
  expect((await customer('cus_1')).headers.get('sforce-limit-info')).toBe('api-usage=52/100000');
  clock.advance(1000);
  expect((await customer('cus_1')).headers.get('sforce-limit-info')).toBe('api-usage=2/100000');
});
