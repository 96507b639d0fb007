import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { WRITE_ORDER } from '@payments/core/record';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkpointFile, readCheckpoint } from '../../ops/src/backfill/checkpoint.ts';
import { type RunWorld, runOps } from '../../ops/test/run-ops.ts';
import { type SmallMachine, START_WITHIN_MS, startSmall, TEST_WITHIN_MS } from './small-machine.fixture.ts';

/** An administrator's. */
const SESSION = '00D000000000001EAA!administrator';

const UNTIL_PAYMENTS = ['payment_intents', 'invoice_payments', 'disputes', 'prices', 'deleted prices'];

/** What compares and loads whole accounts, against one running machine: each part leaves Salesforce and Stripe equal. */
describe('backfill', { timeout: TEST_WITHIN_MS }, () => {
  let small: SmallMachine;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'ledger-'));
    small = await startSmall({ seed: 23, org: { fixedTokens: [SESSION] } });
    await small.live({ customers: 6 });
    expect(small.judge().differences).toEqual([]);
  }, START_WITHIN_MS);
  afterAll(async () => {
    await small.close();
    await rm(folder, { recursive: true, force: true });
  });

  const ops = (line: string, world: RunWorld = {}) =>
    runOps([...line.split(' '), '--local', small.road.awsUrl], { folder, ...world });

  /** As an administrator who empties the objects, children first. */
  async function wipe(): Promise<void> {
    for (const object of [...WRITE_ORDER].reverse()) {
      const ids = [...small.org.org.rows(object)].map(({ id }) => id);
      for (let at = 0; at < ids.length; at += 200) {
        const some = ids.slice(at, at + 200).join(',');
        const { status } = await fetch(`${small.org.url}/services/data/v66.0/composite/sobjects?ids=${some}`, {
          method: 'DELETE',
          headers: { authorization: `Bearer ${SESSION}` },
        });
        expect(status).toBe(200);
      }
      expect(small.org.org.count(object)).toBe(0);
    }
  }

  const checkpoints = () => readdir(path.join(folder, '.payments-ops')).catch(() => []);
  const unfinished = async () => {
    const state = await readCheckpoint(checkpointFile(folder, 'local'));
    return state?.lists.filter(({ left }) => left.length > 0).map(({ name }) => name);
  };

  it('brings an emptied org back to what every event together had written', async () => {
    await wipe();
    const { exit, err, json } = await ops('backfill --yes --json');
    expect([exit, json()], err).toMatchObject([0, { finished: true, failures: 0 }]);
    expect(small.judge().differences).toEqual([]);
    expect(await checkpoints()).toEqual([]);
  });

  it('goes on after a kill in the midst of it, and reads only what was left', async () => {
    await wipe();
    // Nothing of the payments is answered before the kill.
    small.faults.stripe.place({ method: 'GET', path: '/v1/payment_intents', delayMs: 60_000, times: 0 });
    const program = path.resolve(import.meta.dirname, '../../ops/src/payments-ops.ts');
    const child = spawn(process.execPath, [program, 'backfill', '--yes', '--local', small.road.awsUrl], {
      cwd: folder,
    });
    await expect.poll(unfinished, { timeout: 60_000 }).toEqual(UNTIL_PAYMENTS);
    child.kill('SIGKILL');
    await once(child, 'exit');
    small.faults.stripe.clear();
    expect(await unfinished()).toEqual(UNTIL_PAYMENTS);

    const refused = await ops('backfill --yes');
    expect([refused.exit, refused.err]).toEqual([2, expect.stringContaining('--resume')]);
    const customers: string[] = [];
    small.faults.stripe.place({ method: 'GET', path: '/v1/customers', delayMs: 0, times: 0 });
    small.faults.stripe.onStruck(({ path: struck }) => customers.push(struck));
    const { exit, json } = await ops('backfill --resume --yes --json');
    small.faults.stripe.clear();
    expect([exit, json()]).toMatchObject([0, { finished: true, failures: 0 }]);
    expect(customers).toEqual([]);
    expect(small.judge().differences).toEqual([]);
    expect(await checkpoints()).toEqual([]);
  });

  it.each([
    ['what is no kind of object', 'backfill invoices --yes', 'takes one of customers'],
    ['a time that is none', 'backfill --since soon --yes', '--since takes a time'],
    ['to resume what was never begun', 'backfill --resume --yes', 'nothing to resume'],
    ['to begin where it shall resume', 'backfill --resume --anew --yes', 'leave out --since and --anew'],
  ])('refuses %s', async (_, line, message) => {
    const { exit, err } = await ops(line);
    expect([exit, err]).toEqual([2, expect.stringContaining(message)]);
  });
});
