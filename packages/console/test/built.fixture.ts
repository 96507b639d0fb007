/** The page, built once for a test file, into a folder of its own: tests that run side by side do not share one. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'vite';

export async function buildPage(): Promise<{ readonly dist: string; remove(): Promise<void> }> {
  const dist = await mkdtemp(path.join(tmpdir(), 'console-page-'));
  const folder = path.dirname(import.meta.dirname);
  await build({
    configFile: path.join(folder, 'vite.config.ts'),
    logLevel: 'error',
    build: { outDir: dist, emptyOutDir: true },
  });
  return { dist, remove: () => rm(dist, { recursive: true, force: true }) };
}
