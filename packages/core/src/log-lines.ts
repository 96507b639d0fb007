/**
 * What the functions say: each log line by its `message`, with the fields it may have. Plain data that imports nothing. The
 * local run compares every line with it, so saved searches, dashboards and alerts can rely on these names.
 *
 * Levels: DEBUG each call of another system, INFO what happened, WARN what is tried again by itself, ERROR what needs a
 * person, CRITICAL what no person sees elsewhere. Identifiers and codes only, never a payload.
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
    means: 'an execution may handle its event, or it is a duplicate; `twin`: of another event of the same change',
    fields: [...execution, 'outcome', 'twin', 'replayed'],
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
    fields: [...batch, 'outcome', 'token', 'rows', 'why'],
  },
  tie: {
    from: 'Take',
    means:
      'two states of one second, of which the org kept one: Stripe was asked which is true. tie left: asked again in a minute; tie given up: Stripe has the object no more',
    fields: [...batch, 'outcome', 'stripeObjectId', 'stripeEventId'],
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
      'a batch is settled, and one line for each of its rows: written, unchanged, refused, given back, parked, left',
    fields: [
      ...batch,
      ...event,
      ...['outcome', 'rows', 'parked', 'givenBack', 'refused', 'untold', 'lagging', 'oldestLagMs'],
      ...['stripeEventIds', 'salesforceId', 'code', 'attempts'],
    ],
  },
  release: {
    from: 'Release',
    means: 'a flush that gave up an object let go of it; `released` false: another one has it',
    fields: [...batch, 'released'],
  },
  circuit: {
    from: 'whatever calls Salesforce',
    means: 'the circuit before Salesforce opened, failed its probe or closed, and why',
    fields: [...execution, ...batch, 'circuit', 'why'],
  },
  call: {
    from: 'whatever calls Salesforce or Stripe',
    means: 'a call of another system, its path without the query; at DEBUG, so not in production',
    fields: [...execution, ...batch, 'system', 'method', 'path', 'outcome', 'ms'],
  },
  report: {
    from: 'Report',
    means: 'the status row in Salesforce was written, or why it was left out',
    fields: [...batch, 'outcome', 'why', 'health', 'reason'],
  },
  'redis lost': {
    from: 'Take, Report',
    means:
      'noticed first here: Redis is not the one it was. What it held comes again out of the archive (line `recover`). A new stage begins with it',
    fields: [...batch, 'id', 'since', 'cause', 'state', 'unsettledAt', 'noticed'],
  },
  recover: {
    from: 'Recover',
    means: 'how far the replays after a loss of Redis are: noticed, status read, replay started, waiting, finished',
    fields: [
      ...['recovery', 'since', 'cause', 'event', 'oldestUnsettledAt', 'why', 'replay', 'attempt', 'from', 'to', 'for'],
    ],
  },
  redrive: {
    from: 'Redrive',
    means:
      'what was given up is tried again: an execution started anew, a row put back, a message moved; or Salesforce is away',
    fields: ['outcome', 'executionName', 'from', 'code', 'stripeObjectId', 'stripeEventId', 'left', 'rows'],
  },
  sweep: {
    from: 'Sweep',
    means:
      'an event that nobody here had accepted was fed; or how far the sweep came: swept, unfinished (the next run goes on), put off (`why`)',
    fields: [...event, 'outcome', 'found', 'from', 'to', 'listed', 'fed', 'behind', 'why'],
  },
  reconcile: {
    from: 'Reconcile',
    means:
      'how one kind of object was found at night: unchanged, agrees, disagrees, too many (to compare by itself), unfinished, put off; and `differs`: one column of a row',
    fields: [
      ...['resource', 'outcome', 'rows', 'missing', 'different', 'extra', 'inFlight', 'why'],
      ...['object', 'kind', 'column', 'stripeObjectId'],
    ],
  },
  retry: {
    from: 'RetryFailures',
    means: 'a Sync_Failure__c has another status now, the retries looked around, or Salesforce or Redis is away',
    fields: [...event, 'outcome', 'failure', 'seen', 'changed', 'unsaved', 'code'],
  },
  operator: {
    from: 'Operator',
    means: 'an operator put rows that were given up back into the buffer; `later`: must be asked for again',
    fields: ['outcome', 'rows', 'later'],
  },
} as const satisfies Readonly<Record<string, LogLine>>;

export type Message = keyof typeof LOG_LINES;
type FieldOf<Said extends Message> = (typeof LOG_LINES)[Said]['fields'][number];
/** Fields of `Line`, of each of its kinds, that the table does not have. */
type Strange<Said extends Message, Line> = Line extends unknown ? Exclude<keyof Line, FieldOf<Said>> : never;

/** Says a line of one level. A message or a field that the table does not have is a type error. */
export type Say = <Said extends Message, Line extends object>(
  message: Said,
  line: Line & ([Strange<Said, Line>] extends [never] ? unknown : { readonly notInLogLines: Strange<Said, Line> }),
) => void;

/** The identifiers that stand on every line. */
export type About = Readonly<
  Partial<Record<(typeof execution)[number] | (typeof batch)[number], string | null | undefined>>
>;
