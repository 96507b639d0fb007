import type { Envelope } from '@payments/core/event';
import { BudgetWait, NeverRetry, RetryLater } from '@payments/core/failure';
import { changeName } from '@payments/core/twin';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { counting } from '../../test/counted.ts';
import type { Use } from '../adapters/budget.ts';
import type { SalesforceRequest } from '../adapters/salesforce.ts';
import { type ClaimLine, claim } from './claim.ts';
import { crossing, readCrossing } from './crossing.ts';
import { BusEventSchema, type StepInput, StepInputSchema } from './machine-input.ts';
import { type ParkLine, park } from './park.ts';
import { type SettledLine, settle } from './settle.ts';

const EXECUTION = 'arn:aws:states:eu-west-1:123456789012:execution:payments:run-1';
const NOW_MS = 1_790_000_004_000;
const detail: Envelope = {
  priority: 'high',
  lane: 'realtime',
  receivedAt: '2026-09-21T14:13:23.000Z',
  correlationId: 'c-1',
  event: {
    id: 'evt_1',
    object: 'event',
    type: 'payment_intent.succeeded',
    created: 1_790_000_000,
    livemode: false,
    api_version: null,
    data: { object: { id: 'pi_1', receipt_email: 'jane@example.com' } },
  },
};
const INPUT: StepInput = {
  event: { id: 'b', 'detail-type': 'payment_intent.succeeded', source: 'stripe.webhook', time: 'now', detail },
  execution: EXECUTION,
};

const TWIN = changeName(detail.event) ?? '';
const REPLAYED: StepInput = { ...INPUT, event: { ...INPUT.event, 'replay-name': 'incident-1' } };

