// `sf data import tree` with the plan of scripts/data, by the real CLI, into the local org, which knows the project's own
// objects, lengths, picklists, lookups and validation rules.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const SF = path.join(import.meta.dirname, 'node_modules/@salesforce/cli/bin/run.js');
const ORG = path.resolve(import.meta.dirname, '../../../packages/local/src/salesforce/serve-org.ts');
const TOKEN = '00D000000000001EAA!SampleData';

/** @returns {Promise<string[]>} the CLI's complaint, or rows that did not arrive */
export async function checkSampleData(project) {
  const { serveOrg } = await import(pathToFileURL(ORG).href);
  const running = await serveOrg({ schemaDir: project.root, fixedTokens: [TOKEN] });
  const home = mkdtempSync(path.join(tmpdir(), 'sf-home-'));
  const env = { ...process.env, HOME: home, SF_ACCESS_TOKEN: TOKEN, SF_DISABLE_TELEMETRY: 'true', SF_AUTOUPDATE_DISABLE: 'true', SF_SKIP_NEW_VERSION_CHECK: 'true' };
  const sf = (...args) => run(process.execPath, [SF, ...args], { cwd: project.root, env, timeout: 120_000 });
  try {
    await sf('org', 'login', 'access-token', '--instance-url', running.url, '--no-prompt', '--alias', 'local');
    await sf('data', 'import', 'tree', '--plan', 'scripts/data/plan.json', '--target-org', 'local');
    const plan = JSON.parse(project.text(path.join(project.root, 'scripts/data/plan.json')));
    return plan.flatMap(({ sobject, files }) => {
      const records = files.flatMap((file) => JSON.parse(project.text(path.join(project.root, 'scripts/data', file))).records);
      const rows = running.org.count(sobject);
      return rows === records.length ? [] : [`${sobject}: ${rows} of ${records.length} sample rows arrived`];
    });
  } catch (error) {
    return `${error.stdout ?? ''}${error.stderr ?? error.message}`.split('\n').filter(Boolean).slice(-15);
  } finally {
    await running.close();
    rmSync(home, { recursive: true, force: true });
  }
}
