// Replays: archived events sent through their bus again.
import { type ArchiveFilter, type Archives, atMostOneFilter } from './archive.ts';
import { type BusEvent, replayed } from './envelope.ts';
import { alreadyExists, EventsError, limitExceeded, notFound, validation } from './events-error.ts';
import type { BusGuesses } from './guesses.ts';
import type { InFlight } from './in-flight.ts';

export interface ReplayRequest {
  /** At most 64 of letters, digits and `.-_`. */
  readonly name: string;
  /** ARN of the archive. */
  readonly eventSourceArn: string;
  /** Event times, milliseconds since 1970; both ends are replayed (guesses.ts). */
  readonly eventStartTime: number;
  readonly eventEndTime: number;
  /** ARN of the bus the archive was taken from, and the ARNs of the only rules that shall see the events. */
  readonly destination: { readonly arn: string; readonly filterArns?: readonly string[] | undefined };
  readonly description?: string | undefined;
}

export type ReplayState = 'STARTING' | 'RUNNING' | 'CANCELLING' | 'COMPLETED' | 'CANCELLED' | 'FAILED';

export interface Replay extends ReplayRequest {
  readonly arn: string;
  readonly state: ReplayState;
  readonly stateReason?: string | undefined;
  /** Times in milliseconds since 1970. */
  readonly replayStartTime: number;
  readonly replayEndTime?: number | undefined;
  /** Time of the newest event sent so far. */
  readonly eventLastReplayedTime?: number | undefined;
}

export interface ReplayHost {
  clock(): number;
  random(): number;
  schedule(delayMs: number, task: () => void): () => void;
  readonly guesses: Pick<BusGuesses, 'replayEnd' | 'replayPacing' | 'replayPauseMs'>;
  replayArn(name: string): string;
  /** ARN of an existing bus; throws ResourceNotFoundException. */
  busArn(nameOrArn: string): string;
  /** Sends an event to the rules it matches, only those listed if any are; resolves after the first tries. */
  route(event: BusEvent, filterArns: ReadonlySet<string> | undefined, replayName: string): Promise<void>;
}

export const MAX_REPLAYS = 10;
const MINUTE_MS = 60_000;
const ACTIVE: ReadonlySet<ReplayState> = new Set(['STARTING', 'RUNNING', 'CANCELLING']);

export class Replays {
  readonly #host: ReplayHost;
  readonly #archives: Archives;
  readonly #inFlight: InFlight;
  readonly #replays = new Map<string, Replay>();
  readonly #scheduled = new Map<() => void, () => void>();

  constructor(host: ReplayHost, archives: Archives, inFlight: InFlight) {
    this.#host = host;
    this.#archives = archives;
    this.#inFlight = inFlight;
  }

