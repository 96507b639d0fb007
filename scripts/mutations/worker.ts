/**
 * Tries mutations in a copy of the tree, with one Vitest that stays: starting it anew for each would take four times as
 * long. Says `ready` to its parent (run.ts), is given the mutations of one test file, and answers with verdicts; none are its end.
 */
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { createVitest } from 'vitest/node';
import { apexOutcomes, isApexTest } from './apex.ts';
import { Mutation } from './mutation.ts';
import { copyOfTree } from './tree.ts';

const Group = v.array(v.object({ index: v.number(), mutation: Mutation }));

const tree = await copyOfTree();
process.chdir(tree);
const vitest = await createVitest({ root: tree, watch: false, reporters: [{}], maxWorkers: 1 });
try {
  await vitest.standalone();
  await vitest.globTestSpecifications();
  for (;;) {
    process.send?.('ready');
    const [said] = await once(process, 'message');
    const group = v.parse(Group, said);
    const [first] = group;
    if (first === undefined) break;
    const names = group.map(({ mutation }) => mutation.test);
    const before = await outcomes(first.mutation.testFile, names);
    for (const { index, mutation } of group) process.send?.({ index, verdict: await verdictOf(mutation, before) });
  }
} finally {
  await vitest.close();
  await rm(tree, { recursive: true, force: true });
  process.disconnect();
}

async function verdictOf(mutation: Mutation, before: ReadonlyMap<string, string>): Promise<string> {
  const { find, replace, testFile, test } = mutation;
  if (before.get(test) !== 'passed') return `no such test passes unbroken (${before.get(test) ?? 'not found'})`;
  const file = path.join(tree, mutation.file);
  const text = await readFile(file, 'utf8');
  if (text.split(find).length !== 2) return 'stale: the line to break is not there exactly once';
  const write = async (said: string): Promise<void> => {
    await writeFile(file, said);
    vitest.invalidateFile(file);
  };
  try {
    await write(text.replace(find, () => replace));
    const after = (await outcomes(testFile, [test])).get(test) ?? 'it did not run';
    return after === 'failed' ? 'caught' : `the test did not fail (${after})`;
  } finally {
    await write(text);
  }
}

/** What became of the named tests of a file. One that was not found is not in it. */
async function outcomes(testFile: string, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (isApexTest(testFile)) return apexOutcomes(tree);
  vitest.setGlobalTestNamePattern(new RegExp(`^(${names.map(patternOf).join('|')})$`));
  const file = path.join(tree, testFile);
  const { testModules } = await vitest.runTestSpecifications(vitest.getModuleSpecifications(file));
  return new Map(
    testModules
      .filter(({ moduleId }) => moduleId === file)
      .flatMap(({ children }) => [...children.allTests()])
      .map((test) => [nameOf(test), test.result().state]),
  );
}

/** Vitest joins describes and test by ` > `, and matches its pattern against the names joined by blanks. */
function nameOf({ fullName }: { readonly fullName: string }): string {
  return fullName.replaceAll(' > ', ' ');
}

function patternOf(name: string): string {
  return name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(' ', '[ >]+');
}
