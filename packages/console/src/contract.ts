import * as v from 'valibot';

/**
 * What the console's page and its server say to each other: JSON over loopback, server-sent events for what moves. The server
 * builds these values, the page parses them. Times are ms since 1970 by the machine's own clock (the account's clock may run
 * ahead of it; where a time is Stripe's, the name says so). Texts are for people and may be shown as they are.
 *
 * | request | answer |
 * |---|---|
 * | `GET /api/snapshot` | Snapshot: everything the page shows at first |
 * | `GET /api/stream` | server-sent events: `snapshot` each second while something changed, `hop` for each Hop, `trouble` for each change of a switch |
 * | `GET /api/events?search=&lane=&outcome=&before=&limit=` | EventPage, newest first; `search` matches an id or a type |
 * | `GET /api/events/:id` | EventStory |
 * | `GET /api/batches` | `{batches: Batch[]}`, newest first, at most 100 |
 * | `GET /api/rows?object=&search=&after=` | RowPage |
 * | `GET /api/rows/:object/:id` | RowDetail |
 * | `GET /api/letters` | `{letters: Letter[], groups: LetterGroup[]}` |
 * | `POST /api/letters/redrive` `{queue, ids?}` | Done |
 * | `GET /api/replays` | `{replays: Replay[]}` |
 * | `POST /api/replays` ReplayRequest | Done |
 * | `POST /api/replays/:name/cancel` | Done |
 * | `POST /api/trouble/:name` `{on: boolean}` | Done |
 * | `POST /api/life/:name` | Done |
 *
 * A request that cannot be answered gets `{error: {code, message}}` with a 4xx or 5xx status. A POST carries its body as
 * `application/json` and the header `X-Console: 1`, which no page of another origin can send.
 */

/** A POST carries it with `1`: a page elsewhere could only send it after a preflight, which nobody answers. */
export const OWN_HEADER = 'x-console';

const when = v.pipe(v.number(), v.minValue(0));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const maybe = <T extends v.GenericSchema>(schema: T) => v.nullable(schema);

export const Lane = v.picklist(['realtime', 'bulk', 'unrouted']);
export type Lane = v.InferOutput<typeof Lane>;

/**
 * How far an event is. `stale`: Salesforce had something newer, which is no failure. `nothing`: it changes nothing in
 * Salesforce.
 */
export const Outcome = v.picklist([
  'under way',
  'buffered',
  'written',
  'stale',
  'nothing',
  'duplicate',
  'failed',
  'unrouted',
]);
export type Outcome = v.InferOutput<typeof Outcome>;

export const PLACES = [
  'stripe',
  'ingress',
  'bus',
  'realtime',
  'queue',
  'buffer',
  'flush',
  'salesforce',
  'unrouted',
  'dead letters',
] as const;
export const PlaceName = v.picklist(PLACES);
export type PlaceName = v.InferOutput<typeof PlaceName>;

/** One place of the road. */
export const Place = v.object({
  name: PlaceName,
  /**
   * What has come through since the start: requests at stripe and ingress, rows at buffer, flush and Salesforce, letters, and
   * else events, each once: bus = realtime + queue + unrouted, but for what is on its way or was handed to the queue by realtime.
   */
  passed: count,
  /** That are there now. */
  here: count,
  /** Age of the oldest of those, ms. */
  ageMs: maybe(when),
  state: v.picklist(['fine', 'busy', 'trouble']),
  /** Why, when it is not fine. */
  reason: maybe(v.string()),
});
export type Place = v.InferOutput<typeof Place>;

/** One step along the road, for the picture. */
export const Hop = v.object({
  at: when,
  eventId: maybe(v.string()),
  type: v.string(),
  from: PlaceName,
  to: PlaceName,
  outcome: Outcome,
});
export type Hop = v.InferOutput<typeof Hop>;

export const Percentiles = v.object({ p50: when, p95: when, p99: when, count });
export type Percentiles = v.InferOutput<typeof Percentiles>;

export const Snapshot = v.object({
  at: when,
  startedAt: when,
  health: v.picklist(['Healthy', 'Degraded', 'Down']),
  healthReason: maybe(v.string()),
  circuit: v.picklist(['closed', 'open', 'half-open', 'unknown']),
  places: v.array(Place),
  /** Of the last 24 hours: the numbers that `payments-ops status` tells under the same names, from the embedded metrics. */
  totals: v.object({
    received: count,
    published: count,
    duplicates: count,
    staleRefused: count,
    rowsWritten: count,
    failures: count,
    deadLetters: count,
    salesforceCalls: count,
  }),
  /**
   * To the row written, of the last hour. Since `stripe`: from Stripe's event time, as `payments-ops status` tells it. Since
   * `received`: the account has a calendar of its own, against which nothing can be measured; from when the machine got the event.
   */
  syncLag: v.object({
    since: v.picklist(['stripe', 'received']),
    realtime: maybe(Percentiles),
    bulk: maybe(Percentiles),
  }),
  budget: v.object({
    /** Calls in the last minute, hour and day, and what is allowed in each; the smallest first. Empty: Redis does not say. */
    windows: v.array(v.object({ name: v.string(), seconds: count, used: count, limit: count })),
    /** The last ten minutes: [ms since 1970, calls in the smallest window]. At most 600 points, oldest first. */
    history: v.array(v.tuple([when, count])),
  }),
  /** Events per second: [ms since 1970, received, written], the last ten minutes, at most 600 points. */
  rates: v.array(v.tuple([when, v.number(), v.number()])),
  troubles: v.array(
    v.object({
      name: v.string(),
      label: v.string(),
      what: v.string(),
      on: v.boolean(),
      /** Else a single blow. */ lasting: v.boolean(),
    }),
  ),
  lives: v.array(v.object({ name: v.string(), label: v.string(), what: v.string() })),
});
export type Snapshot = v.InferOutput<typeof Snapshot>;

