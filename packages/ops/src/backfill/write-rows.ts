import { csvOf, keyOf } from '@payments/core/batch';
import { EXTERNAL_ID_FIELD, type SalesforceRecord, type SObjectName } from '@payments/core/record';
import { bulkApi, type JobState } from '@payments/functions/adapters/bulk-api';
import type { Salesforce } from '@payments/functions/adapters/salesforce';
import { missingParent, orphaned, outcomeOfRow } from '@payments/functions/bulk/classify';
import { type Outgoing, sendByCollections, sortedByParent } from '@payments/functions/bulk/collections';
import { resultRows } from '@payments/functions/bulk/job-results';
import { failed, type RowOutcome } from '@payments/functions/bulk/outcome';
import { refusedRows } from '@payments/functions/bulk/refusals';
import { fitsCsv } from '@payments/functions/bulk/wire-row';

export type Written = {
  readonly written: number;
  /** Of them those in which the org kept at least one column, because what it has is newer. */
  readonly newer: number;
  readonly failed: readonly { readonly object: SObjectName; readonly key: string; readonly code: string }[];
};

export type WriteRowsWorld = {
  readonly salesforce: Salesforce;
  readonly sleep: (ms: number) => Promise<unknown>;
  /** Marks the rows in Salesforce, and finds what the guard refused. */
  readonly writeId: string;
};

/** Below this a job's six calls are more than Collections take. */
const BULK_ABOVE = 1_000;
const TRIES = 4;
const FIRST_POLL_MS = 250;
const LONGEST_POLL_MS = 3_000;

/**
 * Writes rows of one object, each to an outcome: one Bulk API 2.0 job for all that CSV can carry, Collections for the rest
 * (rows that our own id names, a cleared lookup), for few, and for what a job did not take: a row whose parent is not there
 * yet brings an empty parent, a locked one is tried again. Throws when Salesforce cannot be reached; what was written stays.
 */
export async function writeRows(
  object: SObjectName,
  records: readonly SalesforceRecord[],
  world: WriteRowsWorld,
): Promise<Written> {
  const rows = records.map((record): Outgoing => ({ key: keyOf(record), record, correlationId: world.writeId }));
  const forJob = rows.filter(({ record }) => fitsCsv(record));
  const job = forJob.length > BULK_ABOVE ? new Set(forJob) : new Set<Outgoing>();
  const outcomes = new Map<string, RowOutcome>();
  if (job.size > 0) await writeByJob(object, sortedByParent([...job]), world, outcomes);

  const left = () => rows.filter(({ key }) => mayTry(outcomes.get(key)));
  for (let tries = 1; left().length > 0 && tries <= TRIES; tries += 1) {
    if (tries > 1) await world.sleep(FIRST_POLL_MS * 4 ** (tries - 1));
    await sendByCollections(left(), {
      salesforce: world.salesforce,
      batchId: world.writeId,
      record: async (found) => {
        for (const [key, outcome] of found) outcomes.set(key, outcome);
      },
    });
  }
  const lost = [...outcomes].flatMap(([key, outcome]) =>
    outcome.kind === 'failed' ? [{ object, key, code: outcome.code }] : [],
  );
  const kept = await refusedRows(object, EXTERNAL_ID_FIELD[object], world.writeId, world.salesforce);
  const newer = new Set([...kept.values()]).size;
  return { written: rows.length - lost.length, newer, failed: lost };
}

/** Not tried yet, or failed in a way that time may cure. */
function mayTry(outcome: RowOutcome | undefined): boolean {
  return outcome === undefined || (outcome.kind === 'failed' && outcome.retry);
}

const ENDED: ReadonlySet<JobState> = new Set(['JobComplete', 'Failed', 'Aborted']);

/** Outcomes of a job's rows. Each is in exactly one of its three files, so those that are in neither of two are written. */
async function writeByJob(
  object: SObjectName,
  rows: readonly Outgoing[],
  { salesforce, sleep, writeId }: WriteRowsWorld,
  outcomes: Map<string, RowOutcome>,
): Promise<void> {
  const api = bulkApi(salesforce);
  const keyColumn = EXTERNAL_ID_FIELD[object];
  const jobId = await api.create(object, keyColumn);
  const records = rows.map(({ record }) => record);
  await api.upload(
    jobId,
    csvOf(records, 'externalId', () => ({ writeId, correlationId: writeId })),
  );
  await api.close(jobId);
  let { state } = await api.check(jobId);
  for (let wait = FIRST_POLL_MS; !ENDED.has(state); wait = Math.min(LONGEST_POLL_MS, wait * 1.5)) {
    await sleep(wait);
    ({ state } = await api.check(jobId));
  }
  // A job that ended otherwise has looked at none of its rows, or not at all: all of them go by Collections.
  if (state !== 'JobComplete') return;
  const byKey = new Map(rows.map((row) => [row.key, row]));
  const found = new Map<string, RowOutcome>(rows.map(({ key }) => [key, WRITTEN]));
  for (const [key, { errorCode, message }] of resultRows(await api.results(jobId, 'failedResults'), keyColumn)) {
    const parent = missingParent(errorCode ?? '', message, byKey.get(key)?.record.parents ?? []);
    found.set(key, parent === null ? outcomeOfRow(errorCode ?? 'NO_CODE', message) : orphaned(parent));
  }
  for (const key of resultRows(await api.results(jobId, 'unprocessedrecords'), keyColumn).keys()) {
    found.set(key, failed({ retry: true, code: 'UNPROCESSED', category: 'Network' }));
  }
  for (const { key } of rows) outcomes.set(key, found.get(key) ?? WRITTEN);
}

const WRITTEN: RowOutcome = { kind: 'written', salesforceId: null };
