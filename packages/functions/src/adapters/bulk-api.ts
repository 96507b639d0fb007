import * as v from 'valibot';
import type { Salesforce } from './salesforce.ts';

/**
 * Bulk API 2.0 ingest, one request per function, nothing hidden: no polling, no retry, no deletion. A job that is deleted
 * before its results are read loses rows in silence, so there is no delete here.
 */
export type JobState = 'Open' | 'UploadComplete' | 'InProgress' | 'JobComplete' | 'Failed' | 'Aborted';

export type BulkApi = {
  /** An upsert by `externalIdField`; gives the job's id. */
  readonly create: (object: string, externalIdField: string) => Promise<string>;
  /** Once per job. When the outcome is unknown: abort the job and make another; upserts make that harmless. */
  readonly upload: (jobId: string, csv: string) => Promise<void>;
  readonly close: (jobId: string) => Promise<void>;
  readonly abort: (jobId: string) => Promise<void>;
  /** `errorCode`: the first word of the job's error, of Salesforce's own families (InvalidBatch …); never row data. */
  readonly check: (jobId: string) => Promise<{ readonly state: JobState; readonly errorCode: string | null }>;
  /** Raw CSV; rows in any order. */
  readonly results: (
    jobId: string,
    which: 'successfulResults' | 'failedResults' | 'unprocessedrecords',
  ) => Promise<string>;
};

const Created = v.object({ id: v.pipe(v.string(), v.regex(/^[A-Za-z0-9]{15,18}$/)) });
const Checked = v.object({
  state: v.picklist(['Open', 'UploadComplete', 'InProgress', 'JobComplete', 'Failed', 'Aborted']),
  errorMessage: v.optional(v.nullable(v.string())),
});

export function bulkApi(salesforce: Salesforce): BulkApi {
  const setState = async (jobId: string, state: 'UploadComplete' | 'Aborted') => {
    await salesforce({ method: 'PATCH', path: `/jobs/ingest/${jobId}`, body: { state } });
  };
  return {
    create: async (object, externalIdFieldName) => {
      const body = { object, operation: 'upsert', externalIdFieldName, contentType: 'CSV', lineEnding: 'LF' };
      const answer = await salesforce({ method: 'POST', path: '/jobs/ingest', body });
      return v.parse(Created, answer.body).id;
    },
    upload: async (jobId, csv) => {
      await salesforce({ method: 'PUT', path: `/jobs/ingest/${jobId}/batches`, body: csv, contentType: 'text/csv' });
    },
    close: (jobId) => setState(jobId, 'UploadComplete'),
    abort: (jobId) => setState(jobId, 'Aborted'),
    check: async (jobId) => {
      const answer = await salesforce({ method: 'GET', path: `/jobs/ingest/${jobId}` });
      const { state, errorMessage } = v.parse(Checked, answer.body);
      return { state, errorCode: /^[A-Za-z]{1,40}/.exec(errorMessage ?? '')?.[0] ?? null };
    },
    results: async (jobId, which) => {
      const answer = await salesforce({ method: 'GET', path: `/jobs/ingest/${jobId}/${which}`, asText: true });
      return v.parse(v.string(), answer.body ?? '');
    },
  };
}
