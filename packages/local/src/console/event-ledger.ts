/**
 * What is known of each event that came lately, folded from what was told: the list and the stories of the console. In
 * bounded memory: of {@link KEPT} events and {@link STEPS} steps of each, the oldest go first. Pure.
 */
import type { EventLine, EventPage, Hop, Lane, Outcome, PlaceName } from '@payments/console/contract';
import { routeOf } from '@payments/core/routes';
import { hopOf, type Telling } from './telling.ts';

/** A step takes some 150 bytes: with ten each, the events take about 40 MB. */
export const KEPT = 20_000;
/** The first of an event stays, so that its story begins with its beginning. */
const STEPS = 40;
const ROWS = 25;

export type LedgerStep = {
  readonly at: number;
  readonly place: PlaceName;
  readonly title: string;
  readonly detail: string | null;
  readonly outcome: Outcome | null;
};
export type LedgerRow = NonNullable<Telling['row']>;

export type LedgerEvent = EventLine & {
  /** In the order in which they were told. */
  readonly steps: readonly LedgerStep[];
  /** Of the last execution that had it. */
  readonly executionName: string | null;
  readonly rows: readonly LedgerRow[];
  /** Rows that its last write had in all, named here or not; `null`: an event of the bulk lane, whose rows are all named. */
  readonly rowsWritten: number | null;
};

export type EventQuery = {
  /** Part of an id (the event's or its object's) or of a type. */
  readonly search: string;
  readonly lane: Lane | null;
  readonly outcome: Outcome | null;
  /** The `next` of the page before. */
  readonly before: string | null;
  readonly limit: number;
};

type Entry = {
  readonly place: number;
  readonly id: string;
  type: string;
  objectId: string | null;
  stripeAt: number | null;
  receivedAt: number;
  lane: Lane;
  outcome: Outcome;
  endedAt: number | null;
  deliveries: number;
  executionName: string | null;
  /** Rows that its write had in all; `null`: nobody said. */
  rowsWritten: number | null;
  readonly came: Set<PlaceName>;
  readonly steps: LedgerStep[];
  /** By object and key, with the outcome that the row's batch gave it. */
  readonly rows: Map<string, { readonly row: LedgerRow; readonly outcome: Outcome }>;
};

export type EventLedger = {
  /** Takes in what was told, and gives what moved by it. */
  add(tellings: readonly Telling[]): readonly Hop[];
  event(id: string): LedgerEvent | null;
  page(query: EventQuery): EventPage;
  /** Newest first, of events about this row. */
  ofRow(key: string | null, id: string, limit: number): readonly EventLine[];
  /**
   * What came to a place since the start: requests to stripe and ingress, rows to buffer, flush and Salesforce. Where it is
   * events ({@link ONCE}), each counts once however often it came, as long as it is remembered: so that of what is on the
   * bus, every event is in one of the places behind it.
   */
  passed(place: PlaceName): number;
  /** From received to written, ms, of events that were written since `from`, by the machine's clock. */
  took(lane: Lane, from: number): readonly number[];
  readonly size: number;
};

/** Repeats, replays and what a lane's end sends back come there again. */
const ONCE: ReadonlySet<PlaceName> = new Set(['bus', 'realtime', 'queue', 'unrouted']);
const FINAL: ReadonlySet<Outcome> = new Set(['written', 'stale', 'nothing', 'duplicate', 'failed', 'unrouted']);
/** Of an event with several rows, the first of these that one of them has. */
const WORST: readonly Outcome[] = ['failed', 'buffered', 'written', 'stale'];

export function createLedger(kept = KEPT): EventLedger {
  const byId = new Map<string, Entry>();
  const passed = new Map<PlaceName, number>();
  let made = 0;

  const entryFor = (telling: Telling, id: string): Entry => {
    const found = byId.get(id);
    if (found !== undefined) return found;
    const route = routeOf(telling.type);
    const entry: Entry = {
      ...{ place: made, id, type: telling.type, objectId: telling.objectId, stripeAt: null, receivedAt: telling.at },
      lane: route === null ? 'unrouted' : route.priority === 'low' ? 'bulk' : 'realtime',
      ...{ outcome: 'under way', endedAt: null, deliveries: 0, executionName: null, steps: [], rows: new Map() },
      ...{ rowsWritten: null, came: new Set<PlaceName>() },
    };
    made += 1;
    byId.set(id, entry);
    for (const oldest of byId.keys()) {
      if (byId.size <= kept) break;
      byId.delete(oldest);
    }
    return entry;
  };

  const pass = (place: PlaceName, count: number): void => void passed.set(place, (passed.get(place) ?? 0) + count);
  const passOnce = (entry: Entry, place: PlaceName): void => {
    if (!entry.came.has(place)) pass(place, 1);
    entry.came.add(place);
  };

  const take = (telling: Telling): void => {
    const { eventId, hop, count } = telling;
    if (hop !== null && !ONCE.has(hop.to)) pass(hop.to, count);
    if (hop?.from === 'stripe') pass('stripe', 1);
    if (eventId === null) return;
    // The rows of an old event may be settled long after it was forgotten.
    if (telling.type === '' && !byId.has(eventId)) return;
    const entry = entryFor(telling, eventId);
    // Who was handed on by the bus was on it, whoever published it: the reconciliation logs no webhook.
    if (hop?.from === 'bus') passOnce(entry, 'bus');
    if (hop !== null && ONCE.has(hop.to)) passOnce(entry, hop.to);
    apply(entry, telling);
  };

  return {
    add(tellings) {
      tellings.forEach(take);
      return tellings.flatMap((telling) => {
        const hop = hopOf({ ...telling, type: telling.type || (byId.get(telling.eventId ?? '')?.type ?? '') });
        return hop ?? [];
      });
    },
    event(id) {
      const entry = byId.get(id);
      if (entry === undefined) return null;
      const rows = [...entry.rows.values()].map(({ row }) => row);
      const { executionName, rowsWritten } = entry;
      return { ...lineOf(entry), steps: inOrder(entry.steps), executionName, rows, rowsWritten };
    },
    page: (query) => pageOf([...byId.values()], query),
    ofRow(key, id, limit) {
      const found: EventLine[] = [];
      for (const entry of [...byId.values()].reverse()) {
        if (found.length === limit) break;
        const touched = [...entry.rows.values()].some(({ row }) => row.id === id || (key !== null && row.key === key));
        if (touched || (key !== null && entry.objectId === key)) found.push(lineOf(entry));
      }
      return found;
    },
    took: (lane, from) =>
      [...byId.values()].flatMap((entry) =>
        entry.lane === lane && entry.outcome === 'written' && entry.endedAt !== null && entry.endedAt >= from
          ? Math.max(0, entry.endedAt - entry.receivedAt)
          : [],
      ),
    passed: (place) => passed.get(place) ?? 0,
    get size() {
      return byId.size;
    },
  };
}

