import { randomUUID } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';

/** Another runner may read the same file at this moment: it must find the old file or the new one, never half of it. */
export async function put(file: string, contents: Uint8Array | string): Promise<void> {
  const unfinished = `${file}.${randomUUID()}`;
  await writeFile(unfinished, contents);
  await rename(unfinished, file);
}
