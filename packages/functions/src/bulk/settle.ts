import { ownerHash } from '@payments/core/batch';
import { NeverRetry } from '@payments/core/failure';
import type { Count } from '@payments/core/metrics';
import type { Owner, SObjectName } from '@payments/core/record';
import { ORPHAN_SECONDS, RETRY_SECONDS } from '@payments/core/retry-policy';
import type { Batches, GivenBack, Held } from '../adapters/batches.ts';
import type { Budget } from '../adapters/budget.ts';
import type { Claims } from '../adapters/claims.ts';
import type { FreshnessStore } from '../adapters/freshness-store.ts';
import type { GenerationStore } from '../adapters/generation.ts';
import type { LetterSink } from '../adapters/queues.ts';
import type { Salesforce } from '../adapters/salesforce.ts';
import { SalesforceFailure } from '../adapters/salesforce-failure.ts';
import type { SentHashes } from '../adapters/sent-hashes.ts';
import type { StatusNotes } from '../adapters/status-notes.ts';
import type { Tie, TieList } from '../adapters/tie-list.ts';
import { releaseChildren } from '../realtime/release-children.ts';
import { failureOf } from '../realtime/salesforce-refusal.ts';
import { type BatchAccount, type ParkedRow, resolvedRows, tell } from './account.ts';
import type { SettleResult } from './flush-state.ts';
import { subjectsOf } from './judged.ts';
import { type OrphanWorld, orphanedRows, parkOrphans, readParents } from './orphaned-rows.ts';
import type { RowOutcome } from './outcome.ts';
import { letterOf } from './parked-letter.ts';
import { spending } from './purse.ts';
import { type BufferedRow, recordFrom } from './row.ts';
import { countBatch, type RowLine, rowLines } from './settled-batch.ts';
import { lags, sentOf } from './unchanged.ts';

export type SettleWorld = OrphanWorld & {
  readonly batches: Batches;
  /** The queue BulkParked. */
  readonly parked: LetterSink;
  readonly salesforce: Salesforce;
  readonly budget: Pick<Budget, 'acquire'>;
  readonly freshness: Pick<FreshnessStore, 'known' | 'remember'>;
  readonly ties: Pick<TieList, 'add'>;
  readonly sent: Pick<SentHashes, 'remember'>;
  readonly generation: Pick<GenerationStore, 'look'>;
  readonly notes: Pick<StatusNotes, 'batchTold'>;
  readonly claims: Pick<Claims, 'done'>;
  /** The API's, `66.0`. */
  readonly version: string;
  readonly nowMs: () => number;
  readonly log: (line: SettleLine) => void;
  readonly count: Count;
};

export type SettleLine =
  | {
      readonly outcome: 'settled';
      readonly object: SObjectName;
      readonly batchId: string;
      readonly rows: number;
      readonly parked: number;
      readonly givenBack: number;
      /** Rows that stay in the buffer because only their version is missing in Salesforce. */
      readonly lagging: number;
      readonly refused: number;
      /** Rows of the account that Salesforce did not take. */
      readonly untold: number;
      /** From Stripe's `created` (whole seconds) of the oldest event to now. */
      readonly oldestLagMs: number;
    }
  | RowLine;

/**
 * The state `Settle`: the batch is accounted for in Salesforce, what stands is remembered, what failed for now goes back,
 * what failed for good is parked. Everything before `finish` may run twice.
 */
export async function settle(held: Held, world: SettleWorld): Promise<SettleResult> {
  const { object, batchId } = held;
  const meta = await world.batches.meta(held);
  // The answer of the first run was lost on its way, and with it whether rows are due: only Take can tell, and end the lease.
  if (meta === null) return { object, batchId, more: true };
  const [rows, outcomes] = [await world.batches.rows(held), await world.batches.outcomes(held)];
  const { parked, givenBack } = failuresOf(rows, outcomes, world.nowMs());
  const lagging = laggingOf(object, rows, outcomes);
  const account: BatchAccount = { object, batchId, meta, rows, outcomes, parked };

  // First, and whatever Salesforce says: what is given up must not be in Redis alone.
  if (parked.length > 0 && !meta.parkedSent) {
    await world.parked.send(parked.map((row) => letterOf(object, batchId, row, world.nowMs())));
    await world.batches.note(held, { parkedSent: true });
  }
  const { untold } = await told(held, account, world);
  await rememberWhatStands(account, world);
  await world.batches.giveBack(held, [...givenBack, ...lagging]);
  const orphaned = orphanedRows(account, givenBack);
  await parkOrphans(orphaned, world);
  await releaseChildren(thereOf(outcomes), world);
  await world.ties.add(object, tiesOf(rows, outcomes));
  const refused = [...outcomes.values()].filter(({ kind }) => kind === 'refused').length;
  for (const line of rowLines(account, givenBack)) world.log(line);
  const oldest = Math.min(...[...rows.values()].map(({ oldestAt }) => oldestAt));
  world.log({
    ...{ outcome: 'settled', object, batchId, rows: rows.size, parked: parked.length, givenBack: givenBack.length },
    ...{ lagging: lagging.length, refused, untold, oldestLagMs: world.nowMs() - oldest },
  });
  const due = await world.batches.finish(held);
  // Not before, since everything before may run twice.
  countBatch(account, givenBack, { count: world.count, nowMs: world.nowMs() });
  // Last: however slow Stripe is, the batch has ended. What is not read now is read when its child fails again.
  await readParents(orphaned, world);
  return { object, batchId, more: due > 0 };
}