function apply(entry: Entry, telling: Telling): void {
  const { at, type, objectId, createdAt, lane, step, executionName, delivered } = telling;
  if (entry.type === '') entry.type = type;
  entry.objectId ??= objectId;
  entry.stripeAt ??= createdAt;
  entry.receivedAt = Math.min(entry.receivedAt, at);
  if (lane !== null) entry.lane = lane;
  if (delivered) entry.deliveries += 1;
  if (executionName !== null) entry.executionName = executionName;
  if (telling.hop?.from === 'realtime' && telling.row !== null) entry.rowsWritten = telling.count;
  if (step !== null) {
    entry.steps.push({ at, ...step, outcome: telling.outcome });
    if (entry.steps.length > STEPS) entry.steps.splice(1, 1);
  }
  const outcome = outcomeAfter(entry, telling);
  if (outcome === entry.outcome && entry.endedAt !== null) return;
  entry.outcome = outcome;
  entry.endedAt = FINAL.has(outcome) ? at : null;
}

/** The last word counts; a repeat of what is done changes nothing about how it ended. */
function outcomeAfter(entry: Entry, { outcome, row, hop }: Telling): Outcome {
  if (outcome === null) return entry.outcome;
  const ended = FINAL.has(entry.outcome);
  if (outcome === 'duplicate') return ended ? entry.outcome : outcome;
  // What was given up may be tried again.
  if (outcome === 'under way') return ended && entry.outcome !== 'failed' ? entry.outcome : outcome;
  if (hop?.to === 'buffer') entry.rows.clear();
  if (row === null) return outcome;
  entry.rows.set(`${row.object ?? ''}/${row.key}`, { row, outcome });
  const [first] = entry.rows.keys();
  if (entry.rows.size > ROWS && first !== undefined) entry.rows.delete(first);
  const outcomes = new Set([...entry.rows.values()].map((each) => each.outcome));
  return WORST.find((each) => outcomes.has(each)) ?? outcome;
}

function lineOf(entry: Entry): EventLine {
  const { id, type, objectId, receivedAt, lane, outcome, endedAt, deliveries } = entry;
  return {
    ...{ id, type, objectId, stripeAt: entry.stripeAt ?? receivedAt, receivedAt, lane, outcome },
    tookMs: endedAt === null ? null : Math.max(0, endedAt - receivedAt),
    deliveries,
  };
}

function pageOf(entries: readonly Entry[], { search, lane, outcome, before, limit }: EventQuery): EventPage {
  const wanted = search.toLowerCase();
  const matching = entries.filter(
    (entry) =>
      (lane === null || entry.lane === lane) &&
      (outcome === null || entry.outcome === outcome) &&
      (wanted === '' ||
        [entry.id, entry.type, entry.objectId ?? ''].some((text) => text.toLowerCase().includes(wanted))),
  );
  const until = before === null ? Number.POSITIVE_INFINITY : Number(before);
  const older = matching.filter(({ place }) => place < until).reverse();
  const shown = older.slice(0, limit);
  const last = shown.at(-1);
  const next = last === undefined || older.length <= limit ? null : String(last.place);
  return { events: shown.map(lineOf), next, total: matching.length };
}

/** The ingress logs after it has published, so that whoever is started by the event may be the first to speak. */
function inOrder(steps: readonly LedgerStep[]): readonly LedgerStep[] {
  const first = Math.min(...steps.map(({ at }) => at));
  const time = ({ place, at }: LedgerStep) => (place === 'ingress' && at - first < 1_000 ? first - 1 : at);
  return [...steps].sort((a, b) => time(a) - time(b));
}
