import { CLOSED } from '@payments/core/circuit';
import { describe, expect, it } from 'vitest';
import { counting } from '../../test/counted.ts';
import type { Usage } from '../adapters/budget.ts';
import type { BufferState } from '../adapters/buffer-state.ts';
import { measure } from './measure.ts';

const NOW = 1_790_000_000_000;
const USAGE: Usage = {
  windows: [
    { window: 'minute', windowMs: 60_000, used: 30, limit: 600 },
    { window: 'hour', windowMs: 3_600_000, used: 8_004, limit: 10_000 },
    { window: 'day', windowMs: 86_400_000, used: 0, limit: 0 },
  ],
  orgUsed: 81_000,
  orgMax: 100_000,
};

async function measured(state: BufferState, usage: Usage = USAGE, circuit = CLOSED) {
  const { count, counted } = counting();
  const none: BufferState = { rows: 0, since: null };
  await measure({
    objects: ['Stripe_Customer__c', 'Pricing_Plan__c'],
    buffer: async (object) => (object === 'Stripe_Customer__c' ? state : none),
    budget: { usage: async () => usage },
    circuit: async () => ({ ...circuit, retryAfterMs: 0 }),
    count,
    nowMs: () => NOW,
  });
  return counted.map(({ metric, value, dimensions }) =>
    `${metric} ${value} ${Object.values(dimensions).join()}`.trim(),
  );
}

describe('measure', () => {
  it('tells how many rows wait and for how long, and that nothing waits', async () => {
    expect(await measured({ rows: 12, since: NOW - 61_900 })).toEqual(
      expect.arrayContaining([
        'BufferRows 12 Stripe_Customer__c',
        'BufferAge 61 Stripe_Customer__c',
        'BufferRows 0 Pricing_Plan__c',
        'BufferAge 0 Pricing_Plan__c',
      ]),
    );
  });

  it('does not call a row late that is due in the future', async () => {
    expect(await measured({ rows: 1, since: NOW + 30_000 })).toContain('BufferAge 0 Stripe_Customer__c');
  });

  it('tells how the circuit stands', async () => {
    const tell = async (state: 'closed' | 'half-open' | 'open') =>
      (await measured({ rows: 0, since: null }, USAGE, { ...CLOSED, state })).find((line) =>
        line.startsWith('Circuit'),
      );
    expect(await tell('closed')).toBe('CircuitState 0');
    expect(await tell('half-open')).toBe('CircuitState 1');
    expect(await tell('open')).toBe('CircuitState 2');
  });

  it('tells the calls of each window, of the org, and their share', async () => {
    expect((await measured({ rows: 0, since: null })).filter((line) => line.includes('Api'))).toEqual([
      'ApiCalls 30 minute',
      'ApiUsage 5 minute',
      'ApiCalls 8004 hour',
      'ApiUsage 80 hour',
      'ApiCalls 0 day',
      // Nothing is allowed: all of it is used.
      'ApiUsage 100 day',
      'OrgApiCalls 81000',
      'OrgApiUsage 81',
    ]);
  });

  it('says nothing of the org before the org has', async () => {
    const lines = await measured({ rows: 0, since: null }, { ...USAGE, orgUsed: null, orgMax: null });
    expect(lines.filter((line) => line.startsWith('Org'))).toEqual([]);
  });
});
