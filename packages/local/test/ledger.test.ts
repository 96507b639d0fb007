import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { LISTS } from '@payments/core/listing';
import { WRITE_ORDER } from '@payments/core/record';
import { connectRedis } from '@payments/functions/adapters/redis';
import { sweepPlace } from '@payments/functions/adapters/sweep-place';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Checkpoint, checkpointFile, readCheckpoint } from '../../ops/src/backfill/checkpoint.ts';
import { runBackfill } from '../../ops/src/backfill/run-backfill.ts';
import { type RunWorld, runOps } from '../../ops/test/run-ops.ts';
import { STRIPE_KEY } from '../src/machine.ts';
import { directSalesforce, directStripe } from './direct-clients.fixture.ts';
import { rowsNamed, type SmallMachine, START_WITHIN_MS, startSmall, TEST_WITHIN_MS } from './small-machine.fixture.ts';

/** An administrator's. */
const SESSION = '00D000000000001EAA!administrator';

const UNTIL_PAYMENTS = ['payment_intents', 'invoice_payments', 'disputes', 'prices', 'deleted prices'];

/** Of a first load of the customers. */
function checkpointOf(until: number): Checkpoint {
  return {
    ...{ version: 1, stage: 'local', account: '000000000000', resources: ['customers'], since: 0, until },
    lists: LISTS.customers.map(({ name }) => ({ name, read: 0, requests: 0, left: [{ from: 0, to: until }] })),
    ...{ written: {}, newer: 0, failures: 0, failed: [] },
  };
}

