// Archives: what a bus keeps of its events.

import { busNameOf } from './arn.ts';
import type { BusEvent } from './envelope.ts';
import { alreadyExists, notFound, validation } from './events-error.ts';

export interface ArchiveRequest {
  /** At most 48 of letters, digits and `.-_`. */
  readonly name: string;
  /** ARN (or name) of the bus. */
  readonly eventSourceArn: string;
  /** JSON text; all events when left out. */
  readonly eventPattern?: string | undefined;
  /** 0 or nothing keeps events for ever. */
  readonly retentionDays?: number | undefined;
  readonly description?: string | undefined;
}

export interface Archive extends ArchiveRequest {
  readonly arn: string;
  readonly busName: string;
  readonly state: 'ENABLED';
  readonly retentionDays: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly eventCount: number;
  readonly sizeBytes: number;
}

export interface ArchiveFilter {
  readonly namePrefix?: string | undefined;
  readonly eventSourceArn?: string | undefined;
  readonly state?: string | undefined;
}

/** How an archive attaches itself to its bus. */
export interface ArchiveHost {
  clock(): number;
  /** How long an event is on its way into an archive. */
  readonly archiveDelayMs: number;
  archiveArn(name: string): string;
  /** ARN of an existing bus; throws ResourceNotFoundException. */
  busArn(nameOrArn: string): string;
  /** Puts the managed rule that feeds the archive. Throws InvalidEventPatternException. */
  attach(busName: string, archiveName: string, eventPattern: string | undefined): void;
  detach(busName: string, archiveName: string): void;
}

interface Kept {
  readonly archive: Omit<Archive, 'eventCount' | 'sizeBytes'>;
  /** In the order the bus took them. */
  readonly events: BusEvent[];
}

const DAY_MS = 86_400_000;

/**
 * EventBridge needs up to ten minutes until an event is in the archive (guesses.ts), and up to a day until the counts
 * show it; here they show what is there.
 */
export class Archives {
  readonly #host: ArchiveHost;
  readonly #archives = new Map<string, Kept>();

  constructor(host: ArchiveHost) {
    this.#host = host;
  }

  create(request: ArchiveRequest): Archive {
    const { name } = request;
    checkArchiveName(name);
    const busArn = this.#host.busArn(request.eventSourceArn);
    if (this.#archives.has(name)) throw alreadyExists(`Archive ${name} already exists.`);
    const busName = busNameOf(busArn);
    this.#host.attach(busName, name, request.eventPattern);
    const archive = {
      ...request,
      eventSourceArn: busArn,
      busName,
      arn: this.#host.archiveArn(name),
      state: 'ENABLED' as const,
      retentionDays: request.retentionDays ?? 0,
      createdAt: this.#host.clock(),
    };
    this.#archives.set(name, { archive, events: [] });
    return this.describe(name);
  }

  describe(name: string): Archive {
    const kept = this.#get(name);
    this.#expire(kept);
    const arrived = this.#arrived(kept);
    const sizeBytes = arrived.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
    return { ...kept.archive, eventCount: arrived.length, sizeBytes };
  }

  list(filter: ArchiveFilter): Archive[] {
    atMostOneFilter('ListArchives', filter);
    const source = filter.eventSourceArn === undefined ? undefined : this.#host.busArn(filter.eventSourceArn);
    return [...this.#archives.keys()]
      .sort()
      .map((name) => this.describe(name))
      .filter(({ name }) => name.startsWith(filter.namePrefix ?? ''))
      .filter(({ eventSourceArn }) => source === undefined || eventSourceArn === source)
      .filter(({ state }) => filter.state === undefined || state === filter.state);
  }

  delete(name: string): void {
    const { archive } = this.#get(name);
    this.#host.detach(archive.busName, name);
    this.#archives.delete(name);
  }

  /** Called by the managed rule. */
  keep(name: string, event: BusEvent): void {
    const kept = this.#archives.get(name);
    if (kept === undefined) return;
    kept.events.push(event);
  }

  /** What the archive still holds of that time, both ends included; undefined if the archive is gone. */
  between(name: string, startMs: number, endMs: number): BusEvent[] | undefined {
    const kept = this.#archives.get(name);
    if (kept === undefined) return undefined;
    this.#expire(kept);
    return this.#arrived(kept).filter(({ time }) => time >= startMs && time <= endMs);
  }

  #get(name: string): Kept {
    const kept = this.#archives.get(name);
    if (kept === undefined) throw notFound(`Archive ${name} does not exist.`);
    return kept;
  }

  #expire(kept: Kept): void {
    if (kept.archive.retentionDays === 0) return;
    const oldest = this.#host.clock() - kept.archive.retentionDays * DAY_MS;
    const expired = kept.events.findIndex(({ acceptedAt }) => acceptedAt >= oldest);
    kept.events.splice(0, expired === -1 ? kept.events.length : expired);
  }

  #arrived(kept: Kept): readonly BusEvent[] {
    const until = this.#host.clock() - this.#host.archiveDelayMs;
    const onTheWay = kept.events.findIndex(({ acceptedAt }) => acceptedAt > until);
    return onTheWay === -1 ? kept.events : kept.events.slice(0, onTheWay);
  }
}

/** Lists of archives and replays take one filter at a time. */
export function atMostOneFilter(operation: string, filter: object): void {
  if (Object.values(filter).filter((value) => value !== undefined).length <= 1) return;
  throw validation(
    `At most one filter is allowed for ${operation}. Use either : State, EventSourceArn, or NamePrefix.`,
  );
}

function checkArchiveName(name: string): void {
  if (/^[.\-_A-Za-z0-9]{1,48}$/.test(name)) return;
  const constraint =
    name.length > 48
      ? 'have length less than or equal to 48'
      : 'satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+';
  throw validation(
    `1 validation error detected: Value '${name}' at 'archiveName' failed to satisfy constraint: Member must ${constraint}`,
  );
}
