import type { Hop } from '@payments/console/contract';
import { describe, expect, it } from 'vitest';
import { createLedger, type EventLedger, type EventQuery } from './event-ledger.ts';
import { saidIn } from './said.ts';
import { tellingOf, tellingsOf } from './telling.ts';

const ALL: EventQuery = { search: '', lane: null, outcome: null, before: null, limit: 50 };
const URGENT = { stripeEventId: 'evt_1', stripeObjectId: 'sub_1', type: 'customer.subscription.created' };
const QUIET = { stripeEventId: 'evt_2', stripeObjectId: 'prod_1', type: 'product.updated' };

/** What the ledger makes of log lines, in their order, a hundred milliseconds apart. */
function hear(ledger: EventLedger, ...lines: readonly object[]): readonly Hop[] {
  return lines.flatMap((line, index) => {
    const said = saidIn(JSON.stringify(line));
    return said === null ? [] : ledger.add(tellingsOf(said, 1_000 + 100 * index));
  });
}

function arrive(
  ledger: EventLedger,
  { stripeEventId: eventId, stripeObjectId: objectId, type }: typeof URGENT,
  at = 1_050,
) {
  const urgent = type === URGENT.type;
  const arrival = { eventId, type, objectId, targetArn: 'arn', at, createdAt: 500_000 };
  return ledger.add([tellingOf(arrival, urgent ? 'realtime' : 'bulk', urgent ? 'Subscriptions' : null)]);
}