describe('claim', () => {
  const ask = async (
    outcome: 'mine' | 'duplicate' | 'held',
    input = INPUT,
    {
      short = [],
      broken = false,
      twin = 'mine',
    }: {
      readonly short?: readonly Use[];
      readonly broken?: boolean;
      readonly twin?: 'mine' | 'duplicate' | 'held';
    } = {},
  ) => {
    const lines: ClaimLine[] = [];
    const { count, counted } = counting();
    const did: string[] = [];
    const claims: string[] = [];
    const received: number[] = [];
    const world = {
      claims: {
        claim: async (id: string, holder: string) => {
          claims.push(`${id} ${holder}`);
          return id === TWIN ? twin : outcome;
        },
        done: async (id: string) => void did.push(`done ${id}`),
        release: async (id: string, holder: string) => {
          did.push(`release ${id} ${holder}`);
          return true;
        },
      },
      budget: { peek: async (use: Use) => ({ granted: !short.includes(use), retryAfterMs: 0 }) },
      bulk: {
        send: async (bodies: readonly string[]) => {
          did.push(...bodies.map((body) => `send ${body}`));
          if (broken) throw new Error('SQS refused 1 messages: InternalError');
        },
      },
      received: async (atMs: number) => void received.push(atMs),
      nowMs: () => NOW_MS,
      count,
    };
    const answer = await claim(input, { ...world, log: (line) => lines.push(line) }).catch((error: unknown) => {
      if (!broken) throw error;
      return error;
    });
    expect(received).toEqual([Date.parse(detail.receivedAt)]);
    return {
      answer,
      lines,
      did,
      claims,
      counted: counted.map(({ metric, dimensions }) => ({ metric, ...dimensions })),
    };
  };

  const DUPLICATE = [{ metric: 'Duplicates' }, { metric: 'EventsHandled', Lane: 'realtime', Outcome: 'duplicate' }];

  it('tells the machine whether the event is its own or done', async () => {
    expect(await ask('mine')).toEqual({
      answer: { outcome: 'mine' },
      lines: [{ outcome: 'mine' }],
      claims: [`evt_1 ${EXECUTION}`, `${TWIN} ${EXECUTION}`],
      did: [],
      counted: [],
    });
    expect(await ask('duplicate')).toEqual({
      answer: { outcome: 'duplicate' },
      lines: [{ outcome: 'duplicate' }],
      claims: [`evt_1 ${EXECUTION}`],
      did: [],
      counted: DUPLICATE,
    });
  });

  it('takes the twin of an event that is done for done, and says so of the twin itself', async () => {
    expect(await ask('mine', INPUT, { twin: 'duplicate' })).toMatchObject({
      answer: { outcome: 'duplicate' },
      lines: [{ outcome: 'duplicate', twin: true }],
      did: ['done evt_1'],
      counted: DUPLICATE,
    });
    await expect(ask('mine', INPUT, { twin: 'held' })).rejects.toMatchObject({ name: 'BudgetWait', code: 'CLAIMED' });
  });

  it('knows no twin of a thin event: what changed is not in it', async () => {
    const { id, type, created, livemode } = detail.event;
    const thin = { thin: true, id, type, created, livemode, api_version: null, objectId: 'pi_1' } as const;
    const input = { ...INPUT, event: { ...INPUT.event, detail: { ...detail, event: thin } } };
    expect((await ask('mine', input)).claims).toEqual([`evt_1 ${EXECUTION}`]);
  });

  it('counts what comes out of the archive', async () => {
    const { lines, counted } = await ask('mine', REPLAYED);
    expect(lines).toEqual([{ outcome: 'mine', replayed: true }]);
    expect(counted).toEqual([{ metric: 'Replayed', Lane: 'realtime' }]);
  });

  describe('when the last calls are kept for those who cannot wait', () => {
    const short = ['bulk', 'low-value'] as const;

    it('hands an event that can wait to the bulk queue, and gives it back only then', async () => {
      const { answer, did, lines, counted } = await ask('mine', INPUT, { short });
      expect([answer, lines]).toEqual([{ outcome: 'shed' }, [{ outcome: 'shed' }]]);
      const [sent, ...then] = did;
      const message = v.parse(BusEventSchema, JSON.parse(sent?.replace('send ', '') ?? ''));
      expect(message).toEqual({ ...INPUT.event, detail: { ...detail, priority: 'low', lane: 'bulk' } });
      expect(then).toEqual([`release evt_1 ${EXECUTION}`, `release ${TWIN} ${EXECUTION}`]);
      expect(counted).toEqual([
        { metric: 'BudgetShed', Lane: 'realtime' },
        { metric: 'EventsHandled', Lane: 'realtime', Outcome: 'shed' },
      ]);
    });

    it('keeps the claim and fails when the queue does not take it, so that the machine tries again', async () => {
      const { answer, did, counted } = await ask('mine', INPUT, { short, broken: true });
      expect(answer).toBeInstanceOf(Error);
      expect(did.filter((act) => act.startsWith('release'))).toEqual([]);
      expect(counted).toEqual([]);
    });

    it('keeps what somebody waits for', async () => {
      const failed = { ...detail.event, type: 'payment_intent.payment_failed' };
      const event = { ...INPUT.event, 'detail-type': failed.type, detail: { ...detail, event: failed } };
      expect(await ask('mine', { ...INPUT, event }, { short })).toMatchObject({ answer: { outcome: 'mine' }, did: [] });
    });

    it('hands over nothing that is handled already, or while only bulk has to stop', async () => {
      expect(await ask('duplicate', INPUT, { short })).toMatchObject({ answer: { outcome: 'duplicate' }, did: [] });
      expect(await ask('mine', INPUT, { short: ['bulk'] })).toMatchObject({ answer: { outcome: 'mine' }, did: [] });
    });
  });

  it('waits without using up tries while another execution holds the event: that one may wait for hours itself', async () => {
    await expect(ask('held')).rejects.toMatchObject({ name: 'BudgetWait', code: 'CLAIMED' });
  });
});

