import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { routeOf, SOURCE } from '@payments/core/routes';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunWorld, runOps } from '../../ops/test/run-ops.ts';
import type { AccountEvent } from '../src/stripe/books.ts';
import { createCustomer } from '../src/stripe/customer.ts';
import { printAsStripe } from '../src/stripe/json.ts';
import { attempt, createIntent } from '../src/stripe/payment-intent.ts';
import { createPaymentMethod } from '../src/stripe/payment-method.ts';
import {
  changes,
  expectNothingParked,
  rowsNamed,
  rowsOf,
  type SmallMachine,
  START_WITHIN_MS,
  startSmall,
  TEST_WITHIN_MS,
} from './small-machine.fixture.ts';

const root = path.resolve(import.meta.dirname, '../../..');

/** An administrator's. */
const SESSION = '00D000000000001EAA!administrator';

/** Every command of the operator against one running machine, in the order in which its story needs them. */
describe("the operator's hands", { timeout: TEST_WITHIN_MS }, () => {
  let small: SmallMachine;

  beforeAll(async () => {
    small = await startSmall({ seed: 31, guesses: { bus: { replayPauseMs: 100 } }, org: { fixedTokens: [SESSION] } });
    await small.live({ customers: 2 });
  }, START_WITHIN_MS);
  afterAll(() => small.close());

  /** All that any command has printed. */
  const printed: string[] = [];
  const ops = async (line: string, world: RunWorld = {}) => {
    const said = await runOps([...line.split(' '), '--local', small.road.awsUrl], {
      nowMs: () => Date.now(),
      ...world,
    });
    printed.push(said.out, said.err);
    return said;
  };

  describe('status', () => {
    it('tells of a healthy road in one screen, with the numbers that the places themselves have', async () => {
      const { exit, out, err } = await ops('status');
      expect([exit, err]).toEqual([0, '']);
      expect(out).toContain('payments-local');
      const { json } = await ops('status --json');
      const batches = [...small.org.org.rows('Sync_Batch__c')];
      expect(json()).toMatchObject({
        stage: 'local',
        lastEvent: { ageSeconds: expect.any(Number) },
        realtime: { running: 0, oldestSeconds: null, failedLastHour: {} },
        bulk: { queued: 0, held: 0 },
        failures: [],
        lag: { realtime: { p50: expect.any(Number) } },
        unread: [],
      });
      expect(json()).toHaveProperty('batches.length', Math.min(5, batches.length));
      expect(json()).toHaveProperty('batches.0.name', batches.at(-1)?.columns.Name);
    });

    it('says so when Salesforce does not answer, and tells the rest all the same', async () => {
      small.org.org.fault({ match: { urlRegex: '/services/data' }, effect: { resetSocket: true } });
      const { exit, out } = await ops('status');
      small.org.org.clearFaults();
      expect(exit).toBe(1);
      expect(out).toContain('Salesforce was not read');
      expect(out).toContain('last event');
    });

    it('watches until Ctrl-C, for people', async () => {
      const interrupted = new AbortController();
      let looks = 0;
      const sleep = async () => {
        looks += 1;
        if (looks === 2) interrupted.abort();
      };
      const { exit, out } = await ops('status --watch', { sleep, signal: interrupted.signal });
      expect([exit, out.match(/payments-local {2}/g)?.length]).toEqual([130, 2]);
      expect((await ops('status --watch --json')).exit).toBe(2);
    });

    it('cannot be asked of a stage that is not deployed, nor of an address where nobody answers', async () => {
      const elsewhere = await runOps(['status'], { env: { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' } });
      expect([elsewhere.exit, elsewhere.err]).toEqual([3, expect.stringContaining('127.0.0.1:1')]);
      const { exit, err } = await ops('status --every soon');
      expect([exit, err]).toEqual([2, expect.stringContaining('--every')]);
    });
  });

  describe('trace', () => {
    const byType = (type: string) => small.account.events().filter((event) => event.type === type);
    const Trace = v.object({
      stories: v.array(
        v.looseObject({
          eventId: v.string(),
          ending: v.string(),
          found: v.array(v.looseObject({ status: v.string() })),
        }),
      ),
      rows: v.array(v.looseObject({ id: v.string(), object: v.string() })),
    });

    it('tells an urgent event from its receipt to its row, with its execution', async () => {
      // One that was overtaken by a newer state on a busy machine tells another story.
      const written = small.executions.find(
        ({ input, output }) => output?.includes('"written"') && /"customer\.subscription\.\w+"/.test(input),
      );
      const [id] = /evt_\w+/.exec(written?.input ?? '') ?? [];
      const { exit, out, err } = await ops(`trace ${id} --since 1h`);
      expect([exit, err]).toEqual([0, '']);
      for (const word of [
        'Ingress',
        'Claim',
        'Settle',
        'written to Salesforce',
        'SUCCEEDED',
        'Stripe_Subscription__c',
      ]) {
        expect(out).toContain(word);
      }
      expect(out).toMatch(/Claim [\d.]+ m?s → .*Sync [\d.]+ m?s → Settle/);
      expect(out).toContain(
        'https://us-east-1.console.aws.amazon.com/states/home?region=us-east-1#/v2/executions/details/arn:',
      );
    });

    it('tells a bulk event down to its batch', async () => {
      const [event] = byType('customer.created');
      const { exit, out } = await ops(`trace ${event?.id} --since 1h`);
      expect(exit).toBe(0);
      expect(out).toContain('Aggregate');
      expect(out).toMatch(/batch +SB-\d+ Stripe_Customer__c by Collections/);
    });

    it('tells every event of an object, found by its Stripe id or by its Salesforce id', async () => {
      const [row] = small.org.org.rows('Stripe_Subscription__c');
      const about = small.account
        .events()
        .filter(({ type, data }) => routeOf(type) !== null && data.object.id === row?.key)
        .map(({ id }) => id);
      for (const id of [row?.key, row?.id]) {
        const { exit, json } = await ops(`trace ${id} --since 1h --json`);
        const trace = v.parse(Trace, json());
        expect(exit).toBe(0);
        // Events about other objects that wrote to its row are among them as well.
        expect(trace.stories.map(({ eventId }) => eventId)).toEqual(expect.arrayContaining(about));
        expect(trace.rows).toEqual([expect.objectContaining({ id: row?.id, object: 'Stripe_Subscription__c' })]);
      }
    });

    it('prints nobody’s name or address', async () => {
      const [row] = small.org.org.rows('Stripe_Customer__c');
      const { out } = await ops(`trace ${row?.key} --since 1h --json`);
      expect(out).toContain('Stripe_Customer__c');
      for (const personal of [row?.columns.Customer_Email__c, row?.columns.Customer_Name__c]) {
        expect(out).not.toContain(String(personal));
      }
    });

    it('says so when nobody has heard of it, and refuses what is no id', async () => {
      const unheard = await ops('trace evt_nobody');
      expect([unheard.exit, unheard.out]).toEqual([1, expect.stringContaining('no function has logged it')]);
      const { exit, err } = await ops("trace sub_1'");
      expect([exit, err]).toEqual([2, expect.stringContaining('is an id of neither')]);
    });
  });

  describe('simulate', () => {
    it('sends a signed event that the road takes, and tells how to follow it', async () => {
      const { exit, json } = await ops('simulate payment_intent.succeeded --object pi_sim1 --yes --json');
      expect([exit, json()]).toEqual([
        0,
        {
          eventId: expect.stringMatching(/^evt_sim/),
          type: 'payment_intent.succeeded',
          url: small.road.webhookUrl,
          status: 200,
          answer: '{"received":true,"routed":true}',
        },
      ]);
      await expect.poll(() => rowsNamed(small, 'Payment_Transaction__c', 'pi_sim1')).toHaveLength(1);
    });

    it('names the deployment in the command that follows it up', async () => {
      const { out } = await ops('simulate payment_intent.succeeded --object pi_sim1 --yes');
      expect(out).toMatch(new RegExp(`payments-ops trace evt_\\w+ --local ${small.road.awsUrl}\n`));
      await small.still();
    });

    it('signs with a secret that was typed, for any endpoint, and says when it is refused', async () => {
      const line = `simulate payment_intent.succeeded --object pi_sim2 --url ${small.road.webhookUrl} --ask-secret --yes`;
      const typed = (secret: string) => runOps(line.split(' '), { canAsk: true, secret: async () => secret });
      expect(await typed(small.signingSecret)).toMatchObject({ exit: 0 });
      await expect.poll(() => rowsNamed(small, 'Payment_Transaction__c', 'pi_sim2')).toHaveLength(1);
      const refused = await typed('whsec_of_somebody_else');
      expect([refused.exit, refused.out]).toEqual([1, expect.stringContaining('400 {"error":"signature"}')]);
    });

    it.each([
      ['no type', 'simulate customers', 'is no event type'],
      ['an assignment without a value', 'simulate customer.updated --set name', 'path=value'],
    ])('refuses %s', async (_, line, message) => {
      const { exit, err } = await ops(line);
      expect([exit, err]).toEqual([2, expect.stringContaining(message)]);
    });
  });

  describe('replay', () => {
    const minute = 60_000;
    const started = () => small.road.bus.replays.list({});
    const leftRules = () =>
      small.road.bus.listRules(`payments-local-bus`).filter(({ name }) => name.includes('replay-'));

    it('counts by type before, and tells what became of the events after', async () => {
      const rows = rowsOf(small);
      const accepted = small.account.events().filter(({ type }) => routeOf(type) !== null);
      const looked = await ops('replay --from 1h --preview --json');
      expect([looked.exit, started()]).toEqual([0, []]);
      // Beside the account's own events there are the three that were simulated.
      expect(looked.json()).toMatchObject({ preview: { events: accepted.length + 3, more: false }, running: null });

      const { exit, err, json } = await ops('replay --from 1h --yes --json');
      expect(exit).toBe(0);
      expect(err).toContain('replaying, minutes of events');
      expect(json()).toMatchObject({ state: 'COMPLETED', attached: false, handled: accepted.length + 3, underWay: 0 });
      // What was written at once is done: nothing but duplicates.
      expect(json()).toHaveProperty('realtime', { duplicate: expect.any(Number) });
      await small.still();
      expect(changes(rows, rowsOf(small))).toEqual([]);
      expectNothingParked(small);
    });

    it('of one object hands its events, and those that refer to it, to their own lanes, by rules that it removes', async () => {
      const [subscription] = small.org.org.rows('Stripe_Subscription__c');
      const id = subscription?.key ?? '';
      const before = small.arrivals.length;
      const { exit, json } = await ops(`replay --from 1h --object ${id} --yes --json --wait 0s`);
      expect([exit, json()]).toEqual([0, expect.objectContaining({ state: 'COMPLETED' })]);
      const again = small.arrivals.slice(before).map(({ eventId }) => eventId);
      const about = small.account
        .events()
        .filter(({ type, data }) => routeOf(type) !== null && JSON.stringify(data.object).includes(`"${id}"`));
      expect(new Set(again)).toEqual(new Set(about.map(({ id: eventId }) => eventId)));
      expect(about.some(({ type }) => type.startsWith('invoice.'))).toBe(true);
      expect(leftRules()).toEqual([]);
    });

    it('of one type leaves all others alone, and what Stripe sends meanwhile is not delivered twice', async () => {
      const before = small.arrivals.length;
      const replayed = ops('replay --from 1h --type customer.created --yes --json --wait 0s');
      await expect.poll(leftRules).toHaveLength(1);
      const [live] = small.account.events().filter(({ type }) => type === 'customer.created');
      if (live !== undefined) await small.resend(live);
      expect((await replayed).exit).toBe(0);
      const count = small.account.events().filter(({ type }) => type === 'customer.created').length;
      const again = () => small.arrivals.slice(before).map(({ type }) => type);
      await expect.poll(again).toEqual(Array.from({ length: count + 1 }, () => 'customer.created'));
    });

    it('goes on after this program was killed: the same arguments find the replay that runs', async () => {
      const from = Date.now() - 3_600_000;
      const [sample] = small.account.events().filter(({ type }) => type === 'customer.updated');
      const earlier = started().length;
      for (let n = 0; n < 25; n += 1) keepAt(from + n * minute, sample);
      const line = `replay --from ${iso(from)} --to ${iso(from + 30 * minute)} --type customer.updated --yes --json --wait 0s`;
      const child = spawn(
        process.execPath,
        [path.join(root, 'packages/ops/src/payments-ops.ts'), ...line.split(' '), '--local', small.road.awsUrl],
        { stdio: 'ignore' },
      );
      await expect.poll(() => started().filter(({ state }) => state === 'RUNNING').length, { timeout: 20_000 }).toBe(1);
      child.kill('SIGKILL');
      await once(child, 'exit');
      expect(leftRules()).toHaveLength(1);

      const { exit, err, json } = await ops(line);
      expect([exit, err]).toEqual([0, expect.stringContaining('goes on watching payments-local-')]);
      expect(json()).toMatchObject({ state: 'COMPLETED', attached: true });
      expect(started()).toHaveLength(earlier + 1);
      expect(leftRules()).toEqual([]);
    });

    it('is left running at Ctrl-C, and stopped with --cancel', async () => {
      const line = `replay --from ${iso(Date.now() - 3_700_000)} --yes --json`;
      const interrupted = new AbortController();
      const watched = ops(line, {
        signal: interrupted.signal,
        sleep: async () => {
          interrupted.abort();
        },
      });
      const left = await watched;
      expect([left.exit, left.json()]).toMatchObject([130, { state: expect.stringMatching(/STARTING|RUNNING/) }]);
      const { exit, json } = await ops(`${line} --cancel`);
      expect([exit, json()]).toMatchObject([0, { state: 'CANCELLING' }]);
      await expect.poll(() => started().filter(({ state }) => state === 'CANCELLED')).toHaveLength(1);
      expect(await ops(`${line} --cancel`)).toMatchObject({ exit: 3 });
    });

    it.each([
      ['no beginning', 'replay', '--from is missing'],
      ['an end before the beginning', 'replay --from 1h --to 2h', 'has to be before'],
      ['the future', 'replay --from 1h --to 2999-01-01', 'in the future'],
      ['a time without a zone', 'replay --from 2026-11-25T10:00:00', 'a time with its zone'],
      ['what the archive no longer keeps', 'replay --from 60d --to 50d', '30 days'],
      ['a type that no lane takes', 'replay --from 1h --type topup.created', 'no lane takes topup.created'],
      [
        'a lane that the type does not travel',
        'replay --from 1h --type price.created --lane realtime',
        'realtime lane',
      ],
      ['an id that is none', 'replay --from 1h --object a/b', 'ids of Stripe'],
    ])('refuses %s', async (_, line, message) => {
      const { exit, err } = await ops(line);
      expect([exit, err]).toEqual([2, expect.stringContaining(message)]);
    });

    it('changes nothing where nobody can be asked', async () => {
      const earlier = started().length;
      const { exit, err } = await ops('replay --from 1h');
      expect([exit, err]).toEqual([4, expect.stringMatching(/events, received[\s\S]+--yes/)]);
      expect(started()).toHaveLength(earlier);
    });

    /** Puts an event of the account onto the bus as if it had been received then. */
    function keepAt(time: number, event: AccountEvent | undefined): void {
      if (event === undefined) throw new Error('the account has told of no such event');
      const detail = {
        priority: 'low',
        lane: 'bulk',
        receivedAt: new Date(time).toISOString(),
        correlationId: 'kept',
        event: JSON.parse(printAsStripe(event)),
      };
      small.road.bus.putEvents([
        {
          source: SOURCE,
          detailType: 'customer.updated',
          detail: JSON.stringify(detail),
          time,
          eventBusName: 'payments-local-bus',
        },
      ]);
    }
  });

  describe('dlq', () => {
    /** What the redrive of every minute has in hand included. */
    const depth = (queue: string) => {
      const { ready, inFlight } = small.road.queues.depth(queueArn(small, queue));
      return ready + inFlight;
    };
    const failures = () => [...small.org.org.rows('Sync_Failure__c')];
    /** Failures of a status, after a run of the scheduled function. */
    const retried = async (status: string) => {
      await retryRun(small);
      return failures().filter(({ columns }) => columns.Status__c === status);
    };

    /** A payment that Salesforce refuses in both lanes until the fault is lifted. */
    function poisonedPayment(): string {
      const { books } = small.account;
      const customer = createCustomer(books, { email: 'poison@example.com', name: 'Poison' });
      const card = createPaymentMethod(books, { type: 'card', behaviour: 'pays', customer: customer.id });
      const intent = createIntent(books, { amount: 100, currency: 'eur', customer: customer.id });
      small.org.org.fault({
        match: { urlRegex: '/composite', object: 'Stripe_Payment_Intent_ID__c', externalId: intent.id },
        effect: {
          status: 400,
          body: [{ errorCode: 'FIELD_CUSTOM_VALIDATION_EXCEPTION', message: 'Ada Lind is on the list', fields: [] }],
        },
      });
      attempt(books, intent, card);
      return intent.id;
    }

    it('lists and shows what failed, in both lanes and in Salesforce, without a word of what it contains', async () => {
      const [id] = [poisonedPayment(), poisonedPayment()];
      await expect.poll(() => [depth('FailedExecutions'), depth('BulkParked')], { timeout: 30_000 }).toEqual([2, 2]);
      const { exit, out } = await ops('dlq list');
      expect([exit, out]).toEqual([
        1,
        expect.stringMatching(/FailedExecutions .*\n +2 +FIELD_CUSTOM_VALIDATION_EXCEPTION +oldest/),
      ]);
      expect(out).toMatch(/BulkParked .*\n +2 +FIELD_CUSTOM_VALIDATION_EXCEPTION +oldest/);
      expect(out).toMatch(/2 +realtime, Open +FIELD_CUSTOM_VALIDATION_EXCEPTION +Business/);

      const event = small.account
        .events()
        .find(({ type, data }) => type === 'payment_intent.succeeded' && data.object.id === id);
      const shown = await ops(`dlq show FailedExecutions --event ${event?.id}`);
      expect(shown.out).toContain(`${event?.id}  payment_intent.succeeded  ${id}`);
      expect(shown.out).toContain(`Sync_Failure__c stripe.webhook:${event?.id}`);
      expect(shown.out).toContain('https://us-east-1.console.aws.amazon.com/states/');
      const rows = await ops('dlq show BulkParked --json');
      expect(rows.json()).toMatchObject({ found: 2, letters: [{ reason: 'FIELD_CUSTOM_VALIDATION_EXCEPTION' }, {}] });
      for (const text of [out, shown.out, rows.out]) expect(text).not.toMatch(/Ada Lind|poison@/);
      expect((await ops(`trace ${event?.id} --since 1h`)).out).toContain('given up: see dlq list');
    });

    it('asks before it redrives, and leaves everything where it is when nobody can be asked', async () => {
      const { exit, err } = await ops('dlq redrive all');
      expect([exit, err]).toEqual([4, expect.stringMatching(/2 +FailedExecutions[\s\S]+--yes/)]);
      expect([depth('FailedExecutions'), depth('BulkParked')]).toEqual([2, 2]);
    });

    it('redrives in both lanes once the cause is gone: rows arrive, and Salesforce says Resolved', async () => {
      small.org.org.clearFaults();
      const reason = 'FIELD_CUSTOM_VALIDATION_EXCEPTION';
      const { exit, json } = await ops(`dlq redrive all --reason ${reason} --limit 1 --yes --json`);
      expect([exit, json()]).toMatchObject([0, { done: 2, cancelled: false }]);
      expect([depth('FailedExecutions'), depth('BulkParked')]).toEqual([1, 1]);
      await expect.poll(() => retried('Resolved'), { timeout: 20_000 }).toHaveLength(2);
      expect(await retried('Open')).toHaveLength(2);
      expect((await ops('dlq redrive BulkUndelivered --yes')).out).toBe('nothing to redrive\n');
    });

    it('what somebody in Salesforce sets to Retrying is tried again by itself, and leaves no letter behind', async () => {
      for (const { id, columns } of failures()) if (columns.Status__c === 'Open') await setRetrying(small, id);
      await expect.poll(() => retried('Resolved'), { timeout: 20_000 }).toHaveLength(4);
      expect([depth('FailedExecutions'), depth('BulkParked')]).toEqual([0, 0]);
      await small.still();
      // After all that was done here, but for the rows that `simulate` made up.
      expect(small.judge().differences.filter(({ key }) => !key.includes('_sim'))).toEqual([]);
    });

    it('discards what was chosen, and marks it in Salesforce', async () => {
      const unrouted = depth('Unrouted');
      const [first] = small.account.events().filter(({ type }) => routeOf(type) === null);
      const one = await ops(`dlq discard Unrouted --event ${first?.id} --yes --json`);
      expect([one.exit, one.json()]).toEqual([0, { discarded: 1, marked: 0, cancelled: false }]);
      // Found behind all the others: the limit is of those that are meant, not of those that are looked at.
      const last = small.account.events().findLast(({ type }) => routeOf(type) === null && type !== first?.type);
      const rare = await ops(`dlq discard Unrouted --reason ${last?.type} --limit 1 --yes --json`);
      expect([rare.exit, rare.json()]).toEqual([0, { discarded: 1, marked: 0, cancelled: false }]);
      const refused = await ops('dlq redrive Unrouted --limit 3 --yes');
      expect([refused.exit, refused.out]).toEqual([1, expect.stringContaining('left: no lane takes')]);
      expect((await ops('dlq discard Unrouted --all --yes')).out).toContain(`${unrouted - 2} discarded`);
      expect((await ops('dlq list')).out).toContain('the dead-letter queues are empty');
      poisonedPayment();
      await expect.poll(() => depth('FailedExecutions'), { timeout: 30_000 }).toBe(1);
      expect((await ops('dlq discard FailedExecutions --all --yes --json')).json()).toMatchObject({ marked: 1 });
      expect(failures().filter(({ columns }) => columns.Status__c === 'Discarded')).toHaveLength(1);
      small.org.org.clearFaults();
    });

    it.each([
      ['a queue that is none', 'dlq show Everything', 'takes a queue: RealtimeUndelivered'],
      ['a limit that is none', 'dlq redrive all --limit 0', 'whole number from 1 on'],
      ['an event that is none', 'dlq show Unrouted --event 1', 'takes the id of an event'],
      ['to discard without a choice', 'dlq discard Unrouted --yes', 'which letters?'],
      ['no subcommand', 'dlq', 'Commands:'],
    ])('refuses %s', async (_, line, message) => {
      const { exit, err } = await ops(line);
      expect([exit, err]).toEqual([2, expect.stringContaining(message)]);
    });
  });

  it('no command has printed a secret', () => {
    const names = ['StripeSigningSecret', 'StripeApiKey', 'SalesforceClient'];
    const texts = names.map((name) => small.road.secrets.get(`payments-local/${name}`).secretString ?? '');
    const secrets = texts.flatMap((text) => text.match(/(whsec_|sk_)\w+|(?<="clientSecret":")\w+/g) ?? []);
    expect(secrets.length).toBeGreaterThanOrEqual(3);
    for (const secret of [...secrets, SESSION]) expect(printed.join('')).not.toContain(secret);
  });
});

const iso = (ms: number): string => new Date(ms).toISOString();

function queueArn({ graph }: SmallMachine, name: string): string {
  return graph.queues.find((queue) => queue.name === `payments-local-${name}`)?.arn ?? '';
}

/** A run of the scheduled function, without waiting for its five minutes. */
async function retryRun({ road, graph }: SmallMachine): Promise<unknown> {
  const name = graph.functions.find((fn) => fn.name.includes('RetryFailures'))?.name ?? '';
  return road.functions.get(name)?.invoke({});
}

async function setRetrying({ org }: SmallMachine, id: string): Promise<void> {
  const { status } = await fetch(`${org.url}/services/data/v66.0/sobjects/Sync_Failure__c/${id}`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${SESSION}`, 'content-type': 'application/json' },
    body: JSON.stringify({ Status__c: 'Retrying' }),
  });
  expect(status).toBe(204);
}