  /** Checks, registers and starts a replay; returns it in state STARTING. */
  start(request: ReplayRequest): Replay {
    const { name } = request;
    const archiveName = this.#check(request);
    const replay: Replay = {
      ...request,
      arn: this.#host.replayArn(name),
      state: 'STARTING',
      replayStartTime: this.#host.clock(),
    };
    this.#replays.set(name, replay);
    const end = this.#inFlight.begin();
    const cancel = this.#host.schedule(0, () => {
      this.#scheduled.delete(cancel);
      void this.#run(name, archiveName).finally(end);
    });
    this.#scheduled.set(cancel, end);
    return replay;
  }

  describe(name: string): Replay {
    const replay = this.#replays.get(name);
    if (replay === undefined) throw notFound(`Replay ${name} does not exist.`);
    return replay;
  }

  list(filter: ArchiveFilter): Replay[] {
    atMostOneFilter('ListReplays', filter);
    return [...this.#replays.values()]
      .filter(({ name }) => name.startsWith(filter.namePrefix ?? ''))
      .filter(({ eventSourceArn }) => filter.eventSourceArn === undefined || eventSourceArn === filter.eventSourceArn)
      .filter(({ state }) => filter.state === undefined || state === filter.state)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Stops a replay before its next minute; what was sent stays sent. Throws IllegalStatusException once it is over. */
  cancel(name: string): Replay {
    const { state } = this.describe(name);
    if (state !== 'STARTING' && state !== 'RUNNING') {
      throw new EventsError('IllegalStatusException', `Replay ${name} is not in a valid state for this operation.`);
    }
    return this.#update(name, { state: 'CANCELLING' });
  }

  /** Starts no further minute of any replay. Returns how many replays were cut off. */
  stop(): number {
    for (const [cancel, end] of this.#scheduled) {
      cancel();
      end();
    }
    this.#scheduled.clear();
    const active = [...this.#replays.values()].filter(({ state }) => ACTIVE.has(state));
    for (const { name } of active) this.#finish(name, 'FAILED', 'The bus was stopped.');
    return active.length;
  }

  #check(request: ReplayRequest): string {
    const { name, eventSourceArn, destination } = request;
    if (!/^[.\-_A-Za-z0-9]{1,64}$/.test(name)) {
      throw validation(
        `1 validation error detected: Value '${name}' at 'replayName' failed to satisfy constraint: ` +
          'Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]{1,64}',
      );
    }
    if (!/^arn:[\w-]+:events:[\w-]*:\d*:event-bus\//.test(destination.arn)) {
      throw validation('Parameter Destination.Arn is not valid. Reason: Must contain an event bus ARN.');
    }
    const busArn = this.#host.busArn(destination.arn);
    const archive = this.#archives.list({}).find(({ arn }) => arn === eventSourceArn);
    if (archive === undefined) {
      const missing = eventSourceArn.split('/').at(-1);
      throw validation(`Parameter EventSourceArn is not valid. Reason: Archive ${missing} does not exist.`);
    }
    if (archive.eventSourceArn !== busArn) {
      throw validation('Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted.');
    }
    if (request.eventEndTime <= request.eventStartTime) {
      throw validation('Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime.');
    }
    if (this.#replays.has(name)) throw alreadyExists(`Replay ${name} already exists.`);
    if ([...this.#replays.values()].filter(({ state }) => ACTIVE.has(state)).length >= MAX_REPLAYS)
      throw limitExceeded();
    return archive.name;
  }

  async #run(name: string, archiveName: string): Promise<void> {
    const { state, eventStartTime, eventEndTime } = this.describe(name);
    const last = this.#host.guesses.replayEnd === 'included' ? eventEndTime : eventEndTime - 1;
    const events = this.#archives.between(archiveName, eventStartTime, last);
    if (events === undefined) this.#finish(name, 'FAILED', `Archive ${archiveName} does not exist.`);
    else {
      if (state === 'STARTING') this.#update(name, { state: 'RUNNING' });
      await this.#replayMinutes(name, events);
    }
  }

  /** One minute of event time after the other, oldest first; the next starts when the first tries of one are over. */
  async #replayMinutes(name: string, events: readonly BusEvent[]): Promise<void> {
    const { filterArns } = this.describe(name).destination;
    const filter = filterArns?.length ? new Set(filterArns) : undefined;
    for (const minute of byMinute(events)) {
      if (this.describe(name).state !== 'RUNNING') break;
      await this.#replayMinute(name, minute, filter);
      await this.#rest();
    }
    const { state } = this.describe(name);
    if (state === 'CANCELLING') this.#finish(name, 'CANCELLED');
    if (state === 'RUNNING') this.#finish(name, 'COMPLETED');
  }

  async #replayMinute(name: string, minute: readonly BusEvent[], filter: ReadonlySet<string> | undefined) {
    const sent = shuffled(minute, this.#host.random).map((event) =>
      this.#host.route(replayed(event, name, this.#host.clock()), filter, name),
    );
    this.#update(name, { eventLastReplayedTime: minute.reduce((last, { time }) => Math.max(last, time), 0) });
    // Else the deliveries count as in flight by themselves.
    if (this.#host.guesses.replayPacing === 'firstTries') await Promise.all(sent);
  }

  async #rest(): Promise<void> {
    const { replayPauseMs } = this.#host.guesses;
    if (replayPauseMs === 0) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#host.schedule(replayPauseMs, () => {
        this.#scheduled.delete(cancel);
        resolve();
      });
      this.#scheduled.set(cancel, resolve);
    });
  }

  #update(name: string, change: Partial<Replay>): Replay {
    const changed = { ...this.describe(name), ...change };
    this.#replays.set(name, changed);
    return changed;
  }

  #finish(name: string, state: ReplayState, stateReason?: string): void {
    this.#update(name, { state, stateReason, replayEndTime: this.#host.clock() });
  }
}

/** Groups events by the minute they happened in, oldest minute first. */
export function byMinute(events: readonly BusEvent[]): BusEvent[][] {
  const minutes = new Map<number, BusEvent[]>();
  for (const event of events) {
    const minute = Math.floor(event.time / MINUTE_MS);
    const group = minutes.get(minute);
    if (group === undefined) minutes.set(minute, [event]);
    else group.push(event);
  }
  return [...minutes].sort(([a], [b]) => a - b).map(([, group]) => group);
}

/** The same items in an order drawn with `random`. */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
