import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { manualClock } from '../clock.ts';
import type { RunningOrg } from '../serve-org.ts';
import { send, startOrg, V } from '../test-org.ts';

const NOW = Date.UTC(2026, 10, 18, 12);
let running: RunningOrg;

/** Four subscriptions of two customers; ask for ids and read them as one word. */
beforeAll(async () => {
  running = await startOrg({ clock: manualClock(NOW) });
  const [acme, globex] = [
    running.org.insert('Stripe_Customer__c', { Stripe_Customer_ID__c: 'cus_A', Customer_Name__c: "O'Brien & Co_1" }),
    running.org.insert('Stripe_Customer__c', { Stripe_Customer_ID__c: 'cus_a', Customer_Name__c: 'Globex' }),
  ];
  const subscription = (id: string, fields: object) =>
    running.org.insert('Stripe_Subscription__c', { Stripe_Subscription_ID__c: id, ...fields });
  subscription('s1', {
    Status__c: 'active',
    Amount__c: 10,
    Stripe_Customer__c: acme,
    Current_Period_End__c: '2026-11-18T23:00:00Z',
  });
  subscription('s2', {
    Status__c: 'canceled',
    Amount__c: 20.5,
    Stripe_Customer__c: acme,
    Current_Period_End__c: '2026-10-31T23:59:59Z',
  });
  subscription('s3', { Status__c: 'active', Amount__c: 5, Stripe_Customer__c: globex, Cancel_At_Period_End__c: true });
  subscription('s4', {});
});
afterAll(() => running.close());

const query = (soql: string, more = '') => send(running, 'GET', `${V}/query?q=${encodeURIComponent(soql)}${more}`);
async function ids(rest: string): Promise<string> {
  const reply = await query(`SELECT Stripe_Subscription_ID__c FROM Stripe_Subscription__c ${rest}`);
  return (
    [...reply.text.matchAll(/"Stripe_Subscription_ID__c":"(s\d)"/g)].map((match) => match[1]).join(' ') || reply.text
  );
}

describe('WHERE', () => {
  test.each([
    ["WHERE Stripe_Subscription_ID__c = 's2'", 's2'],
    ["WHERE status__c = 'ACTIVE'", 's1 s3'],
    ["WHERE Status__c != 'active'", 's2 s4'],
    ["WHERE Status__c IN ('canceled', 'paused')", 's2'],
    ["WHERE Status__c NOT IN ('canceled')", 's1 s3 s4'],
    ['WHERE Status__c = null', 's4'],
    ['WHERE Amount__c > 5 AND Amount__c <= 20.5', 's1 s2'],
    ["WHERE Status__c = 'active' AND (Amount__c < 6 OR Amount__c > 100)", 's3'],
    ["WHERE NOT (Status__c = 'active' OR Amount__c > 15)", 's4'],
    ["WHERE NOT Status__c = 'active'", 's2 s4'],
    ['WHERE Cancel_At_Period_End__c = true', 's3'],
    ["WHERE Stripe_Customer__r.Stripe_Customer_ID__c = 'cus_a'", 's3'],
    ["WHERE Stripe_Customer__r.Customer_Name__c LIKE 'o\\'brien%'", 's1 s2'],
    ["WHERE Stripe_Customer__r.Customer_Name__c LIKE '%Co\\_1'", 's1 s2'],
    ["WHERE Stripe_Customer__r.Customer_Name__c LIKE 'Glob_x'", 's3'],
    ["WHERE Stripe_Customer__c IN (SELECT Id FROM Stripe_Customer__c WHERE Customer_Name__c = 'Globex')", 's3'],
    ['WHERE Current_Period_End__c = TODAY', 's1'],
    ['WHERE Current_Period_End__c < THIS_MONTH', 's2'],
    ['WHERE Current_Period_End__c = LAST_N_DAYS:30', 's1 s2'],
    ['WHERE Current_Period_End__c >= 2026-11-18T23:00:00+00:00', 's1'],
    ['WHERE Current_Period_End__c > 2026-10-31T00:00:00Z AND CreatedDate = TODAY', 's1 s2'],
  ])('%s', async (where, found) => {
    expect(await ids(where)).toBe(found);
  });

  test.each([
    ['ORDER BY Amount__c', 's4 s3 s1 s2'],
    ['ORDER BY Amount__c DESC NULLS LAST', 's2 s1 s3 s4'],
    ['ORDER BY Status__c NULLS LAST, Amount__c DESC LIMIT 2 OFFSET 1', 's3 s2'],
    ["WHERE Status__c = 'active' ORDER BY Stripe_Customer__r.Customer_Name__c LIMIT 1", 's3'],
  ])('%s', async (rest, found) => {
    expect(await ids(rest)).toBe(found);
  });
});

