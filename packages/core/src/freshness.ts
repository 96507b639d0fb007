/**
 * The ordering rule, written once. Stripe delivers out of order and its `created` counts whole seconds, so two
 * states of one object are compared by a version: created seconds × 100 + rank.
 *
 * | case | lanes (Redis key) | org's guard (stored version column) |
 * |---|---|---|
 * | nothing known | apply | apply |
 * | a stub (version 0) on something known | stale | keep stored values, not counted as refused |
 * | known state is terminal, incoming is not | stale, whatever the time | refuse |
 * | incoming is terminal, known is not | apply, whatever the time | apply |
 * | incoming version greater / smaller | apply / stale | apply / refuse |
 * | equal, same content (or same event, where contents are not known) | apply again (harmless) | apply |
 * | equal, another state | tie: read the object from Stripe in a later second and write that | refuse |
 *
 * Within one second `created` (10) always precedes `updated` (50): Stripe makes an object before it changes it.
 * Only equal ranks in an equal second are undecided, and then nothing but a reading of a later second decides: the state
 * that was read has the second in which it was asked for, so it is newer than both. A reading of the same second decides
 * nothing, whoever made it: the object may have changed after it. That makes the version a fence: of two workers that
 * hold two readings of one second, the org takes one and refuses the other, which then reads again.
 * The Apex guard and the buffer's script run the same freshness.cases.json.
 */
export const RANK = { stub: 0, created: 10, updated: 50, terminal: 90 } as const;
export type Rank = keyof typeof RANK;

const RANKS_PER_SECOND = 100;

/** `second` is Stripe's `event.created`, or the second in which a fetched object was asked for. Twelve digits: exact everywhere. */
export function versionOf(second: number, rank: Rank): number {
  return rank === 'stub' ? 0 : Math.floor(second) * RANKS_PER_SECOND + RANK[rank];
}

export function secondOf(version: number): number {
  return Math.floor(version / RANKS_PER_SECOND);
}

export function isTerminal(version: number): boolean {
  return version % RANKS_PER_SECOND === RANK.terminal;
}

export type Known = {
  readonly version: number;
  readonly eventId: string;
  /** A hash of what the owner said (batch.ts contentHash), where it was kept: twins that say the same are no tie. */
  readonly content?: string | undefined;
};
export type Verdict = 'apply' | 'stale' | 'tie';

/** The lanes' question: may this state be written, given what was last written for the same owner and object? */
export function judge(known: Known | null, incoming: Known): Verdict {
  if (known === null) return 'apply';
  const order = compareVersions(known.version, incoming.version);
  if (order !== 'equal') return order === 'incoming' ? 'apply' : 'stale';
  return repeats(known, incoming) ? 'apply' : 'tie';
}

/** One event may have been replaced by what was read for its sake: where contents are known, they tell. */
function repeats(known: Known, incoming: Known): boolean {
  if (known.content === undefined || incoming.content === undefined) return known.eventId === incoming.eventId;
  return known.content === incoming.content;
}

/**
 * The guard's question, asked in the org for one owner's columns of one row. `changes` is whether the write would
 * change any of them: an equal version that changes nothing is a repeat.
 */
export function guard(
  stored: number | null,
  incoming: { readonly version: number; readonly changes: boolean },
): 'apply' | 'refuse' | 'keep' {
  if (stored === null) return 'apply';
  if (incoming.version === 0) return 'keep';
  const order = compareVersions(stored, incoming.version);
  if (order !== 'equal') return order === 'incoming' ? 'apply' : 'refuse';
  return incoming.changes ? 'refuse' : 'apply';
}

/** Which of two versions of one object is the newer state. Terminal states beat any other at any time. */
export function compareVersions(known: number, incoming: number): 'known' | 'incoming' | 'equal' {
  if (isTerminal(known) !== isTerminal(incoming)) return isTerminal(incoming) ? 'incoming' : 'known';
  if (known === incoming) return 'equal';
  return incoming > known ? 'incoming' : 'known';
}