describe('the ledger', () => {
  it('follows an urgent event from the webhook to the row, and says how long it took', () => {
    const ledger = createLedger();
    arrive(ledger, URGENT);
    hear(
      ledger,
      { message: 'webhook', outcome: 'published', ...URGENT },
      { message: 'claim', outcome: 'mine', executionName: 'x1', ...URGENT },
      { message: 'settled', outcome: 'written', rows: 2, calls: 1, pathMs: 40.4, salesforceId: 'a01', ...URGENT },
    );
    expect(ledger.event('evt_1')).toMatchObject({
      ...{ id: 'evt_1', type: URGENT.type, objectId: 'sub_1', lane: 'realtime', outcome: 'written' },
      ...{ stripeAt: 500_000, receivedAt: 1_000, tookMs: 200, deliveries: 1, executionName: 'x1' },
      rows: [{ object: null, key: 'sub_1', id: 'a01', what: 'written' }],
      rowsWritten: 2,
    });
    expect(ledger.event('evt_1')?.steps.map(({ place, detail }) => [place, detail])).toEqual([
      ['ingress', null],
      ['realtime', null],
      ['realtime', null],
      ['salesforce', '2 rows, 1 call, 40 ms'],
    ]);
  });

  it('follows a bulk event into the buffer and out of it with its batch, whose events share a row', () => {
    const ledger = createLedger();
    arrive(ledger, QUIET);
    const other = { ...QUIET, stripeEventId: 'evt_3' };
    arrive(ledger, other);
    hear(ledger, { message: 'aggregate', outcome: 'buffered', rows: 1, ...QUIET });
    expect(ledger.event('evt_2')).toMatchObject({ lane: 'bulk', outcome: 'buffered', tookMs: null });
    const row = { object: 'Pricing_Plan__c', stripeObjectId: 'price_1', salesforceId: 'a02', stripeEventId: 'evt_2' };
    const hops = hear(
      ledger,
      { message: 'take', outcome: 'taken', object: 'Pricing_Plan__c', batchId: 'b', rows: 1 },
      { message: 'settle', outcome: 'written', ...row, stripeEventIds: ['evt_2', 'evt_3'] },
    );
    for (const id of ['evt_2', 'evt_3']) expect(ledger.event(id)).toMatchObject({ outcome: 'written' });
    // One row moves, whatever the number of its events.
    expect(hops.map(({ from, to }) => `${from} → ${to}`)).toEqual(['buffer → flush', 'flush → salesforce']);
    expect(ledger.passed('flush')).toBe(1);
  });

  it('takes the worst of the rows of one event for its outcome', () => {
    const ledger = createLedger();
    arrive(ledger, QUIET);
    const row = (stripeObjectId: string, outcome: string) => ({
      ...{ message: 'settle', outcome, object: 'Pricing_Plan__c', stripeObjectId, stripeEventId: 'evt_2' },
    });
    hear(ledger, row('a', 'written'), row('b', 'given back'), row('c', 'refused'));
    expect(ledger.event('evt_2')?.outcome).toBe('buffered');
    hear(ledger, row('b', 'parked'));
    expect(ledger.event('evt_2')?.outcome).toBe('failed');
    hear(ledger, row('b', 'unchanged'));
    expect(ledger.event('evt_2')?.outcome).toBe('written');
  });

  it('counts an event once at each place behind the bus, however often it is sent, replayed or handed to another lane', () => {
    const ledger = createLedger();
    const strange = { stripeEventId: 'evt_9', stripeObjectId: 'x_1', type: 'plan.created' };
    for (const event of [URGENT, QUIET, URGENT, QUIET]) {
      hear(ledger, { message: 'webhook', outcome: 'published', ...event });
      arrive(ledger, event);
    }
    hear(ledger, { message: 'webhook', outcome: 'unrouted', ...strange });
    const { stripeEventId: eventId, stripeObjectId: objectId, type } = strange;
    const arrival = { eventId, type, objectId, targetArn: 'arn', at: 1_050, createdAt: 500_000 };
    for (const lane of ['unrouted', 'unrouted'] as const) ledger.add([tellingOf(arrival, lane, null)]);
    // Out of the reconciliation, which tells of no webhook.
    arrive(ledger, { ...QUIET, stripeEventId: 'evt_4' });
    const passed = (['ingress', 'bus', 'realtime', 'queue', 'unrouted'] as const).map(ledger.passed);
    expect(passed).toEqual([5, 4, 1, 2, 1]);
    hear(ledger, { message: 'claim', outcome: 'shed', ...URGENT }, { message: 'claim', outcome: 'shed', ...URGENT });
    expect(ledger.passed('queue')).toBe(3);
  });

  it('knows how long the events of a lane took that were written lately, by the machine’s clock', () => {
    const ledger = createLedger();
    for (const [number, took] of [40, 300].entries()) {
      const event = { ...URGENT, stripeEventId: `evt_${number}` };
      arrive(ledger, event, 900 - took);
      // Told at 1,000.
      hear(ledger, { message: 'settled', outcome: 'written', salesforceId: 'a01', rows: 1, ...event });
    }
    hear(ledger, { message: 'settled', outcome: 'nothing', ...URGENT, stripeEventId: 'evt_5' });
    expect(ledger.took('realtime', 1_000)).toEqual([140, 400]);
    expect([ledger.took('realtime', 1_001), ledger.took('bulk', 0)]).toEqual([[], []]);
  });

  it.each([
    ['dropped', 'stale'],
    ['nothing', 'nothing'],
  ])('says of a settled event that was %s: %s', (outcome, expected) => {
    const ledger = createLedger();
    hear(ledger, { message: 'settled', outcome, ...URGENT });
    expect(ledger.event('evt_1')?.outcome).toBe(expected);
  });

  it('lets a repeat change nothing about how an event ended, and a new try of what was given up', () => {
    const ledger = createLedger();
    const repeat = [
      { message: 'webhook', outcome: 'published', ...URGENT },
      { message: 'claim', outcome: 'duplicate', ...URGENT },
    ];
    hear(ledger, { message: 'settled', outcome: 'written', ...URGENT }, ...repeat);
    expect(ledger.event('evt_1')).toMatchObject({ outcome: 'written', deliveries: 1, tookMs: 0 });
    hear(ledger, { message: 'parked', code: 'STRING_TOO_LONG', category: 'Data', ...URGENT }, ...repeat);
    expect(ledger.event('evt_1')).toMatchObject({ outcome: 'failed', deliveries: 2 });
    hear(ledger, { message: 'claim', outcome: 'mine', ...URGENT });
    expect(ledger.event('evt_1')).toMatchObject({ outcome: 'under way', tookMs: null });
  });

  it('calls a twin that was never handled by itself a duplicate', () => {
    const ledger = createLedger();
    hear(ledger, { message: 'claim', outcome: 'duplicate', twin: true, ...URGENT });
    expect(ledger.event('evt_1')?.outcome).toBe('duplicate');
  });

  it('knows what no lane takes, and a forged request as nobody’s event', () => {
    const ledger = createLedger();
    const strange = { stripeEventId: 'evt_9', stripeObjectId: 'x_1', type: 'plan.created' };
    const hops = hear(
      ledger,
      { message: 'webhook', outcome: 'unrouted', ...strange },
      { message: 'webhook', outcome: 'bad-signature', reason: 'no match' },
    );
    expect(ledger.event('evt_9')).toMatchObject({ lane: 'unrouted', outcome: 'unrouted' });
    expect(hops.at(-1)).toMatchObject({ eventId: null, from: 'stripe', to: 'ingress', outcome: 'failed' });
    expect([ledger.size, ledger.passed('ingress')]).toEqual([1, 2]);
  });

  it('lists the newest first, page by page, each event once', () => {
    const ledger = createLedger();
    for (let number = 0; number < 25; number += 1)
      arrive(ledger, { ...URGENT, stripeEventId: `evt_${number}` }, number);
    const first = ledger.page({ ...ALL, limit: 10 });
    const second = ledger.page({ ...ALL, limit: 10, before: first.next });
    const third = ledger.page({ ...ALL, limit: 10, before: second.next });
    const ids = [first, second, third].flatMap(({ events }) => events.map(({ id }) => id));
    expect(ids).toEqual(Array.from({ length: 25 }, (_, number) => `evt_${24 - number}`));
    expect([first.total, third.next]).toEqual([25, null]);
  });

  it('finds by a part of an id or type, by lane and by outcome', () => {
    const ledger = createLedger();
    arrive(ledger, URGENT);
    arrive(ledger, QUIET);
    const found = (query: Partial<EventQuery>) => ledger.page({ ...ALL, ...query }).events.map(({ id }) => id);
    expect(found({ search: 'PROD_' })).toEqual(['evt_2']);
    expect(found({ search: 'subscription' })).toEqual(['evt_1']);
    expect(found({ lane: 'bulk' })).toEqual(['evt_2']);
    expect(found({ outcome: 'written' })).toEqual([]);
    expect(ledger.ofRow('sub_1', 'a0', 5).map(({ id }) => id)).toEqual(['evt_1']);
  });

  it('is not impressed by lines that are none of its own', () => {
    for (const line of ['', 'plain words', '{"half":', '{"message":7}', '[]', '{"_aws":{},"message":"webhook"}']) {
      expect(saidIn(line)).toBeNull();
    }
    expect(tellingsOf(saidIn('{"message":"report"}') ?? NEVER, 0)).toEqual([]);
  });
});

