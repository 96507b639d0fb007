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
 * | equal, same event or same content | apply again (harmless) | apply |
 * | equal, another event | tie: read the object from Stripe and write that | refuse, unless fetched or nothing changes |
 *
 * Within one second `created` (10) always precedes `updated` (50): Stripe makes an object before it changes it.
 * Only equal ranks in an equal second are undecided. The Apex guard runs the same freshness.cases.json.
 */
export const RANK = { stub: 0, created: 10, updated: 50, terminal: 90 } as const;
export type Rank = keyof typeof RANK;

const RANKS_PER_SECOND = 100;

/** `createdSeconds` is Stripe's `event.created`, or the `Date` of the response for a fetched object. Twelve digits: exact everywhere. */
export function versionOf(createdSeconds: number, rank: Rank): number {
  return rank === 'stub' ? 0 : Math.floor(createdSeconds) * RANKS_PER_SECOND + RANK[rank];
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

/**
 * The lanes' question: may this state be written, given what was last written for the same owner and object?
 * A fetched state wins a tie: it was read after the event that made the tie.
 */
export function judge(known: Known | null, incoming: Known & { readonly fetched: boolean }): Verdict {
  if (known === null) return 'apply';
  const order = compareVersions(known.version, incoming.version);
  if (order !== 'equal') return order === 'incoming' ? 'apply' : 'stale';
  const repeats = incoming.eventId === known.eventId || (known.content ?? null) === incoming.content;
  return incoming.fetched || repeats ? 'apply' : 'tie';
}

/**
 * The guard's question, asked in the org for one owner's columns of one row. `changes` is whether the write would
 * change any of them: an equal version that changes nothing is a repeat.
 */
export function guard(
  stored: number | null,
  incoming: { readonly version: number; readonly fetched: boolean; readonly changes: boolean },
): 'apply' | 'refuse' | 'keep' {
  if (stored === null) return 'apply';
  if (incoming.version === 0) return 'keep';
  const order = compareVersions(stored, incoming.version);
  if (order !== 'equal') return order === 'incoming' ? 'apply' : 'refuse';
  return incoming.fetched || !incoming.changes ? 'apply' : 'refuse';
}

/** Which of two versions of one object is the newer state. Terminal states beat any other at any time. */
export function compareVersions(known: number, incoming: number): 'known' | 'incoming' | 'equal' {
  if (isTerminal(known) !== isTerminal(incoming)) return isTerminal(incoming) ? 'incoming' : 'known';
  if (known === incoming) return 'equal';
  return incoming > known ? 'incoming' : 'known';
}
