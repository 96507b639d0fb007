/**
 * Unpacks SST's platform (the source and types of its components) into `.sst/platform`, as `sst install` does, on a
 * machine that reaches npm and nothing else. `sst install` wants pulumi and bun of exact versions, which it would
 * download from GitHub; to unpack, a pulumi that answers `version` and the bun of npm are enough (seen with sst 4.17.1).
 */
import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import * as v from 'valibot';

const run = promisify(execFile);

/** The versions that sst 4.17.1 asks for (its cmd/sst and pkg/global). */
const PULUMI_VERSION = 'v3.215.0';
const BUN_VERSION = '1.2.1';

const Package = v.object({ version: v.string() });

export function platformFolder(root: string): string {
  return path.join(root, '.sst/platform');
}

/** Does nothing when the platform of the installed sst version is there. Throws an Error that says what to do. */
export async function installPlatform(options: {
  readonly root: string;
  readonly say: (line: string) => void;
}): Promise<void> {
  const { root, say } = options;
  const sst = v.parse(Package, JSON.parse(await readFile(path.join(root, 'node_modules/sst/package.json'), 'utf8')));
  const stamp = path.join(root, '.sst/platform-version');
  const unpacked = await readFile(stamp, 'utf8').catch(() => '');
  if (unpacked === sst.version) return;
  say(`setup: unpacking SST ${sst.version}'s components into .sst (once, about a minute)`);
  const home = await mkdtemp(path.join(tmpdir(), 'sst-home-'));
  try {
    await prepareHome(home);
    await run(path.join(root, 'node_modules/.bin/sst'), ['install', '--stage', 'local'], {
      cwd: root,
      env: { ...process.env, HOME: home, XDG_CONFIG_HOME: home, DO_NOT_TRACK: '1', SST_TELEMETRY_DISABLED: '1' },
      maxBuffer: 16 * 1024 * 1024,
    });
    await stat(path.join(platformFolder(root), 'node_modules/@pulumi/pulumi'));
    await writeFile(stamp, sst.version);
  } catch (cause) {
    throw new Error(
      `SST's components could not be unpacked: ${firstLines(cause)}\nnpm must be reachable; then try again, or run \`npx sst install\`.`,
      { cause },
    );
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function prepareHome(home: string): Promise<void> {
  const bin = path.join(home, 'sst/bin');
  await mkdir(bin, { recursive: true });
  const pulumi = path.join(bin, 'pulumi');
  await writeFile(pulumi, `#!/bin/sh\n[ "$1" = version ] && echo ${PULUMI_VERSION}\n`);
  await chmod(pulumi, 0o755);
  const bun = `@oven/bun-${process.platform}-${process.arch === 'arm64' ? 'aarch64' : process.arch}`;
  const modules = path.join(home, 'bun');
  await mkdir(modules);
  await run('npm', [
    'install',
    '--prefix',
    modules,
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    `${bun}@${BUN_VERSION}`,
  ]);
  await copyFile(path.join(modules, 'node_modules', bun, 'bin/bun'), path.join(bin, 'bun'));
  await chmod(path.join(bin, 'bun'), 0o755);
}

function firstLines(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n').slice(0, 12).join('\n');
}
