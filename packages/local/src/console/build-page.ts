/** Builds the console's page with Vite where it is missing or older than what it is made of. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

/** `dist` holds what was built. Absolute paths. */
export type PageSources = { readonly folder: string; readonly dist: string };

export function pageSources(root: string): PageSources {
  const folder = path.join(root, 'packages/console');
  return { folder, dist: path.join(folder, 'dist') };
}

/** Whether the page has to be built: its index is missing, or something that it is made of is younger. */
export async function isStale({ folder, dist }: PageSources): Promise<boolean> {
  const built = await changedAt(path.join(dist, 'index.html'));
  if (built === null) return true;
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const sources = names
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => !/(^|\/)(dist|node_modules|test)\//.test(path.relative(folder, file).replaceAll('\\', '/')));
  const times = await Promise.all(sources.map(changedAt));
  return times.some((at) => at !== null && at > built);
}

async function changedAt(file: string): Promise<number | null> {
  try {
    return (await stat(file)).mtimeMs;
  } catch {
    return null;
  }
}

/** A page that cannot be built is no reason not to start: the road runs without it, and the console says so. */
export async function buildPage(root: string, say: (line: string) => void): Promise<void> {
  const sources = pageSources(root);
  const vite = path.join(root, 'node_modules/vite/bin/vite.js');
  if (!existsSync(path.join(sources.folder, 'index.html')) || !existsSync(vite) || !(await isStale(sources))) return;
  say("setup: building the console's page (once, some seconds)");
  try {
    await promisify(execFile)(process.execPath, [vite, 'build', sources.folder, '--logLevel', 'error'], { cwd: root });
  } catch (error) {
    say(`setup: the console's page was not built: ${error instanceof Error ? error.message : String(error)}`);
  }
}
