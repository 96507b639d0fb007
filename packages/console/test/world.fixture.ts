/**
 * A road as the page's tests see it: made by arithmetic from a seed, the same each time, every value parsed by the contract.
 */
import * as v from 'valibot';
import {
  Batch,
  EventLine,
  EventStory,
  Hop,
  Letter,
  type Outcome,
  PLACES,
  type PlaceName,
  Replay,
  RowDetail,
  RowLine,
  Snapshot,
} from '../src/contract.ts';

type Kind = { readonly type: string; readonly object: string; readonly lane: EventLine['lane'] };

const KINDS: readonly Kind[] = [
  { type: 'customer.subscription.created', object: 'sub', lane: 'realtime' },
  { type: 'payment_intent.succeeded', object: 'pi', lane: 'realtime' },
  { type: 'invoice.payment_failed', object: 'in', lane: 'realtime' },
  { type: 'checkout.session.completed', object: 'cs', lane: 'realtime' },
  { type: 'customer.updated', object: 'cus', lane: 'bulk' },
  { type: 'charge.succeeded', object: 'ch', lane: 'bulk' },
  { type: 'invoice.paid', object: 'in', lane: 'bulk' },
  { type: 'price.updated', object: 'price', lane: 'bulk' },
  { type: 'charge.refunded', object: 'ch', lane: 'bulk' },
  { type: 'customer.created', object: 'cus', lane: 'bulk' },
  { type: 'payment_intent.processing', object: 'pi', lane: 'bulk' },
  { type: 'invoice.finalized', object: 'in', lane: 'unrouted' },
];

const OBJECTS = ['Payment_Transaction__c', 'Pricing_Plan__c', 'Stripe_Customer__c', 'Stripe_Subscription__c'] as const;

/** Numbers in [0, 1), the same for the same seed. */
export function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const LETTERS = 'ABCDEFGHJKMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz0123456789';

function idOf(roll: () => number, prefix: string): string {
  return `${prefix}_1ULg${Array.from({ length: 20 }, () => LETTERS[Math.floor(roll() * LETTERS.length)]).join('')}`;
}

function outcomeOf(roll: number, lane: EventLine['lane']): Outcome {
  if (lane === 'unrouted') return 'unrouted';
  if (roll < 0.04) return 'duplicate';
  if (roll < 0.08) return 'stale';
  if (roll < 0.095) return 'failed';
  return 'written';
}

/** One event received at `at`, ms since 1970. */
export function eventAt(roll: () => number, at: number): EventLine {
  const kind = KINDS[Math.floor(roll() * KINDS.length)] ?? { type: 'charge.succeeded', object: 'ch', lane: 'bulk' };
  const outcome = outcomeOf(roll(), kind.lane);
  const tookMs = kind.lane === 'realtime' ? 40 + Math.floor(roll() * 180) : 1_200 + Math.floor(roll() * 6_000);
  return v.parse(EventLine, {
    id: idOf(roll, 'evt'),
    type: kind.type,
    objectId: idOf(roll, kind.object),
    stripeAt: at - 400 - Math.floor(roll() * 900),
    receivedAt: at,
    lane: kind.lane,
    outcome,
    tookMs: outcome === 'failed' ? 62_400 : tookMs,
    deliveries: outcome === 'duplicate' ? 2 : 1,
  });
}

/** `events` newest first, `spacingMs` apart. */
export function pastEvents(seed: number, events: number, now: number, spacingMs: number): EventLine[] {
  const roll = dice(seed);
  return Array.from({ length: events }, (_, index) => {
    const line = eventAt(roll, now - index * spacingMs - Math.floor(roll() * spacingMs));
    const age = now - line.receivedAt;
    if (line.outcome !== 'written' || line.tookMs === null || line.tookMs < age) return line;
    return { ...line, outcome: line.lane === 'bulk' ? 'buffered' : 'under way', tookMs: null };
  });
}

const ROADS: Readonly<Record<EventLine['lane'], readonly PlaceName[]>> = {
  realtime: ['stripe', 'ingress', 'bus', 'realtime', 'salesforce'],
  bulk: ['stripe', 'ingress', 'bus', 'queue', 'buffer', 'flush', 'salesforce'],
  unrouted: ['stripe', 'ingress', 'bus', 'unrouted'],
};

/** The steps of one event along the road. */
export function hopsOf(line: EventLine): Hop[] {
  const way = ROADS[line.lane];
  return way.slice(1).map((to, index) =>
    v.parse(Hop, {
      at: line.receivedAt + index,
      eventId: line.id,
      type: line.type,
      from: way[index] ?? 'stripe',
      to,
      outcome: index === way.length - 2 ? line.outcome : 'under way',
    }),
  );
}

export type Mood = 'calm' | 'down';

