/**
 * `npm run test:mutations`: breaks one line at a time, a line that one would plausibly get wrong, and requires that the
 * named test fails. The lines are in mutations.json. Works on a copy: the checkout is never touched.
 */
import { execFile, execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import * as v from 'valibot';
import { ensureRedisServer } from '../../packages/local/src/redis/private-redis.ts';

const root = path.resolve(import.meta.dirname, '../..');
const run = promisify(execFile);

const Mutation = v.object({
  /** `5.n` of the issue that names it, or of the design's table of promises. */
  promise: v.string(),
  why: v.string(),
  file: v.string(),
  /** Must occur exactly once. */
  find: v.pipe(v.string(), v.minLength(1)),
  replace: v.string(),
  testFile: v.string(),
  /** The test's whole name, its describes in front. */
  test: v.string(),
});
type Mutation = v.InferOutput<typeof Mutation>;

const Report = v.object({
  testResults: v.array(v.object({ assertionResults: v.array(v.object({ fullName: v.string(), status: v.string() })) })),
});

const mutations = v.parse(
  v.array(Mutation),
  JSON.parse(await readFile(path.join(import.meta.dirname, 'mutations.json'), 'utf8')),
);
ensureRedisServer((line) => console.error(line));
const scratch = await copyOfTree();
try {
  const before = await outcomes([...new Set(mutations.map(({ testFile }) => testFile))], null);
  const verdicts: string[] = [];
  for (const mutation of mutations) verdicts.push(await verdictOf(mutation, before));
  const caught = verdicts.filter((verdict) => verdict === 'caught').length;
  console.log(`${caught} caught, ${verdicts.length - caught} survived`);
  process.exitCode = caught === verdicts.length ? 0 : 1;
} finally {
  await rm(scratch, { recursive: true, force: true });
}

async function verdictOf(mutation: Mutation, before: ReadonlyMap<string, string>): Promise<string> {
  const verdict = await tried(mutation, before);
  console.log(`${verdict === 'caught' ? 'caught  ' : 'SURVIVED'}  ${mutation.promise.padEnd(28)} ${mutation.why}`);
  if (verdict !== 'caught')
    console.log(`          ${verdict}: ${mutation.file}, ${mutation.testFile} > ${mutation.test}`);
  return verdict;
}

async function tried(mutation: Mutation, before: ReadonlyMap<string, string>): Promise<string> {
  if (before.get(mutation.test) !== 'passed')
    return `no such test passes unbroken (${before.get(mutation.test) ?? 'not found'})`;
  const file = path.join(scratch, mutation.file);
  const text = await readFile(file, 'utf8');
  if (text.split(mutation.find).length !== 2) return 'stale: the line to break is not there exactly once';
  try {
    await writeFile(
      file,
      text.replace(mutation.find, () => mutation.replace),
    );
    const after = await outcomes([mutation.testFile], mutation.test);
    return after.get(mutation.test) === 'failed'
      ? 'caught'
      : `the test did not fail (${after.get(mutation.test) ?? 'it did not run'})`;
  } finally {
    await writeFile(file, text);
  }
}

/** What became of each test, by its whole name. */
async function outcomes(files: readonly string[], only: string | null): Promise<ReadonlyMap<string, string>> {
  const report = path.join(scratch, 'report.json');
  await rm(report, { force: true });
  const name = only === null ? [] : ['-t', only.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(' ', '[ >]+')];
  const args = ['run', '--root', scratch, '--reporter=json', `--outputFile=${report}`, ...name, ...files];
  await run(process.execPath, [path.join(scratch, 'node_modules/vitest/vitest.mjs'), ...args], { cwd: scratch }).catch(
    () => {},
  );
  const { testResults } = v.parse(Report, JSON.parse(await readFile(report, 'utf8')));
  return new Map(
    testResults.flatMap(({ assertionResults }) => assertionResults.map((one) => [one.fullName, one.status] as const)),
  );
}

/** What git knows and what is new, with node_modules of links: those of the workspaces lead into the copy. */
async function copyOfTree(): Promise<string> {
  const copy = await mkdtemp(path.join(tmpdir(), 'mutations-'));
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    maxBuffer: 1e8,
  });
  for (const file of listed.toString('utf8').split('\0')) {
    if (file !== '' && !file.startsWith('salesforce/'))
      await cp(path.join(root, file), path.join(copy, file)).catch(() => {});
  }
  for (const folder of ['salesforce', '.sst']) await symlink(path.join(root, folder), path.join(copy, folder));
  const modules = path.join(copy, 'node_modules');
  await mkdir(path.join(modules, '@payments'), { recursive: true });
  for (const name of await readdir(path.join(root, 'node_modules'))) {
    if (name !== '@payments') await symlink(path.join(root, 'node_modules', name), path.join(modules, name));
  }
  for (const name of await readdir(path.join(root, 'node_modules/@payments'))) {
    await symlink(path.join(copy, 'packages', name), path.join(modules, '@payments', name));
  }
  return copy;
}
