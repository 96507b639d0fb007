/**
 * What the functions' log lines and the bus's deliveries tell about events, as plain values: which event, where on the
 * road, what happened, and whether something moved on. Pure.
 */
import type { Hop, Lane, Outcome, PlaceName } from '@payments/console/contract';
import type { Arrival } from '../road/arrival.ts';
import type { Said } from './said.ts';

export type Telling = {
  readonly at: number;
  /** `null`: about no single event, or about none that is known. */
  readonly eventId: string | null;
  readonly type: string;
  readonly objectId: string | null;
  /** Something came from there to here. */
  readonly hop: { readonly from: PlaceName; readonly to: PlaceName } | null;
  /** How many events or rows the hop stands for. */
  readonly count: number;
  /** What the event's story says of it; `null`: nothing of its own. */
  readonly step: { readonly place: PlaceName; readonly title: string; readonly detail: string | null } | null;
  /** How far the event is by this; `null`: as far as before. */
  readonly outcome: Outcome | null;
  /** The road that it takes, when this decides it. */
  readonly lane: Lane | null;
  /** By Stripe's clock, ms since 1970. */
  readonly createdAt: number | null;
  /** Stripe delivered it once more. */
  readonly delivered: boolean;
  readonly executionName: string | null;
  /** A row that it touched. `object` null: its id tells. */
  readonly row: {
    readonly object: string | null;
    readonly key: string;
    readonly id: string | null;
    readonly what: string;
  } | null;
};

/** What a delivery of the bus tells. `lane` by the target. */
export function tellingOf(arrival: Arrival, lane: Lane, machine: string | null): Telling {
  const { eventId, type, objectId, at, createdAt } = arrival;
  const to = lane === 'realtime' ? 'realtime' : lane === 'bulk' ? 'queue' : 'unrouted';
  const title =
    lane === 'realtime'
      ? `Handed to the machine ${machine ?? ''}`
      : lane === 'bulk'
        ? 'Queued for the bulk lane'
        : 'No lane takes this type: kept where someone looks';
  return {
    ...NOTHING,
    ...{ at, eventId, type, objectId, lane, createdAt, hop: { from: 'bus', to }, count: 1 },
    ...{ step: { place: to, title, detail: null }, outcome: lane === 'unrouted' ? 'unrouted' : 'under way' },
  };
}

export function hopOf({ at, eventId, type, hop, outcome }: Telling): Hop | null {
  return hop === null ? null : { at, eventId, type, ...hop, outcome: outcome ?? 'under way' };
}

const NOTHING = {
  ...{ hop: null, count: 0, step: null, outcome: null, lane: null, createdAt: null },
  ...{ delivered: false, executionName: null, row: null },
} as const;

/** What a log line tells; nothing for one that is about no event. */
export function tellingsOf(said: Said, at: number): readonly Telling[] {
  const about = {
    ...NOTHING,
    ...{ at, eventId: said.stripeEventId, type: said.type ?? '', objectId: said.stripeObjectId },
    executionName: said.executionName,
  };
  switch (said.message) {
    case 'webhook':
      return webhook(said, about);
    case 'claim':
      return claim(said, about);
    case 'sync':
      return [step(about, 'realtime', 'Remarkable about the write', words(said.notes))];
    case 'settled':
      return [settled(said, about)];
    case 'parked':
      return [
        {
          ...about,
          ...{ hop: { from: 'realtime', to: 'dead letters' }, count: 1, outcome: 'failed' },
          step: { place: 'dead letters', title: 'Given up', detail: because(said) },
        },
      ];
    case 'waiting':
      return [step(about, laneOf(said), 'Waits', because(said))];
    case 'step failed':
      return [step(about, laneOf(said), `A try of ${said.step ?? 'a step'} failed`, because(said))];
    case 'aggregate':
      return aggregate(said, about);
    case 'take':
      if (said.outcome !== 'taken') return [];
      return [
        {
          ...about,
          eventId: null,
          type: said.object ?? '',
          hop: { from: 'buffer', to: 'flush' },
          count: said.rows ?? 0,
        },
      ];
    case 'settle':
    case 'tie':
      return settle(said, at);
    default:
      return [];
  }
}

function webhook(said: Said, about: Telling): readonly Telling[] {
  const received = { ...about, executionName: null, hop: { from: 'stripe', to: 'ingress' }, count: 1 } as const;
  const accepted = said.outcome === 'published' || said.outcome === 'unrouted';
  if (!accepted || said.stripeEventId === null) {
    return [{ ...received, type: said.type ?? said.outcome ?? '', eventId: null, outcome: 'failed' }];
  }
  const lane = said.outcome === 'unrouted' ? ({ lane: 'unrouted', outcome: 'unrouted' } as const) : {};
  return [
    {
      ...received,
      ...lane,
      delivered: true,
      step: { place: 'ingress', title: 'Received and published', detail: null },
    },
    { ...about, executionName: null, hop: { from: 'ingress', to: 'bus' }, count: 1 },
  ];
}