const TROUBLES = [
  { name: 'salesforce-down', label: 'Salesforce down', what: 'Every call gets a 503 until this is off', lasting: true },
  { name: 'locks', label: 'Rows locked', what: 'Half of all writes meet UNABLE_TO_LOCK_ROW', lasting: true },
  { name: 'duplicate-storm', label: 'Duplicate storm', what: 'Stripe sends the last 50 events again', lasting: false },
  { name: 'redis-flush', label: 'Redis flushed', what: 'Claims, versions and the buffer are gone', lasting: false },
] as const;

const LIVES = [
  { name: 'new-customer', label: 'New customer', what: 'Signs up, subscribes and pays' },
  { name: 'failed-payment', label: 'Failed payment', what: 'A renewal is declined by the bank' },
  { name: 'cancellation', label: 'Cancellation', what: 'A customer ends the subscription now' },
] as const;

export function snapshotOf(
  events: readonly EventLine[],
  letters: number,
  on: ReadonlySet<string>,
  startedAt: number,
  now: number,
): Snapshot {
  const mood: Mood = on.has('salesforce-down') ? 'down' : 'calm';
  const roll = dice(11);
  const lane = (name: EventLine['lane']): number => events.filter((line) => line.lane === name).length;
  const out = (name: Outcome): number => events.filter((line) => line.outcome === name).length;
  const passed: Readonly<Record<PlaceName, number>> = {
    stripe: events.length,
    ingress: events.length,
    bus: events.length,
    realtime: lane('realtime'),
    queue: lane('bulk'),
    buffer: lane('bulk'),
    flush: lane('bulk') - out('buffered'),
    salesforce: out('written') + out('stale'),
    unrouted: lane('unrouted'),
    'dead letters': letters,
  };
  const second = (index: number): number => now - (599 - index) * 1_000;
  const wave = (index: number): number => 6 + 4 * Math.sin(index / 46) + 3 * Math.sin(index / 13) + roll() * 3;
  const rates = Array.from({ length: 600 }, (_, index) => {
    const received = Math.max(0, wave(index));
    const flush = index % 5 === 0 ? received * 2.2 : received * 0.45;
    return [second(index), round(received), mood === 'down' && index > 540 ? 0 : round(flush)];
  });
  const used = Array.from({ length: 600 }, (_, index) => Math.round(24 + 14 * Math.sin(index / 60) + roll() * 6));
  return v.parse(Snapshot, {
    at: now,
    startedAt,
    health: mood === 'down' ? 'Down' : letters > 0 ? 'Degraded' : 'Healthy',
    healthReason:
      mood === 'down'
        ? 'Salesforce refuses every call; events wait and nothing is lost.'
        : letters > 0
          ? `${letters} dead letters wait for someone`
          : null,
    circuit: mood === 'down' ? 'open' : 'closed',
    places: PLACES.map((name) => ({ name, passed: passed[name], ...standing(name, mood, events, letters) })),
    totals: {
      received: events.length + out('duplicate'),
      published: events.length,
      duplicates: out('duplicate'),
      staleRefused: out('stale'),
      rowsWritten: Math.round(out('written') * 1.3),
      failures: out('failed'),
      deadLetters: letters,
      salesforceCalls: Math.round(events.length * 0.26),
    },
    syncLag: {
      since: 'stripe',
      realtime: { p50: 612, p95: 1_340, p99: 2_120, count: lane('realtime') },
      bulk: { p50: 6_700, p95: 8_820, p99: 12_300, count: lane('bulk') },
    },
    budget: {
      windows: [
        { name: 'minute', seconds: 60, used: mood === 'down' ? 4 : 41, limit: 100 },
        { name: 'hour', seconds: 3_600, used: 1_284, limit: 6_000 },
        { name: 'day', seconds: 86_400, used: 12_871, limit: 15_000 },
      ],
      history: used.map((n, index) => [second(index), n]),
    },
    rates,
    troubles: TROUBLES.map((trouble) => ({ ...trouble, on: on.has(trouble.name) })),
    lives: LIVES,
  });
}

const round = (n: number): number => Math.round(n * 10) / 10;

function atWork(here: number) {
  return { state: here === 0 ? 'fine' : 'busy', reason: here === 0 ? null : `${here} under way` };
}