describe('shapes', () => {
  test('parents are nested once, a missing parent is null', async () => {
    const reply = await query(
      "SELECT Id, Stripe_Customer__r.Name, Stripe_Customer__r.Owner.Name FROM Stripe_Subscription__c WHERE Stripe_Subscription_ID__c IN ('s1','s4')",
    );
    expect(reply.body).toMatchObject({
      totalSize: 2,
      done: true,
      records: [
        {
          attributes: {
            type: 'Stripe_Subscription__c',
            url: expect.stringContaining('/sobjects/Stripe_Subscription__c/a0'),
          },
          Stripe_Customer__r: {
            attributes: { type: 'Stripe_Customer__c' },
            Name: 'SC-000001',
            Owner: { Name: 'Integration User' },
          },
        },
        { Stripe_Customer__r: null },
      ],
    });
  });

  test('children come as an inner result, or null', async () => {
    const relation = 'Stripe_Subscriptions__r';
    const reply = await query(
      `SELECT Stripe_Customer_ID__c, (SELECT Stripe_Subscription_ID__c FROM ${relation} WHERE Amount__c > 5 ORDER BY Amount__c DESC) FROM Stripe_Customer__c`,
    );
    expect(reply.body).toMatchObject({
      records: [
        {
          [relation]: {
            totalSize: 2,
            done: true,
            records: [{ Stripe_Subscription_ID__c: 's2' }, { Stripe_Subscription_ID__c: 's1' }],
          },
        },
        { [relation]: null },
      ],
    });
  });

  test('columns come in the order in which they were asked for, a parent where its first one stands', async () => {
    const reply = await query(
      "SELECT Stripe_Customer__r.Customer_Name__c, Status__c, (SELECT Id FROM Payment_Transactions__r), Id, Stripe_Customer__r.Id FROM Stripe_Subscription__c WHERE Stripe_Subscription_ID__c = 's3'",
    );
    expect(reply.text).toMatch(
      /"Stripe_Customer__r":\{"attributes":\{[^}]+\},"Customer_Name__c":"Globex","Id":"[^"]+"\},"Status__c":"active","Payment_Transactions__r":null,"Id":/,
    );
  });

  test('FIELDS(STANDARD) has no bound, the others have one of 200 rows', async () => {
    expect((await query('SELECT FIELDS(STANDARD) FROM Stripe_Customer__c')).body).toMatchObject({ totalSize: 2 });
    expect((await query('SELECT FIELDS(ALL) FROM Stripe_Customer__c LIMIT 200')).body).toMatchObject({ totalSize: 2 });
  });

  test('COUNT() answers a size, aggregates answer groups', async () => {
    expect((await query("SELECT COUNT() FROM Stripe_Subscription__c WHERE Status__c = 'active'")).body).toEqual({
      totalSize: 2,
      done: true,
      records: [],
    });
    const grouped = await query(
      'SELECT Status__c, COUNT(Id), SUM(Amount__c) total, MAX(Amount__c) FROM Stripe_Subscription__c WHERE Status__c != null GROUP BY Status__c HAVING COUNT(Id) > 0 ORDER BY COUNT(Id) DESC',
    );
    const attributes = { type: 'AggregateResult' };
    expect(grouped.body).toEqual({
      totalSize: 2,
      done: true,
      records: [
        { attributes, Status__c: 'active', expr0: 2, total: 15, expr1: 10 },
        { attributes, Status__c: 'canceled', expr0: 1, total: 20.5, expr1: 20.5 },
      ],
    });
  });

  test('rows are grouped by parts of a date, and by no part anywhere else', async () => {
    const parts = 'CALENDAR_YEAR(CreatedDate) y, CALENDAR_MONTH(CreatedDate) m';
    const grouped = await query(
      `SELECT ${parts}, COUNT(Id) n, MAX(SystemModstamp) latest FROM Stripe_Subscription__c GROUP BY CALENDAR_YEAR(CreatedDate), CALENDAR_MONTH(CreatedDate)`,
    );
    const attributes = { type: 'AggregateResult' };
    expect(grouped.body).toMatchObject({
      records: [{ attributes, y: expect.any(Number), m: expect.any(Number), n: expect.any(Number) }],
    });
    for (const wrong of [
      'SELECT CALENDAR_YEAR(CreatedDate) FROM Stripe_Subscription__c',
      'SELECT Id FROM Stripe_Subscription__c WHERE CALENDAR_YEAR(CreatedDate) = 2026',
      `SELECT ${parts} FROM Stripe_Subscription__c GROUP BY CALENDAR_YEAR(CreatedDate)`,
    ])
      expect((await query(wrong)).status).toBe(400);
  });

  test('columns=true names the columns, a parent path as one with the parent below', async () => {
    const reply = await query('SELECT Id, Stripe_Customer__r.Name FROM Stripe_Subscription__c', '&columns=true');
    expect(reply.body).toMatchObject({
      entityName: 'Stripe_Subscription__c',
      idSelected: true,
      columnMetadata: [
        { columnName: 'Id' },
        {
          columnName: 'Stripe_Customer__r',
          foreignKeyName: 'Stripe_Customer__c',
          joinColumns: [{ columnName: 'Name' }],
        },
      ],
    });
  });

  test('queryAll finds deleted rows, query does not', async () => {
    const id = running.org.insert('Contact', { LastName: 'Gone' });
    await send(running, 'DELETE', `${V}/sobjects/Contact/${id}`);
    expect((await query("SELECT Id FROM Contact WHERE LastName = 'Gone'")).body).toMatchObject({ totalSize: 0 });
    const all = await send(
      running,
      'GET',
      `${V}/queryAll?q=${encodeURIComponent('SELECT Id, IsDeleted FROM Contact')}`,
    );
    expect(all.body).toMatchObject({ totalSize: 1, records: [{ IsDeleted: true }] });
  });
});

