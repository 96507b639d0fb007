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

export type SynthesisRequest = { readonly root: string; readonly stage: string; readonly say: (line: string) => void };

/** The resources as SST's components registered them. */
export async function synthesiseResources({ root, stage, say }: SynthesisRequest): Promise<Synthesis> {
  await installPlatform({ root, say });
  const cached = path.join(root, '.sst/local', `graph-${await sourceHash(root, stage)}.json`);
  const known = await readFile(cached, 'utf8').catch(() => null);
  if (known !== null) return v.parse(SynthesisSchema, JSON.parse(known));
  say('setup: evaluating the stacks with SST (about 10 s, once per change)');
  const script = path.join(import.meta.dirname, 'evaluate.ts');
  const args = ['--disable-warning=ExperimentalWarning', script, root, stage];
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

async function sourceHash(root: string, stage: string): Promise<string> {
  const files = [
    'sst.config.ts',
    'packages/core/src/routes.ts',
    'packages/local/src/graph/evaluate.ts',
    '.sst/platform-version',
  ];
  for await (const file of glob('stacks/*.ts', { cwd: root })) if (!file.endsWith('.test.ts')) files.push(file);
  const hash = createHash('sha256').update(stage);
  for (const file of files.sort()) hash.update(`\n${file}\n`).update(await readFile(path.join(root, file)));
  return hash.digest('hex').slice(0, 16);
}
