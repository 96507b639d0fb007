/** The cases by which `npm run check:salesforce` runs our Apex without an org, as tests. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import * as v from 'valibot';

const CHECKS = 'salesforce/scripts/checks';
const APEX_TEST = `${CHECKS}/behaviour.mjs`;

export function isApexTest(testFile: string): boolean {
  return testFile === APEX_TEST;
}

/** The checks have packages of their own, which their first run installs. */
export function apexChecksAreInstalled(root: string): boolean {
  return existsSync(path.join(root, CHECKS, 'node_modules/.package-lock.json'));
}

const Project = v.object({ readProject: v.function() });
const Behaviour = v.object({ behaviour: v.function() });
/** Name of a case → what is wrong with it. */
const Cases = v.map(v.string(), v.nullable(v.string()));

export async function apexOutcomes(tree: string): Promise<ReadonlyMap<string, string>> {
  const checks = path.join(tree, CHECKS);
  const load = async (file: string): Promise<unknown> => import(pathToFileURL(path.join(checks, file)).href);
  const { readProject } = v.parse(Project, await load('project.mjs'));
  const { behaviour } = v.parse(Behaviour, await load('behaviour.mjs'));
  const cases = v.parse(Cases, behaviour(readProject(path.join(tree, 'salesforce'))));
  return new Map([...cases].map(([name, wrong]) => [name, wrong === null ? 'passed' : 'failed']));
}
