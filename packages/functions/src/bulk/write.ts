import { chooseTransport, csvOf } from '@payments/core/batch';
import { RetryLater } from '@payments/core/failure';
import type { Batches, BatchMeta, Held } from '../adapters/batches.ts';
import type { Budget } from '../adapters/budget.ts';
import type { Buffer } from '../adapters/buffer.ts';
import { type BulkApi, bulkApi } from '../adapters/bulk-api.ts';
import type { FreshnessStore } from '../adapters/freshness-store.ts';
import type { GenerationStore } from '../adapters/generation.ts';
import type { Salesforce } from '../adapters/salesforce.ts';
import { SalesforceFailure } from '../adapters/salesforce-failure.ts';
import type { SentHashes } from '../adapters/sent-hashes.ts';
import { failureOf } from '../realtime/salesforce-refusal.ts';
import { type Outgoing, sendByCollections, sortedByParent } from './collections.ts';
import type { Written } from './flush-state.ts';
import { spending } from './purse.ts';
import { recordFrom } from './row.ts';
import { unchanged } from './unchanged.ts';
import { fitsCsv } from './wire-row.ts';

export type WriteWorld = {
  readonly batches: Batches;
  readonly buffer: Pick<Buffer, 'named'>;
  readonly salesforce: Salesforce;
  readonly budget: Pick<Budget, 'acquire'>;
  readonly freshness: Pick<FreshnessStore, 'known'>;
  readonly sent: Pick<SentHashes, 'read'>;
  readonly generation: Pick<GenerationStore, 'look'>;
  /** Rows of one object above which Bulk API 2.0 is used; 0 forces it. */
  readonly bulkAbove: number;
  readonly nowMs: () => number;
};

export const FIRST_WAIT_SECONDS = 2;

/**
 * The state `Write`. May run again after a crash or a failure: rows whose outcome is known are not sent again, and a job
 * that was closed is waited for rather than made twice.
 */
export async function write(held: Held, world: WriteWorld): Promise<Written> {
  const meta = await world.batches.meta(held);
  if (meta === null) throw gone(held);
  const salesforce = spending(held, world);
  const rows = await outgoing(held, world);

  const csv = rows.filter(({ record, apart }) => !apart && fitsCsv(record));
  const transport = meta.transport ?? chooseTransport(csv.length, world.bulkAbove);
  await world.batches.note(held, { transport });
  const job = transport === 'bulk' ? new Set(csv) : new Set<Outgoing>();
  const byCollections = (some: readonly Outgoing[]) =>
    sendByCollections(some, {
      ...{ salesforce, batchId: held.batchId, record: (outcomes) => world.batches.record(held, outcomes) },
      named: world.buffer.named,
      setbacks: {
        before: meta.setbacks,
        add: () => world.batches.note(held, { setbacks: meta.setbacks + 1 }),
      },
    });
  await byCollections(rows.filter((row) => !job.has(row)));
  const jobId = job.size === 0 ? null : await submit(held, meta, sortedByParent([...job]), bulkApi(salesforce), world);
  if (job.size > 0 && jobId === null) await byCollections([...job]);
  return {
    ...{ object: held.object, batchId: held.batchId, token: held.token },
    ...{ transport, jobId, polls: 0, waitSeconds: FIRST_WAIT_SECONDS, done: jobId === null },
  };
}

export function gone({ object, batchId }: Held): RetryLater {
  return new RetryLater(`batch ${batchId} of ${object} is settled or lost: let this flush end`, {
    code: 'BATCH_GONE',
    category: 'Network',
  });
}

/** The rows of the batch that still have no outcome; those that Salesforce has already get theirs here. */
async function outgoing(held: Held, world: WriteWorld): Promise<readonly (Outgoing & { readonly apart: boolean })[]> {
  const outcomes = await world.batches.outcomes(held);
  const rows = [...(await world.batches.rows(held))]
    .filter(([key]) => !outcomes.has(key))
    .map(([key, row]) => ({
      ...{ key, record: recordFrom(held.object, row), correlationId: row.correlationId },
      ...{ apart: row.apart === 1, receivedAt: row.receivedAt },
    }));
  const { id: generation } = await world.generation.look();
  const same = await unchanged(held.object, rows, { ...world, generation });
  await world.batches.record(held, new Map([...same].map(([key, stored]) => [key, { kind: 'unchanged', stored }])));
  return rows.filter(({ key }) => !same.has(key));
}

/**
 * A job with all rows in it, closed. The id is kept before the upload, so that a crash finds the job again. `null`: the org
 * takes no such job, so the rows have to go without one.
 */
async function submit(
  held: Held,
  meta: BatchMeta,
  rows: readonly Outgoing[],
  api: BulkApi,
  world: WriteWorld,
): Promise<string | null> {
  try {
    if (meta.jobId !== null && (await isUnderWay(meta.jobId, api))) return meta.jobId;
    const correlation = new Map(rows.map(({ record, correlationId }) => [record, correlationId]));
    const records = rows.map(({ record }) => record);
    const jobId = await api.create(held.object, records[0]?.externalIdField ?? '');
    await world.batches.note(held, { jobId, jobStartedAt: world.nowMs() });
    const csv = csvOf(records, 'externalId', (record) => ({
      writeId: held.batchId,
      correlationId: correlation.get(record) ?? '',
    }));
    await api.upload(jobId, csv);
    await api.close(jobId);
    return jobId;
  } catch (error) {
    if (!(error instanceof SalesforceFailure)) throw error;
    const failure = failureOf(error);
    if (failure.name === 'NeverRetry' && [400, 413].includes(error.status)) return null;
    throw failure;
  }
}

/** A job that was left open may have its upload or not: it is aborted, and another made. */
async function isUnderWay(jobId: string, api: BulkApi): Promise<boolean> {
  try {
    const { state } = await api.check(jobId);
    if (state !== 'Open') return state !== 'Aborted';
    await api.abort(jobId);
    return false;
  } catch (error) {
    if (error instanceof SalesforceFailure && error.status === 404) return false;
    throw error;
  }
}
