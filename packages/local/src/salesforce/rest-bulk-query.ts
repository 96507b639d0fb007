import * as v from 'valibot';
import { DELIMITERS, type DelimiterName, LINE_ENDINGS, type LineEndingName, quotedLine } from './bulk-csv.ts';
import { resultsNotReady } from './bulk-results.ts';
import { type Answer, type Call, methodNotAllowed, noContent, readBody } from './call.ts';
import type { Engine } from './engine.ts';
import { idAt, parseId } from './ids.ts';
import { isRecord } from './record-input.ts';
import { runSoql } from './rest-query.ts';
import { resourceNotFound, SalesforceError } from './salesforce-error.ts';
import { wireDateTime } from './values.ts';

const NewQueryBody = v.object({
  query: v.string(),
  operation: v.picklist(['query', 'queryAll']),
  lineEnding: v.optional(v.picklist(['LF', 'CRLF']), 'LF'),
  columnDelimiter: v.optional(v.picklist(['COMMA', 'SEMICOLON', 'TAB', 'PIPE', 'CARET', 'BACKQUOTE']), 'COMMA'),
  contentType: v.optional(v.literal('CSV')),
});

type QueryJob = {
  readonly id: string;
  readonly query: string;
  readonly operation: 'query' | 'queryAll';
  readonly object: string;
  readonly lineEnding: LineEndingName;
  readonly columnDelimiter: DelimiterName;
  readonly apiVersion: number;
  readonly createdAt: number;
  state: 'UploadComplete' | 'InProgress' | 'JobComplete' | 'Failed' | 'Aborted';
  rows: readonly Record<string, unknown>[];
  columns: readonly string[];
};

/** Bulk API 2.0 query jobs. A job is worked off on the org's clock, `queueMs` after its creation. */
export class QueryJobs {
  readonly #jobs = new Map<string, QueryJob>();
  readonly #queueMs: number;
  #sequence = 1;

  constructor(queueMs: number) {
    this.#queueMs = queueMs;
  }

  create(engine: Engine, call: Call): QueryJob {
    const body = readBody(NewQueryBody, call.json());
    // A query that cannot be read is refused at once; one that runs into trouble later fails its job.
    const { outcome } = runSoql(engine, body.query, call.version, body.operation === 'queryAll');
    const job: QueryJob = {
      ...body,
      id: idAt('750', 500_000 + this.#sequence++),
      object: outcome.object.name,
      apiVersion: call.version,
      createdAt: engine.clock.now(),
      state: 'UploadComplete',
      rows: [],
      columns: [],
    };
    this.#jobs.set(job.id, job);
    engine.clock.after(this.#queueMs, () => this.#work(engine, job));
    return job;
  }

  #work(engine: Engine, job: QueryJob): void {
    if (job.state !== 'UploadComplete') return;
    try {
      const { outcome, query } = runSoql(engine, job.query, job.apiVersion, job.operation === 'queryAll');
      job.rows = outcome.result.records;
      job.columns = query.select.flatMap((item) => {
        if (item.kind === 'field') return [item.path.names.join('.')];
        return item.kind === 'all' ? outcome.object.fields.map(({ name }) => name) : [];
      });
      job.state = 'JobComplete';
    } catch (error) {
      if (!(error instanceof SalesforceError)) throw error;
      job.state = 'Failed';
    }
  }

  find(text: string): QueryJob {
    const job = this.#jobs.get(parseId(text) ?? text);
    if (job === undefined) throw resourceNotFound();
    return job;
  }

  remove(job: QueryJob): void {
    this.#jobs.delete(job.id);
  }

  list(): readonly QueryJob[] {
    return [...this.#jobs.values()];
  }
}

/** `/jobs/query` and below. */
export function answerQueryJobs(engine: Engine, jobs: QueryJobs, call: Call): Answer {
  const [, , idText, part] = call.segments;
  if (idText === undefined) {
    if (call.method === 'POST') return { status: 200, body: summary(engine, jobs.create(engine, call)) };
    if (call.method !== 'GET') throw methodNotAllowed(call.method, 'GET,POST');
    return {
      status: 200,
      body: { done: true, nextRecordsUrl: null, records: jobs.list().map((job) => summary(engine, job)) },
    };
  }
  const job = jobs.find(idText);
  if (part?.toLowerCase() === 'results') return results(engine, job, call);
  if (part !== undefined) throw resourceNotFound();
  if (call.method === 'DELETE') {
    jobs.remove(job);
    return noContent;
  }
  if (call.method === 'PATCH') {
    job.state = 'Aborted';
    return { status: 200, body: summary(engine, job) };
  }
  const counters = { jobType: 'V2Query', numberRecordsProcessed: job.rows.length, retries: 0, totalProcessingTime: 0 };
  return { status: 200, body: { ...summary(engine, job), ...counters, isPkChunkingSupported: true } };
}

function summary(engine: Engine, job: QueryJob) {
  return {
    id: job.id,
    operation: job.operation,
    object: job.object,
    createdById: engine.userId,
    createdDate: wireDateTime(job.createdAt),
    systemModstamp: wireDateTime(job.createdAt),
    state: job.state,
    concurrencyMode: 'Parallel',
    contentType: 'CSV',
    apiVersion: job.apiVersion,
    lineEnding: job.lineEnding,
    columnDelimiter: job.columnDelimiter,
  };
}

function results(engine: Engine, job: QueryJob, call: Call): Answer {
  if (job.state !== 'JobComplete') throw resultsNotReady(engine, job);
  const start = Number(call.query.get('locator') ?? 0);
  const most = Number(call.query.get('maxRecords') ?? job.rows.length);
  const page = job.rows.slice(start, start + most);
  const end = start + page.length;
  const delimiter = DELIMITERS[job.columnDelimiter];
  const lines = page.map((row) =>
    quotedLine(
      job.columns.map((column) => cell(row, column.split('.'))),
      delimiter,
    ),
  );
  const lineEnding = LINE_ENDINGS[job.lineEnding];
  return {
    status: 200,
    text: [quotedLine(job.columns, delimiter), ...lines].join(lineEnding) + lineEnding,
    contentType: 'text/csv',
    headers: {
      'Sforce-Locator': end < job.rows.length ? String(end) : 'null',
      'Sforce-NumberOfRecords': String(page.length),
    },
  };
}

function cell(row: Record<string, unknown>, [first = '', ...rest]: readonly string[]): string {
  const name = Object.keys(row).find((key) => key.toLowerCase() === first.toLowerCase());
  const value = name === undefined ? null : row[name];
  if (rest.length > 0) return isRecord(value) ? cell(value, rest) : '';
  return value === null || value === undefined ? '' : String(value);
}
