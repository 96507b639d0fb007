import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { RESOURCES } from '@payments/core/listing';
import * as v from 'valibot';
import { BadInput } from '../frame/problem.ts';

/**
 * How far a backfill has come, as a file on the operator's machine. It is replaced whole after each batch that stands in
 * Salesforce, so a kill at any moment repeats at most what was under way, and repeating an upsert changes nothing.
 */
const Whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const ListState = v.object({
  name: v.string(),
  /** Ranges of `created` whose objects may not be in Salesforce yet, in seconds, both bounds included. */
  left: v.array(v.object({ from: Whole, to: Whole })),
  read: Whole,
  requests: Whole,
});

const Checkpoint = v.object({
  version: v.literal(1),
  stage: v.string(),
  account: v.string(),
  resources: v.array(v.picklist(RESOURCES)),
  since: Whole,
  until: Whole,
  lists: v.array(ListState),
  written: v.record(v.string(), Whole),
  newer: Whole,
  failures: Whole,
  /** The first of them. */
  failed: v.array(v.object({ object: v.string(), key: v.string(), code: v.string() })),
});
export type Checkpoint = v.InferOutput<typeof Checkpoint>;

export function checkpointFile(folder: string, stage: string): string {
  return path.join(folder, '.payments-ops', `backfill-${stage}.json`);
}

/** `null`: none is there. */
export async function readCheckpoint(file: string): Promise<Checkpoint | null> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  const read = v.safeParse(v.pipe(v.string(), v.parseJson(), Checkpoint), text);
  if (read.success) return read.output;
  throw new BadInput(`${file} is no checkpoint of a backfill: remove it and begin anew`);
}

/** Whole or not at all: written beside it, made durable, then renamed. */
export async function saveCheckpoint(file: string, checkpoint: Checkpoint): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const beside = `${file}.${process.pid}`;
  const handle = await open(beside, 'w');
  try {
    await handle.writeFile(`${JSON.stringify(checkpoint)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(beside, file);
}

export async function removeCheckpoint(file: string): Promise<void> {
  await rm(file, { force: true });
}