describe('errors', () => {
  test('an unknown column is shown with a caret', async () => {
    expect((await query('SELECT Nope__c FROM Account')).body).toEqual([
      {
        errorCode: 'INVALID_FIELD',
        message:
          "\nSELECT Nope__c FROM Account\n       ^\nERROR at Row:1:Column:8\nNo such column 'Nope__c' on entity 'Account'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.",
      },
    ]);
  });

  test.each([
    ['SELECT Id FORM Account', 'MALFORMED_QUERY', "unexpected token: 'FORM'"],
    [
      "SELECT Id FROM Account WHERE Name = 'a' AND Name = 'b' OR Name = 'c'",
      'MALFORMED_QUERY',
      "unexpected token: 'OR'",
    ],
    ['SELECT Id FROM Nope', 'INVALID_TYPE', "sObject type 'Nope' is not supported."],
    [
      "SELECT Id FROM Stripe_Subscription__c WHERE Amount__c = '1'",
      'INVALID_FIELD',
      'must be of type double and should not be enclosed in quotes',
    ],
    [
      "SELECT Id FROM Stripe_Subscription__c WHERE Error_Message__c = 'x'",
      'INVALID_FIELD',
      "field 'Error_Message__c' can not be filtered in a query call",
    ],
    ['SELECT Name, COUNT(Id) FROM Account', 'MALFORMED_QUERY', 'Field must be grouped or aggregated: Name'],
    ['SELECT Id, (SELECT Id FROM Nopes__r) FROM Account', 'INVALID_TYPE', "Didn't understand relationship 'Nopes__r'"],
    ["SELECT Id FROM Account WHERE Name = 'a' ; DROP", 'MALFORMED_QUERY', "unexpected token: ';'"],
    ['SELECT Id FROM Account LIMIT -1', 'MALFORMED_QUERY', "unexpected token: '-1'"],
    ['SELECT Id FROM Account LIMIT 1.5', 'MALFORMED_QUERY', "unexpected token: '1.5'"],
    ['SELECT Id FROM Account OFFSET 2001', 'NUMBER_OUTSIDE_VALID_RANGE', 'Maximum SOQL offset allowed is 2000'],
    ['SELECT FIELDS(ALL) FROM Account', 'MALFORMED_QUERY', 'The SOQL FIELDS function must have a LIMIT of at most 200'],
    ['SELECT FIELDS(CUSTOM) FROM Account LIMIT 201', 'MALFORMED_QUERY', 'must have a LIMIT of at most 200'],
    ['SELECT Id, Name, id FROM Account', 'INVALID_FIELD', 'duplicate field selected: Id'],
    ['SELECT Id, FIELDS(ALL) FROM Account LIMIT 200', 'INVALID_FIELD', 'duplicate field selected: Id'],
    [
      'SELECT Owner.Name, Id, owner.name FROM Stripe_Customer__c',
      'INVALID_FIELD',
      'duplicate field selected: Owner.Name',
    ],
  ])('%s', async (soql, errorCode, message) => {
    const reply = await query(soql);
    expect(reply).toMatchObject({ status: 400, body: [{ errorCode, message: expect.stringContaining(message) }] });
  });
});
