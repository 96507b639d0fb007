import { STRIPE_API_VERSION } from '@payments/core/api-versions';
import { describe, expect, it } from 'vitest';
import { faultsOf, isSilent, NOTES, type Seen, WANTED_EVENTS } from '../webhook/standing.ts';
import type { Standing } from '../webhook/status.ts';
import { webhookFindings } from './webhook.ts';

const URL = 'https://example.com/webhook/stripe';
const PRINT = 'aaaabbbbcccc';

/** What the doctor says of one endpoint while Secrets Manager holds the secret with that print. */
function findingsOf(change: Partial<Seen>, known: ReadonlySet<string> = new Set([PRINT]), rolling = false) {
  const endpoint: Seen = {
    id: 'we_1',
    url: URL,
    status: 'enabled',
    enabled_events: WANTED_EVENTS,
    api_version: STRIPE_API_VERSION,
    created: 1,
    metadata: { [NOTES.secret]: PRINT },
    ...change,
  };
  const print = endpoint.metadata[NOTES.secret];
  const standing: Standing = {
    url: URL,
    endpoints: [
      {
        ...{ id: endpoint.id, status: endpoint.status, api_version: endpoint.api_version },
        silent: isSilent(endpoint),
        events: endpoint.enabled_events.length,
        secretKnown: print === undefined ? null : known.has(print),
        faults: faultsOf(endpoint, known),
      },
    ],
    rolling,
    undelivered: { count: 0, oldest: null },
  };
  return webhookFindings(standing);
}

describe('webhookFindings', () => {
  it('finds that nobody delivers when the only endpoint waits for a roll to go on', () => {
    const metadata = { [NOTES.secret]: PRINT, [NOTES.replaces]: 'we_0' };
    expect(findingsOf({ metadata }, undefined, true)).toEqual([
      { part: 'webhook', state: 'bad', what: expect.stringContaining('we_1 is silent'), mend: 'webhook roll goes on' },
    ]);
  });

  it('finds an endpoint as it should be, also while it is rolled', () => {
    expect(findingsOf({})).toEqual([{ part: 'webhook', state: 'good', what: `we_1 at ${URL}` }]);
    expect(findingsOf({}, undefined, true)).toEqual([
      { part: 'webhook', state: 'good', what: `we_1 at ${URL}, being rolled` },
    ]);
  });

  it.each<[string, Partial<Seen>, ReadonlySet<string> | undefined, string, string]>([
    [
      'of an older API version',
      { api_version: '2024-06-20' },
      undefined,
      `we_1: its shapes are of 2024-06-20, ours of ${STRIPE_API_VERSION}`,
      'webhook roll',
    ],
    [
      "of the account's own version, whatever that is",
      { api_version: null },
      undefined,
      "we_1: its shapes are of the account's own version",
      'webhook roll',
    ],
    ['that is disabled', { status: 'disabled' }, undefined, 'we_1: it is disabled', 'webhook create'],
    [
      'that lacks an event',
      { enabled_events: WANTED_EVENTS.slice(1) },
      undefined,
      `we_1: 1 of our events is missing: ${WANTED_EVENTS[0]}`,
      'webhook create',
    ],
    [
      'with an event too many',
      { enabled_events: [...WANTED_EVENTS, 'topup.created'] },
      undefined,
      'we_1: it sends what no lane takes: topup.created',
      'webhook create',
    ],
    [
      'whose secret nobody here has',
      {},
      new Set(['ddddeeeeffff']),
      'is not in Secrets Manager: every event is refused, unless it was rolled in the Dashboard',
      'webhook roll',
    ],
    ['whose secret is not there because none is', {}, new Set(), 'every event is refused', 'webhook roll'],
  ])('finds one %s, and says how to mend it', (_, change, known, what, mend) => {
    expect(findingsOf(change, known)).toEqual([
      { part: 'webhook', state: 'bad', what: expect.stringContaining(what), mend: expect.stringContaining(mend) },
    ]);
  });

  it('finds that there is none', () => {
    const none = { url: URL, endpoints: [], rolling: false, undelivered: { count: 0, oldest: null } };
    expect(webhookFindings(none)).toEqual([
      { part: 'webhook', state: 'bad', what: `Stripe has no endpoint at ${URL}`, mend: 'webhook create' },
    ]);
  });

  it('finds two that both deliver, unless one of them takes over from the other', () => {
    const deliver = { status: 'enabled', api_version: STRIPE_API_VERSION, events: 1, silent: false };
    const one = { ...deliver, secretKnown: true, faults: [] };
    const two = {
      url: URL,
      endpoints: [
        { id: 'we_1', ...one },
        { id: 'we_2', ...one },
      ],
    };
    const undelivered = { count: 0, oldest: null };
    expect(webhookFindings({ ...two, rolling: false, undelivered })).toEqual([
      {
        part: 'webhook',
        state: 'bad',
        what: `2 endpoints are enabled at ${URL}: each event comes as often`,
        mend: expect.stringContaining('delete all but one'),
      },
    ]);
    expect(webhookFindings({ ...two, rolling: true, undelivered })).toEqual([
      { part: 'webhook', state: 'good', what: `we_1, we_2 at ${URL}, being rolled` },
    ]);
  });

  it('does not call one of the Dashboard good: nobody sees whether its secret is ours', () => {
    expect(findingsOf({ metadata: {} })).toEqual([
      {
        part: 'webhook',
        state: 'unknown',
        what: expect.stringContaining('we_1 was made in the Dashboard'),
        mend: expect.stringContaining('webhook roll'),
      },
    ]);
  });
});
