import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');

/**
 * Where it is: what git knows and what is new, and links to what is installed and made; the workspaces' own links lead into
 * the copy. What is made of a broken tree stays in it.
 */
export async function copyOfTree(): Promise<string> {
  const copy = await mkdtemp(path.join(tmpdir(), 'mutations-'));
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    maxBuffer: 1e8,
  });
  for (const file of listed.toString('utf8').split('\0')) {
    // One that was removed and is not committed yet is not there.
    if (file !== '') await cp(path.join(root, file), path.join(copy, file)).catch(() => {});
  }
  await link(copy, 'node_modules', '@payments');
  await mkdir(path.join(copy, 'node_modules/@payments'));
  for (const name of await readdir(path.join(root, 'node_modules/@payments'))) {
    await symlink(path.join(copy, 'packages', name), path.join(copy, 'node_modules/@payments', name));
  }
  await link(copy, '.sst', 'local');
  await cp(path.join(root, '.sst/local'), path.join(copy, '.sst/local'), { recursive: true }).catch(() => {});
  await link(copy, 'salesforce/scripts/checks/node_modules', null);
  return copy;
}

/** A folder with links to all that is in ours, but for one. */
async function link(copy: string, folder: string, but: string | null): Promise<void> {
  await mkdir(path.join(copy, folder), { recursive: true });
  for (const name of await readdir(path.join(root, folder)).catch(() => [])) {
    if (name !== but) await symlink(path.join(root, folder, name), path.join(copy, folder, name));
  }
}
