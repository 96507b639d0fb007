/**
 * What is done when Redis has lost its data: the archive is replayed over the time whose events may have been in Redis
 * only. Pure: what was found goes in, the next step comes out.
 *
 * Redis is whole as long as its generation key is there and names the server that answers. FLUSHALL and a restart without
 * data take the key away; a failover leaves it and puts another server behind it, which may lack the last seconds.
 *
 *   since    the loss was noticed. What was lost had been received before; after a failover, clients that still reached
 *            the old server wrote into the void for a little longer.
 *   first    replays everything from `from`, at once: what the archive has by then.
 *   second   `archiveLagMs` after the first, replays what the archive may have lacked then: events of the last
 *            `archiveLagMs` before the loss, and as long after it.
 *
 * An event that was lost was received before since - lag, and was archived when the first began; or later, and was
 * archived when the second began. Repeats are harmless by version and key.
 */
export type RecoverySettings = {
  /** How much earlier than the oldest unsettled event a replay begins. */
  readonly marginMs: number;
  /** How long an event may take into the archive. EventBridge: up to ten minutes. */
  readonly archiveLagMs: number;
  /** How long the archive keeps events. */
  readonly retentionMs: number;
};

/** What Salesforce's status row says; `unread` while it could not be asked. Times in ms since 1970. */
export type StatusRow =
  | { readonly kind: 'unread' }
  /** `null`: no flush has ever reported, so nothing has ever been known to be settled. */
  | { readonly kind: 'read'; readonly oldestUnsettledAt: number | null };

export type ReplaySeen = {
  /** Counted from 1: a replay that failed is started again under another name. */
  readonly attempt: number;
  readonly state: 'under way' | 'completed' | 'cancelled' | 'failed';
  readonly startedAt: number;
  /** `null` while it is under way. */
  readonly endedAt: number | null;
};

export type ReplayNumber = 'first' | 'second';
export type Interval = { readonly from: number; readonly to: number };

export type RecoveryStep =
  | ({ readonly kind: 'start'; readonly replay: ReplayNumber; readonly attempt: number } & Interval)
  | { readonly kind: 'wait'; readonly for: 'status' | ReplayNumber | 'archive' | 'queue' }
  | { readonly kind: 'finish' };

/** A replay that failed is started again after 1, 2, 4 … minutes, at most an hour apart, for as long as it takes. */
const RETRY_MS = 60_000;
const LONGEST_RETRY_MS = 60 * RETRY_MS;

export function nextStep(
  found: {
    /** When the loss was noticed, ms since 1970. */
    readonly since: number;
    readonly status: StatusRow;
    readonly archiveCreatedAt: number;
    /** The latest attempt of each; `null`: not started. */
    readonly first: ReplaySeen | null;
    readonly second: ReplaySeen | null;
    readonly now: number;
  },
  settings: RecoverySettings,
): RecoveryStep {
  const { since, status, archiveCreatedAt, first, second, now } = found;
  if (status.kind === 'unread') return { kind: 'wait', for: 'status' };
  const { archiveLagMs } = settings;
  const from = replayStart({ since, archiveCreatedAt, oldestUnsettledAt: status.oldestUnsettledAt, now }, settings);

  // A stage as young as this has nothing in its archive for sure: the second replay brings all of it.
  const young = status.oldestUnsettledAt === null && archiveCreatedAt > since - archiveLagMs;
  if (!young) {
    const interval = { from, to: Math.min(now, since + archiveLagMs) };
    const step = follow('first', first, interval, now);
    if (step !== null) return step;
  }
  if (now < Math.max(since, first?.startedAt ?? since) + archiveLagMs) return { kind: 'wait', for: 'archive' };
  const interval = { from: young ? from : Math.max(from, since - archiveLagMs), to: since + archiveLagMs };
  const step = follow('second', second, interval, now);
  if (step !== null) return step;
  // What it sent may still be in the queue; until it is in the buffer the status must cover it (adapters/coverage.ts).
  return now < (second?.endedAt ?? now) + archiveLagMs ? { kind: 'wait', for: 'queue' } : { kind: 'finish' };
}

/** `null`: it is over. An operator who cancelled a replay does not want it again. */
function follow(replay: ReplayNumber, seen: ReplaySeen | null, interval: Interval, now: number): RecoveryStep | null {
  if (seen === null) return { kind: 'start', replay, attempt: 1, ...interval };
  if (seen.state === 'under way') return { kind: 'wait', for: replay };
  if (seen.state !== 'failed') return null;
  const pause = Math.min(RETRY_MS * 2 ** (seen.attempt - 1), LONGEST_RETRY_MS);
  if (now < (seen.endedAt ?? seen.startedAt) + pause) return { kind: 'wait', for: replay };
  return { kind: 'start', replay, attempt: seen.attempt + 1, ...interval };
}

/** From the oldest event that was not settled when a flush last reported, less the margin; as far as the archive goes. */
export function replayStart(
  found: {
    readonly since: number;
    readonly oldestUnsettledAt: number | null;
    readonly archiveCreatedAt: number;
    readonly now: number;
  },
  { marginMs, retentionMs }: Pick<RecoverySettings, 'marginMs' | 'retentionMs'>,
): number {
  // A clock that ran ahead may have reported a time after the loss.
  const unsettled = Math.min(found.oldestUnsettledAt ?? found.archiveCreatedAt, found.since);
  return Math.max(unsettled - marginMs, found.now - retentionMs);
}
