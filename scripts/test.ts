/**
 * `npm test`: sets up what is missing, checks, runs every test, and closes with one line `N passed, N failed` that is
 * read from vitest's own report. A failing check counts as one failed test, so that nobody overlooks it.
 * Arguments go to vitest: `npm test -- packages/core`.
 */
import { spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as v from 'valibot';
import { installPlatform } from '../packages/local/src/graph/platform.ts';
import { ensureRedisServer } from '../packages/local/src/redis/private-redis.ts';

const root = path.dirname(import.meta.dirname);
const say = (line: string): void => console.error(line);
const args = process.argv.slice(2);

const Report = v.object({
  numPassedTests: v.number(),
  numFailedTests: v.number(),
  numPendingTests: v.number(),
  success: v.boolean(),
});

function run(command: string, commandArgs: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, commandArgs, { cwd: root, stdio: 'inherit' });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

ensureRedisServer(say);
await installPlatform({ root, say });

const whole = args.length === 0;
const checkFailed = whole && (await run(process.execPath, [path.join(root, 'scripts/check.ts')])) !== 0;

const reportFile = path.join(tmpdir(), `vitest-report-${process.pid}.json`);
const status = await run(process.execPath, [
  path.join(root, 'node_modules/vitest/vitest.mjs'),
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile=${reportFile}`,
  ...(whole ? ['--coverage', '--coverage.thresholds.lines=85'] : []),
  ...args,
]);

const report = v.safeParse(Report, await readFile(reportFile, 'utf8').then(JSON.parse, () => null));
await rm(reportFile, { force: true });
if (!report.success) {
  console.error('vitest wrote no report: see its output above');
  process.exit(1);
}
const { numPassedTests, numFailedTests, numPendingTests, success } = report.output;
// A file that fails to load, or coverage below its threshold, fails the run without a failed test.
const failed = numFailedTests + (checkFailed ? 1 : 0) + (numFailedTests === 0 && (status !== 0 || !success) ? 1 : 0);
if (checkFailed) console.error('npm run check failed: see above');
console.log(`${numPassedTests} passed, ${failed} failed${numPendingTests > 0 ? `, ${numPendingTests} skipped` : ''}`);
process.exitCode = failed === 0 ? 0 : 1;