export const EventLine = v.object({
  id: v.string(),
  type: v.string(),
  objectId: maybe(v.string()),
  /** By Stripe's clock. */
  stripeAt: when,
  receivedAt: when,
  lane: Lane,
  outcome: Outcome,
  /** From received to its outcome, ms. */
  tookMs: maybe(when),
  deliveries: count,
});
export type EventLine = v.InferOutput<typeof EventLine>;
/** `next` is the `before` of the next page. */
export const EventPage = v.object({ events: v.array(EventLine), next: maybe(v.string()), total: count });
export type EventPage = v.InferOutput<typeof EventPage>;

/** A state of the machine that took the event, for the picture: in the order of the definition. */
export const MachineState = v.object({
  name: v.string(),
  type: v.string(),
  /** Names of states that may follow. */
  next: v.array(v.string()),
  visits: v.array(
    v.object({
      enteredAt: when,
      exitedAt: maybe(when),
      outcome: v.picklist(['succeeded', 'failed', 'caught', 'running']),
      error: maybe(v.string()),
    }),
  ),
});
export type MachineState = v.InferOutput<typeof MachineState>;

export const EventStory = v.object({
  event: EventLine,
  /** The Stripe event as it was published, for reading; `null` when it is too long ago. */
  body: v.nullable(v.unknown()),
  steps: v.array(
    v.object({ at: when, place: PlaceName, title: v.string(), detail: maybe(v.string()), outcome: maybe(Outcome) }),
  ),
  machine: maybe(
    v.object({
      name: v.string(),
      executionName: v.string(),
      status: v.string(),
      start: v.string(),
      states: v.array(MachineState),
      cause: maybe(v.string()),
    }),
  ),
  rows: v.array(v.object({ object: v.string(), key: v.string(), id: maybe(v.string()), what: v.string() })),
  /** Rows that it wrote beside these, whose names nobody told. */
  unnamed: count,
});
export type EventStory = v.InferOutput<typeof EventStory>;

export const Batch = v.object({
  id: v.string(),
  object: v.string(),
  /** `collections` or `bulk`; empty until the batch has chosen. */
  transport: v.string(),
  rows: count,
  succeeded: count,
  refused: count,
  failed: count,
  startedAt: when,
  finishedAt: maybe(when),
});
export type Batch = v.InferOutput<typeof Batch>;

export const RowLine = v.object({
  object: v.string(),
  id: v.string(),
  key: maybe(v.string()),
  name: v.string(),
  status: maybe(v.string()),
  changedAt: when,
});
export type RowLine = v.InferOutput<typeof RowLine>;
export const RowPage = v.object({
  objects: v.array(v.object({ name: v.string(), rows: count })),
  rows: v.array(RowLine),
  next: maybe(v.string()),
});
export type RowPage = v.InferOutput<typeof RowPage>;
export const RowDetail = v.object({
  row: RowLine,
  columns: v.array(v.object({ name: v.string(), label: v.string(), value: maybe(v.string()) })),
  events: v.array(EventLine),
});
export type RowDetail = v.InferOutput<typeof RowDetail>;

export const Letter = v.object({
  id: v.string(),
  queue: v.string(),
  reason: v.string(),
  eventId: maybe(v.string()),
  type: maybe(v.string()),
  at: when,
  receives: count,
  /** What someone should do, in a sentence. */
  remedy: v.string(),
});
export type Letter = v.InferOutput<typeof Letter>;
export const LetterGroup = v.object({ queue: v.string(), reason: v.string(), count });
export type LetterGroup = v.InferOutput<typeof LetterGroup>;

export const ReplayRequest = v.object({ from: when, to: when, types: v.array(v.string()) });
export type ReplayRequest = v.InferOutput<typeof ReplayRequest>;
export const Replay = v.object({
  name: v.string(),
  state: v.string(),
  from: when,
  to: when,
  startedAt: when,
  endedAt: maybe(when),
  /** How far, as a time of event between `from` and `to`. */
  lastReplayedAt: maybe(when),
});
export type Replay = v.InferOutput<typeof Replay>;

/** What a button did, for people. */
export const Done = v.object({ message: v.string() });
export const Problem = v.object({ error: v.object({ code: v.string(), message: v.string() }) });