function standing(name: PlaceName, mood: Mood, events: readonly EventLine[], letters: number) {
  const buffered = events.filter(({ outcome }) => outcome === 'buffered').length;
  const fine = { here: 0, ageMs: null, state: 'fine', reason: null };
  if (name === 'buffer') return { ...fine, here: buffered, ageMs: buffered === 0 ? null : 3_400, ...atWork(buffered) };
  if (name === 'unrouted') {
    const here = events.filter(({ lane }) => lane === 'unrouted').length;
    return {
      here,
      ageMs: 412_000,
      state: here === 0 ? 'fine' : 'busy',
      reason: `${here} events of types nobody routes`,
    };
  }
  if (name === 'dead letters' && letters > 0)
    return { here: letters, ageMs: 95_000, state: 'trouble', reason: `${letters} letters wait for someone` };
  if (mood === 'calm') return fine;
  if (name === 'salesforce')
    return { ...fine, state: 'trouble', reason: 'answers 503 to every call since 42 s; the circuit is open' };
  if (name === 'realtime')
    return { here: 14, ageMs: 41_000, state: 'busy', reason: '14 executions wait for the circuit' };
  if (name === 'flush') return { here: 1, ageMs: 38_000, state: 'busy', reason: 'one batch of 212 rows is held' };
  return fine;
}

/** `unrouted`: how many of which types nobody routes. */
export function lettersAt(now: number, unrouted: Readonly<Record<string, number>>): Letter[] {
  const roll = dice(5);
  const of = (queue: string, reason: string, remedy: string, many: number, type: string): Letter[] =>
    Array.from({ length: many }, (_, index) =>
      v.parse(Letter, {
        id: `${queue}-${type}-${index}`,
        queue,
        reason,
        eventId: idOf(roll, 'evt'),
        type,
        at: now - 95_000 - index * 31_000,
        receives: 1 + index,
        remedy,
      }),
    );
  return [
    ...of(
      'FailedExecutions',
      'FIELD_CUSTOM_VALIDATION_EXCEPTION',
      'Correct the rule or the row in Salesforce, then redrive: the event is tried as it came.',
      3,
      'payment_intent.succeeded',
    ),
    ...of(
      'BulkDeadLetters',
      'The row is larger than the buffer takes',
      'Look at the event; one this large is usually a test. Redrive once the limit is raised.',
      1,
      'customer.updated',
    ),
    ...Object.entries(unrouted).flatMap(([type, many]) => of('Unrouted', type, 'Give its type a road.', many, type)),
  ];
}

export function batchesAt(now: number): Batch[] {
  const roll = dice(9);
  return Array.from({ length: 24 }, (_, index) => {
    const rows = 1 + Math.floor(roll() * 420);
    const refused = index % 5 === 2 ? Math.ceil(rows * 0.06) : 0;
    const failed = index % 9 === 4 ? 2 : 0;
    const startedAt = now - 2_000 - index * 5_200;
    return v.parse(Batch, {
      id: `batch-${1_000 - index}`,
      object: OBJECTS[index % OBJECTS.length],
      transport: rows > 200 ? 'bulk' : 'collections',
      rows,
      succeeded: index === 0 ? 0 : Math.max(0, rows - refused - failed),
      refused: index === 0 ? 0 : Math.min(refused, rows),
      failed: index === 0 ? 0 : failed,
      startedAt,
      finishedAt: index === 0 ? null : startedAt + 180 + Math.floor(roll() * 2_400),
    });
  });
}

const NAMES = ['Ada Lindqvist', 'Bram de Vries', 'Chiara Conti', 'Dara O’Neill', 'Emre Yıldız', 'Femi Adeyemi'];
const STATUS = ['active', 'trialing', 'past_due', 'canceled'];

export function rowsAt(now: number): RowLine[] {
  const roll = dice(3);
  return Array.from({ length: 160 }, (_, index) => {
    const object = OBJECTS[index % OBJECTS.length] ?? OBJECTS[0];
    const person = NAMES[index % NAMES.length];
    return v.parse(RowLine, {
      object,
      id: `a0${index % 10}00000${String(index).padStart(6, '0')}EAA`,
      key: idOf(roll, object === 'Stripe_Customer__c' ? 'cus' : object === 'Stripe_Subscription__c' ? 'sub' : 'pi'),
      name:
        object === 'Stripe_Customer__c'
          ? person
          : `${object.slice(0, 2).toUpperCase()}-${String(index).padStart(6, '0')}`,
      status: object === 'Stripe_Customer__c' ? null : STATUS[index % STATUS.length],
      changedAt: now - index * 7_400,
    });
  });
}

export function rowDetail(row: RowLine, events: readonly EventLine[]): RowDetail {
  return v.parse(RowDetail, {
    row,
    columns: [
      { name: 'Stripe_ID__c', label: 'Stripe ID', value: row.key },
      { name: 'Status__c', label: 'Status', value: row.status },
      { name: 'Amount__c', label: 'Amount', value: '49.00' },
      { name: 'CurrencyIsoCode', label: 'Currency', value: 'EUR' },
      { name: 'Cancel_At_Period_End__c', label: 'Cancels at period end', value: 'false' },
      { name: 'Current_Period_End__c', label: 'Current period ends', value: '2026-12-29T02:17:35.000Z' },
      { name: 'Ended_At__c', label: 'Ended', value: null },
    ],
    events: events.slice(0, 4),
  });
}

