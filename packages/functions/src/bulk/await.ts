import type { Batches } from '../adapters/batches.ts';
import type { Budget } from '../adapters/budget.ts';
import { bulkApi } from '../adapters/bulk-api.ts';
import type { Salesforce } from '../adapters/salesforce.ts';
import { SalesforceFailure } from '../adapters/salesforce-failure.ts';
import { failureOf } from '../realtime/salesforce-refusal.ts';
import type { Written } from './flush-state.ts';
import { spending } from './purse.ts';
import { gone } from './write.ts';

export type AwaitWorld = {
  readonly batches: Batches;
  readonly salesforce: Salesforce;
  readonly budget: Pick<Budget, 'acquire'>;
  readonly nowMs: () => number;
};

/** A quick job is seen in seconds; a long one costs a call a minute. */
const LONGEST_WAIT_SECONDS = 60;
/** Salesforce gives an internal batch up to twenty tries of five minutes; a job that is still queued then is given up. */
const GIVE_UP_AFTER_MS = 2 * 60 * 60_000;

/** The state `Await`, after the machine's Wait: is the job over? It never throws a job away that may still write. */
export async function awaitJob(state: Written, world: AwaitWorld): Promise<Written> {
  if (state.done || state.jobId === null) return { ...state, done: true };
  const meta = await world.batches.meta(state);
  if (meta === null) throw gone(state);
  const api = bulkApi(spending(state, world));
  try {
    // Keeps the lease while the job runs, and refuses a flush that lost it.
    await world.batches.note(state, { transport: state.transport });
    const { state: job } = await api.check(state.jobId);
    if (job === 'JobComplete' || job === 'Failed' || job === 'Aborted') return { ...state, done: true };
    const since = meta.jobStartedAt ?? meta.startedAt;
    if (world.nowMs() - since > GIVE_UP_AFTER_MS) await api.abort(state.jobId);
  } catch (error) {
    throw error instanceof SalesforceFailure ? failureOf(error) : error;
  }
  const waitSeconds = Math.min(state.waitSeconds * 2, LONGEST_WAIT_SECONDS);
  return { ...state, polls: state.polls + 1, waitSeconds };
}