function claim(said: Said, about: Telling): readonly Telling[] {
  const again = said.replayed ? 'out of the archive' : null;
  if (said.outcome === 'mine') return [{ ...step(about, 'realtime', 'Claimed', again), outcome: 'under way' }];
  if (said.outcome === 'shed') {
    return [
      {
        ...step(about, 'realtime', 'Handed to the bulk lane', 'the last calls are kept for what cannot wait'),
        ...{ hop: { from: 'realtime', to: 'queue' }, count: 1, lane: 'bulk', outcome: 'under way' },
      },
    ];
  }
  const why = said.twin ? 'another event told of the same change' : again;
  return [{ ...step(about, 'realtime', 'Handled already', why), outcome: 'duplicate' }];
}

const ENDINGS: ReadonlyMap<string, Outcome> = new Map<string, Outcome>([
  ['written', 'written'],
  ['unchanged', 'written'],
  ['dropped', 'stale'],
  ['refused', 'stale'],
  ['nothing', 'nothing'],
  ['buffered', 'buffered'],
  ['given back', 'buffered'],
  ['left', 'buffered'],
  ['tie left', 'buffered'],
  ['tie given up', 'stale'],
  ['parked', 'failed'],
  ['given up', 'failed'],
]);

const TITLES: Readonly<Record<string, string>> = {
  written: 'Written',
  unchanged: 'Salesforce has it already',
  dropped: 'A newer state stands: not written',
  refused: 'Salesforce kept something newer',
  nothing: 'Changes nothing in Salesforce',
  buffered: 'Waits for the next flush',
  'given back': 'Tried again later',
  left: 'Waits for its parent',
  'tie left': 'Two states of one second: read again later',
  'tie given up': 'Two states of one second: the one in Salesforce stays',
  parked: 'Given up',
  'given up': 'Given up: it can never be read',
};

function settled(said: Said, about: Telling): Telling {
  const outcome = ENDINGS.get(said.outcome ?? '') ?? 'written';
  const { rows, calls, pathMs } = said;
  const counts = [many(rows, 'row'), many(calls, 'call'), pathMs === null ? null : `${Math.round(pathMs)} ms`];
  const key = said.stripeObjectId ?? '';
  return {
    ...about,
    ...{ hop: { from: 'realtime', to: 'salesforce' }, count: rows ?? 0, outcome },
    step: { place: 'salesforce', title: TITLES[said.outcome ?? ''] ?? 'Written', detail: joined(counts) },
    row: said.salesforceId === null ? null : { object: null, key, id: said.salesforceId, what: said.outcome ?? '' },
  };
}

function aggregate(said: Said, about: Telling): readonly Telling[] {
  if (said.stripeEventId === null) return [];
  if (said.outcome === 'failed') return [step(about, 'queue', 'Failed for now: comes again', said.error)];
  if (said.outcome === 'put off') return [step(about, 'queue', 'Waits: comes again', said.error)];
  const outcome = ENDINGS.get(said.outcome ?? '') ?? null;
  const title = TITLES[said.outcome ?? ''] ?? '';
  const kept = outcome === 'buffered';
  const place = kept ? 'buffer' : 'queue';
  return [
    {
      ...about,
      executionName: null,
      ...{ hop: kept ? { from: 'queue', to: 'buffer' } : null, count: said.rows ?? 0, outcome },
      step: { place, title, detail: joined([many(said.rows, 'row'), said.replayed ? 'out of the archive' : null]) },
    },
  ];
}

/** A line for each row of a settled batch; all events that were merged into the row share its outcome. */
function settle(said: Said, at: number): readonly Telling[] {
  const outcome = ENDINGS.get(said.outcome ?? '') ?? null;
  if (outcome === null || said.stripeEventId === null) return [];
  const events = [...new Set([said.stripeEventId, ...(said.stripeEventIds ?? [])])];
  const [key, title] = [said.stripeObjectId ?? '', TITLES[said.outcome ?? ''] ?? ''];
  const lost = outcome === 'failed';
  const goes = lost || outcome === 'written' || outcome === 'stale';
  const hop = goes ? ({ from: 'flush', to: lost ? 'dead letters' : 'salesforce' } as const) : null;
  const place = lost ? 'dead letters' : goes ? 'salesforce' : 'flush';
  const detail = joined([said.object, key, said.code]);
  return events.map((eventId, index) => ({
    ...NOTHING,
    ...{ at, eventId, type: '', objectId: null, outcome, step: { place, title, detail } },
    // One row moves, whatever the number of events in it.
    ...(index === 0 ? { hop, count: 1 } : {}),
    row: { object: said.object, key, id: said.salesforceId, what: said.outcome ?? '' },
  }));
}

function step(about: Telling, place: PlaceName, title: string, detail: string | null): Telling {
  return { ...about, step: { place, title, detail } };
}

function laneOf({ service }: Said): PlaceName {
  return service === 'bulk' ? 'flush' : 'realtime';
}

function because({ code, category, error, reason }: Said): string | null {
  return joined([code ?? error ?? reason, category]);
}

function words(notes: readonly unknown[] | null): string | null {
  return notes === null ? null : notes.map(String).join('; ');
}

function many(count: number | null, noun: string): string | null {
  return count === null ? null : `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function joined(parts: readonly (string | null)[]): string | null {
  const said = parts.filter((part) => part !== null && part !== '');
  return said.length === 0 ? null : said.join(', ');
}
