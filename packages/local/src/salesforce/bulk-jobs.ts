import type { ApiUsage } from './api-usage.ts';
import {
  type Column,
  type DelimiterName,
  JobFailure,
  type LineEndingName,
  parseUpload,
  resolveColumns,
  type Upload,
} from './bulk-csv.ts';
import { checkKeyColumn, saveChunk } from './bulk-rows.ts';
import type { Engine } from './engine.ts';
import { guessedWords } from './guesses.ts';
import { idAt } from './ids.ts';
import { MAX_ROWS, type RowResult } from './rest-collections.ts';
import { actingAs, type Rights } from './rights.ts';
import { SalesforceError } from './salesforce-error.ts';
import type { FieldSchema, ObjectSchema } from './schema.ts';
import { type LockTiming, transact } from './transaction.ts';

export type Operation = 'insert' | 'update' | 'upsert' | 'delete' | 'hardDelete';
export type JobState = 'Open' | 'UploadComplete' | 'InProgress' | 'JobComplete' | 'Failed' | 'Aborted';

export type BulkTiming = {
  /** From UploadComplete to InProgress, in ms. */
  readonly queueMs: number;
  /** For each chunk of 200 rows, in ms. */
  readonly chunkMs: number;
};

/** What shall go wrong with one job; armed by tests and by the fault address. */
export type JobPlan = {
  readonly object?: string | undefined;
  /** The job ends as Failed with this `errorMessage`, after `rowsFirst` rows were processed (default none). */
  readonly fail?: string | undefined;
  /** The job ends as Aborted, as if an administrator had done it. */
  readonly abort?: boolean | undefined;
  /** Rows that are processed before `fail` or `abort`; the rest stays unprocessed. */
  readonly rowsFirst?: number | undefined;
  /** How many times the job is looked at before it goes on. */
  readonly stuckPolls?: number | undefined;
  /** Errors of single rows, by their external id. */
  readonly rows?: Readonly<Record<string, { readonly code: string; readonly message: string }>> | undefined;
  /** More time for each chunk, in ms. */
  readonly slowMs?: number | undefined;
};

export type NewJob = {
  readonly object: ObjectSchema;
  readonly operation: Operation;
  readonly key: FieldSchema | null;
  readonly lineEnding: LineEndingName;
  readonly columnDelimiter: DelimiterName;
  readonly apiVersion: number;
};

type RowOutcome = { readonly result: RowResult; readonly cells: readonly string[] };

export type IngestJob = NewJob & {
  /** Of whoever made the job: its rows are written as that user. */
  readonly rights: Rights | null;
  readonly id: string;
  readonly createdAt: number;
  modifiedAt: number;
  state: JobState;
  csv: string | null;
  errorMessage: string | null;
  upload: Upload | null;
  next: number;
  readonly outcomes: RowOutcome[];
  failed: number;
  pollsLeft: number;
  startedAt: number;
  processingMs: number;
  readonly plan: JobPlan;
  /** Runs the next step of a job that waits to be polled. */
  resume: (() => void) | null;
};

const ROWS_PER_BATCH = 10_000;
const KEPT_MS = 7 * 86_400_000;
const FINISHED: readonly JobState[] = ['JobComplete', 'Failed', 'Aborted'];

/** The ingest jobs of an org: their whole life, from Open to a terminal state and their deletion after seven days. */
export class IngestJobs {
  readonly #engine: Engine;
  readonly #timing: BulkTiming;
  readonly #locks: LockTiming;
  readonly #random: () => number;
  readonly #batches: ApiUsage;
  readonly #jobs = new Map<string, IngestJob>();
  readonly plans: JobPlan[] = [];
  /** Told when a plan meets its job. */
  onPlanned: (plan: JobPlan) => void = () => {};
  /** Results come in upload order when false; Salesforce promises none. */
  shuffle = true;
  #sequence = 1;
  #closed = false;

  constructor(engine: Engine, timing: BulkTiming, locks: LockTiming, random: () => number, batches: ApiUsage) {
    this.#engine = engine;
    this.#timing = timing;
    this.#locks = locks;
    this.#random = random;
    this.#batches = batches;
  }

  close(): void {
    this.#closed = true;
  }

  list(): readonly IngestJob[] {
    this.#forgetOld();
    return [...this.#jobs.values()];
  }

  create(order: NewJob): IngestJob {
    const now = this.#engine.clock.now();
    const planned = this.plans.findIndex(({ object }) => object === undefined || object === order.object.name);
    const plan = planned < 0 ? {} : (this.plans.splice(planned, 1)[0] ?? {});
    if (planned >= 0) this.onPlanned(plan);
    const job: IngestJob = {
      ...order,
      rights: this.#engine.rights,
      id: idAt('750', this.#sequence++),
      createdAt: now,
      modifiedAt: now,
      state: 'Open',
      csv: null,
      errorMessage: null,
      upload: null,
      next: 0,
      outcomes: [],
      failed: 0,
      pollsLeft: plan.stuckPolls ?? 0,
      startedAt: now,
      processingMs: 0,
      plan,
      resume: null,
    };
    this.#jobs.set(job.id, job);
    return job;
  }

  find(id: string): IngestJob {
    this.#forgetOld();
    const job = this.#jobs.get(id);
    if (job === undefined) throw new SalesforceError(404, 'NOT_FOUND', 'The requested resource does not exist');
    return job;
  }

  upload(job: IngestJob, csv: string): void {
    if (job.state !== 'Open' || job.csv !== null) throw this.#invalidState(job, 'upload data');
    job.csv = csv;
  }

  /** UploadComplete: the job queues and then works through its rows on the org's clock. */
  complete(job: IngestJob): void {
    if (job.state !== 'Open') throw this.#invalidState(job, 'be closed');
    this.#enter(job, 'UploadComplete');
    this.#later(this.#timing.queueMs, job, 'UploadComplete', () => this.#begin(job));
  }

  abort(job: IngestJob): void {
    if (FINISHED.includes(job.state)) throw this.#invalidState(job, 'be aborted');
    this.#readForResults(job);
    this.#enter(job, 'Aborted');
  }

  /** Deleting a queued job loses its data without a word, as in Salesforce. */
  remove(job: IngestJob): void {
    if (job.state !== 'UploadComplete' && !FINISHED.includes(job.state)) throw this.#invalidState(job, 'be deleted');
    this.#jobs.delete(job.id);
  }

  /** A client has looked at the job; a stuck one gets nearer to its end. */
  polled(job: IngestJob): void {
    if (job.resume === null) return;
    job.pollsLeft--;
    if (job.pollsLeft > 0) return;
    const { resume } = job;
    job.resume = null;
    resume();
  }

  #later(ms: number, job: IngestJob, during: JobState, task: () => void): void {
    this.#engine.clock.after(ms, () => {
      if (!this.#closed && job.state === during && this.#jobs.has(job.id)) task();
    });
  }

