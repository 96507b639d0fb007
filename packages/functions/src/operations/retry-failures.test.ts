import { BudgetWait } from '@payments/core/failure';
import { beforeEach, describe, expect, it } from 'vitest';
import { counting } from '../../test/counted.ts';
import type { PutOutcome } from '../adapters/buffer.ts';
import type { ExecutionStatus } from '../adapters/machines.ts';
import type { Letter } from '../adapters/queues.ts';
import { readLetter } from '../bulk/parked-letter.ts';
import { poisonedKey } from './list-poisoned.ts';
import { type RetryLine, type RetryWorld, retryFailures } from './retry-failures.ts';

const NOW = Date.UTC(2026, 10, 25, 12);
const MINUTE = 60_000;
const MACHINE = 'arn:aws:states:eu-west-1:123456789012:stateMachine:payments-test-Payments';
const FAILED = `${MACHINE.replace(':stateMachine:', ':execution:')}:run-1`;
const LINK = `https://eu-west-1.console.aws.amazon.com/states/home?region=eu-west-1#/v2/executions/details/${FAILED}`;

type Row = Record<string, unknown>;
const KEY = 'stripe.webhook:evt_1';
const ROW_KEY = `${KEY}:pi_1`;
const failure = (change: Row = {}): Row => ({
  ...{ Failure_Key__c: KEY, Status__c: 'Retrying', Source__c: 'realtime', LastModifiedDate: new Date(NOW - MINUTE) },
  ...{ Stripe_Event_ID__c: 'evt_1', Stripe_Object_ID__c: 'pi_1', Execution_Link__c: LINK },
  ...change,
});

