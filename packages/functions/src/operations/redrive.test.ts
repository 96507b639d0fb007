import { type Circuit as CircuitState, CLOSED } from '@payments/core/circuit';
import { BudgetWait, NeverRetry, RetryLater } from '@payments/core/failure';
import * as v from 'valibot';
import { beforeEach, describe, expect, it } from 'vitest';
import { counting } from '../../test/counted.ts';
import type { PutOutcome } from '../adapters/buffer.ts';
import type { Letter, LetterBox } from '../adapters/queues.ts';
import type { SalesforceRequest } from '../adapters/salesforce.ts';
import { SalesforceFailure } from '../adapters/salesforce-failure.ts';
import type { Tie } from '../adapters/tie-list.ts';
import { letterOf } from '../bulk/parked-letter.ts';
import type { BufferedRow, Incoming } from '../bulk/row.ts';
import { crossing } from '../realtime/crossing.ts';
import { type RedriveLine, type RedriveWorld, redrive } from './redrive.ts';

const MACHINE = 'arn:aws:states:eu-west-1:123456789012:stateMachine:payments-test-Payments';
const NOW = 1_790_000_600_000;

const away = new BudgetWait('away', { code: 'SERVER_UNAVAILABLE', retryAfterMs: 1_000 });
const refused = new NeverRetry('refused', { code: 'FIELD_CUSTOM_VALIDATION_EXCEPTION', category: 'Business' });
const unreached = new RetryLater('unreached', { code: 'ECONNRESET', category: 'Network' });

type Noticed = { name?: string; status?: string; created?: number; stopDate?: number; input?: null; machine?: string };

/** What the rule puts into the queue, of an execution that a step's error ended. */
function notice(error: BudgetWait | NeverRetry | RetryLater | null, what: Noticed = {}): string {
  const {
    name = 'run-1',
    status = 'FAILED',
    created = 1_789_990_000,
    stopDate = NOW - 1_000,
    machine = MACHINE,
  } = what;
  const cause =
    error === null ? null : JSON.stringify({ errorType: error.name, errorMessage: crossing(error).message });
  return JSON.stringify({
    source: 'aws.states',
    detail: {
      executionArn: `${machine.replace(':stateMachine:', ':execution:')}:${name}`,
      stateMachineArn: machine,
      ...{ name, status, startDate: NOW - 90_000, stopDate, error: error?.name ?? null, cause },
      input: what.input === null ? null : JSON.stringify({ detail: { event: { id: `evt_${name}`, created } } }),
    },
  });
}

function busEvent(id: string, created: number): string {
  const detail = {
    ...{ priority: 'high', lane: 'realtime', receivedAt: '2026-09-21T14:13:23.000Z', correlationId: 'c-1' },
    event: {
      id: `evt_${id}`,
      object: 'event',
      type: 'payment_intent.succeeded',
      created,
      livemode: false,
      data: { object: { id: 'pi_1' } },
    },
  };
  return JSON.stringify({
    id,
    'detail-type': 'payment_intent.succeeded',
    source: 'stripe.webhook',
    time: 'now',
    detail,
  });
}

/** A queue whose messages are visible, hidden or gone. */
function fakeBox() {
  let sent = 0;
  const visible: Letter[] = [];
  let hidden: Letter[] = [];
  const box: LetterBox = {
    receive: async () => {
      const some = visible.splice(0, 10);
      hidden.push(...some);
      return some;
    },
    remove: async (letters) => {
      hidden = hidden.filter((letter) => !letters.includes(letter));
    },
    giveBack: async (letters) => {
      hidden = hidden.filter((letter) => !letters.includes(letter));
      visible.push(...letters);
    },
  };
  const put = (body: string, attributes: Record<string, string> = {}, sentAt = NOW) => {
    sent += 1;
    visible.push({ body, handle: `h${sent}`, sentAt, attributes });
  };
  return { box, put, visible: () => visible.map(({ body }) => body), hidden: () => hidden };
}

const Sent = v.object({ records: v.array(v.record(v.string(), v.unknown())) });
const QUEUES = ['failedExecutions', 'realtimeUndelivered', 'bulkUndelivered', 'bulkPoisoned', 'bulkParked'] as const;

