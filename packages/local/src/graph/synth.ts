/**
 * Evaluates `sst.config.ts` with SST's real components under Pulumi's mocks: no engine, no AWS, the very inputs that a
 * deployment would send. Runs in a process of its own (SST and Pulumi leave timers and globals behind) and keeps the
 * result by a hash of everything it was made from.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { glob, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import * as v from 'valibot';
import { type Graph, graphOf, type Synthesis, SynthesisSchema } from './graph.ts';
import { installPlatform } from './platform.ts';

const run = promisify(execFile);

export type SynthesisRequest = {
  readonly root: string;
  readonly stage: string;
  readonly say: (line: string) => void;
  /** Name → text, of secrets that the stacks read and are to find filled; they are empty otherwise. */
  readonly filled?: Readonly<Record<string, string>>;
};

/** The resources as SST's components registered them. */
export async function synthesiseResources({ root, stage, say, filled = {} }: SynthesisRequest): Promise<Synthesis> {
  await installPlatform({ root, say });
  const cached = path.join(
    root,
    '.sst/local',
    `graph-${await sourceHash(root, `${stage} ${JSON.stringify(filled)}`)}.json`,
  );
  const known = await readFile(cached, 'utf8').catch(() => null);
  if (known !== null) return v.parse(SynthesisSchema, JSON.parse(known));
  say('setup: evaluating the stacks with SST (about 10 s, once per change)');
  const script = path.join(import.meta.dirname, 'evaluate.ts');
  const args = ['--disable-warning=ExperimentalWarning', script, root, stage, JSON.stringify(filled)];
  const { stdout } = await run(process.execPath, args, { cwd: root, maxBuffer: 256 * 1024 * 1024 });
  const synthesis = v.parse(SynthesisSchema, JSON.parse(stdout));
  await mkdir(path.dirname(cached), { recursive: true });
  // Two runners may start at once: a half-written file must never be read.
  const unfinished = `${cached}.${process.pid}`;
  await writeFile(unfinished, stdout);
  await rename(unfinished, cached);
  return synthesis;
}

/** What the local runner needs of it, typed. */
export async function synthesise(request: SynthesisRequest): Promise<Graph> {
  return graphOf(await synthesiseResources(request), request.stage);
}

const CORE = /\.\.\/packages\/core\/src\/[\w/.-]+\.ts/g;

/** The stacks and the plain data of core that they import. */
async function sourceHash(root: string, request: string): Promise<string> {
  const ours = ['evaluate.ts', 'mock-arn.ts'].map((file) => `packages/local/src/graph/${file}`);
  const files = new Set(['sst.config.ts', ...ours, '.sst/platform-version']);
  for await (const file of glob('stacks/**/*.ts', { cwd: root })) {
    if (file.endsWith('.test.ts')) continue;
    files.add(file);
    const text = await readFile(path.join(root, file), 'utf8');
    for (const [imported] of text.matchAll(CORE)) files.add(imported.slice('../'.length));
  }
  const hash = createHash('sha256').update(request);
  for (const file of [...files].sort()) hash.update(`\n${file}\n`).update(await readFile(path.join(root, file)));
  return hash.digest('hex').slice(0, 16);
}
