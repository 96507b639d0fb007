import { execFile, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningOrg } from './serve-org.ts';
import { SCHEMA_DIR, startOrg, TOKEN } from './test-org.ts';

/**
 * The unmodified Salesforce CLI against the org: SF when it is set, else the one on the path, else the one that
 * `npm run check:salesforce` installed. It is 600 MB and no dependency of ours, so where none of them is there these tests
 * are skipped. With SF set they are not: a wrong path fails. Tested with @salesforce/cli 2.150.6 on Node 24.
 */
const ROOT = path.resolve(import.meta.dirname, '../../../..');
const INSTALLED = path.join(ROOT, 'salesforce/scripts/checks/node_modules/.bin/sf');
const runs = (command: string) => spawnSync(command, ['--version']).error === undefined;
const SF = process.env.SF ?? ['sf', INSTALLED].find(runs) ?? null;
const TIMEOUT_MS = 120_000;

describe.skipIf(SF === null)('sf', { timeout: TIMEOUT_MS }, () => {
  let running: RunningOrg;
  let box: string;

  /** Exit code and everything printed. HOME is empty: a login left there would renew an expired token silently. */
  const sf = (...args: string[]): Promise<{ readonly code: number; readonly text: string }> =>
    new Promise((resolve) => {
      const env = {
        ...process.env,
        HOME: box,
        SF_ACCESS_TOKEN: TOKEN,
        SF_DISABLE_TELEMETRY: 'true',
        SF_AUTOUPDATE_DISABLE: 'true',
        SF_SKIP_NEW_VERSION_CHECK: 'true',
        SF_DISABLE_LOG_FILE: 'true',
        SF_ORG_METADATA_REST_DEPLOY: 'true',
      };
      execFile(SF ?? 'sf', args, { cwd: box, env, timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        // Where colours are forced (FORCE_COLOR, as on some CI machines) the tool paints in the middle of a line.
        resolve({ code, text: stripVTControlCharacters(`${stdout}${stderr}`) });
      });
    });
  const file = (name: string, text: string) => {
    writeFileSync(path.join(box, name), text);
    return name;
  };

  beforeAll(async () => {
    running = await startOrg();
    box = mkdtempSync(path.join(tmpdir(), 'sf-'));
    const login = await sf(
      'org',
      'login',
      'access-token',
      '--instance-url',
      running.url,
      '--no-prompt',
      '--alias',
      'o',
    );
    expect(login).toMatchObject({ code: 0, text: expect.stringContaining('Successfully authorized') });
  }, TIMEOUT_MS);
  afterAll(async () => {
    await running.close();
    rmSync(box, { recursive: true });
  });

  test('upserts in bulk, and ends with 1 when a row failed', async () => {
    const parents = file('parents.csv', 'Stripe_Customer_ID__c,Customer_Name__c\ncus_a,Acme\ncus_b,Globex\n');
    const flags = ['--file', parents, '--external-id', 'Stripe_Customer_ID__c', '--wait', '2'];
    expect(await sf('data', 'upsert', 'bulk', '-o', 'o', '--sobject', 'Stripe_Customer__c', ...flags)).toMatchObject({
      code: 0,
    });
    const header = 'Stripe_Subscription_ID__c,Status__c,Stripe_Customer__r.Stripe_Customer_ID__c';
    const children = file('children.csv', `${header}\nsub_a,active,cus_a\nsub_b,active,cus_missing\n`);
    const more = ['--file', children, '--external-id', 'Stripe_Subscription_ID__c', '--wait', '2'];
    const failed = await sf('data', 'upsert', 'bulk', '-o', 'o', '--sobject', 'Stripe_Subscription__c', ...more);
    expect(failed.code).toBe(1);
    const job = /750\w{15}/.exec(failed.text)?.[0] ?? '';
    expect((await sf('data', 'bulk', 'results', '-o', 'o', '--job-id', job)).text).toContain('Failed records: 1');
    const csv = readdirSync(box).find((name) => name.endsWith('failed-records.csv')) ?? '';
    expect(readFileSync(path.join(box, csv), 'utf8')).toContain('Foreign key external ID: cus_missing not found');
  });

  test('queries with a parent path, describes, lists limits, asks raw', async () => {
    const soql =
      "SELECT Id, Stripe_Customer__r.Customer_Name__c FROM Stripe_Subscription__c WHERE Stripe_Subscription_ID__c = 'sub_a'";
    expect((await sf('data', 'query', '-o', 'o', '-q', soql)).text).toContain('Acme');
    expect((await sf('sobject', 'describe', '-o', 'o', '-s', 'Stripe_Customer__c')).text).toContain(
      '"caseSensitive": true',
    );
    expect((await sf('org', 'list', 'limits', '-o', 'o')).text).toContain('DailyApiRequests');
    expect((await sf('api', 'request', 'rest', '-o', 'o', '/services/data/v66.0/limits')).text).toContain(
      'DailyApiRequests',
    );
  });

  test('imports a tree, exports in bulk, runs no Apex and says so', async () => {
    const record = {
      attributes: { type: 'Stripe_Customer__c', referenceId: 'Ref1' },
      Stripe_Customer_ID__c: 'cus_tree',
    };
    const tree = file('tree.json', JSON.stringify({ records: [record] }));
    expect((await sf('data', 'import', 'tree', '-o', 'o', '--files', tree)).text).toContain('Ref1');
    const soql = 'SELECT Stripe_Customer_ID__c FROM Stripe_Customer__c';
    expect(
      await sf('data', 'export', 'bulk', '-o', 'o', '-q', soql, '--output-file', 'out.csv', '--wait', '1'),
    ).toMatchObject({ code: 0 });
    expect(readFileSync(path.join(box, 'out.csv'), 'utf8')).toContain('cus_tree');
    const apex = await sf('apex', 'run', '-o', 'o', '-f', file('a.apex', "System.debug('hi');"));
    expect(apex).toMatchObject({ code: 0, text: expect.stringContaining('does not run Apex') });
  });

  test('an expired session is one clear error', async () => {
    const body = [{ message: 'Session expired or invalid', errorCode: 'INVALID_SESSION_ID' }];
    running.org.fault({ match: { urlRegex: '/query' }, times: 1, effect: { status: 401, body } });
    const reply = await sf('data', 'query', '-o', 'o', '-q', 'SELECT Id FROM Account LIMIT 1');
    expect(reply).toMatchObject({ code: 1, text: expect.stringContaining('Session expired or invalid') });
  });

  test('deploys the metadata of this project over REST', async () => {
    const folder = 'force-app/main/default/globalValueSets';
    cpSync(path.join(SCHEMA_DIR, folder), path.join(box, folder), { recursive: true });
    file(
      'sfdx-project.json',
      JSON.stringify({ packageDirectories: [{ path: 'force-app', default: true }], sourceApiVersion: '66.0' }),
    );
    const reply = await sf('project', 'deploy', 'start', '-o', 'o', '-d', folder, '--ignore-conflicts', '--json');
    expect(reply.text).toContain('"status": "Succeeded"');
  });
});
