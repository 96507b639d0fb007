/**
 * Bundles handlers as SST's Node runtime does (esbuild, one ESM file, a createRequire banner for CommonJS inside), so
 * that what runs here is what would be uploaded.
 */
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { type BuildOptions, build, version } from 'esbuild';
import { isAsMade, type Made, noteMade } from './made-before.ts';
import { put } from './whole-file.ts';

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
 * All functions in one esbuild run, which shares the parsing of what they have in common: some four seconds of CPU. It is
 * done once for the same sources: once a process, and not at all when what an earlier process made is still as it was.
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
  const order = { ...OPTIONS, requests, esbuild: version };
  if (!(await isAsMade(root, outDir, order))) await noteMade(root, outDir, order, await make(root, outDir, requests));
  return new Map(
    await Promise.all(
      requests.map(async ({ functionName, handler }): Promise<[string, Bundle]> => {
        const file = path.join(outDir, `${functionName}.mjs`);
        const { size: bytes } = await stat(file);
        return [functionName, { file, exportName: handler.slice(handler.lastIndexOf('.') + 1), bytes }];
      }),
    ),
  );
}

const OPTIONS = {
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  mainFields: ['module', 'main'],
  minify: true,
  keepNames: true,
  banner: { js: BANNER },
} as const satisfies BuildOptions;

async function make(root: string, outDir: string, requests: readonly BundleRequest[]): Promise<Made> {
  const since = Date.now();
  const { metafile, outputFiles } = await build({
    ...OPTIONS,
    mainFields: [...OPTIONS.mainFields],
    absWorkingDir: root,
    entryPoints: requests.map(({ functionName, handler }) => ({
      in: `${handler.slice(0, handler.lastIndexOf('.'))}.ts`,
      out: functionName,
    })),
    outdir: outDir,
    metafile: true,
    write: false,
    logLevel: 'error',
  });
  await mkdir(outDir, { recursive: true });
  await Promise.all(outputFiles.map(({ path: file, contents }) => put(file, contents)));
  const outputs = outputFiles.map(({ path: file }) => path.relative(root, file));
  return { inputs: [...Object.keys(metafile.inputs), 'tsconfig.json'], outputs, since };
}
