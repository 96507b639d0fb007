import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

const HEAVY = ['jsforce', 'ioredis', 'stripe', 'undici'];

it('the ingress bundle contains neither jsforce nor ioredis nor the Stripe SDK', async () => {
  const { metafile } = await build({
    entryPoints: [fileURLToPath(new URL('./webhook-lambda.ts', import.meta.url))],
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    minify: true,
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const packages = new Set(
    Object.keys(metafile.inputs).flatMap((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []),
  );
  expect([...packages].filter((name) => HEAVY.includes(name))).toEqual([]);
  // The list is not empty by accident: what it needs is in it.
  expect(packages).toContain('@aws-sdk/client-eventbridge');
  expect(packages).toContain('valibot');
});
