// scratch-org.sh, run against a pretended `sf` that fails where the real one does: an assignment or a sample row that is there
// already, a deployment that is refused. What the CLI itself does is not looked at here.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const USER = 'test-admin@example.com';
const PRETENDED = `#!/usr/bin/env node
const { appendFileSync, readFileSync, writeFileSync } = require('node:fs');
const [at, args] = [process.env.SF_STATE, process.argv.slice(2)];
const org = JSON.parse(readFileSync(at, 'utf8'));
const words = args.join(' ');
const is = (command) => words.startsWith(command);
const fail = (why) => { process.stderr.write(why); process.exit(1); };
appendFileSync(at + '.log', words + '\\n');
const answer = (result) => process.stdout.write(JSON.stringify({ status: 0, result }));
if (is('org display')) answer({ username: '${USER}' });
else if (is('data query') && words.includes('PermissionSetAssignment')) {
  const records = org.assigned.map((Name) => ({ PermissionSet: { Name } }));
  answer({ totalSize: records.length, records });
} else if (is('data query')) answer({ totalSize: org.samples, records: [] });
else if (is('org assign permset')) {
  const name = args[args.indexOf('--name') + 1];
  if (org.assigned.includes(name)) fail('Duplicate PermissionSetAssignment');
  org.assigned.push(name);
} else if (is('data import tree')) {
  if (org.samples > 0) fail('DUPLICATE_VALUE');
  org.samples = 3;
} else if (is('project deploy start') && words.includes(org.refuses)) fail('Deploy failed');
else if (is('project deploy start') && words.includes('per-org') && process.env.STRIPE_OUTGOING_USER !== '${USER}') fail('not set');
writeFileSync(at, JSON.stringify(org));
`;

/** @returns {string[]} what went otherwise than it should */
export function checkScratchOrgScript(project) {
  const box = mkdtempSync(path.join(tmpdir(), 'scratch-org-'));
  const state = path.join(box, 'org.json');
  writeFileSync(path.join(box, 'sf'), PRETENDED);
  chmodSync(path.join(box, 'sf'), 0o755);
  const run = (org, ...flags) => {
    writeFileSync(state, JSON.stringify({ assigned: [], samples: 0, refuses: 'nothing', ...org }));
    writeFileSync(`${state}.log`, '');
    const env = { ...process.env, PATH: `${box}${path.delimiter}${process.env.PATH}`, SF_STATE: state };
    const done = spawnSync('bash', [path.join(project.root, 'scripts/scratch-org.sh'), ...flags], { encoding: 'utf8', env });
    const commands = readFileSync(`${state}.log`, 'utf8').split('\n').filter(Boolean);
    return { code: done.status, text: done.stdout + done.stderr, commands, org: JSON.parse(readFileSync(state, 'utf8')) };
  };
  const issues = [];
  const expect = (holds, what) => {
    if (!holds) issues.push(`scratch-org.sh: ${what}`);
  };
  const order = ({ commands }, ...wanted) => {
    const at = wanted.map((start) => commands.findIndex((command) => command.startsWith(start)));
    return at.every((index, i) => index >= 0 && (i === 0 || index > at[i - 1]));
  };

  const fresh = run({});
  expect(fresh.code === 0, `a new org ends with ${fresh.code}: ${fresh.text.slice(-200)}`);
  const steps = ['org create scratch', 'project deploy start --source-dir force-app', 'project deploy start --source-dir per-org/main/default/PlatformEvent', 'org assign permset', 'data import tree', 'apex run'];
  expect(order(fresh, ...steps), `the steps of a new org are ${fresh.commands.join(' | ')}`);

  const again = run(fresh.org, '--refresh');
  expect(again.code === 0, `--refresh of a complete org ends with ${again.code}: ${again.text.slice(-200)}`);
  const repeated = again.commands.filter((command) => /^(org create|org assign|data import)/.test(command));
  expect(repeated.length === 0, `--refresh repeats ${repeated.join(' | ')}`);

  const half = run({ assigned: ['Stripe_Admin'] }, '--refresh', '--alias=other');
  expect(half.code === 0 && half.org.samples > 0 && half.org.assigned.length === fresh.org.assigned.length, '--refresh does not finish what broke off');
  expect(half.commands.every((command) => command.includes('--target-org other')), 'a command does not name the org');

  const uncached = run({ refuses: 'cachePartitions' });
  expect(uncached.code === 0 && order(uncached, 'org assign permset', 'apex run'), 'an org without platform cache is not set up');

  const appless = run({ refuses: 'externalClientApps' });
  expect(appless.code === 0 && order(appless, 'org assign permset', 'apex run'), 'an org that makes no External Client App from files is not set up');
  expect(fresh.commands.some((command) => ['externalClientApps', 'extlClntAppGlobalOauthSets', 'extlClntAppOauthSettings'].every((name) => command.includes(`--source-dir=per-org/main/default/${name}`))), 'the External Client App is not deployed whole');

  const refused = run({ refuses: 'force-app' });
  expect(refused.code !== 0 && !order(refused, 'org assign permset'), 'it goes on after a deployment that was refused');
  rmSync(box, { recursive: true, force: true });
  return issues;
}
