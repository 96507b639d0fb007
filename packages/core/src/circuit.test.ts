import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import file from './circuit.cases.json' with { type: 'json' };
import { type Circuit, CLOSED, permit, report, waitMs } from './circuit.ts';

describe('the circuit', () => {
  it.each(file.cases)('$name', ({ steps }) => {
    let circuit: Circuit = CLOSED;
    const epochs = new Map<string, number>();
    for (const step of steps) {
      if (step.ask !== undefined) {
        const asked = permit(circuit, step.at, file.settings);
        circuit = asked.circuit;
        const { permit: given } = asked;
        if (given.kind !== 'wait') epochs.set(step.ask, given.epoch);
        const expected = { kind: step.gives, ...(step.gives === 'wait' ? { retryAfterMs: step.retryAfterMs } : {}) };
        expect([step, given]).toMatchObject([step, expected]);
      } else {
        const answer = { epoch: epochs.get(step.answer) ?? -1, good: step.good, why: 'X' };
        const answered = report(circuit, answer, step.at, file.settings);
        circuit = answered.circuit;
        expect([step, answered.change]).toEqual([step, step.change]);
      }
    }
  });

  it('tells since when it is open, and why, until it closes', () => {
    let circuit: Circuit = CLOSED;
    const answer = (good: boolean, why: string, at: number) => {
      circuit = report(circuit, { epoch: circuit.epoch, good, why }, at, file.settings).circuit;
    };
    for (const why of ['ECONNRESET', 'TIMEOUT', 'SERVER_UNAVAILABLE']) answer(false, why, 100);
    expect(circuit).toMatchObject({ state: 'open', openedAt: 100, why: 'SERVER_UNAVAILABLE' });
    circuit = permit(circuit, 1_100, file.settings).circuit;
    answer(false, 'TIMEOUT', 1_200);
    expect(circuit).toMatchObject({ state: 'open', openedAt: 100, why: 'TIMEOUT' });
    circuit = permit(circuit, 9_000, file.settings).circuit;
    answer(true, '', 9_100);
    expect(circuit).toMatchObject({ state: 'closed', openedAt: 0, why: '' });
  });

  /** Callers that come and go as they like; each answers when it likes, or never. */
  it('lets one call through at a time until it has closed, whatever happens', () => {
    const act = fc.record({
      gap: fc.constantFrom(0, 1, 100, 499, 500, 501, 1_000, 5_000),
      caller: fc.integer({ min: 0, max: 4 }),
      answer: fc.option(fc.boolean(), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 80 }), (acts) => {
        let circuit: Circuit = CLOSED;
        let now = 0;
        const epochs = new Map<number, number>();
        const probes: { since: number; epoch: number }[] = [];
        for (const { gap, caller, answer } of acts) {
          now += gap;
          const epoch = epochs.get(caller);
          if (answer !== undefined && epoch !== undefined) {
            epochs.delete(caller);
            circuit = report(circuit, { epoch, good: answer, why: '' }, now, file.settings).circuit;
            continue;
          }
          const before = circuit;
          const asked = permit(circuit, now, file.settings);
          circuit = asked.circuit;
          if (asked.permit.kind === 'wait') {
            expect(before.state).not.toBe('closed');
            expect(asked.permit.retryAfterMs).toBe(waitMs(before, now));
            continue;
          }
          expect(asked.permit.kind).toBe(before.state === 'closed' ? 'pass' : 'probe');
          epochs.set(caller, asked.permit.epoch);
          if (asked.permit.kind !== 'probe') continue;
          // The one before it has answered or is lost.
          const open = probes.filter((probe) => probe.epoch === before.epoch && before.state === 'half-open');
          for (const probe of open) expect(now - probe.since).toBeGreaterThanOrEqual(file.settings.probeMs);
          probes.push({ since: now, epoch: asked.permit.epoch });
        }
      }),
    );
  });
});