export function replaysAt(now: number): Replay[] {
  return [
    v.parse(Replay, {
      name: 'console-20261129-021500',
      state: 'RUNNING',
      from: now - 1_800_000,
      to: now - 600_000,
      startedAt: now - 12_000,
      endedAt: null,
      lastReplayedAt: now - 1_060_000,
    }),
    v.parse(Replay, {
      name: 'console-20261129-013000',
      state: 'COMPLETED',
      from: now - 5_400_000,
      to: now - 3_600_000,
      startedAt: now - 2_400_000,
      endedAt: now - 2_340_000,
      lastReplayedAt: now - 3_600_000,
    }),
  ];
}

/** The story of a realtime event that wrote, tried Salesforce twice in vain first, or failed for good. */
export function storyOf(event: EventLine): EventStory {
  const at = event.receivedAt;
  const failed = event.outcome === 'failed';
  const visit = (from: number, to: number, outcome: string, error: string | null = null) => ({
    enteredAt: at + from,
    exitedAt: at + to,
    outcome,
    error,
  });
  const locked = 'SalesforceRowLocked';
  const states = [
    { name: 'Claim', type: 'Task', next: ['Duplicate?', 'Park'], visits: [visit(14, 21, 'succeeded')] },
    { name: 'Duplicate?', type: 'Choice', next: ['Duplicate', 'Shed', 'Sync'], visits: [visit(21, 22, 'succeeded')] },
    { name: 'Duplicate', type: 'Succeed', next: [], visits: [] },
    { name: 'Shed', type: 'Succeed', next: [], visits: [] },
    {
      name: 'Sync',
      type: 'Task',
      next: ['Settle', 'Park'],
      visits: failed
        ? [
            visit(22, 60, 'failed', locked),
            visit(2_060, 2_101, 'failed', locked),
            visit(6_101, 6_140, 'caught', locked),
          ]
        : [visit(22, 60, 'failed', locked), visit(2_060, 2_104, 'succeeded')],
    },
    { name: 'Settle', type: 'Task', next: ['Park'], visits: failed ? [] : [visit(2_104, 2_110, 'succeeded')] },
    { name: 'Park', type: 'Task', next: ['Parked'], visits: failed ? [visit(6_140, 6_171, 'succeeded')] : [] },
    { name: 'Parked', type: 'Fail', next: [], visits: failed ? [visit(6_171, 6_172, 'failed', locked)] : [] },
  ];
  const bulk = event.lane === 'bulk';
  return v.parse(EventStory, {
    event,
    body: {
      id: event.id,
      object: 'event',
      api_version: '2026-10-29.basil',
      created: Math.floor(event.stripeAt / 1_000),
      type: event.type,
      livemode: false,
      data: {
        object: {
          id: event.objectId,
          status: 'active',
          amount: 4_900,
          currency: 'eur',
          metadata: {},
          items: [{ quantity: 1 }],
        },
      },
      request: null,
    },
    steps: [
      { at, place: 'ingress', title: 'received, signature holds', detail: null, outcome: null },
      { at: at + 9, place: 'bus', title: 'published', detail: `lane ${event.lane}`, outcome: null },
      ...(bulk
        ? [
            { at: at + 812, place: 'queue', title: 'taken with 38 others', detail: null, outcome: null },
            {
              at: at + 840,
              place: 'buffer',
              title: 'one row, newest so far',
              detail: 'Stripe_Customer__c',
              outcome: 'buffered',
            },
            { at: at + 4_900, place: 'flush', title: 'batch of 212 rows', detail: 'Bulk API 2.0', outcome: null },
          ]
        : [
            {
              at: at + 14,
              place: 'realtime',
              title: 'execution started',
              detail: 'machine subscriptions',
              outcome: null,
            },
          ]),
      {
        at: at + (event.tookMs ?? 2_110),
        place: failed ? 'dead letters' : 'salesforce',
        title: failed ? 'given up' : 'two rows',
        detail: failed ? 'The row stayed locked in three tries.' : null,
        outcome: event.outcome,
      },
    ],
    machine: bulk
      ? null
      : {
          name: 'subscriptions',
          executionName: `${event.id}-1`,
          status: failed ? 'FAILED' : 'SUCCEEDED',
          start: 'Claim',
          states,
          cause: failed ? 'UNABLE_TO_LOCK_ROW: another process holds this Contact' : null,
        },
    rows: failed
      ? []
      : [
          {
            object: 'Stripe_Customer__c',
            key: 'cus_1ULgQJhvnSWoyGdq',
            id: 'a02000000000002EAA',
            what: 'made as a stub',
          },
          {
            object: 'Stripe_Subscription__c',
            key: event.objectId ?? event.id,
            id: 'a03000000000003EAA',
            what: 'written',
          },
        ],
    unnamed: 0,
  });
}
