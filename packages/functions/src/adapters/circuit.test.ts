import { type Circuit as CircuitState, CLOSED, permit, report } from '@payments/core/circuit';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import file from '../../../core/src/circuit.cases.json' with { type: 'json' };
import { emptyRedis, type TestRedis } from '../../test/redis-server.ts';
import { type CircuitLine, redisCircuit } from './circuit.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await emptyRedis();
});
afterAll(() => server.stop());
beforeEach(() => server.redis.flushall());

function open(settings = file.settings) {
  const clock = { now: 0 };
  const counted: string[] = [];
  const lines: CircuitLine[] = [];
  const circuit = redisCircuit(server.redis, settings, {
    nowMs: () => clock.now,
    count: (metric, value, ...[dimensions]) => counted.push(`${metric} ${value} ${JSON.stringify(dimensions ?? {})}`),
    log: (line) => lines.push(line),
  });
  return { clock, counted, lines, circuit };
}

describe('the circuit in Redis', () => {
  it.each(file.cases)('$name', async ({ steps }) => {
    const { clock, circuit } = open();
    const epochs = new Map<string, number>();
    for (const step of steps) {
      clock.now = step.at;
      if (step.ask !== undefined) {
        const given = await circuit.permit();
        if (given.kind !== 'wait') epochs.set(step.ask, given.epoch);
        const expected = { kind: step.gives, ...(step.gives === 'wait' ? { retryAfterMs: step.retryAfterMs } : {}) };
        expect([step, given]).toMatchObject([step, expected]);
      } else {
        const epoch = epochs.get(step.answer) ?? -1;
        const change = await circuit.report({ kind: 'pass', epoch }, { good: step.good, why: 'X' });
        expect([step, change]).toEqual([step, step.change]);
      }
    }
  });

  it("goes core's way through whatever happens", async () => {
    const act = fc.record({
      gap: fc.constantFrom(0, 1, 499, 500, 1_000, 4_000),
      caller: fc.integer({ min: 0, max: 3 }),
      answer: fc.option(fc.boolean(), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 20, maxLength: 60 }), async (acts) => {
        await server.redis.flushall();
        const { clock, circuit } = open();
        let pure: CircuitState = CLOSED;
        const epochs = new Map<number, number>();
        for (const { gap, caller, answer } of acts) {
          clock.now += gap;
          const epoch = epochs.get(caller);
          if (answer !== undefined && epoch !== undefined) {
            const said = { epoch, good: answer, why: answer ? '' : 'X' };
            const expected = report(pure, said, clock.now, file.settings);
            pure = expected.circuit;
            expect(await circuit.report({ kind: 'pass', epoch }, said)).toBe(expected.change);
          } else {
            const expected = permit(pure, clock.now, file.settings);
            pure = expected.circuit;
            expect(await circuit.permit()).toEqual(expected.permit);
            if (expected.permit.kind !== 'wait') epochs.set(caller, expected.permit.epoch);
          }
          expect(await circuit.look()).toMatchObject(pure);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('lets one of a hundred callers through that ask at once', async () => {
    const { clock, circuit } = open();
    const first = await circuit.permit();
    if (first.kind === 'wait') throw new Error('closed at first');
    for (let bad = 0; bad < 3; bad += 1) await circuit.report(first, { good: false, why: 'TIMEOUT' });
    clock.now = 1_000;
    const asked = await Promise.all(Array.from({ length: 100 }, () => circuit.permit()));
    expect(asked.filter(({ kind }) => kind === 'probe')).toHaveLength(1);
    expect(asked.filter(({ kind }) => kind === 'wait')).toHaveLength(99);
  });

  it('says so in metrics and in the log: opened, each probe, closed', async () => {
    const { clock, circuit, counted, lines } = open();
    const answer = async (good: boolean) => {
      const given = await circuit.permit();
      if (given.kind === 'wait') throw new Error('it has to let this one through');
      await circuit.report(given, { good, why: good ? '' : 'ECONNREFUSED' });
    };
    for (let bad = 0; bad < 3; bad += 1) await answer(false);
    expect(await circuit.look()).toMatchObject({
      state: 'open',
      openedAt: 0,
      retryAfterMs: 1_000,
      why: 'ECONNREFUSED',
    });
    clock.now = 1_000;
    await answer(false);
    clock.now = 3_000;
    await answer(true);
    await answer(true);
    expect(await circuit.look()).toMatchObject({ state: 'closed', retryAfterMs: 0, why: '' });
    expect(counted).toEqual([
      'CircuitOpened 1 {}',
      'CircuitProbes 1 {"Outcome":"failed"}',
      'CircuitProbes 1 {"Outcome":"ok"}',
    ]);
    expect(lines).toEqual([
      { circuit: 'opened', why: 'ECONNREFUSED' },
      { circuit: 'reopened', why: 'ECONNREFUSED' },
      { circuit: 'closed', why: '' },
    ]);
  });

  it('is closed when Redis has lost it', async () => {
    const { circuit } = open();
    expect(await circuit.look()).toMatchObject({ ...CLOSED, retryAfterMs: 0 });
    expect(await circuit.permit()).toEqual({ kind: 'pass', epoch: 0 });
  });
});
