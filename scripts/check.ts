/**
 * `npm run check`: everything that can be judged without running the product. Each step prints one line; a failing
 * step prints its output. Exit status 1 when any failed.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { installPlatform } from '../packages/local/src/graph/platform.ts';

const root = path.dirname(import.meta.dirname);

type Step = {
  readonly name: string;
  readonly proves: string;
  readonly command: readonly [string, ...string[]];
  /** Only lines of these files count: SST's own sources do not hold under our flags. */
  readonly only?: RegExp;
};

const STEPS: readonly Step[] = [
  { name: 'types', proves: 'the strict TypeScript program holds', command: ['tsc', '--noEmit', '-p', '.'] },
  {
    name: 'page',
    proves: "the console's page holds for a browser",
    command: ['tsc', '--noEmit', '-p', 'packages/console'],
  },
  {
    name: 'stacks',
    proves: "the stacks fit SST's and AWS's own types",
    command: ['tsc', '--noEmit', '--pretty', 'false', '-p', 'stacks'],
    only: /^(stacks\/|sst\.config\.ts)/,
  },
  {
    name: 'lint',
    proves: 'Biome finds nothing; core <- functions <- ops <- local, clients in adapters only',
    command: ['biome', 'check', '--error-on-warnings', '.'],
  },
  { name: 'unused', proves: 'no unused file, export or dependency', command: ['knip', '--no-progress'] },
];

function run(step: Step): Promise<{ readonly ok: boolean; readonly output: string; readonly seconds: number }> {
  const started = performance.now();
  return new Promise((resolve) => {
    const [command, ...args] = step.command;
    const child = spawn(command, args, { cwd: root, env: { ...process.env, NO_COLOR: '1' } });
    let output = '';
    const keep = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const end = (ok: boolean): void => resolve({ ok, output, seconds: (performance.now() - started) / 1000 });
    child.on('error', (error) => {
      output += error.message;
      end(false);
    });
    child.on('close', (code) => {
      const { only } = step;
      if (only === undefined) return end(code === 0);
      output = output
        .split('\n')
        .filter((line) => only.test(line))
        .join('\n');
      end(output === '');
    });
  });
}

// SST's own types live in its platform, which its CLI unpacks.
await installPlatform({ root, say: (line) => console.error(line) });
let failed = 0;
for (const step of STEPS) {
  const { ok, output, seconds } = await run(step);
  console.log(
    `${step.name.padEnd(10)} ${ok ? 'ok    ' : 'FAILED'} ${seconds.toFixed(1).padStart(5)} s  ${step.proves}`,
  );
  if (!ok) {
    failed += 1;
    console.log(output.split('\n').slice(-60).join('\n'));
  }
}
process.exitCode = failed === 0 ? 0 : 1;
