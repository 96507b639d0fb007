/**
 * What the functions say: each log line by its `message`, with the fields it may have. Plain data that imports nothing. The
 * local run compares every line with it, so saved searches, dashboards and alerts can rely on these names.
 *
 * Levels (brief: DEBUG, INFO, WARNING, ERROR, CRITICAL; Powertools writes WARN): INFO what happened, WARN what is tried
 * again by itself, ERROR what needs a person, CRITICAL what may be lost. Identifiers and codes only, never a payload.
 */
export type LogLine = { readonly from: string; readonly means: string; readonly fields: readonly string[] };

/** On every line. `xray_trace_id` only where AWS traces; `sampling_rate` is Powertools' own. */
export const COMMON_FIELDS = ['level', 'message', 'service', 'timestamp', 'sampling_rate', 'xray_trace_id'] as const;

/** By which one search finds an event's whole path. */
const event = ['correlationId', 'stripeEventId', 'stripeObjectId', 'type'] as const;
const execution = [...event, 'executionName'] as const;
const batch = ['executionName', 'object', 'batchId'] as const;
const failure = ['step', 'error', 'code', 'category'] as const;

export const LOG_LINES = {
  webhook: {
    from: 'Ingress',
    means: 'a request to POST /webhook/stripe, by its outcome',
    fields: [...event, 'outcome', 'reason', 'thin'],
  },
  claim: {
    from: 'Claim',
    means: 'an execution may handle its event, or it is a duplicate',
    fields: [...execution, 'outcome', 'replayed'],
  },
  sync: {
    from: 'Sync',
    means: 'what is remarkable about a write: left out, addressed otherwise, refused',
    fields: [...execution, 'step', 'notes'],
  },
  settled: {
    from: 'Settle',
    means: 'an urgent event is done: its row, calls, and how late it was',
    fields: [...execution, 'outcome', 'rows', 'calls', 'refetched', 'salesforceId', 'lagMs', 'pathMs', 'thin'],
  },
  parked: {
    from: 'Park',
    means: 'an urgent event was given up; `unlisted`: not in Salesforce either',
    fields: [...execution, 'code', 'category', 'unlisted'],
  },
  waiting: {
    from: 'Claim, Sync, the steps of the flush',
    means: 'a step is put off: another holds the event, no call is left, the circuit is open',
    fields: [...execution, ...batch, ...failure],
  },
  'step failed': {
    from: 'every step',
    means: 'a try that failed; the machine tries again (WARN) or parks (ERROR)',
    fields: [...execution, ...batch, ...failure],
  },
  aggregate: {
    from: 'Aggregate',
    means: 'a message of the bulk queue, by what became of it',
    fields: [...event, 'outcome', 'messageId', 'rows', 'replayed', 'error'],
  },
  take: {
    from: 'Take',
    means: 'a batch was taken, or nothing was due',
    fields: [...batch, 'outcome', 'token', 'rows'],
  },
  write: {
    from: 'Write',
    means: 'a batch was sent',
    fields: [...batch, 'token', 'transport', 'jobId', 'polls', 'waitSeconds', 'done'],
  },
  await: {
    from: 'Await',
    means: 'a Bulk job was asked for',
    fields: [...batch, 'token', 'transport', 'jobId', 'polls', 'waitSeconds', 'done'],
  },
  read: {
    from: 'Read',
    means: 'every row of a batch has its outcome',
    fields: [...batch, 'token', 'written', 'refused', 'failed'],
  },
  settle: {
    from: 'SettleBatch',
    means:
      'a batch is settled, and one line for each of its rows: written, unchanged, refused, given back, parked, tie left',
    fields: [
      ...batch,
      ...event,
      ...['outcome', 'rows', 'parked', 'givenBack', 'refused', 'untold', 'oldestLagMs'],
      ...['stripeEventIds', 'salesforceId', 'code', 'attempts'],
    ],
  },
  redrive: {
    from: 'Redrive',
    means: 'a failed execution was started anew, or the queue of failed ones was looked through',
    fields: ['outcome', 'executionName', 'from', 'code', 'seen', 'redriven'],
  },
} as const satisfies Readonly<Record<string, LogLine>>;
