import { describe, expect, it } from 'vitest';
import { plain } from '../frame/paint.ts';
import { printStanding } from './print-standing.ts';
import { concerns, type Standing } from './standing.ts';

const well: Standing = {
  stage: 'test',
  region: 'eu-west-1',
  local: false,
  at: '2026-11-25T12:00:00.000Z',
  lastEvent: { at: '2026-11-25T11:59:00.000Z', ageSeconds: 60 },
  realtime: { running: 2, oldestSeconds: 3, failedLastHour: {} },
  bulk: { queued: 12, held: 1, queueAgeSeconds: 4, bufferRows: 7, bufferAgeSeconds: 0 },
  circuit: 'closed',
  budget: [{ window: 'minute', used: 30, percent: 5 }],
  org: { used: 1_200, percent: 12 },
  failures: [],
  told: { health: 'Healthy', reason: '', lastEventAt: null, oldestUnsettledAt: null, ageSeconds: 40 },
  deadLetters: [],
  batches: [],
  lag: { realtime: { p50: 900, p95: 2_100, p99: 4_000, count: 40 }, bulk: null },
  totals: {
    ...{ received: 900, published: 700, duplicates: 3, staleRefused: 8, rowsWritten: 640 },
    ...{ failures: 0, deadLetters: 0, salesforceCalls: 210 },
  },
  unread: [],
};
const said = (change: Partial<Standing>) =>
  concerns({ ...well, ...change }).map(({ level, text }) => `${level}: ${text}`);
const failure = { source: 'bulk', category: 'Data', code: 'STRING_TOO_LONG', count: 2 };

describe('what is wrong', () => {
  it('is nothing when all is well', () => expect(said({})).toEqual([]));

  it.each<[string, Partial<Standing>, string]>([
    ['an open circuit', { circuit: 'open' }, 'bad: the circuit to Salesforce is open'],
    ['a half-open circuit', { circuit: 'half-open' }, 'warning: '],
    ['a dead letter', { deadLetters: [{ queue: 'BulkPoisoned', waiting: 3 }] }, 'bad: 3 in BulkPoisoned'],
    ['an unrouted event', { deadLetters: [{ queue: 'Unrouted', waiting: 1 }] }, 'warning: 1 in Unrouted'],
    ['an open failure', { failures: [{ ...failure, status: 'Open' }] }, 'bad: 2 open failures in Salesforce'],
    [
      'failed executions, of which some may be made good',
      { realtime: { ...well.realtime, failedLastHour: { Flush: 2 } } },
      'warning: 2 executions of Flush',
    ],
    ['a late bulk queue', { bulk: { ...well.bulk, queueAgeSeconds: 601 } }, 'bad: the oldest bulk message'],
    ['a late buffer', { bulk: { ...well.bulk, bufferAgeSeconds: 301 } }, 'bad: buffered rows'],
    ['a deep queue', { bulk: { ...well.bulk, queued: 1_001 } }, 'warning: 1001 messages'],
    ['calls that run out', { budget: [{ window: 'hour', used: 9, percent: 81 }] }, 'warning: 81 % of the API calls'],
    ['an org whose calls run out', { org: { used: 9, percent: 90 } }, 'warning: the org has used 90 %'],
    [
      'what Salesforce was told',
      { told: { health: 'Down', reason: 'x', lastEventAt: null, oldestUnsettledAt: null, ageSeconds: 1 } },
      'bad: Salesforce has been told: Down, x',
    ],
    [
      'an old word to Salesforce',
      { told: { health: 'Healthy', reason: '', lastEventAt: null, oldestUnsettledAt: null, ageSeconds: 601 } },
      'warning: Integration_Status__c',
    ],
    [
      'late writes',
      { lag: { realtime: { p50: 1, p95: 300_001, p99: 1, count: 9 }, bulk: null } },
      'bad: one urgent change',
    ],
    ['silence for a day', { lastEvent: null }, 'warning: no event in the last day'],
    ['silence for hours', { lastEvent: { at: '', ageSeconds: 21_601 } }, 'warning: no event for more than six'],
    ['a system that did not answer', { unread: [{ what: 'Salesforce', why: 'x' }] }, 'bad: Salesforce was not read: x'],
  ])('%s', (_, change, expected) => expect(said(change)).toEqual([expect.stringContaining(expected)]));

  it('does not ring for what waits at its limit, nor for failures that are being retried', () => {
    const bulk = { ...well.bulk, queueAgeSeconds: 600, bufferAgeSeconds: 300, queued: 1_000 };
    const failures = [{ ...failure, status: 'Retrying' }];
    expect(said({ bulk, failures, org: { used: 1, percent: 80 } })).toEqual([]);
  });

  it('tells the worst first', () => {
    const levels = concerns({ ...well, lastEvent: null, circuit: 'open' }).map(({ level }) => level);
    expect(levels).toEqual(['bad', 'warning']);
  });
});

describe('the screen', () => {
  it('begins with the verdict and names what it does not know', () => {
    const text = printStanding({ ...well, bulk: { ...well.bulk, bufferRows: null }, circuit: null }, plain);
    expect(text.split('\n')[0]).toBe('payments-test  healthy  eu-west-1, 2026-11-25T12:00:00.000Z');
    expect(text).toContain('last event  60 s ago (2026-11-25T11:59:00.000Z)');
    expect(text).toContain('buffer –');
    expect(text).toMatch(/circuit +–/);
    expect(text).toMatch(/Salesforce +Healthy \(40 s ago\)/);
    expect(text).toContain('realtime p50 0.9 s, p95 2.1 s, p99 4.0 s; bulk –');
    expect(text).toMatch(/last day +900 requests, 700 published, 640 rows written, 210 Salesforce calls; 3 duplicates/);
  });
});
