/**
 * `npm run test:mutations [-- WORDS | --write]`: breaks one line at a time, a line that one would plausibly get wrong, and requires
 * that the named test fails. With words, only mutations whose promise, reason, file or test contains them. Works on
 * copies: the checkout is never touched. `--write` writes the tables of the README instead.
 *
 * Exit status 1 when one survived: its test did not fail, does not pass unbroken, or is not there; or its line is not.
 */
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { installPlatform } from '../../packages/local/src/graph/platform.ts';
import { ensureRedisServer } from '../../packages/local/src/redis/private-redis.ts';
import { apexChecksAreInstalled, isApexTest } from './apex.ts';
import { type Mutation, readPromises } from './mutation.ts';
import { readmeFor } from './table.ts';

/** Two cores carry CI. */
const WORKERS = 2;
/** The dearest test takes ten seconds on an idle machine. A line that makes one run for ever has to be broken otherwise. */
const LONGEST_MS = 180_000;

const Message = v.union([v.literal('ready'), v.object({ index: v.number(), verdict: v.string() })]);

const root = path.resolve(import.meta.dirname, '../..');
const promises = await readPromises();
if (process.argv.includes('--write')) {
  const { file, text } = await readmeFor(promises);
  await writeFile(file, text);
  process.exit(0);
}
const words = process.argv.slice(2).join(' ').toLowerCase();
const started = performance.now();
const mutations = promises
  .flatMap((promised) => promised.mutations)
  .filter((each) => Object.values(each).join('\n').toLowerCase().includes(words));
const say = (line: string): void => console.error(line);
ensureRedisServer(say);
await installPlatform({ root, say });
if (mutations.some(({ testFile }) => isApexTest(testFile)) && !apexChecksAreInstalled(root)) {
  const checks = path.join(root, 'salesforce/scripts/checks/run.mjs');
  execFileSync(process.execPath, [checks, '--only=behaviour'], { stdio: ['ignore', 'ignore', 'inherit'] });
}

const verdicts = new Map<number, string>();
// The mutations of one test file stay together: its tests are tried unbroken once. What is dear goes first.
const waiting = [...Map.groupBy(mutations.keys(), (index) => mutations[index]?.testFile ?? '')]
  .sort(([a], [b]) => Number(b.startsWith('stacks/')) - Number(a.startsWith('stacks/')))
  .map(([, indexes]) => indexes);
await Promise.all(Array.from({ length: Math.min(WORKERS, waiting.length) }, work));

for (const [index, mutation] of mutations.entries()) console.log(lineOf(mutation, verdictOf(index)));
const caught = [...mutations.keys()].filter((index) => verdictOf(index) === 'caught').length;
const seconds = Math.round((performance.now() - started) / 1_000);
console.log(`${caught} caught, ${mutations.length - caught} survived, in ${seconds} s`);
process.exitCode = caught === mutations.length ? 0 : 1;

function verdictOf(index: number): string {
  return verdicts.get(index) ?? 'it was not tried, or took too long';
}

/** A process with a copy of the tree, which is given one group after the other. */
function work(): Promise<void> {
  // A group of its own, so that a test that never ends goes with it.
  const child = fork(path.join(import.meta.dirname, 'worker.ts'), {
    ...{ detached: true, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  let limit = setTimeout(() => end(child), LONGEST_MS);
  return new Promise((resolve) => {
    child.on('message', (said) => {
      clearTimeout(limit);
      limit = setTimeout(() => end(child), LONGEST_MS);
      const message = v.parse(Message, said);
      if (message === 'ready') child.send(next());
      else verdicts.set(message.index, message.verdict);
    });
    child.on('exit', () => {
      clearTimeout(limit);
      resolve();
    });
  });
}

function end({ pid }: ChildProcess): void {
  if (pid !== undefined) process.kill(-pid, 'SIGKILL');
}

/** None: nothing is left to do. */
function next(): { readonly index: number; readonly mutation: Mutation }[] {
  return (waiting.shift() ?? []).flatMap((index) => {
    const mutation = mutations[index];
    return mutation === undefined ? [] : [{ index, mutation }];
  });
}

function lineOf({ name, why, file, testFile, test }: Mutation, verdict: string): string {
  if (verdict === 'caught') return `caught    ${name.padEnd(26)} ${why}`;
  return `SURVIVED  ${name.padEnd(26)} ${why}\n          ${verdict}: ${file}, ${testFile} > ${test}`;
}
