import { RetryLater } from '@payments/core/failure';
import { EXTERNAL_ID_FIELD } from '@payments/core/record';
import type { Batches } from '../adapters/batches.ts';
import type { Budget } from '../adapters/budget.ts';
import type { Buffer } from '../adapters/buffer.ts';
import { bulkApi } from '../adapters/bulk-api.ts';
import type { Salesforce } from '../adapters/salesforce.ts';
import { SalesforceFailure } from '../adapters/salesforce-failure.ts';
import { failureOf } from '../realtime/salesforce-refusal.ts';
import { missingParent, orphaned, outcomeOfRow } from './classify.ts';
import { type Outgoing, stubParents } from './collections.ts';
import type { ReadResult, Written } from './flush-state.ts';
import { resultRows } from './job-results.ts';
import { failed, type RowOutcome } from './outcome.ts';
import { spending } from './purse.ts';
import { refusedOwners, refusedRowOf, refusedRows } from './refusals.ts';
import { type BufferedRow, recordFrom } from './row.ts';
import { gone } from './write.ts';

export type ReadWorld = {
  readonly batches: Batches;
  readonly buffer: Pick<Buffer, 'named'>;
  readonly salesforce: Salesforce;
  readonly budget: Pick<Budget, 'acquire'>;
};

/** The state `Read`: every row gets its outcome, the job's three files and the guard's refusals included. */
export async function read(state: Written, world: ReadWorld): Promise<ReadResult> {
  if ((await world.batches.meta(state)) === null) throw gone(state);
  const salesforce = spending(state, world);
  try {
    const rows = await world.batches.rows(state);
    if (state.jobId !== null) await readJob(state, state.jobId, rows, salesforce, world);
    const outcomes = new Map(await world.batches.outcomes(state));
    const refused = await readRefusals(state, rows, outcomes, salesforce);
    // A row nobody answered for: sent again, which an upsert allows.
    const silent = [...rows.keys()].filter((key) => !outcomes.has(key)).map((key) => [key, NO_ANSWER] as const);
    const found = new Map<string, RowOutcome>([...refused, ...silent]);
    await world.batches.record(state, found);
    return { ...heldOf(state), ...counted([...outcomes, ...found]) };
  } catch (error) {
    throw error instanceof SalesforceFailure ? failureOf(error) : error;
  }
}

const NO_ANSWER = failed({ retry: true, code: 'NO_ANSWER', category: 'Network' });

function heldOf({ object, batchId, token }: Written) {
  return { object, batchId, token };
}

async function readJob(
  state: Written,
  jobId: string,
  rows: ReadonlyMap<string, BufferedRow>,
  salesforce: Salesforce,
  world: ReadWorld,
): Promise<void> {
  const api = bulkApi(salesforce);
  const job = await api.check(jobId);
  if (!['JobComplete', 'Failed', 'Aborted'].includes(job.state)) {
    throw new RetryLater(`job ${jobId} is ${job.state}: its results come later`, {
      code: 'JOB_RUNS',
      category: 'Network',
    });
  }
  const keyColumn = EXTERNAL_ID_FIELD[state.object];
  const file = async (which: Parameters<typeof api.results>[1]) =>
    resultRows(await api.results(jobId, which), keyColumn);
  const outcomes = new Map<string, RowOutcome>();
  // A failed job has not looked at these rows; one of them, or the job, is at fault: next time each goes for itself.
  const apart = job.state === 'Failed';
  for (const key of (await file('unprocessedrecords')).keys()) {
    outcomes.set(key, failed({ retry: true, code: job.errorCode ?? 'UNPROCESSED', category: 'Network', apart }));
  }
  const orphans: Outgoing[] = [];
  for (const [key, { errorCode, message }] of await file('failedResults')) {
    const row = rows.get(key);
    const record = row === undefined ? null : recordFrom(state.object, row);
    const parent = missingParent(errorCode ?? '', message, record?.parents ?? []);
    outcomes.set(key, parent === null ? outcomeOfRow(errorCode ?? 'NO_CODE', message) : orphaned(parent));
    if (parent !== null && row !== undefined && record !== null) {
      orphans.push({ key, record, correlationId: row.correlationId });
    }
  }
  for (const [key, { id }] of await file('successfulResults')) outcomes.set(key, { kind: 'written', salesforceId: id });
  await stubParents(orphans, { salesforce, batchId: state.batchId, named: world.buffer.named });
  if (apart && outcomes.size === 0) {
    // The file of unprocessed rows is empty for a job that failed before its upload was read.
    const before = await world.batches.outcomes(state);
    for (const key of rows.keys()) {
      if (before.has(key)) continue;
      outcomes.set(key, failed({ retry: true, code: job.errorCode ?? 'JOB_FAILED', category: 'Network', apart }));
    }
  }
  await world.batches.record(state, new Map([...outcomes].filter(([key]) => rows.has(key))));
}

/** Rows that were answered as a success, of which the guard kept newer columns. */
async function readRefusals(
  state: Written,
  rows: ReadonlyMap<string, BufferedRow>,
  outcomes: ReadonlyMap<string, RowOutcome>,
  salesforce: Salesforce,
): Promise<readonly (readonly [string, RowOutcome])[]> {
  if (![...outcomes.values()].some(({ kind }) => kind === 'written')) return [];
  const kept = await refusedRows(state.object, EXTERNAL_ID_FIELD[state.object], state.batchId, salesforce);
  return [...rows].flatMap(([key, row]) => {
    if (outcomes.get(key)?.kind !== 'written') return [];
    const record = recordFrom(state.object, row);
    const stored = refusedRowOf(record, kept);
    if (stored === null) return [];
    const { salesforceId } = stored;
    return [[key, { kind: 'refused', salesforceId, ...refusedOwners(record, stored) }] as const];
  });
}

function counted(outcomes: readonly (readonly [string, RowOutcome])[]) {
  const last = [...new Map(outcomes).values()];
  const count = (kind: RowOutcome['kind']) => last.filter((outcome) => outcome.kind === kind).length;
  return { written: count('written'), refused: count('refused'), failed: count('failed') };
}