describe('its memory', () => {
  it('keeps the newest events, whatever comes', () => {
    const ledger = createLedger(100);
    for (let number = 0; number < 1_000; number += 1) {
      arrive(ledger, { ...URGENT, stripeEventId: `evt_${number}` }, number);
      hear(ledger, { message: 'webhook', outcome: 'published', ...URGENT, stripeEventId: `evt_${number}` });
    }
    expect(ledger.size).toBe(100);
    expect([ledger.event('evt_899'), ledger.event('evt_900')?.id]).toEqual([null, 'evt_900']);
  });

  it('keeps the first and the last of very many steps, and not every row', () => {
    const ledger = createLedger();
    hear(ledger, { message: 'webhook', outcome: 'published', ...QUIET });
    for (let number = 0; number < 500; number += 1) {
      const row = { object: 'Pricing_Plan__c', stripeObjectId: `price_${number}`, stripeEventId: 'evt_2' };
      hear(ledger, { message: 'settle', outcome: 'written', ...row });
    }
    const { steps, rows } = ledger.event('evt_2') ?? { steps: [], rows: [] };
    expect([steps.length, rows.length]).toEqual([40, 25]);
    expect([steps[0]?.place, steps.at(-1)?.detail]).toEqual(['ingress', 'Pricing_Plan__c, price_499']);
  });

  it('does not call forgotten events back when their rows are settled', () => {
    const ledger = createLedger();
    hear(ledger, { message: 'settle', outcome: 'written', stripeObjectId: 'price_1', stripeEventId: 'evt_0' });
    expect(ledger.size).toBe(0);
  });
});

const NEVER = saidIn('{"message":""}') ?? expect.fail();