/** What compares and loads whole accounts, against one running machine: each part leaves Salesforce and Stripe equal. */
describe('the ledger', { timeout: TEST_WITHIN_MS }, () => {
  let small: SmallMachine;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'ledger-'));
    // A batch of the bulk queue gathers for half a second instead of five.
    small = await startSmall({ seed: 23, org: { fixedTokens: [SESSION] }, haste: { retries: 1, queues: 10 } });
    await small.live({ customers: 6 });
    expect(small.judge().differences).toEqual([]);
  }, START_WITHIN_MS);
  afterAll(async () => {
    await small.close();
    await rm(folder, { recursive: true, force: true });
  });

  const ops = (line: string, world: RunWorld = {}) =>
    runOps([...line.split(' '), '--local', small.road.awsUrl], { folder, ...world });

  async function remove(ids: readonly string[]): Promise<void> {
    const url = `${small.org.url}/services/data/v66.0/composite/sobjects?ids=${ids.join(',')}`;
    const { status } = await fetch(url, { method: 'DELETE', headers: { authorization: `Bearer ${SESSION}` } });
    expect(status).toBe(200);
  }

  /** As an administrator who empties the objects, children first. */
  async function wipe(): Promise<void> {
    for (const object of [...WRITE_ORDER].reverse()) {
      const ids = [...small.org.org.rows(object)].map(({ id }) => id);
      for (let at = 0; at < ids.length; at += 200) await remove(ids.slice(at, at + 200));
      expect(small.org.org.count(object)).toBe(0);
    }
  }

  const checkpoints = () => readdir(path.join(folder, '.payments-ops')).catch(() => []);
  const unfinished = async () => {
    const state = await readCheckpoint(checkpointFile(folder, 'local'));
    return state?.lists.filter(({ left }) => left.length > 0).map(({ name }) => name);
  };

  it('finds nothing to reconcile in what both lanes have written', async () => {
    // Until the last events are older than what counts as under way.
    small.account.advance(3_600);
    await small.still();
    const { exit, out, json } = await ops('reconcile --json');
    expect([exit, json()], out).toMatchObject([0, { differences: [], inFlight: 0 }]);
  });

  describe('backfill', () => {
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
      for (const path of ['/v1/payment_intents', '/v1/invoice_payments', '/v1/disputes']) {
        small.faults.stripe.place({ method: 'GET', path, delayMs: 60_000, times: 0 });
      }
      const program = path.resolve(import.meta.dirname, '../../ops/src/payments-ops.ts');
      const child = spawn(process.execPath, [program, 'backfill', '--yes', '--local', small.road.awsUrl], {
        cwd: folder,
        // npm says where it was called, and the program believes that before its own folder.
        env: { ...process.env, INIT_CWD: folder },
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

    it('says how to go on when Stripe refuses in the midst of it', async () => {
      const refusal = { status: 401, code: 'api_key_expired' };
      small.faults.stripe.place({ method: 'GET', path: '/v1/prices', times: 0, ...refusal });
      const { exit, err } = await ops('backfill prices --yes');
      small.faults.stripe.clear();
      expect([exit, err]).toEqual([3, expect.stringMatching(/401[\s\S]+--resume goes on/)]);
      expect(await unfinished()).toContain('prices');
      expect((await ops('backfill --resume --yes')).exit).toBe(0);
      expect(await checkpoints()).toEqual([]);
    });

    it('loses to an update that arrives between its reading and its writing', async () => {
      const { key = null } = [...small.org.org.rows('Stripe_Customer__c')].at(-1) ?? {};
      const phone = () => rowsNamed(small, 'Stripe_Customer__c', String(key))[0]?.columns.Customer_Phone__c;
      const overtake = async () => {
        small.account.advance(5);
        const customer = small.account.books.customers.get(String(key)) ?? expect.fail('the customer is there');
        customer.phone = '+1 555 0177';
        small.account.books.emit('customer.updated', customer);
        await expect.poll(phone, { timeout: 60_000 }).toBe('+1 555 0177');
      };
      const send = directSalesforce(small.org.url, SESSION);
      let overtaken: Promise<void> | null = null;
      const state = checkpointOf(small.account.books.now());
      await runBackfill(state, {
        stripe: directStripe(small.stripeUrl, STRIPE_KEY),
        // Whatever is written first has been read by then.
        salesforce: async (request) => {
          overtaken ??= overtake();
          await overtaken;
          return send(request);
        },
        ...{ forget: async () => {}, save: async () => {}, sleep: async () => {} },
        ...{ stopped: () => false, onProgress: () => {} },
      });
      expect(state.failures).toBe(0);
      expect(state.newer).toBeGreaterThan(0);
      expect(phone()).toBe('+1 555 0177');
      expect(small.judge().differences).toEqual([]);
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

  describe('reconcile', () => {
    /** The function that is there for the night, and off. */
    const atNight = async () => {
      const { arn = '' } = small.graph.functions.find(({ name }) => name.includes('-ReconcileFunction')) ?? {};
      return small.road.functions.get(arn)?.invoke({});
    };
    const change = async (object: string, columns: object, begins = ''): Promise<string> => {
      const { id = '', key = '' } = keyed(object, begins)[0] ?? {};
      const { status } = await fetch(`${small.org.url}/services/data/v66.0/sobjects/${object}/${id}`, {
        method: 'PATCH',
        headers: { authorization: `Bearer ${SESSION}`, 'content-type': 'application/json' },
        body: JSON.stringify(columns),
      });
      expect(status).toBe(204);
      return String(key);
    };
    const keyed = (object: string, begins: string) =>
      [...small.org.org.rows(object)].filter(({ key }) => key?.startsWith(begins) === true);
    const waiting = { sleep: (ms: number) => delay(Math.min(ms, 500)) };
    it('has a nightly form that is off unless a stage asks for it, and tells which column somebody has changed', async () => {
      const off = small.graph.schedules.flatMap(({ name, enabled }) => (enabled ? [] : [name]));
      expect(off).toEqual(['payments-local-reconcile']);
      const everything = { customers: 'agrees', subscriptions: 'agrees', payments: 'agrees', prices: 'agrees' };
      expect(await atNight()).toEqual(everything);
      const said = small.logs.filter(({ functionName }) => functionName.includes('-ReconcileFunction')).length;
      expect(said).toBeGreaterThan(0);
      await change('Payment_Transaction__c', { Amount__c: 4.56 });
      expect(await atNight()).toMatchObject({ customers: 'agrees', payments: 'disagrees' });
      const lines = small.logs.map(({ line }) => line).filter((line) => line.includes('"differs"'));
      expect(lines).toEqual([expect.stringContaining('"column":"Amount__c"')]);
    });

    it('names what is missing, different and too much, in files that a controller keeps', async () => {
      const customer = await change('Stripe_Customer__c', { Customer_Name__c: '=Mallory <b>' });
      const payment = await change('Payment_Transaction__c', { Amount__c: 1.23 });
      const gone = [...small.org.org.rows('Payment_Transaction__c')].find(({ key }) => key !== payment);
      await remove([gone?.id ?? '']);
      small.org.org.insert('Payment_Transaction__c', { Stripe_Payment_Intent_ID__c: 'pi_nobody' });
      const { exit, out, json } = await ops('reconcile --csv found.csv --html found.html --json');
      expect(exit).toBe(1);
      expect(json()).toMatchObject({
        differences: expect.arrayContaining([
          { object: 'Stripe_Customer__c', key: customer, kind: 'different', column: 'Customer_Name__c' },
          { object: 'Payment_Transaction__c', key: payment, kind: 'different', column: 'Amount__c' },
          { object: 'Payment_Transaction__c', key: gone?.key, kind: 'missing', column: null },
          { object: 'Payment_Transaction__c', key: 'pi_nobody', kind: 'extra', column: null },
        ]),
      });
      expect(out).not.toContain('Mallory');
      expect(await readFile(path.join(folder, 'found.csv'), 'utf8')).toContain(`,'=Mallory <b>`);
      expect(await readFile(path.join(folder, 'found.html'), 'utf8')).toContain('Rows that do not agree: 4.');
    });

    it('has the ordinary road repair it, as often as it breaks, and leaves alone what only Salesforce has', async () => {
      const differences = [{ object: 'Payment_Transaction__c', key: 'pi_nobody', kind: 'extra', column: null }];
      const { exit, err, json } = await ops('reconcile --repair --yes --json', waiting);
      expect([exit, json()], err).toMatchObject([1, { differences, repaired: { length: 3 } }]);
      await small.still();
      expect(small.judge().differences.map(({ key }) => key)).toEqual(['pi_nobody']);
      // Now the bulk lane remembers that it has just sent this content.
      await change('Stripe_Customer__c', { Customer_Name__c: 'Mallory' });
      const again = await ops('reconcile customers --repair --yes --wait 60s --json', waiting);
      expect([again.exit, again.json()], again.err).toMatchObject([0, { differences: [], repaired: { length: 1 } }]);
    });

    it('tells the plans of subscriptions from those of the catalogue, and has them repaired as well', async () => {
      const changed = await change('Pricing_Plan__c', { Quantity__c: 99, Active__c: false }, 'si_');
      const gone = keyed('Pricing_Plan__c', 'si_').at(-1);
      await remove([gone?.id ?? '']);
      const ofCatalogue = await ops('reconcile prices --json');
      expect([ofCatalogue.exit, ofCatalogue.json()], ofCatalogue.err).toMatchObject([0, { differences: [] }]);
      const { exit, json } = await ops('reconcile subscriptions --json');
      const of = { object: 'Pricing_Plan__c' };
      const differences = [
        { ...of, key: changed, kind: 'different', column: 'Active__c' },
        { ...of, key: changed, kind: 'different', column: 'Quantity__c' },
        { ...of, key: gone?.key, kind: 'missing', column: null },
      ];
      expect([exit, json()]).toMatchObject([1, { differences: { length: differences.length } }]);
      expect(json()).toMatchObject({ differences: expect.arrayContaining(differences) });
      const repaired = await ops('reconcile subscriptions --repair --yes --wait 60s --json', waiting);
      expect([repaired.exit, repaired.json()], repaired.err).toMatchObject([0, { differences: [] }]);
    });

    it('does not judge what an event of the last minutes is about', async () => {
      const key = await change('Stripe_Customer__c', { Customer_Phone__c: '+1 555 0100' });
      const customer = small.account.books.customers.peek(key);
      small.account.books.emit('customer.updated', customer ?? expect.fail('the customer is there'));
      await small.still();
      await change('Stripe_Customer__c', { Customer_Phone__c: '+1 555 0100' });
      const { exit, json } = await ops('reconcile customers --json');
      expect([exit, json()]).toMatchObject([0, { differences: [], inFlight: 1 }]);
    });

    it.each([
      ['what is no kind of object', 'reconcile invoices', 'takes one of customers'],
      ['a wait that is no span', 'reconcile --wait 2026-11-25', '--wait takes how long'],
    ])('refuses %s', async (_, line, message) => {
      const { exit, err } = await ops(line);
      expect([exit, err]).toEqual([2, expect.stringContaining(message)]);
    });
  });

  describe('sweep', () => {
    const phone = (key: string) =>
      [...small.org.org.rows('Stripe_Customer__c')].find((row) => row.key === key)?.columns.Customer_Phone__c;
    /** A change of a customer that reaches nobody: as when the secret in Secrets Manager is wrong. */
    const unheard = (at: number, telephone: string) => {
      const { key } = [...small.org.org.rows('Stripe_Customer__c')][at] ?? {};
      const customer = small.account.books.customers.peek(String(key)) ?? expect.fail('the customer is there');
      small.signWith(['whsec_of_another_endpoint']);
      small.account.advance(5);
      small.account.books.emit('customer.updated', { ...customer, phone: telephone });
      return { key: String(key), event: small.account.events().at(-1)?.id ?? '' };
    };
    /** The function, as its schedule calls it. */
    const sweepNow = async () => {
      const { arn = '' } = small.graph.functions.find(({ name }) => name.includes('-SweepFunction')) ?? {};
      return small.road.functions.get(arn)?.invoke({});
    };

    it('finds and feeds what Stripe could not deliver, once', async () => {
      expect((await ops('sweep --json')).json()).toMatchObject({ missed: 0 });
      const { key } = unheard(0, '+1 555 0199');
      small.account.advance(60);
      const preview = await ops('sweep --grace 0s --undelivered --preview --json');
      expect([preview.exit, preview.json()]).toMatchObject([
        1,
        { listed: 1, missed: 1, fed: 0, events: [{ type: 'customer.updated', undelivered: true }] },
      ]);
      const fed = await ops('sweep --grace 0s --yes --json');
      expect([fed.exit, fed.json()]).toMatchObject([0, { missed: 1, fed: 1 }]);
      await expect.poll(() => phone(key), { timeout: 30_000 }).toBe('+1 555 0199');
      expect((await ops('sweep --grace 0s --json')).json()).toMatchObject({ missed: 0 });
      small.signWith([small.signingSecret]);
    });

    it('is done each hour by a function, which finds as well what Stripe believes to have delivered', async () => {
      const { host, port } = small.road.redis;
      const redis = connectRedis({ host, port, tls: false, username: '', password: '' });
      const place = sweepPlace(redis);
      // The account's clock has run ahead of this machine's: to it, the archive is younger than all that has happened.
      await place.write(small.account.books.now());
      const undelivered = unheard(0, '+1 555 0111');
      const gap = unheard(1, '+1 555 0122');
      small.account.books.awaited.delete(gap.event);
      small.account.advance(11 * 60);
      const swept = await sweepNow();
      expect(swept).toMatchObject({ fed: 2, behind: 0 });
      await expect.poll(() => phone(undelivered.key), { timeout: 30_000 }).toBe('+1 555 0111');
      await expect.poll(() => phone(gap.key), { timeout: 30_000 }).toBe('+1 555 0122');
      expect(await sweepNow()).toMatchObject({ fed: 0, behind: 0 });
      expect((await ops('sweep --json')).json()).toMatchObject({ missed: 0 });
      redis.disconnect();
      small.signWith([small.signingSecret]);
    });

    it.each([
      ['a time that Stripe has no events of', 'sweep --since 60d', 'more than thirty days ago'],
      ['a grace that is longer', 'sweep --since 5m', 'longer ago than --grace'],
    ])('refuses %s', async (_, line, message) => {
      const { exit, err } = await ops(line);
      expect([exit, err]).toEqual([2, expect.stringContaining(message)]);
    });
  });
});
