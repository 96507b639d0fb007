import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { freeCalls, type Usage } from '../adapters/budget.ts';
import type { PutOutcome } from '../adapters/buffer.ts';
import type { ParkedLetter } from '../bulk/parked-letter.ts';
import { MOST_LETTERS, type OperatorWorld, Order, operate, PutBackAnswer, StandingAnswer } from './operator.ts';

const limits = { perMinute: 100, perHour: 1_000, perDay: 10_000, realtimeReserve: 0.2, lowValueReserve: 0.05 };
const usage = (minute: number, hour = 0, day = 0): Usage => ({
  windows: [
    { window: 'minute', windowMs: 60_000, used: minute, limit: 100 },
    { window: 'hour', windowMs: 3_600_000, used: hour, limit: 1_000 },
    { window: 'day', windowMs: 86_400_000, used: day, limit: 10_000 },
  ],
  orgUsed: null,
  orgMax: null,
});
const letter = (object: ParkedLetter['object'], key: string): string => {
  const said: ParkedLetter = {
    ...{ object, key, code: 'STRING_TOO_LONG', category: 'Data', batchId: 'b', parkedAt: 9 },
    ...{ failures: [`stripe.webhook:evt_1:${key}`], redrives: 1 },
    row: {
      ...{ id: '{}', columns: {}, owners: {}, events: ['evt_1'], eventId: 'evt_1', correlationId: 'c' },
      ...{ oldestAt: 1, newestAt: 2, receivedAt: 3, firstBufferedAt: 4, notBefore: 5, attempts: 5, tried: 6 },
      ...{ apart: 0, lagged: 0 },
    },
  };
  return JSON.stringify(said);
};

function worldOf(answers: Readonly<Record<string, PutOutcome>> = {}) {
  const lines: unknown[] = [];
  const put: unknown[] = [];
  const world: OperatorWorld = {
    ties: { add: async () => {} },
    buffer: {
      put: async (object, rows) => {
        put.push(
          ...rows.map(({ key, incoming }) => [object, key, incoming.failures, incoming.redrives, incoming.tried]),
        );
        return { outcomes: rows.map(({ key }) => answers[key] ?? 'stored'), waiting: 0 };
      },
    },
    budget: { usage: async () => usage(30) },
    sent: {
      forget: async (object, keys) => {
        put.push([object, ...keys]);
        return keys.length;
      },
    },
    limits,
    circuit: async () => ({
      ...{ state: 'open', epoch: 1, bad: 5, trips: 1, openedAt: 1, until: 2, why: 'X' },
      retryAfterMs: 9,
    }),
    log: (line) => lines.push(line),
  };
  return { world, lines, put };
}

describe("the operator's function", () => {
  it('tells circuit and free calls', async () => {
    const answer = await operate({ action: 'standing' }, worldOf().world);
    expect(v.parse(StandingAnswer, answer)).toEqual({ circuit: 'open', freeCalls: 50 });
  });

  it('puts rows of every object back, with what they owe and how often they were tried', async () => {
    const { world, put, lines } = worldOf();
    const letters = [letter('Payment_Transaction__c', 'pi_1'), letter('Pricing_Plan__c', 'price_1')];
    expect(await operate(v.parse(Order, { action: 'put back', letters }), world)).toEqual({
      outcomes: ['back', 'back'],
    });
    expect(put).toEqual([
      ['Payment_Transaction__c', 'pi_1', ['stripe.webhook:evt_1:pi_1'], 2, 12],
      ['Pricing_Plan__c', 'price_1', ['stripe.webhook:evt_1:price_1'], 2, 12],
    ]);
    expect(lines).toEqual([{ outcome: 'put back', rows: 2, later: 0 }]);
  });

  it('forgets what was last sent for rows that another road wrote', async () => {
    const { world, put } = worldOf();
    const order = { action: 'forget', object: 'Stripe_Customer__c', keys: ['cus_1', 'cus_2'] };
    expect(await operate(v.parse(Order, order), world)).toEqual({ forgotten: 2 });
    expect(put).toEqual([['Stripe_Customer__c', 'cus_1', 'cus_2']]);
  });

  it('tells of each letter what became of it, in their order', async () => {
    const { world, lines } = worldOf({ a: 'late', b: 'stale', c: 'tie', d: 'broken' });
    const plan = (key: string) => letter('Pricing_Plan__c', key);
    const letters = [plan('a'), 'no letter', letter('Pricing_Tier__c', 'x'), plan('b'), plan('c'), plan('d')];
    const answer = v.parse(PutBackAnswer, await operate({ action: 'put back', letters }, world));
    expect(answer.outcomes).toEqual(['later', 'unreadable', 'back', 'back', 'back', 'unreadable']);
    expect(lines).toEqual([{ outcome: 'put back', rows: 3, later: 1 }]);
  });

  it.each([
    ['an action that is none', { action: 'flush' }],
    ['no letters', { action: 'put back', letters: [] }],
    ['more letters than one order takes', { action: 'put back', letters: Array(MOST_LETTERS + 1).fill('x') }],
    ['to forget rows of an object that is none', { action: 'forget', object: 'Account', keys: ['a'] }],
    ['nothing', null],
  ])('does not take %s', (_, order) => expect(v.safeParse(Order, order).success).toBe(false));
});

describe('free calls', () => {
  it.each([
    ['what the minute leaves beside the reserve', usage(30), 50],
    ['what the hour leaves, when that is less', usage(0, 795), 5],
    ['none below zero', usage(90), 0],
    ['what the org leaves, when others spend', { ...usage(0), orgUsed: 795, orgMax: 1_000 }, 5],
  ])('are %s', (_, used, expected) => expect(freeCalls(used, limits)).toBe(expected));
});