describe('redrive', () => {
  let boxes: Record<(typeof QUEUES)[number], ReturnType<typeof fakeBox>>;
  let started: { machineArn: string; name: string; input: string }[];
  let requests: SalesforceRequest[];
  let buffered: { object: string; key: string; incoming: Incoming }[];
  let ties: Tie[];
  let bulk: { bodies: readonly string[]; attributes: object }[];
  let lines: RedriveLine[];
  let circuit: CircuitState & { retryAfterMs: number };
  let outcome: PutOutcome;
  let world: RedriveWorld;
  let counted: ReturnType<typeof counting>;
  let told: Set<string>;

  beforeEach(() => {
    const made = { failedExecutions: fakeBox(), realtimeUndelivered: fakeBox(), bulkUndelivered: fakeBox() };
    boxes = { ...made, bulkPoisoned: fakeBox(), bulkParked: fakeBox() };
    [started, requests, buffered, ties, bulk, lines] = [[], [], [], [], [], []];
    circuit = { ...CLOSED, retryAfterMs: 0 };
    outcome = 'stored';
    told = new Set();
    counted = counting();
    const letters = Object.fromEntries(QUEUES.map((name) => [name, boxes[name].box]));
    const { failedExecutions, realtimeUndelivered, bulkUndelivered, bulkPoisoned, bulkParked } = letters;
    if (!failedExecutions || !realtimeUndelivered || !bulkUndelivered || !bulkPoisoned || !bulkParked)
      throw new Error();
    world = {
      letters: { failedExecutions, realtimeUndelivered, bulkUndelivered, bulkPoisoned, bulkParked },
      executions: {
        start: async (machineArn, name, input) => {
          started.push({ machineArn, name, input });
          return true;
        },
        inputOf: async (arn) => JSON.stringify({ read: arn }),
        statusOf: async () => null,
      },
      machineArns: [MACHINE],
      told: {
        areTold: async (ids) => ids.map((id) => told.has(id)),
        remember: async (ids) => {
          for (const id of ids) told.add(id);
        },
      },
      circuit: { look: async () => circuit },
      budget: {
        acquire: async () => ({ granted: true, retryAfterMs: 0 }),
        peek: async () => ({ granted: true, retryAfterMs: 0 }),
        usage: async () => ({
          windows: [{ window: 'minute', windowMs: 60_000, used: 0, limit: 600 }],
          orgUsed: null,
          orgMax: null,
        }),
      },
      limits: { perMinute: 600, perHour: 1e6, perDay: 1e6, realtimeReserve: 0.2, lowValueReserve: 0.05 },
      salesforce: async (request) => {
        requests.push(request);
        const rows = request.method === 'PATCH' ? v.parse(Sent, request.body).records : null;
        return { status: 200, body: rows?.map(() => ({ success: true })) ?? { records: [] } };
      },
      buffer: {
        put: async (object, rows) => {
          buffered.push(...rows.map((row) => ({ object, ...row })));
          return { outcomes: rows.map(() => outcome), waiting: rows.length };
        },
      },
      ties: {
        add: async (_object, some) => {
          ties.push(...some);
        },
      },
      bulk: {
        send: async (bodies, attributes = {}) => {
          bulk.push({ bodies, attributes });
        },
      },
      onceIn: async () => false,
      nowMs: () => NOW,
      stopAtMs: NOW + 1,
      log: (_level, line) => lines.push(line),
      count: counted.count,
    };
  });

  /** Nothing is left hidden: what was not done is there for people at once. */
  const nothingHidden = () => QUEUES.flatMap((name) => boxes[name].hidden());

  describe('executions', () => {
    it('that the road failed are started anew with the same input, and their notice is gone', async () => {
      boxes.failedExecutions.put(notice(away));
      expect(await redrive(world)).toMatchObject({ away: false, started: 1 });
      expect(started).toEqual([
        {
          machineArn: MACHINE,
          name: 'run-1.redrive-1',
          input: JSON.stringify({ detail: { event: { id: 'evt_run-1', created: 1_789_990_000 } } }),
        },
      ]);
      expect([boxes.failedExecutions.visible(), nothingHidden()]).toEqual([[], []]);
      expect(counted.sum('Redriven')).toBe(1);
    });

    it('begin with the oldest event, across both queues and all that they hold', async () => {
      for (const age of Array.from({ length: 25 }, (_, index) => (index * 7) % 25)) {
        if (age % 3 === 0)
          boxes.realtimeUndelivered.put(busEvent(`b${age}`, 1_789_990_000 + age), { TARGET_ARN: MACHINE });
        else boxes.failedExecutions.put(notice(unreached, { name: `run-${age}`, created: 1_789_990_000 + age }));
      }
      await redrive(world);
      expect(started.map(({ name }) => name)).toEqual(
        Array.from({ length: 25 }, (_, age) => (age % 3 === 0 ? `undelivered-b${age}` : `run-${age}.redrive-1`)),
      );
    });

    it('that the bus could not start are started with the event as it was, for the machine it was for', async () => {
      const event = busEvent('b1', 1_789_990_000);
      boxes.realtimeUndelivered.put(event, { TARGET_ARN: MACHINE, ERROR_CODE: 'THROTTLING' });
      boxes.realtimeUndelivered.put(busEvent('b2', 1), { TARGET_ARN: `${MACHINE}Other` });
      boxes.realtimeUndelivered.put('{}', { TARGET_ARN: MACHINE });
      expect(await redrive(world)).toMatchObject({ started: 1 });
      expect(started).toEqual([{ machineArn: MACHINE, name: 'undelivered-b1', input: event }]);
      expect([boxes.realtimeUndelivered.visible().length, nothingHidden()]).toEqual([2, []]);
    });

    it('are left to people when the road is not the reason, and stay visible', async () => {
      const others = [
        notice(refused),
        notice(away, { status: 'ABORTED' }),
        notice(away, { name: 'run-1.redrive-5' }),
        notice(away, { machine: MACHINE.replace('Payments', 'Other') }),
        'not JSON',
        '{"detail":{}}',
      ];
      for (const body of others) boxes.failedExecutions.put(body);
      expect(await redrive(world)).toMatchObject({ started: 0 });
      expect(boxes.failedExecutions.visible()).toEqual(others);
      expect(lines).toEqual([{ outcome: 'looked', left: others.length }]);
      expect(nothingHidden()).toEqual([]);
    });

    it('wait before they are started once more', async () => {
      boxes.failedExecutions.put(notice(away, { name: 'run-1.redrive-1', stopDate: NOW - 599_000 }));
      expect((await redrive(world)).started).toBe(0);
      world = { ...world, nowMs: () => NOW + 1_000, stopAtMs: NOW + 2_000 };
      expect((await redrive(world)).started).toBe(1);
      expect(started[0]?.name).toBe('run-1.redrive-2');
    });

    it('that timed out have no reason, which is the road', async () => {
      boxes.failedExecutions.put(notice(null, { status: 'TIMED_OUT' }));
      expect((await redrive(world)).started).toBe(1);
    });

    it('get an input that was too long for the notice from Step Functions', async () => {
      boxes.failedExecutions.put(notice(away, { input: null }));
      await redrive(world);
      expect(started[0]?.input).toContain('execution:payments-test-Payments:run-1');
    });

    it('that cannot be started hold up nobody, and stay', async () => {
      boxes.failedExecutions.put(notice(away, { name: 'a', created: 1 }));
      boxes.failedExecutions.put(notice(away, { name: 'b', created: 2 }));
      const { start } = world.executions;
      const broken: typeof start = async (arn, name, input) => {
        if (name.startsWith('a')) throw Object.assign(new Error('slow down'), { name: 'ThrottlingException' });
        return start(arn, name, input);
      };
      world = { ...world, executions: { ...world.executions, start: broken } };
      expect(await redrive(world)).toMatchObject({ started: 1 });
      expect(started.map(({ name }) => name)).toEqual(['b.redrive-1']);
      expect(boxes.failedExecutions.visible()).toHaveLength(1);
      expect(lines).toContainEqual({
        ...{ outcome: 'not-started', from: 'a', code: 'ThrottlingException', executionName: 'a.redrive-1' },
      });
    });

    it('are as many as half of what bulk may still use allows, the oldest', async () => {
      for (const age of [4, 3, 2, 1]) boxes.failedExecutions.put(notice(away, { name: `run-${age}`, created: age }));
      const windows = [{ window: 'minute', windowMs: 60_000, used: 72, limit: 100 } as const];
      world = { ...world, budget: { ...world.budget, usage: async () => ({ windows, orgUsed: null, orgMax: null }) } };
      expect((await redrive(world)).started).toBe(2);
      expect(started.map(({ name }) => name)).toEqual(['run-1.redrive-1', 'run-2.redrive-1']);
      expect([boxes.failedExecutions.visible().length, nothingHidden()]).toEqual([2, []]);
    });

    it('are begun no more when the run has to end', async () => {
      boxes.failedExecutions.put(notice(away, { name: 'a', created: 1 }));
      boxes.failedExecutions.put(notice(away, { name: 'b', created: 2 }));
      let now = NOW;
      const start = async () => {
        now += 10;
        return true;
      };
      world = { ...world, nowMs: () => now, stopAtMs: NOW + 10, executions: { ...world.executions, start } };
      expect((await redrive(world)).started).toBe(1);
      expect([boxes.failedExecutions.visible().length, nothingHidden()]).toEqual([1, []]);
    });
  });

  describe('rows of the bulk lane', () => {
    const row = (key: string, newestAt: number, more: Partial<BufferedRow> = {}): BufferedRow => ({
      ...{
        id: JSON.stringify({ externalId: key, rowId: null }),
        columns: {},
        owners: { customer: { v: 5, f: 0, e: `evt_${key}` } },
      },
      ...{ events: [`evt_${key}`], eventId: `evt_${key}`, correlationId: 'c-1', oldestAt: newestAt, newestAt },
      ...{ receivedAt: newestAt, firstBufferedAt: newestAt, notBefore: 0, attempts: 5, apart: 0, lagged: 0, ...more },
    });
    const park = (
      key: string,
      newestAt: number,
      category: 'Network' | 'Data' = 'Network',
      more: Partial<BufferedRow> = {},
    ) => {
      const outcome = { kind: 'failed', retry: true, code: 'UNABLE_TO_LOCK_ROW', category, apart: false } as const;
      boxes.bulkParked.put(
        letterOf('Stripe_Customer__c', 'batch_1', { key, row: row(key, newestAt, more), outcome }, NOW),
      );
    };

    it('that the road failed go back into the buffer, oldest first, their tries anew', async () => {
      park('cus_2', 2_000);
      park('cus_1', 1_000);
      expect(await redrive(world)).toMatchObject({ putBack: 2 });
      expect(buffered.map(({ object, key }) => `${object} ${key}`)).toEqual([
        'Stripe_Customer__c cus_1',
        'Stripe_Customer__c cus_2',
      ]);
      expect(buffered[0]?.incoming).toEqual({
        ...{ id: row('cus_1', 0).id, columns: {}, owners: row('cus_1', 0).owners, e: 'evt_cus_1', at: 1_000 },
        ...{ receivedAt: 1_000, correlationId: 'c-1', settle: 0 },
        ...{ failures: ['stripe.webhook:evt_cus_1:cus_1'], redrives: 1, tried: 6, outdone: [] },
      });
      expect([boxes.bulkParked.visible(), nothingHidden()]).toEqual([[], []]);
    });

    it('are put back fifty at a time, and no more when the run has to end', async () => {
      for (let n = 0; n < 120; n += 1) park(`cus_${n}`, 1_000 + n);
      let now = NOW;
      const put: RedriveWorld['buffer']['put'] = async (_, rows) => {
        now += 10;
        return { outcomes: rows.map(() => 'stored'), waiting: 0 };
      };
      world = { ...world, nowMs: () => now, stopAtMs: NOW + 15, buffer: { ...world.buffer, put } };
      expect((await redrive(world)).putBack).toBe(100);
      expect([boxes.bulkParked.visible().length, nothingHidden()]).toEqual([20, []]);
    });

    it('are left to people when the row is the reason, or when it was put back often enough', async () => {
      park('cus_1', 1_000, 'Data');
      park('cus_2', 1_000, 'Network', { redrives: 5 });
      boxes.bulkParked.put('not a row');
      expect(await redrive(world)).toMatchObject({ putBack: 0 });
      expect([boxes.bulkParked.visible().length, buffered, nothingHidden()]).toEqual([3, [], []]);
    });

    it.each(['late', 'broken'] as const)('stay in the queue when the buffer does not take them: %s', async (said) => {
      outcome = said;
      park('cus_1', 1_000);
      expect(await redrive(world)).toMatchObject({ putBack: 0 });
      expect(boxes.bulkParked.visible()).toHaveLength(1);
    });

    it('that share their second with what waits are for Stripe to decide', async () => {
      outcome = 'tie';
      park('cus_1', 1_000);
      expect(await redrive(world)).toMatchObject({ putBack: 1 });
      expect(ties).toEqual([
        { key: 'cus_1', owner: 'customer', eventId: 'evt_cus_1', correlationId: 'c-1', receivedAt: 1_000 },
      ]);
    });
  });

  describe('messages of the bulk lane', () => {
    it('that did not arrive, or were failed five times, go in once more, and count', async () => {
      const [one, two] = [busEvent('b1', 1), busEvent('b2', 2)];
      boxes.bulkUndelivered.put(one);
      boxes.bulkPoisoned.put(two, { redrives: '2' }, NOW - 30 * 60_000);
      expect(await redrive(world)).toMatchObject({ moved: 2 });
      expect(bulk).toEqual([
        { bodies: [one], attributes: { redrives: '1' } },
        { bodies: [two], attributes: { redrives: '3' } },
      ]);
    });

    it('are moved no more when the run has to end, and nothing further is received', async () => {
      for (let n = 0; n < 3; n += 1) boxes.bulkPoisoned.put(busEvent(`b${n}`, n), {}, NOW - 60_000);
      boxes.failedExecutions.put(notice(away));
      let now = NOW;
      const send = async () => {
        now += 10;
      };
      world = { ...world, nowMs: () => now, stopAtMs: NOW + 15, bulk: { send } };
      expect(await redrive(world)).toMatchObject({ moved: 2, started: 0 });
      expect([boxes.bulkPoisoned.visible().length, boxes.failedExecutions.visible().length]).toEqual([1, 1]);
      expect(nothingHidden()).toEqual([]);
    });

    it('that stay become rows in Salesforce, each once, with their reason', async () => {
      boxes.bulkPoisoned.put(busEvent('b3', 1), { ERROR_CODE: 'object_gone', CATEGORY: 'Data' }, NOW - 1_000);
      boxes.bulkPoisoned.put('no event at all', {}, NOW - 1_000);
      boxes.bulkPoisoned.put(busEvent('b4', 1), { redrives: '5' }, NOW - 1_000);
      await redrive(world);
      await redrive(world);
      const sent = requests.filter(({ method }) => method === 'PATCH');
      expect(sent.map(({ path }) => path)).toEqual(['/composite/sobjects/Sync_Failure__c/Failure_Key__c']);
      expect(v.parse(Sent, sent[0]?.body).records).toMatchObject([
        {
          ...{ Failure_Key__c: 'stripe.webhook:evt_b3', Stripe_Event_ID__c: 'evt_b3', Stripe_Object_ID__c: 'pi_1' },
          ...{ Source__c: 'bulk', Code__c: 'object_gone', Category__c: 'Data', Status__c: 'Open' },
          ...{ Correlation_ID__c: 'c-1', Event_Type__c: 'payment_intent.succeeded' },
        },
        { Failure_Key__c: expect.stringMatching(/^stripe\.webhook:unreadable:\w+$/), Code__c: 'FAILED_TOO_OFTEN' },
        { Failure_Key__c: 'stripe.webhook:evt_b4', Category__c: 'Network' },
      ]);
      expect(JSON.stringify(sent)).not.toContain('no event at all');
      expect([boxes.bulkPoisoned.visible().length, nothingHidden()]).toEqual([3, []]);
    });

    it('of one message, which came again and again, are one row: the org refuses a key twice in a call', async () => {
      boxes.bulkPoisoned.put(busEvent('b3', 1), { ERROR_CODE: 'object_gone', CATEGORY: 'Data' }, NOW - 2_000);
      boxes.bulkPoisoned.put(busEvent('b3', 1), { ERROR_CODE: 'resource_missing', CATEGORY: 'Data' }, NOW - 1_000);
      await redrive(world);
      await redrive(world);
      const sent = requests.filter(({ method }) => method === 'PATCH');
      expect(sent.flatMap(({ body }) => v.parse(Sent, body).records)).toMatchObject([
        { Failure_Key__c: 'stripe.webhook:evt_b3', Code__c: 'resource_missing' },
      ]);
    });

    it('that Salesforce did not take as rows are told to it again; without a call left they wait', async () => {
      boxes.bulkPoisoned.put(busEvent('b3', 1), { ERROR_CODE: 'object_gone', CATEGORY: 'Data' }, NOW);
      const { salesforce, budget } = world;
      world = { ...world, budget: { ...budget, acquire: async () => ({ granted: false, retryAfterMs: 1 }) } };
      await redrive(world);
      expect(requests).toEqual([]);
      const refusing: RedriveWorld['salesforce'] = async (request) => {
        await salesforce(request);
        return { status: 200, body: [{ success: false }] };
      };
      world = { ...world, budget, salesforce: refusing };
      await redrive(world);
      expect([requests.length, told.size]).toEqual([1, 0]);
      world = { ...world, salesforce };
      await redrive(world);
      await redrive(world);
      expect([requests.length, told.size]).toEqual([2, 1]);
    });

    it('stay for people when they are no bus events, can never be read, when their turn is later or was the last', async () => {
      boxes.bulkPoisoned.put('{"poison":1}');
      boxes.bulkPoisoned.put(busEvent('b1', 1), { redrives: '1' }, NOW - 60_000);
      boxes.bulkPoisoned.put(busEvent('b2', 1), { redrives: '5' }, 0);
      boxes.bulkPoisoned.put(busEvent('b3', 1), { ERROR_CODE: 'GONE', CATEGORY: 'Data' }, 0);
      expect(await redrive(world)).toMatchObject({ moved: 0 });
      expect([boxes.bulkPoisoned.visible().length, bulk]).toEqual([4, []]);
    });
  });

  describe('while Salesforce is away', () => {
    beforeEach(() => {
      boxes.failedExecutions.put(notice(away));
      circuit = { ...CLOSED, state: 'open', why: 'ECONNREFUSED', retryAfterMs: 9_000 };
    });

    it('nothing is started, nothing is even received', async () => {
      expect(await redrive(world)).toMatchObject({ away: true, started: 0 });
      expect([started, requests, nothingHidden()]).toEqual([[], [], []]);
      expect(lines).toEqual([{ outcome: 'salesforce-away', code: 'ECONNREFUSED' }]);
    });

    it('it is the probe when a probe is due and nobody else calls, and goes on when that closes the circuit', async () => {
      circuit = { ...circuit, retryAfterMs: 0 };
      const { salesforce } = world;
      world = {
        ...world,
        salesforce: async (request) => {
          circuit = { ...CLOSED, retryAfterMs: 0 };
          return salesforce(request);
        },
      };
      expect(await redrive(world)).toMatchObject({ away: false, started: 1 });
      expect(requests).toEqual([{ method: 'GET', path: '/limits' }]);
    });

    it('and still so, the next run asks again', async () => {
      circuit = { ...circuit, retryAfterMs: 0 };
      const failure = new SalesforceFailure({
        what: 'GET /limits',
        status: 503,
        errorCode: 'ERROR_HTTP_503',
        text: '',
      });
      world = { ...world, salesforce: () => Promise.reject(failure) };
      expect(await redrive(world)).toMatchObject({ away: true, started: 0 });
    });
  });

  it('asks the org for its count while that holds bulk back, once in five minutes', async () => {
    const asked: number[] = [];
    world = {
      ...world,
      budget: { ...world.budget, peek: async () => ({ granted: false, retryAfterMs: 60_000 }) },
      onceIn: async (minutes) => asked.push(minutes) === 1,
    };
    await redrive(world);
    await redrive(world);
    expect(asked).toEqual([5, 5]);
    expect(requests).toEqual([{ method: 'GET', path: '/limits' }]);
  });
});
