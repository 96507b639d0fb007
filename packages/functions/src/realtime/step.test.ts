import { BudgetWait, NeverRetry, RetryLater } from '@payments/core/failure';
import type { Say } from '@payments/core/log-lines';
import { describe, expect, it } from 'vitest';
import { counting } from '../../test/counted.ts';
import { tellFailure } from './step.ts';

function told(failure: RetryLater | NeverRetry | BudgetWait, type?: string) {
  const lines: (readonly unknown[])[] = [];
  const where = { step: 'sync', lane: 'realtime', ...(type === undefined ? {} : { type }) } as const;
  const { count, counted } = counting();
  const at =
    (level: string): Say =>
    (message, line) =>
      lines.push([level, message, line]);
  tellFailure(failure, where, { log: { info: at('info'), warn: at('warn'), error: at('error') }, count });
  return { lines, counted: counted.map(({ metric, dimensions }) => ({ metric, ...dimensions })) };
}

describe('a step that failed', () => {
  it('is a try and an error, by lane, category and event type; a warning while it is tried again', () => {
    const failure = new RetryLater('quotes jane@example.com', { code: 'UNABLE_TO_LOCK_ROW', category: 'Network' });
    const { lines, counted } = told(failure, 'invoice.paid');
    expect(counted).toEqual([
      { metric: 'Tries', Lane: 'realtime', EventType: 'invoice.paid' },
      { metric: 'Errors', Lane: 'realtime', EventType: 'invoice.paid', Category: 'Network' },
    ]);
    expect(lines).toEqual([
      ['warn', 'step failed', { step: 'sync', error: 'RetryLater', code: 'UNABLE_TO_LOCK_ROW', category: 'Network' }],
    ]);
  });

  it('is an error when no retry cures it', () => {
    const { lines } = told(new NeverRetry('x', { code: 'STRING_TOO_LONG', category: 'Data' }));
    expect(lines).toMatchObject([['error', 'step failed', { code: 'STRING_TOO_LONG' }]]);
  });

  it('counts without an event type when the input could not be read', () => {
    const { counted } = told(new NeverRetry('x', { code: 'BAD_INPUT', category: 'Data' }));
    expect(counted).toEqual([
      { metric: 'Tries', Lane: 'realtime' },
      { metric: 'Errors', Lane: 'realtime', Category: 'Data' },
    ]);
  });

  it.each([
    new RetryLater('x', { code: 'OBJECT_BUSY', category: 'Network' }),
    new BudgetWait('x', { code: 'CLAIMED', retryAfterMs: 1 }),
    new BudgetWait('x', { code: 'NO_BUDGET', retryAfterMs: 1 }),
    new BudgetWait('x', { code: 'CIRCUIT_OPEN', retryAfterMs: 1 }),
  ])('is neither try nor error when it only waits: $code', (failure) => {
    const { lines, counted } = told(failure);
    expect(counted).toEqual([]);
    expect(lines).toMatchObject([['info', 'waiting', { code: failure.code }]]);
  });

  it('is an error when Salesforce or Stripe themselves say wait: that call was made, and refused', () => {
    const { counted } = told(new BudgetWait('x', { code: 'REQUEST_LIMIT_EXCEEDED', retryAfterMs: 1 }), 'invoice.paid');
    expect(counted).toHaveLength(2);
  });
});
