import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

async function packagesOf(step: string): Promise<ReadonlySet<string>> {
  const { metafile } = await build({
    entryPoints: [fileURLToPath(new URL(`./${step}-lambda.ts`, import.meta.url))],
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  return new Set(
    Object.keys(metafile.inputs).flatMap((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []),
  );
}

describe('the bundles of the realtime steps', () => {
  it.each(['claim', 'settle'])('%s, which never speaks to Salesforce, has no jsforce', async (step) => {
    const packages = await packagesOf(step);
    expect(packages).toContain('ioredis');
    expect([...packages].filter((name) => name === 'jsforce' || name === 'stripe')).toEqual([]);
  });

  it.each(['sync', 'park'])("%s has jsforce, its core only, and not Stripe's SDK", async (step) => {
    const packages = await packagesOf(step);
    expect(packages).toContain('jsforce');
    expect([...packages].filter((name) => ['stripe', 'faye', 'inquirer', 'commander'].includes(name))).toEqual([]);
  });
});