  #begin(job: IngestJob): void {
    job.startedAt = this.#engine.clock.now();
    this.#enter(job, 'InProgress');
    const go = () => {
      try {
        const upload = parseUpload(job.csv ?? '', job.columnDelimiter, job.lineEnding);
        job.upload = upload;
        job.csv = null;
        const columns = resolveColumns(this.#engine.schema, job.object, upload.columns);
        checkKeyColumn(job, columns);
        this.#countBatches(upload.rows.length);
        this.#step(job, upload, columns);
      } catch (error) {
        if (!(error instanceof JobFailure)) throw error;
        this.#fail(job, error.message);
      }
    };
    if (job.pollsLeft > 0) job.resume = go;
    else go();
  }

  /** One batch per 10,000 records, of the 15,000 that Bulk 1 and 2 share in 24 hours. */
  #countBatches(rows: number): void {
    const needed = Math.ceil(rows / ROWS_PER_BATCH);
    if (this.#batches.used() + needed > this.#batches.limit) {
      throw new JobFailure('ExceededQuota : ApiBatchItems Limit exceeded.');
    }
    this.#batches.seen('bulkIngest', needed);
  }

  #step(job: IngestJob, upload: Upload, columns: readonly Column[]): void {
    if (job.state !== 'InProgress') return;
    const last = this.#lastRow(job, upload);
    if (job.next >= last) {
      this.#finish(job);
      return;
    }
    this.#later(this.#timing.chunkMs + (job.plan.slowMs ?? 0), job, 'InProgress', () => {
      const rows = upload.rows.slice(job.next, Math.min(job.next + MAX_ROWS, last));
      const work = () => actingAs(this.#engine, job.rights, () => saveChunk(this.#engine, job, columns, rows));
      const done = (results: readonly RowResult[]) => {
        job.outcomes.push(...results.map((result, i) => ({ result, cells: rows[i] ?? [] })));
        job.failed += results.filter((result) => !result.success).length;
        job.next += rows.length;
        this.#step(job, upload, columns);
      };
      try {
        transact(this.#engine, this.#locks, work, done);
      } catch (error) {
        if (!(error instanceof JobFailure)) throw error;
        this.#engine.store.rollbackTo({ rows: 0, events: 0 });
        this.#fail(job, error.message);
      }
    });
  }

  #lastRow(job: IngestJob, upload: Upload): number {
    const stops = job.plan.fail !== undefined || job.plan.abort === true;
    return stops ? Math.min(job.plan.rowsFirst ?? 0, upload.rows.length) : upload.rows.length;
  }

  #finish(job: IngestJob): void {
    if (this.shuffle) shuffleInPlace(job.outcomes, this.#random);
    if (job.plan.fail !== undefined) this.#fail(job, job.plan.fail);
    else this.#enter(job, job.plan.abort === true ? 'Aborted' : 'JobComplete');
  }

  #fail(job: IngestJob, message: string): void {
    this.#readForResults(job);
    job.errorMessage = message;
    this.#enter(job, 'Failed');
  }

  /** Unprocessed rows are listed even when the job failed before they were looked at. */
  #readForResults(job: IngestJob): void {
    if (job.upload !== null || job.csv === null) return;
    try {
      job.upload = parseUpload(job.csv, job.columnDelimiter, /^[^\n]*\r\n/.test(job.csv) ? 'CRLF' : 'LF');
    } catch {
      job.upload = { headerLine: job.csv.split(/\r?\n/, 1)[0] ?? '', columns: [], rows: [] };
    }
  }

  #enter(job: IngestJob, state: JobState): void {
    job.state = state;
    job.modifiedAt = this.#engine.clock.now();
    if (FINISHED.includes(state)) job.processingMs = job.modifiedAt - job.startedAt;
  }

  #invalidState(job: IngestJob, wish: string): SalesforceError {
    const likely = `Job ${job.id} is in state ${job.state} and cannot ${wish}`;
    return new SalesforceError(400, 'INVALIDJOBSTATE', guessedWords(this.#engine.guesses, likely));
  }

  #forgetOld(): void {
    const oldest = this.#engine.clock.now() - KEPT_MS;
    for (const [id, job] of this.#jobs) if (job.createdAt < oldest) this.#jobs.delete(id);
  }
}

function shuffleInPlace<T>(items: T[], random: () => number): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const [a, b] = [items[i], items[j]];
    if (a === undefined || b === undefined) continue;
    items[i] = b;
    items[j] = a;
  }
}

export function isFinished(job: IngestJob): boolean {
  return FINISHED.includes(job.state);
}
