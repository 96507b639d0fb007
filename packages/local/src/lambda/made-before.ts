/**
 * Whether files that were made from others are still what making them again would give: a note beside them names each file
 * that went in and each that came out, with a hash of its content. Nothing is trusted that was not looked at.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { put } from './whole-file.ts';

export type Made = {
  /** Paths below the root. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** When the inputs were read, or before, in ms since 1970: nobody knows which state of a younger one went in. */
  readonly since: number;
};

const Note = v.pipe(v.string(), v.parseJson(), v.record(v.string(), v.string()));

/** `order`: what else decides the result, as JSON. */
export async function isAsMade(root: string, outDir: string, order: object): Promise<boolean> {
  const note = await readFile(noteOf(outDir, order), 'utf8').catch(() => '{}');
  const noted = v.safeParse(Note, note);
  if (!noted.success || Object.keys(noted.output).length === 0) return false;
  const found = await hashes(root, Object.keys(noted.output));
  return Object.entries(noted.output).every(([file, hash]) => found[file] === hash);
}

export async function noteMade(
  root: string,
  outDir: string,
  order: object,
  { inputs, outputs, since }: Made,
): Promise<void> {
  const ages = await Promise.all(inputs.map((file) => stat(path.resolve(root, file)).catch(() => null)));
  if (ages.some((age) => age !== null && age.mtimeMs >= since)) return;
  const note = await hashes(root, [...inputs, ...outputs]);
  await mkdir(outDir, { recursive: true });
  await put(noteOf(outDir, order), JSON.stringify(note));
}

function noteOf(outDir: string, order: object): string {
  return path.join(outDir, `made-${hashOf(JSON.stringify(order))}.json`);
}

/** A file that is gone has the hash of none. */
async function hashes(root: string, files: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const read = async (file: string): Promise<[string, string]> => [
    file,
    await readFile(path.resolve(root, file)).then(hashOf, () => ''),
  ];
  return Object.fromEntries(await Promise.all(files.map(read)));
}

function hashOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('base64url').slice(0, 22);
}