describe('settle', () => {
  it('marks the event as done and tells its lag', async () => {
    const done: string[] = [];
    const lines: SettledLine[] = [];
    const sync = { outcome: 'written', rows: 2, calls: 1, refetched: false, salesforceId: 'a01' } as const;
    const { count, counted, sum } = counting();
    await settle(
      { ...INPUT, sync },
      {
        count,
        claims: {
          done: async (id) => {
            done.push(id);
          },
        },
        nowMs: () => NOW_MS,
        log: (line) => lines.push(line),
      },
    );
    expect(done).toEqual(['evt_1', TWIN]);
    expect(lines).toEqual([
      {
        correlationId: 'c-1',
        stripeEventId: 'evt_1',
        stripeObjectId: 'pi_1',
        executionName: 'run-1',
        type: 'payment_intent.succeeded',
        ...sync,
        lagMs: 4000,
        pathMs: 1000,
      },
    ]);
    expect(counted).toHaveLength(3);
    expect(sum('EventsHandled', { Lane: 'realtime', Outcome: 'written' })).toBe(1);
    expect(sum('SyncLag', { Lane: 'realtime' })).toBe(4000);
    expect(sum('PathTime')).toBe(1000);
  });

  it.each([
    ['dropped', INPUT],
    ['nothing', INPUT],
    ['written', REPLAYED],
  ] as const)(
    'has no lag to tell when nothing was written, or the event is a replayed one: %s',
    async (outcome, input) => {
      const { count, counted } = counting();
      const sync = { outcome, rows: 0, calls: 0, refetched: false, salesforceId: null };
      await settle({ ...input, sync }, { claims: { done: async () => {} }, nowMs: () => NOW_MS, log: () => {}, count });
      expect(counted.map(({ metric, dimensions }) => ({ metric, ...dimensions }))).toEqual([
        { metric: 'EventsHandled', Lane: 'realtime', Outcome: outcome },
      ]);
    },
  );

  it('says nothing when the mark could not be made', async () => {
    const lines: SettledLine[] = [];
    const claims = { done: async () => Promise.reject(new Error('Redis is down')) };
    const sync = { outcome: 'nothing', rows: 0, calls: 0, refetched: false, salesforceId: null } as const;
    const { count, counted } = counting();
    await expect(
      settle({ ...INPUT, sync }, { claims, nowMs: () => NOW_MS, log: (line) => lines.push(line), count }),
    ).rejects.toThrow('Redis is down');
    expect([...lines, ...counted]).toEqual([]);
  });
});

function parking(options: { readonly created?: boolean; readonly granted?: boolean; readonly broken?: boolean } = {}) {
  const released: string[] = [];
  const requests: SalesforceRequest[] = [];
  const lines: ParkLine[] = [];
  const { count, sum } = counting();
  return {
    released,
    sum,
    requests,
    lines,
    world: {
      claims: {
        release: async (id: string, holder: string) => {
          released.push(`${id} ${holder}`);
          if (options.broken) throw new Error('Redis is down');
          return true;
        },
      },
      salesforce: async (request: SalesforceRequest) => {
        requests.push(request);
        if (options.broken) throw new Error('quotes jane@example.com');
        return { status: 200, body: { id: 'a09', success: true, created: options.created ?? false } };
      },
      acquire: async () => ({ granted: options.granted ?? true, retryAfterMs: 0 }),
      nowMs: () => NOW_MS,
      log: (line: ParkLine) => lines.push(line),
      count,
    },
  };
}

/** What Lambda and the machine make of a thrown error. */
function caught(error: unknown) {
  const crossed = crossing(error);
  return {
    Error: crossed.name,
    Cause: JSON.stringify({ errorType: crossed.name, errorMessage: crossed.message, trace: [] }),
  };
}

