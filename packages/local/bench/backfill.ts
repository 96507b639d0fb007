/**
 * A backfill of each kind against reading and parsing the same pages and doing nothing with them, in one process and without
 * anybody's limits: what is above the first is the mapping, the CSV and the bookkeeping. `--at-least 1500`: exit code 1 when the
 * backfill of a kind takes fewer records in a second of CPU.
 */
import { parseArgs } from 'node:util';
import { STRIPE_API_VERSION } from '@payments/core/api-versions';
import { LISTS, type Resource } from '@payments/core/listing';
import type { StripeReader } from '@payments/functions/adapters/stripe';
import { type Range, readRanges } from '@payments/functions/operations/reading/ranges';
import { pageReader } from '@payments/functions/operations/reading/read-list';
import * as v from 'valibot';
import type { Checkpoint } from '../../ops/src/backfill/checkpoint.ts';
import { runBackfill } from '../../ops/src/backfill/run-backfill.ts';
import { openAccount } from '../src/stripe/account.ts';
import { stripeApi } from '../src/stripe/answers.ts';
import { forgetfulOrg } from './forgetful-org.ts';

const KINDS = ['customers', 'subscriptions', 'payments'] as const satisfies readonly Resource[];
const ROUNDS = 3;
const { values } = parseArgs({ options: { 'at-least': { type: 'string', default: '0' } } });
const atLeast = v.parse(v.pipe(v.string(), v.regex(/^\d{1,6}$/), v.transform(Number)), values['at-least']);
const account = openAccount({ seed: 7, past: { customers: 3_000, payments: 3_000 } });
const api = stripeApi(account);
const until = account.now() + 60;

const stripe: StripeReader = async ({ path, query }) => {
  const url = `${path}?${new URLSearchParams(query.map(([name, value]): [string, string] => [name, value]))}`;
  const headers = { authorization: 'Bearer sk_test_local_account_key', 'stripe-version': STRIPE_API_VERSION };
  const answer = await api.answer({ method: 'GET', url, headers, body: '' });
  return { body: JSON.parse(answer?.body ?? 'null'), at: until };
};

async function pagesOf(kind: Resource): Promise<number> {
  let read = 0;
  for (const list of LISTS[kind]) {
    const ranges: Range[] = [{ from: 0, to: until, left: until }];
    await readRanges(ranges, {
      ...{ workers: 8, stopped: () => false },
      readPage: pageReader(list, { stripe, sleep: async () => {}, onRequest: () => {} }),
      onPage: async ({ objects }) => {
        read += objects.length;
      },
    });
  }
  return read;
}

async function backfillOf(kind: Resource): Promise<number> {
  const state: Checkpoint = {
    ...{ version: 1, stage: 'bench', account: '', resources: [kind], since: 0, until },
    lists: LISTS[kind].map(({ name }) => ({ name, read: 0, requests: 0, left: [{ from: 0, to: until }] })),
    ...{ written: {}, newer: 0, failures: 0, failed: [] },
  };
  await runBackfill(state, {
    ...{ stripe, salesforce: forgetfulOrg(), forget: async () => {}, save: async () => {}, sleep: async () => {} },
    ...{ stopped: () => false, onProgress: () => {} },
  });
  return state.lists.reduce((sum, { read }) => sum + read, 0);
}

/** CPU µs for each record that was read. */
async function costOf(run: () => Promise<number>): Promise<number> {
  const started = process.cpuUsage();
  const read = await run();
  const { user, system } = process.cpuUsage(started);
  return (user + system) / read;
}

const variants = KINDS.flatMap((kind) => [
  { name: `${kind}: pages read and parsed`, run: () => pagesOf(kind) },
  { name: `${kind}: backfilled`, run: () => backfillOf(kind) },
]);
const costs = new Map<string, number[]>(variants.map(({ name }) => [name, []]));
for (let round = 0; round <= ROUNDS; round += 1) {
  for (const { name, run } of variants) {
    const cost = await costOf(run);
    // The first round warms up.
    if (round > 0) costs.get(name)?.push(cost);
  }
}
console.log('\nbackfill: records of 3,000 customers, subscriptions and payments, stand-ins included');
const median = (name: string) => costs.get(name)?.toSorted((a, b) => a - b)[ROUNDS >> 1] ?? 0;
const base = median(variants[0]?.name ?? '');
for (const { name } of variants) {
  const cost = median(name);
  const columns = [cost.toFixed(0).padStart(9), 'µs per record', (base / cost).toFixed(2).padStart(7), '×'];
  console.log(`  ${name.padEnd(46)} ${columns.join(' ')}  ${Math.round(1e6 / cost).toLocaleString('en')} records/s`);
}
const slow = KINDS.filter((kind) => 1e6 / median(`${kind}: backfilled`) < atLeast);
if (slow.length > 0) {
  console.log(`  fewer than ${atLeast.toLocaleString('en')} a second of CPU: ${slow.join(', ')}`);
  process.exitCode = 1;
}
