#!/usr/bin/env node
// Runs a TypeScript file of this repository under Node 24, whatever Node the machine has.
// Lambda runs our functions on nodejs24.x, and Node 24 runs TypeScript without a build step.
// Plain JavaScript that Node 18 understands: it is the first thing that runs on a bare machine.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE_VERSION = '24.21.0';
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const toolsHome = path.join(root, '.tools', `node-${NODE_VERSION}`);
// npm's `node` package is a script that picks one of these; taking it directly needs no install script.
const binaryPackage = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
const toolsNode = path.join(toolsHome, 'node_modules', binaryPackage, 'bin', 'node');

function node24() {
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  if (existsSync(toolsNode)) return toolsNode;
  console.error(
    `setup: Node ${process.versions.node} is older than 24; installing Node ${NODE_VERSION} from npm into .tools (once, about 10 s)`,
  );
  mkdirSync(toolsHome, { recursive: true });
  const install = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error', '--prefix', toolsHome];
  try {
    execFileSync('npm', [...install, `${binaryPackage}@${NODE_VERSION}`], { stdio: ['ignore', 'ignore', 'inherit'] });
  } catch {
    console.error(
      `setup: npm could not install ${binaryPackage}. Install Node 24 (https://nodejs.org) yourself and try again.`,
    );
    process.exit(1);
  }
  return toolsNode;
}

const [script, ...args] = process.argv.slice(2);
if (script === undefined) {
  console.error('usage: node scripts/with-tools.mjs <file.ts> [arguments]');
  process.exit(2);
}

const binary = node24();
const child = spawn(binary, ['--disable-warning=ExperimentalWarning', path.join(root, script), ...args], {
  stdio: 'inherit',
  env: {
    ...process.env,
    PATH: [path.dirname(binary), path.join(root, 'node_modules', '.bin'), process.env.PATH].join(path.delimiter),
  },
});
// The terminal already sends Ctrl-C to the whole group; a plain `kill` reaches only us, so it is handed on.
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
process.on('SIGINT', () => {});
child.on('exit', (code, signal) => process.exit(signal ? 130 : (code ?? 1)));