describe('park', () => {
  const error = () => caught(new NeverRetry('Salesforce refused X', { code: 'STRING_TOO_LONG', category: 'Data' }));

  it('gives the claim back and lists the failure by the event, with identifiers only', async () => {
    const { world, released, requests, lines, sum } = parking({ created: true });
    expect(await park({ event: INPUT.event, execution: EXECUTION, error: error() }, world)).toEqual({ parked: true });
    expect(released).toEqual([`evt_1 ${EXECUTION}`, `${TWIN} ${EXECUTION}`]);
    expect(requests).toMatchObject([
      {
        method: 'PATCH',
        path: '/sobjects/Sync_Failure__c/Failure_Key__c/stripe.webhook%3Aevt_1',
        body: {
          Stripe_Event_ID__c: 'evt_1',
          Stripe_Object_ID__c: 'pi_1',
          Category__c: 'Data',
          Code__c: 'STRING_TOO_LONG',
          Message__c: 'Salesforce refused X',
          Attempts__c: 1,
          Status__c: 'Open',
          Last_Failed_At__c: '2026-09-21T14:13:24.000Z',
          Event_Created_At__c: '2026-09-21T14:13:20.000Z',
          Execution_Link__c: `https://eu-west-1.console.aws.amazon.com/states/home?region=eu-west-1#/v2/executions/details/${EXECUTION}`,
        },
      },
      { body: { First_Failed_At__c: '2026-09-21T14:13:24.000Z' } },
    ]);
    expect(lines).toMatchObject([{ stripeEventId: 'evt_1', code: 'STRING_TOO_LONG', category: 'Data' }]);
    expect(JSON.stringify([requests, lines])).not.toContain('jane');
    expect(sum('Parked', { Lane: 'realtime', Category: 'Data' })).toBe(1);
    expect(sum('EventsHandled', { Lane: 'realtime', Outcome: 'parked' })).toBe(1);
  });

  it.each([
    ['NeverRetry', 1],
    ['BudgetWait', 201],
    ['RetryLater', 6],
    ['Lambda.Unknown', 6],
  ])('tells how often the machine tried: %s, %d', async (name, attempts) => {
    const { world, requests } = parking({ created: false });
    await park({ event: INPUT.event, execution: EXECUTION, error: { Error: name, Cause: '' } }, world);
    expect(requests[0]?.body).toMatchObject({ Attempts__c: attempts });
  });

  it('counts the tries of the executions that this one took the place of', async () => {
    const { world, requests } = parking({ created: false });
    await park(
      { event: INPUT.event, execution: `${EXECUTION}.redrive-2`, error: { Error: 'RetryLater', Cause: '' } },
      world,
    );
    expect(requests[0]?.body).toMatchObject({ Attempts__c: 18 });
  });

  it('keeps the first time of an event that parks again', async () => {
    const { world, requests } = parking({ created: false });
    await park({ event: INPUT.event, execution: EXECUTION, error: error() }, world);
    expect(requests).toHaveLength(1);
    expect(requests[0]?.body).not.toHaveProperty('First_Failed_At__c');
  });

  it('never throws: Redis and Salesforce may be down, the budget empty, the input anything', async () => {
    const down = parking({ broken: true });
    await park({ event: INPUT.event, execution: EXECUTION, error: error() }, down.world);
    expect(down.lines).toMatchObject([{ unlisted: 'claim: Error; Sync_Failure__c: Error' }]);
    const poor = parking({ granted: false });
    await park({ event: INPUT.event, execution: EXECUTION, error: error() }, poor.world);
    expect(poor.requests).toEqual([]);
    expect(poor.lines).toMatchObject([{ unlisted: 'Sync_Failure__c: NoCallsLeft' }]);
    const odd = parking();
    await park({ event: { detail: 'x' }, execution: 'e', error: { Error: 'States.Timeout', Cause: '' } }, odd.world);
    expect(odd.lines).toMatchObject([{ executionName: 'e', code: 'States.Timeout' }]);
  });
});

describe('crossing', () => {
  it.each([
    new RetryLater('a', { code: 'UNABLE_TO_LOCK_ROW', category: 'Network' }),
    new NeverRetry('b: c\nd', { code: 'INVALID_FIELD', category: 'Business' }),
    new BudgetWait('e', { code: 'NO_BUDGET', retryAfterMs: 5 }),
  ])('carries code and category of $name through the machine', (error) => {
    const { code, category, message } = error;
    expect(readCrossing(caught(error))).toEqual({ code, category, message });
    expect(caught(error).Error).toBe(error.name);
  });

  it('takes a bad input for something no retry cures, and names the place but not the value', () => {
    const bad = { ...INPUT, event: { ...INPUT.event, id: { email: 'jane@example.com' } } };
    const parse = () => {
      try {
        return v.parse(StepInputSchema, bad);
      } catch (error) {
        return error;
      }
    };
    const crossed = crossing(parse());
    expect(crossed).toMatchObject({ name: 'NeverRetry', code: 'BAD_INPUT', category: 'Data' });
    expect(crossed.message).toContain('event.id');
    expect(crossed.message).not.toContain('jane');
  });

  it('tries again after what it does not know, without its words', () => {
    const crossed = crossing(new TypeError('cannot read jane@example.com'));
    expect(crossed).toMatchObject({ name: 'RetryLater', code: 'TypeError' });
    expect(crossed.message).not.toContain('jane');
  });

  it('reads a crash, whose cause is no JSON of ours', () => {
    const crash = { Error: 'Lambda.Unknown', Cause: 'RequestId: 1 Error: Runtime exited, jane@example.com' };
    expect(readCrossing(crash)).toEqual({
      code: 'Lambda.Unknown',
      category: 'Network',
      message: 'the function ended with Lambda.Unknown',
    });
  });
});
