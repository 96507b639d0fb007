/**
 * What a backfill of payments holds in memory, whatever their number: `node scripts/with-tools.mjs
 * packages/local/bench/backfill-memory.ts 10000 100000 1000000`. The local Stripe account answers without limits, and an org that
 * keeps nothing takes the rows, so that a million is a matter of minutes; the backfill runs in a process of its own. `--flat 1.5`: exit
 * code 1 when the heap after collection (median of the run) is beyond so many times that of the first number.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { SALESFORCE_API_VERSION, STRIPE_API_VERSION } from '@payments/core/api-versions';
import { LISTS } from '@payments/core/listing';
import { type Salesforce, salesforce } from '@payments/functions/adapters/salesforce';
import { stripeReader } from '@payments/functions/adapters/stripe';
import * as v from 'valibot';
import type { Checkpoint } from '../../ops/src/backfill/checkpoint.ts';
import { runBackfill } from '../../ops/src/backfill/run-backfill.ts';
import { openAccount } from '../src/stripe/account.ts';
import { serveStripe } from '../src/stripe/api.ts';
import { forgetfulOrg } from './forgetful-org.ts';

const MB = 1_048_576;

function served(org: Salesforce) {
  return createServer((request, response) => {
    void text(request).then(async (sent) => {
      const path = (request.url ?? '').replace(/^\/services\/data\/v[\d.]+/, '');
      const isCsv = request.headers['content-type'] === 'text/csv';
      const body = sent === '' || isCsv ? sent : v.parse(v.looseObject({}), JSON.parse(sent));
      const said = await org({ method: v.parse(Method, request.method), path, body });
      const printed = typeof said.body === 'string' ? said.body : JSON.stringify(said.body);
      const type = typeof said.body === 'string' ? 'text/csv' : 'application/json';
      response.writeHead(said.status, { 'content-type': type }).end(printed);
    });
  });
}

const Method = v.picklist(['GET', 'POST', 'PATCH', 'PUT', 'DELETE']);

/** MB of heap after a collection, the median of the run. */
async function measure(payments: number): Promise<number> {
  const customers = Math.ceil(payments / 3);
  const account = openAccount({ seed: 7, past: { customers, payments } });
  const stripe = await serveStripe(account, { port: 0 });
  const org = served(forgetfulOrg()).listen(0, '127.0.0.1');
  await once(org, 'listening');
  const address = org.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const urls = [`http://127.0.0.1:${stripe.port}`, `http://127.0.0.1:${port}`, String(account.now() + 60)];
  const child = spawn(process.execPath, ['--expose-gc', import.meta.filename, 'run', ...urls], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  let told: unknown = null;
  child.on('message', (message) => {
    told = message;
  });
  const [code] = await once(child, 'close');
  await stripe.close();
  org.closeAllConnections();
  org.close();
  if (code !== 0) throw new Error(`the backfill of ${payments} payments ended with ${code}`);
  return v.parse(v.object({ heapMb: v.number() }), told).heapMb;
}

async function run(stripeUrl: string, orgUrl: string, until: number): Promise<void> {
  const token = { accessToken: 'bench', instanceUrl: orgUrl };
  const request: Salesforce = salesforce({
    tokens: { current: async () => token, renewed: async () => token },
    version: SALESFORCE_API_VERSION,
    observe: async () => {},
  });
  const state: Checkpoint = {
    ...{ version: 1, stage: 'bench', account: '', resources: ['payments'], since: 0, until },
    lists: LISTS.payments.map(({ name }) => ({ name, read: 0, requests: 0, left: [{ from: 0, to: until }] })),
    ...{ written: {}, newer: 0, failures: 0, failed: [] },
  };
  const heaps: number[] = [];
  let checkpoint = 0;
  await runBackfill(state, {
    stripe: stripeReader({
      apiKey: async () => ({ apiKey: 'sk_test_bench', apiBase: stripeUrl }),
      version: STRIPE_API_VERSION,
      limiter: { admit: async () => 0, refused: async () => 1_000 },
      nowMs: () => Date.now(),
      sleep: async () => {},
    }),
    salesforce: request,
    forget: async () => {},
    save: async (now) => {
      checkpoint = Math.max(checkpoint, JSON.stringify(now).length);
      globalThis.gc?.();
      heaps.push(process.memoryUsage().heapUsed / MB);
    },
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    stopped: () => false,
    onProgress: () => {},
  });
  heaps.sort((a, b) => a - b);
  const heapMb = heaps.at(heaps.length >> 1) ?? Number.NaN;
  const read = state.lists.reduce((sum, list) => sum + list.read, 0);
  const requests = state.lists.reduce((sum, list) => sum + list.requests, 0);
  const fewest = state.lists.reduce((sum, list) => sum + Math.max(1, Math.ceil(list.read / 100)), 0);
  const { user, system } = process.cpuUsage();
  const cells = [
    `${read} records`,
    `${requests} requests (${(requests / fewest).toFixed(3)} of the fewest)`,
    `heap after collection ${heapMb.toFixed(0)} MB, at most ${heaps.at(-1)?.toFixed(0)} MB`,
    `most resident ${(process.resourceUsage().maxRSS / 1_024).toFixed(0)} MB`,
    `checkpoint at most ${checkpoint} bytes`,
    `${((user + system) / 1_000_000).toFixed(1)} s CPU`,
  ];
  console.log(cells.join(', '));
  process.send?.({ heapMb });
}

async function compare(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { flat: { type: 'string' } },
    allowPositionals: true,
  });
  const flat = v.parse(v.optional(v.pipe(v.string(), v.regex(/^\d+(\.\d+)?$/), v.transform(Number))), values.flat);
  const heaps: number[] = [];
  for (const payments of positionals) heaps.push(await measure(Number(payments)));
  const times = Math.max(...heaps) / (heaps[0] ?? Number.NaN);
  if (flat === undefined) return;
  console.log(`heap at most ${times.toFixed(2)} times that of the first, ${flat} allowed`);
  // Of one number alone nothing could be called flat.
  if (heaps.length < 2 || !(times <= flat)) process.exitCode = 1;
}

const [what, ...rest] = process.argv.slice(2);
if (what === 'run') await run(rest[0] ?? '', rest[1] ?? '', Number(rest[2]));
else await compare(process.argv.slice(2));
