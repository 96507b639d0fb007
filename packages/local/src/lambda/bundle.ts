/**
 * Bundles handlers as SST's Node runtime does (esbuild, one ESM file, a createRequire banner for CommonJS inside), so
 * that what runs here is what would be uploaded.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';

export type BundleRequest = {
  readonly functionName: string;
  /** As in the stacks: `packages/functions/src/realtime/sync-lambda.handler`. */
  readonly handler: string;
};
export type Bundle = { readonly file: string; readonly exportName: string; readonly bytes: number };

const BANNER = [
  "import { createRequire as __sstCreateRequire } from 'node:module';",
  "import { fileURLToPath as __sstFileURLToPath } from 'node:url';",
  'const require = __sstCreateRequire(import.meta.url);',
  "const __filename = __sstFileURLToPath(import.meta.url), __dirname = __sstFileURLToPath(new URL('.', import.meta.url));",
].join('\n');

const built = new Map<string, Promise<ReadonlyMap<string, Bundle>>>();

/**
 * All functions in one esbuild run, which shares the parsing of what they have in common; once a process, since several
 * machines in it run the same sources.
 */
export function bundleHandlers(
  root: string,
  outDir: string,
  requests: readonly BundleRequest[],
): Promise<ReadonlyMap<string, Bundle>> {
  const name = JSON.stringify([root, outDir, requests]);
  const known = built.get(name) ?? bundled(root, outDir, requests);
  built.set(name, known);
  return known;
}

async function bundled(
  root: string,
  outDir: string,
  requests: readonly BundleRequest[],
): Promise<ReadonlyMap<string, Bundle>> {
  const result = await build({
    absWorkingDir: root,
    entryPoints: requests.map(({ functionName, handler }) => ({
      in: `${handler.slice(0, handler.lastIndexOf('.'))}.ts`,
      out: functionName,
    })),
    outdir: outDir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    minify: true,
    keepNames: true,
    metafile: true,
    write: false,
    logLevel: 'error',
    banner: { js: BANNER },
  });
  await mkdir(outDir, { recursive: true });
  await Promise.all(result.outputFiles.map(({ path: file, contents }) => put(file, contents)));
  return new Map(
    requests.map(({ functionName, handler }) => {
      const file = path.join(outDir, `${functionName}.mjs`);
      const bytes = result.metafile.outputs[path.relative(root, file)]?.bytes ?? 0;
      return [functionName, { file, exportName: handler.slice(handler.lastIndexOf('.') + 1), bytes }];
    }),
  );
}

/** Another runner may load the same bundle at this moment: it must find the old file or the new one, never half of it. */
async function put(file: string, contents: Uint8Array): Promise<void> {
  const unfinished = `${file}.${randomUUID()}`;
  await writeFile(unfinished, contents);
  await rename(unfinished, file);
}
