// `sf project convert source`: the tree packs into Metadata API format. It validates nothing else.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** @returns {string[]} the CLI's complaint, or nothing */
export function checkPackaging(project) {
  const sf = path.join(import.meta.dirname, 'node_modules/@salesforce/cli/bin/run.js');
  const out = mkdtempSync(path.join(tmpdir(), 'mdapi-'));
  const env = { ...process.env, SF_DISABLE_TELEMETRY: 'true', SF_AUTOUPDATE_DISABLE: 'true', SF_SKIP_NEW_VERSION_CHECK: 'true' };
  const run = spawnSync(process.execPath, [sf, 'project', 'convert', 'source', '--root-dir', 'force-app', '--output-dir', out], { cwd: project.root, encoding: 'utf8', env });
  rmSync(out, { recursive: true, force: true });
  return run.status === 0 ? [] : (run.stdout + run.stderr).split('\n').slice(-15);
}
