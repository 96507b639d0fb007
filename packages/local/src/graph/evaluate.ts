/**
 * `node evaluate.ts <root> <stage> [secrets]`: prints {resources, builds} of sst.config.ts as JSON. synth.ts runs it.
 * `secrets`: JSON, name → text, of the secrets that the stacks themselves read and are to find filled.
 *
 * SST's Function component asks SST's command line over HTTP to build; `Runtime.Build` carries the function's handler
 * and links, which is all that the local runner needs. ARNs have to be well formed, because components parse them.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { ACCOUNT, arnOf, REGION } from './mock-arn.ts';

const [root = process.cwd(), stage = 'local', filled = '{}'] = process.argv.slice(2);
const secretTexts: Readonly<Record<string, string>> = JSON.parse(filled);
const platform = path.join(root, '.sst/platform');

type Resource = {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
  readonly outputs: Record<string, unknown>;
};

const app = {
  name: 'payments',
  stage,
  removal: 'remove',
  protect: false,
  home: 'aws',
  providers: { aws: { region: REGION } },
};
const cli = {
  command: 'deploy',
  rpc: '',
  state: { version: {} },
  dev: false,
  paths: { home: root, root, work: path.join(root, '.sst'), platform },
};

const builds: unknown[] = [];
const resources: Resource[] = [];

async function answerRpc(method: string, params: unknown): Promise<unknown> {
  if (method === 'Provider.Aws.Bootstrap') {
    return {
      asset: 'assets',
      state: 'state',
      assetEcrRegistryId: ACCOUNT,
      assetEcrUrl: 'ecr',
      appsyncHttp: 'http',
      appsyncRealtime: 'ws',
    };
  }
  if (method !== 'Runtime.Build') return {};
  const request: unknown = Array.isArray(params) ? params[0] : params;
  builds.push(request);
  const out = path.join(root, '.sst/local/empty-bundle');
  await mkdir(out, { recursive: true });
  await writeFile(path.join(out, 'index.mjs'), 'export const handler = async () => {};');
  return { handler: 'index.handler', out, errors: [], sourcemaps: [] };
}

async function serveRpc(): Promise<Server> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', async () => {
      const { id, method, params } = JSON.parse(body);
      response.end(JSON.stringify({ jsonrpc: '1.0', id, result: await answerRpc(method, params), error: null }));
    });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port for the RPC server');
  process.env.SST_SERVER = `http://127.0.0.1:${address.port}`;
  return server;
}

const LOOK_EVERY_MS = 100;
const STILL_LOOKS = 10;
const GIVE_UP_MS = 120_000;

/**
 * Registration is asynchronous: the graph is whole when neither a resource nor one of Pulumi's own promises came or went
 * for ten looks. (A handful of promises never settle under mocks; thousands are open while components still register.)
 */
async function settled(promises: ReadonlySet<unknown>): Promise<void> {
  const deadline = Date.now() + GIVE_UP_MS;
  let last = '';
  for (let still = 0; still < STILL_LOOKS; ) {
    if (Date.now() > deadline)
      throw new Error(`${promises.size} registrations still wait after ${GIVE_UP_MS / 1000} s`);
    const now = `${resources.length} ${promises.size}`;
    still = now === last ? still + 1 : 0;
    last = now;
    await delay(LOOK_EVERY_MS);
  }
  if (promises.size > FEW) throw new Error(`${promises.size} registrations never ended: the graph is not whole`);
}

/** Seen with sst 4.17.1: four. */
const FEW = 50;

const ENTRY = `
import { runtime } from "@pulumi/pulumi";
import { leakedPromises } from "@pulumi/pulumi/runtime/debuggable.js";
import * as aws from "@pulumi/aws";
import * as sst from "./src/components/index";
import { run } from "./src/auto/run";
import config from ${JSON.stringify(path.join(root, 'sst.config.ts'))};
Object.assign(globalThis, { sst, aws });
export async function synth(mocks) {
  await runtime.setMocks(mocks, $app.name, $app.stage, false);
  let promises;
  await runtime.runInPulumiStack(() => {
    promises = leakedPromises()[0];
    return run(config.run);
  });
  return promises;
}`;

async function bundleEntry(): Promise<string> {
  const entry = path.join(platform, `synth-${process.pid}.ts`);
  const bundle = path.join(platform, `synth-${process.pid}.mjs`);
  await writeFile(entry, ENTRY);
  await build({
    entryPoints: [entry],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    packages: 'external',
    logLevel: 'error',
    define: { $app: JSON.stringify(app), $cli: JSON.stringify(cli), $dev: 'false', $input: '{}' },
    inject: [path.join(platform, 'src/shim/run.js')],
    banner: {
      js: "import { createRequire as __cr } from 'module'; const require = __cr(import.meta.url); import { fileURLToPath as __f } from 'url'; const __dirname = __f(new URL('.', import.meta.url));",
    },
  });
  const { unlink } = await import('node:fs/promises');
  await unlink(entry);
  process.once('exit', () => createRequire(import.meta.url)('node:fs').rmSync(bundle, { force: true }));
  return bundle;
}

type MockArguments = { readonly type: string; readonly name: string; readonly inputs: Record<string, unknown> };
type CallArguments = { readonly token: string; readonly inputs: Record<string, unknown> };

const mocks = {
  newResource({ type, name, inputs }: MockArguments) {
    const physical = typeof inputs.name === 'string' ? inputs.name : name;
    const arn = arnOf(type, physical, inputs.eventBusName);
    const outputs = {
      name: physical,
      arn,
      url: urlOf(type, physical),
      apiEndpoint: 'https://api.local',
      configurationEndpointAddress: 'redis.local',
      port: inputs.port ?? 6379,
    };
    resources.push({ type, name, inputs, outputs });
    return {
      id: type === 'aws:sqs/queue:Queue' ? outputs.url : type.startsWith('aws:secretsmanager') ? arn : physical,
      state: { ...inputs, ...outputs },
    };
  },
  call({ token, inputs }: CallArguments) {
    if (token.includes('getCallerIdentity')) return { accountId: ACCOUNT, arn: 'arn', userId: 'id' };
    if (token.includes('getRegion')) return { name: REGION, region: REGION };
    if (token.includes('getPartition')) return { partition: 'aws' };
    if (token.includes('getAvailabilityZones')) {
      const letters = ['a', 'b', 'c'];
      return { names: letters.map((letter) => REGION + letter), zoneIds: letters };
    }
    if (token.includes('getSecretVersions')) {
      const versions = secretText(inputs.secretId) === undefined ? [] : [{ versionStages: ['AWSCURRENT'] }];
      return { ...inputs, versions };
    }
    if (token.includes('getSecretVersion')) return { ...inputs, secretString: secretText(inputs.secretId) };
    if (token.includes('getPolicyDocument')) return { ...inputs, json: JSON.stringify(inputs) };
    return inputs;
  },
};

function secretText(arn: unknown): string | undefined {
  return Object.entries(secretTexts).find(([name]) => String(arn).includes(`/${name}`))?.[1];
}

function urlOf(type: string, name: string): string {
  return type === 'aws:sqs/queue:Queue'
    ? `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/${name}`
    : `https://local/${name}`;
}

const rpc = await serveRpc();
Object.assign(globalThis, { $app: app, $cli: cli, $dev: false });
const { synth } = await import(pathToFileURL(await bundleEntry()).href);
await settled(await synth(mocks));
rpc.close();
process.stdout.write(JSON.stringify({ resources, builds }), () => process.exit(0));