function failuresOf(
  rows: ReadonlyMap<string, BufferedRow>,
  outcomes: ReadonlyMap<string, RowOutcome>,
  nowMs: number,
): { readonly parked: readonly ParkedRow[]; readonly givenBack: readonly GivenBack[] } {
  const parked: ParkedRow[] = [];
  const givenBack: GivenBack[] = [];
  for (const [key, row] of rows) {
    const outcome = outcomes.get(key) ?? NOT_READ;
    if (outcome.kind !== 'failed') continue;
    // An empty parent was for its children's sake: they wait for the real one, and are given up if it does not come.
    if (!outcome.retry && isStub(row)) continue;
    if (outcome.apart && row.apart === 0) {
      // Its job failed, and said nothing of this row: no try of the row's own, and nothing to wait for.
      givenBack.push({ key, attempts: row.attempts, notBefore: nowMs, apart: true, lags: false });
      continue;
    }
    // When the last try fails too, the row is parked.
    const waits = outcome.parent === undefined ? RETRY_SECONDS : ORPHAN_SECONDS;
    const waitSeconds = waits[row.attempts];
    if (!outcome.retry || waitSeconds === undefined) parked.push({ key, row, outcome });
    else {
      const notBefore = nowMs + waitSeconds * 1_000;
      givenBack.push({ key, attempts: row.attempts + 1, notBefore, apart: row.apart === 1, lags: false });
    }
  }
  return { parked, givenBack };
}

function isStub({ owners }: BufferedRow): boolean {
  return Object.values(owners).every(({ v }) => v === 0) && Object.keys(owners).length > 0;
}

/** A version that was left out is in the buffer until the org has it (unchanged.ts). */
function laggingOf(
  object: SObjectName,
  rows: ReadonlyMap<string, BufferedRow>,
  outcomes: ReadonlyMap<string, RowOutcome>,
): readonly GivenBack[] {
  return [...rows].flatMap(([key, row]) => {
    const outcome = outcomes.get(key);
    if (outcome?.kind !== 'unchanged' || !lags(recordFrom(object, row), outcome.stored)) return [];
    return [{ key, attempts: row.attempts, notBefore: row.notBefore, apart: row.apart === 1, lags: true }];
  });
}

/** Rows that Salesforce has, whatever it thought of what we said of them. */
function thereOf(outcomes: ReadonlyMap<string, RowOutcome>): readonly string[] {
  return [...outcomes].flatMap(([key, { kind }]) => (kind === 'failed' ? [] : [key]));
}

const NOT_READ: Extract<RowOutcome, { kind: 'failed' }> = {
  ...{ kind: 'failed', retry: true, code: 'NO_ANSWER', category: 'Network', apart: false },
};

async function told(held: Held, account: BatchAccount, world: SettleWorld): Promise<{ readonly untold: number }> {
  // Nothing was sent and nothing parked or put back before: not worth a call.
  const sent = [...account.outcomes.values()].some(({ kind }) => kind !== 'unchanged');
  if (!sent && resolvedRows(account).length === 0) return { untold: 0 };
  try {
    const salesforce = spending(held, world);
    const { untold } = await tell(account, { salesforce, version: world.version, nowMs: world.nowMs() });
    if (untold === 0) await world.notes.batchTold(account.batchId);
    return { untold };
  } catch (error) {
    const failure = error instanceof SalesforceFailure ? failureOf(error) : error;
    // An account that Salesforce will never take must not hold up every row of the object behind this batch.
    if (failure instanceof NeverRetry) return { untold: account.parked.length + 1 };
    throw failure;
  }
}

/** Freshness keys, hashes and done marks, of rows that Salesforce has. Not of a refused owner: the org knows better. */
async function rememberWhatStands({ object, rows, outcomes }: BatchAccount, world: SettleWorld): Promise<void> {
  const written: Parameters<FreshnessStore['remember']>[0][number][] = [];
  const sent = new Map<string, ReturnType<typeof sentOf>>();
  const events = new Set<string>();
  for (const [key, row] of rows) {
    const outcome = outcomes.get(key);
    if (outcome === undefined || outcome.kind === 'failed') continue;
    const refused: ReadonlySet<Owner> = new Set(outcome.kind === 'refused' ? outcome.refused : []);
    const ties = outcome.kind === 'refused' ? outcome.ties.length : 0;
    const record = recordFrom(object, row);
    for (const subject of subjectsOf(record)) {
      const version = record.owners[subject.owner]?.version ?? 0;
      if (version === 0 || refused.has(subject.owner)) continue;
      const eventId = row.owners[subject.owner]?.e ?? '';
      written.push({ ...subject, version, eventId, content: ownerHash(record, subject.owner) });
    }
    if (outcome.kind === 'written') sent.set(key, sentOf(record));
    if (outcome.kind === 'unchanged') sent.set(key, sentOf(record, outcome.stored));
    // A stub is a by-product: its event is done when the row it is about is.
    if (ties === 0 && !isStub(row)) for (const event of [...row.events, ...(row.outdone ?? [])]) events.add(event);
  }
  await world.freshness.remember(written);
  if (sent.size > 0) await world.sent.remember(object, sent, (await world.generation.look()).id);
  await Promise.all([...events].map((event) => world.claims.done(event)));
}

function tiesOf(rows: ReadonlyMap<string, BufferedRow>, outcomes: ReadonlyMap<string, RowOutcome>): readonly Tie[] {
  return [...outcomes].flatMap(([key, outcome]) => {
    const row = rows.get(key);
    if (row === undefined || outcome.kind !== 'refused') return [];
    return outcome.ties.flatMap((owner) => {
      const eventId = row.owners[owner]?.e;
      if (eventId === undefined) return [];
      const correlationId = eventId === row.eventId ? row.correlationId : null;
      return [{ key, owner, eventId, correlationId, receivedAt: row.receivedAt }];
    });
  });
}