describe('a Sync_Failure__c', () => {
  let rows: Row[];
  let saved: Row[];
  let started: string[];
  let done: Set<string>;
  let statuses: Map<string, ExecutionStatus[]>;
  let notices: Letter[];
  let removed: Letter[];
  let queue: Letter[];
  let hidden: Letter[];
  let back: string[];
  let putOutcome: PutOutcome;
  let held: Set<string>;
  let known: number;
  let unwritable: Set<unknown>;
  let lines: RetryLine[];
  let poisoned: Letter[];
  let sentAgain: string[];
  let now: number;
  let world: RetryWorld;

  beforeEach(() => {
    rows = [];
    saved = [];
    started = [];
    done = new Set();
    statuses = new Map();
    notices = [];
    removed = [];
    queue = [];
    hidden = [];
    back = [];
    putOutcome = 'stored';
    held = new Set();
    known = 0;
    unwritable = new Set();
    lines = [];
    poisoned = [];
    sentAgain = [];
    now = NOW;
    world = {
      salesforce: async ({ method, path, body }) => {
        if (method === 'GET') {
          const soql = decodeURIComponent(path);
          const records = rows.filter(({ Status__c: status }) => soql.includes(`Status__c = '${status}'`));
          return { status: 200, body: JSON.parse(JSON.stringify({ records })) };
        }
        expect(path).toBe('/composite/sobjects/Sync_Failure__c/Failure_Key__c');
        const sent = JSON.parse(JSON.stringify(body));
        const results = sent.records.map((row: Row) => ({ success: !unwritable.has(row.Failure_Key__c) }));
        saved.push(...sent.records.filter((_: Row, index: number) => results[index].success));
        return { status: 200, body: results };
      },
      budget: { acquire: async () => ({ granted: true, retryAfterMs: 0 }) },
      executions: {
        start: async (arn, name, input) => {
          started.push(`${arn} ${name} ${input}`);
          return true;
        },
        inputOf: async (arn) => `input of ${arn.split(':').at(-1)}`,
        statusOf: async (arn) => {
          const left = statuses.get(arn.split(':').at(-1) ?? '') ?? [];
          return (left.length > 1 ? left.shift() : left[0]) ?? null;
        },
      },
      machineArns: [MACHINE],
      parked: {
        receive: async () => {
          const some = queue.splice(0, 10);
          hidden.push(...some);
          return some;
        },
        remove: async (letters) => {
          hidden = hidden.filter((letter) => !letters.includes(letter));
        },
        giveBack: async (letters) => {
          hidden = hidden.filter((letter) => !letters.includes(letter));
          queue.push(...letters);
        },
      },
      failed: {
        receive: async () => notices.splice(0),
        remove: async (letters) => {
          removed.push(...letters);
        },
        giveBack: async (letters) => {
          notices.push(...letters);
        },
      },
      poisoned: {
        receive: async () => poisoned.splice(0, 10),
        remove: async () => {},
        giveBack: async (letters) => {
          poisoned.push(...letters);
        },
      },
      bulk: {
        send: async (bodies) => {
          sentAgain.push(...bodies);
        },
      },
      ties: { add: async () => {} },
      buffer: {
        put: async (object, put) => {
          back.push(...put.map(({ key }) => `${object} ${key}`));
          return { outcomes: put.map(() => putOutcome), waiting: 0 };
        },
        holds: async (object, key) => held.has(`${object} ${key}`),
      },
      claims: { isDone: async (id) => done.has(id) },
      freshness: { known: async (subjects) => subjects.map(() => ({ version: known, eventId: 'evt_2' })) },
      sleep: async (ms) => {
        now += ms;
      },
      nowMs: () => now,
      patienceMs: 10_000,
      log: (line) => lines.push(line),
      count: counting().count,
    };
  });

  const run = async (...failures: readonly Row[]) => {
    rows = [...failures];
    await retryFailures(world);
    return saved;
  };
  const written = (change: Row, key = KEY) => [
    { attributes: { type: 'Sync_Failure__c' }, Failure_Key__c: key, ...change },
  ];

  describe('of an urgent event', () => {
    it('that is set to Retrying starts a new execution with the same input, and is Resolved when that succeeds', async () => {
      const seen: ExecutionStatus[] = ['RUNNING', 'SUCCEEDED'];
      // Not there before it is started.
      const statusOf = async () => (started.length === 0 ? null : (seen.shift() ?? 'SUCCEEDED'));
      world = { ...world, executions: { ...world.executions, statusOf } };
      expect(await run(failure())).toEqual(written({ Status__c: 'Resolved' }));
      expect(started).toEqual([`${MACHINE} run-1.redrive-1 input of run-1`]);
    });

    it.each(['FAILED', 'TIMED_OUT', 'ABORTED'] as const)(
      'is Open again when the new execution %s, with a link to it, so that the next retry begins from there',
      async (status) => {
        statuses.set('run-1.redrive-1', [status]);
        const again = written({ Status__c: 'Open', Execution_Link__c: `${LINK}.redrive-1` });
        expect(await run(failure())).toEqual(again);
        expect(started).toEqual([]);
        saved.length = 0;
        statuses.set('run-1.redrive-1', ['RUNNING', status]);
        expect(await run(failure())).toEqual(again);
      },
    );

    it('is left alone while its new execution runs, also by the next run, which starts nothing twice', async () => {
      statuses.set('run-1.redrive-1', ['RUNNING']);
      expect(await run(failure())).toEqual([]);
      expect(started).toEqual([]);
    });

    it('is started anew after a second failure under the next name', async () => {
      await run(failure({ Execution_Link__c: `${LINK}.redrive-1` }));
      expect(started[0]).toContain('run-1.redrive-2 input of run-1.redrive-1');
    });

    it.each(['Retrying', 'Open'])('that is %s is Resolved when its event is done, whoever did it', async (status) => {
      done.add('evt_1');
      expect(await run(failure({ Status__c: status }))).toEqual(written({ Status__c: 'Resolved' }));
      expect(started).toEqual([]);
    });

    it('that is Open is not tried again by itself', async () => {
      expect(await run(failure({ Status__c: 'Open' }))).toEqual([]);
      expect(started).toEqual([]);
    });

    it.each([
      ['names no execution', null],
      ['names an execution of another machine', LINK.replace('payments-test-Payments', 'somebody-else')],
      ['names something else', 'https://example.com/arn:aws:states:x'],
    ])('is Open again, with the reason, when it %s', async (_, link) => {
      expect(await run(failure({ Execution_Link__c: link }))).toEqual(
        written({ Status__c: 'Open', Message__c: expect.stringContaining('replay the event') }),
      );
      expect(started).toEqual([]);
    });
  });

  it('whose execution is no longer kept is Open again, and the others are tried all the same', async () => {
    const { inputOf } = world.executions;
    const gone = Object.assign(new Error('gone'), { name: 'ExecutionDoesNotExist' });
    world = {
      ...world,
      executions: {
        ...world.executions,
        inputOf: (arn) => (arn.includes('forgotten') ? Promise.reject(gone) : inputOf(arn)),
      },
    };
    const forgotten = LINK.replace(/[^:]*$/, 'forgotten');
    const changes = await run(failure({ Execution_Link__c: forgotten }), failure({ Failure_Key__c: 'another' }));
    expect(changes).toContainEqual(
      expect.objectContaining({ Status__c: 'Open', Message__c: expect.stringContaining('no longer kept') }),
    );
    expect(started).toHaveLength(1);
  });

  describe('of a row of the bulk lane', () => {
    const bulk = (change: Row = {}) =>
      failure({ Failure_Key__c: ROW_KEY, Source__c: 'bulk', Execution_Link__c: null, ...change });
    type Parked = { key?: string; version?: number; parkedAt?: number; failures?: string[]; owner?: string };
    const park = (change: Parked = {}) => {
      const { key = 'pi_1', version = 200, parkedAt = NOW - 5 * MINUTE, failures = [ROW_KEY] } = change;
      const { owner = 'payment_intent' } = change;
      const owners = { [owner]: { v: version, f: 0, e: 'evt_1' } };
      const body = JSON.stringify({
        ...{
          object: 'Payment_Transaction__c',
          key,
          code: 'X',
          category: 'Data',
          batchId: 'b',
          parkedAt,
          failures,
          redrives: 0,
        },
        row: {
          ...{ id: JSON.stringify({ externalId: key, rowId: null }), columns: {}, owners, events: ['evt_1'] },
          ...{ eventId: 'evt_1', correlationId: 'c', oldestAt: 1, newestAt: 2, receivedAt: 3, firstBufferedAt: 4 },
          ...{ notBefore: 5, attempts: 5, tried: 6, apart: 0, lagged: 0 },
        },
      });
      expect(readLetter(body)).not.toBeNull();
      queue.push({ body, handle: `h${queue.length}`, sentAt: parkedAt, attributes: {} });
    };

    it('that is set to Retrying puts its row back into the buffer, whose flush resolves it', async () => {
      park();
      park({ key: 'pi_2', failures: ['another'] });
      expect(await run(bulk())).toEqual([]);
      expect(back).toEqual(['Payment_Transaction__c pi_1']);
      expect([queue.length, hidden]).toEqual([1, []]);
      held.add('Payment_Transaction__c pi_1');
      expect(await run(bulk({ LastModifiedDate: new Date(NOW - 60 * MINUTE) }))).toEqual([]);
      expect(back).toHaveLength(1);
    });

    it('stays as it is, and its letter too, when the buffer cannot take the row yet', async () => {
      park();
      putOutcome = 'late';
      expect(await run(bulk())).toEqual([]);
      expect(queue).toHaveLength(1);
    });

    it('is Open again with all its attempts when its row was given up once more since', async () => {
      park({ parkedAt: NOW });
      expect(await run(bulk())).toEqual(written({ Status__c: 'Open', Attempts__c: 12 }, ROW_KEY));
      expect([back, queue.length]).toEqual([[], 1]);
    });

    it('is Open again, with the reason, when nobody has its row any more', async () => {
      expect(await run(bulk())).toEqual([]);
      const long = bulk({ LastModifiedDate: new Date(NOW - 21 * MINUTE) });
      const lost = written({ Status__c: 'Open', Message__c: expect.stringContaining('replay the event') }, ROW_KEY);
      expect(await run(long)).toEqual(lost);
    });

    it('is Resolved, and its letter let go, when Salesforce has a newer state, whatever its status', async () => {
      park({ failures: ['older', ROW_KEY] });
      known = 300;
      const changes = [...written({ Status__c: 'Resolved' }, 'older'), ...written({ Status__c: 'Resolved' }, ROW_KEY)];
      expect(await run()).toEqual(changes);
      expect([queue, hidden, back]).toEqual([[], [], []]);
    });

    it('keeps its letter until it is Resolved: the org refuses one of its rows, or nobody gets through', async () => {
      park({ failures: ['older', ROW_KEY] });
      known = 300;
      unwritable.add('older');
      expect(await run(bulk())).toEqual(written({ Status__c: 'Resolved' }, ROW_KEY));
      expect([queue.length, hidden]).toEqual([1, []]);
      expect(lines).toContainEqual({ outcome: 'looked', seen: 1, changed: 1, unsaved: 1 });
      const { salesforce } = world;
      const gone = new Error('gone');
      const away: RetryWorld['salesforce'] = (request) =>
        request.method === 'PATCH' ? Promise.reject(gone) : salesforce(request);
      world = { ...world, salesforce: away };
      await expect(run(bulk())).rejects.toBe(gone);
      expect([queue.length, hidden]).toEqual([1, []]);
      world = { ...world, salesforce };
      unwritable.clear();
      await run(bulk());
      expect([queue.length, hidden]).toEqual([0, []]);
    });

    it('is kept when Salesforce has the same state or none', async () => {
      park();
      known = 200;
      expect(await run(bulk({ Status__c: 'Open' }))).toEqual([]);
      expect([queue.length, hidden]).toEqual([1, []]);
    });

    describe('of which several states were given up', () => {
      const states = (...failures: readonly (readonly string[])[]) =>
        failures.forEach((some, n) => {
          park({ version: 200 + n, parkedAt: NOW - (30 - n) * MINUTE, failures: [...some] });
        });
      const versions = () => queue.map(({ body }) => readLetter(body)?.row.owners.payment_intent?.v);

      it('is one: the newest letter stays, and the failures of the others are Resolved', async () => {
        states(['first'], [ROW_KEY], ['last']);
        expect(await run()).toEqual([
          ...written({ Status__c: 'Resolved' }, 'first'),
          ...written({ Status__c: 'Resolved' }, ROW_KEY),
        ]);
        expect([versions(), hidden, back]).toEqual([[202], [], []]);
      });

      it('keeps the failure that they share', async () => {
        states([ROW_KEY], [ROW_KEY]);
        expect(await run()).toEqual([]);
        expect([versions(), hidden]).toEqual([[201], []]);
      });

      it('is put back once, with the failures of all, whichever of them is set to Retrying', async () => {
        const put: unknown[] = [];
        const { buffer } = world;
        world = {
          ...world,
          buffer: {
            ...buffer,
            put: (object, some) => {
              put.push(...some.map(({ incoming: { owners, failures } }) => [owners.payment_intent?.v, failures]));
              return buffer.put(object, some);
            },
          },
        };
        states([ROW_KEY], ['last']);
        expect(await run(bulk({ LastModifiedDate: new Date(NOW - MINUTE) }))).toEqual([]);
        expect([put, queue, hidden]).toEqual([[[201, [ROW_KEY, 'last']]], [], []]);
      });

      it('keeps all of them until the buffer can take the row', async () => {
        states([ROW_KEY], ['last']);
        putOutcome = 'late';
        expect(await run(bulk())).toEqual([]);
        expect([versions(), hidden]).toEqual([[200, 201], []]);
      });

      it('keeps one that says more than the newest, though they share their failure', async () => {
        park({ owner: 'charge', version: 250 });
        park({ parkedAt: NOW });
        expect(await run()).toEqual([]);
        expect([queue.length, hidden]).toEqual([2, []]);
      });

      it('is not Resolved by an older letter that Salesforce has overtaken while a newer one is not', async () => {
        park({ owner: 'charge', version: 250 });
        park({ version: 400, parkedAt: NOW });
        known = 300;
        expect(await run()).toEqual([]);
        expect([versions(), hidden]).toEqual([[400], []]);
      });

      it('keeps a letter whose failure Salesforce does not take', async () => {
        states(['first'], [ROW_KEY]);
        unwritable.add('first');
        expect(await run()).toEqual([]);
        expect([versions().sort(), hidden]).toEqual([[200, 201], []]);
      });
    });

    it('does not touch a letter that it cannot read', async () => {
      queue.push({ body: 'no letter', handle: 'h', sentAt: NOW, attributes: {} });
      expect(await run(bulk())).toEqual([]);
      expect([queue.length, hidden]).toEqual([1, []]);
    });
  });

  describe('of a message that the bulk lane could not read', () => {
    const message = (id: string): string => {
      const event = {
        ...{ id, object: 'event', type: 'customer.updated', created: 1, livemode: false },
        data: { object: {} },
      };
      const detail = {
        priority: 'low',
        lane: 'bulk',
        receivedAt: '2026-09-21T14:13:23.000Z',
        correlationId: 'c',
        event,
      };
      return JSON.stringify({ id: 'x', 'detail-type': event.type, source: 's', time: 't', detail });
    };
    const letter = (body: string): Letter => ({ body, handle: body, sentAt: NOW, attributes: { CATEGORY: 'Data' } });
    const ofMessage = (change: Row = {}) => failure({ Source__c: 'bulk', Execution_Link__c: null, ...change });

    it('goes into the bulk queue once more when it is set to Retrying, and is Resolved when its event is done', async () => {
      poisoned = [letter(message('evt_1')), letter(message('evt_2'))];
      expect(await run(ofMessage())).toEqual([]);
      expect(sentAgain).toEqual([message('evt_1')]);
      expect(poisoned.map(({ body }) => body)).toEqual([message('evt_2')]);
      expect(await run(ofMessage())).toEqual([]);
      done.add('evt_1');
      expect(await run(ofMessage())).toEqual(written({ Status__c: 'Resolved' }));
      expect([back, started, sentAgain.length]).toEqual([[], [], 1]);
    });

    it('finds one that is no event by its text', async () => {
      poisoned = [letter('no event')];
      const key = poisonedKey('no event');
      expect(await run(ofMessage({ Failure_Key__c: key, Stripe_Event_ID__c: null }))).toEqual([]);
      expect(sentAgain).toEqual(['no event']);
    });

    it('is left alone while it is Open, and Open again, with the reason, when nobody has the message any more', async () => {
      poisoned = [letter(message('evt_1'))];
      expect(await run(ofMessage({ Status__c: 'Open' }))).toEqual([]);
      expect(sentAgain).toEqual([]);
      poisoned = [];
      const long = ofMessage({ LastModifiedDate: new Date(NOW - 21 * MINUTE) });
      expect(await run(long)).toEqual(written({ Status__c: 'Open', Message__c: expect.stringContaining('replay') }));
    });
  });

  it('takes its notice along when its event is done, and no other', async () => {
    const notice = (id: string | null): Letter => ({
      body: JSON.stringify({
        detail: {
          ...{ executionArn: FAILED, stateMachineArn: MACHINE, name: 'run-1', status: 'FAILED', startDate: 1 },
          input: id === null ? null : JSON.stringify({ detail: { event: { id } } }),
        },
      }),
      ...{ handle: `h-${id}`, sentAt: 1, attributes: {} },
    });
    const [mine, another, tooLong, unreadable] = [notice('evt_1'), notice('evt_2'), notice(null), notice('x')];
    notices = [mine, another, tooLong, { ...unreadable, body: 'no JSON' }];
    done.add('evt_1');
    await run();
    expect(removed).toEqual([mine]);
    expect(notices.map(({ handle }) => handle)).toEqual(['h-evt_2', 'h-null', 'h-x']);
  });

  it('is not looked at without a call left, and the word of the circuit is passed on', async () => {
    world = { ...world, budget: { acquire: async () => ({ granted: false, retryAfterMs: 1 }) } };
    done.add('evt_1');
    expect(await run(failure())).toEqual([]);
    const open = new BudgetWait('open', { code: 'CIRCUIT_OPEN', retryAfterMs: 1 });
    world = { ...world, budget: { acquire: () => Promise.reject(open) } };
    await expect(run(failure())).rejects.toBe(open);
  });

  it('is one of many: two hundred are saved by one call', async () => {
    const many = Array.from({ length: 450 }, (_, n) =>
      failure({ Failure_Key__c: `k${n}`, Stripe_Event_ID__c: `evt_${n}`, Status__c: 'Open' }),
    );
    for (const { Stripe_Event_ID__c: id } of many) done.add(String(id));
    let calls = 0;
    const { salesforce } = world;
    world = {
      ...world,
      salesforce: (request) => {
        if (request.method === 'PATCH') calls += 1;
        return salesforce(request);
      },
    };
    expect(await run(...many)).toHaveLength(450);
    expect(calls).toBe(3);
  });
});
