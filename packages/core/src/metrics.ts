/**
 * What is measured: each metric's unit, its dimensions, how it is read, what it means and who emits it. Plain data that
 * imports nothing: the functions emit by it, the stacks make alarms and the dashboard from it, operators' tools read by it.
 *
 * What AWS counts by itself is not repeated here: queue depth and age (AWS/SQS), executions (AWS/States), invocations,
 * errors and throttles (AWS/Lambda), the store (AWS/ElastiCache), the door (AWS/ApiGateway), deliveries (AWS/Events).
 *
 * CloudWatch adds nothing up over dimensions, so `by` names every set under which a metric is published; `[]` is the whole
 * stage. `Stage` itself is in every set. A set is published when all of its dimensions are said. A gauge over all (`[]`) is
 * therefore the greatest of its parts, never their sum. Each set with each of its values is a metric on the bill.
 */
export const NAMESPACE = 'Payments';

/** The values of a dimension. `any`: names that are not known here (functions, secrets). `any or none`: may be left out. */
type Values = readonly string[] | 'any' | 'any or none';

export type MetricRow = {
  /** One of CloudWatch's units. `None`: a number without one, days, or a state as a number. */
  readonly unit: 'Count' | 'Milliseconds' | 'Seconds' | 'Percent' | 'None';
  /** `count`: things that happened, read as Sum. `time`: one value per thing, read as p50, p95, p99. `gauge`: how it stands, read as Maximum. */
  readonly kind: 'count' | 'time' | 'gauge';
  readonly dimensions: Readonly<Record<string, Values>>;
  readonly by: readonly (readonly string[])[];
  readonly means: string;
  /** The files in packages/functions/src that count it, and no others. */
  readonly from: readonly string[];
};

const LANES = ['realtime', 'bulk'] as const;
const CATEGORIES = ['Network', 'Business', 'Data'] as const;
const OBJECTS = [
  'Stripe_Customer__c',
  'Stripe_Subscription__c',
  'Payment_Transaction__c',
  'Pricing_Plan__c',
  'Pricing_Tier__c',
] as const;

const count = { unit: 'Count', kind: 'count' } as const;
const time = { unit: 'Milliseconds', kind: 'time' } as const;
const whole = { dimensions: {}, by: [[]] } as const;
const perLane = { dimensions: { Lane: LANES }, by: [[], ['Lane']] } as const;

export const METRICS = {
  // ingress
  WebhookRequests: {
    ...count,
    dimensions: {
      Outcome: ['published', 'unrouted', 'other-mode', 'bad-signature', 'not-an-event', 'too-large', 'failed'],
      EventType: 'any or none',
    },
    by: [[], ['Outcome'], ['EventType']],
    means:
      "requests to POST /webhook/stripe; success rate is 1 - failed / all, `failed` alone being our fault (500). By EventType: the published ones, Stripe's repeats included",
    from: ['ingress/webhook.ts'],
  },
  WebhookTime: {
    ...time,
    ...whole,
    means: 'from the request reaching the function to its answer',
    from: ['ingress/webhook.ts'],
  },
  DeliveryLag: {
    ...time,
    ...whole,
    means: "from Stripe's `created` (whole seconds) to our receiving the event: Stripe's own share of the sync lag",
    from: ['ingress/webhook.ts'],
  },

  // both lanes
  EventsHandled: {
    ...count,
    dimensions: {
      Lane: LANES,
      Outcome: ['written', 'buffered', 'dropped', 'nothing', 'duplicate', 'shed', 'parked'],
    },
    by: [[], ['Lane'], ['Lane', 'Outcome']],
    means:
      'events whose handling in a lane ended. realtime: written, dropped (a newer state stands), nothing (changes nothing in Salesforce), duplicate, shed (handed to the bulk lane), parked. bulk: buffered, dropped, nothing',
    from: ['bulk/buffer-ten.ts', 'realtime/claim.ts', 'realtime/park.ts', 'realtime/settle.ts'],
  },
  Tries: {
    ...count,
    dimensions: { Lane: LANES, EventType: 'any or none' },
    by: [[], ['Lane'], ['EventType']],
    means:
      'tries to bring something to Salesforce. realtime: runs of Sync, and failed runs of Claim and Settle. bulk: messages read by Aggregate, rows sent by the flush (these without EventType), failed steps of the flush. Waiting for budget, circuit, its turn or a claim is no try',
    from: ['bulk/aggregate.ts', 'bulk/buffer-ten.ts', 'bulk/settled-batch.ts', 'realtime/step.ts'],
  },
  Errors: {
    ...count,
    dimensions: { Lane: LANES, Category: CATEGORIES, EventType: 'any or none' },
    by: [[], ['Lane'], ['Lane', 'Category'], ['EventType']],
    means: 'the tries that failed; error rate is Errors / Tries, over all, by lane or by event type',
    from: ['bulk/aggregate.ts', 'bulk/settled-batch.ts', 'realtime/step.ts'],
  },
  SyncLag: {
    ...time,
    ...perLane,
    means:
      "from Stripe's `created` (whole seconds) to the row confirmed by Salesforce. realtime: one value per event that wrote, seen in Settle. bulk: one per row written, from the oldest event merged into it, seen in Settle",
    from: ['bulk/settled-batch.ts', 'realtime/settle.ts'],
  },
  Duplicates: {
    ...count,
    ...whole,
    means:
      'urgent events that had been handled already, and changed nothing. A repeat in the bulk lane is merged into its row, or shows there as unchanged',
    from: ['realtime/claim.ts'],
  },
  StaleWritesRefused: {
    ...count,
    dimensions: { Lane: LANES, By: ['redis', 'guard'] },
    by: [[], ['Lane'], ['By']],
    means:
      'states that were not written because a newer one stands. redis: events dropped before anything was sent. guard: rows of which the org kept at least one owner',
    from: ['bulk/buffer-ten.ts', 'bulk/settled-batch.ts', 'realtime/sync.ts'],
  },
  Parked: {
    ...count,
    dimensions: { Lane: LANES, Category: CATEGORIES },
    by: [[], ['Lane'], ['Lane', 'Category']],
    means: 'events (realtime) and rows (bulk) that were given up and listed as Sync_Failure__c',
    from: ['bulk/settled-batch.ts', 'realtime/park.ts'],
  },
  Replayed: {
    ...count,
    ...perLane,
    means: 'events that came out of the archive',
    from: ['bulk/buffer-ten.ts', 'realtime/claim.ts'],
  },
  Redriven: {
    ...count,
    ...whole,
    means: 'parked work that was started again, by the redrive after an outage or by an operator',
    from: [
      'operations/redrive.ts',
      'operations/retry-events.ts',
      'operations/retry-messages.ts',
      'operations/retry-rows.ts',
    ],
  },

  // realtime
  PathTime: {
    ...time,
    ...whole,
    means:
      'urgent events that wrote: from the ingress receiving it to Salesforce confirming, seen in Settle (brief: p95 below five seconds)',
    from: ['realtime/settle.ts'],
  },

  // bulk
  RowsHandled: {
    ...count,
    dimensions: { Outcome: ['written', 'unchanged', 'refused', 'given-back', 'parked'] },
    by: [[], ['Outcome']],
    means:
      "rows of settled batches. unchanged: equal to what was last sent, not sent. refused: the org's guard kept something newer. given-back: tried again later",
    from: ['bulk/settled-batch.ts'],
  },
  BatchTime: { ...time, ...whole, means: 'from taking a batch to settling it', from: ['bulk/settled-batch.ts'] },
  BufferRows: {
    unit: 'Count',
    kind: 'gauge',
    dimensions: { Object: OBJECTS },
    by: [['Object']],
    means:
      'rows of an object that wait in the buffer or are in an unfinished batch; those that only wait for their version are not in it',
    from: ['operations/measure.ts'],
  },
  BufferAge: {
    unit: 'Seconds',
    kind: 'gauge',
    dimensions: { Object: OBJECTS },
    by: [[], ['Object']],
    means:
      'how long the longest-waiting row has been due, or its batch under way; 0 when nothing waits. The flush runs each minute',
    from: ['operations/measure.ts'],
  },

  // salesforce and stripe
  SalesforceCalls: {
    ...count,
    dimensions: { Lane: LANES, Outcome: ['ok', 'refused', 'unanswered'] },
    by: [[], ['Lane'], ['Outcome']],
    means: 'requests to Salesforce, logins aside. refused: status 300 and above. unanswered: network or time-out',
    from: ['adapters/measured.ts'],
  },
  SalesforceTime: {
    ...time,
    ...perLane,
    means: 'how long a request to Salesforce took, failed ones included',
    from: ['adapters/measured.ts'],
  },
  OAuthRefreshes: {
    ...count,
    dimensions: { Outcome: ['ok', 'failed'] },
    by: [[], ['Outcome']],
    means: 'requests for a Salesforce access token (client credentials)',
    from: ['adapters/measured.ts'],
  },
  StripeReads: {
    ...count,
    dimensions: { Outcome: ['ok', 'missing', 'refused', 'unanswered'] },
    by: [[], ['Outcome']],
    means: "reads of Stripe's API. missing: 404, which is an answer",
    from: ['adapters/measured.ts'],
  },
  StripeTime: { ...time, ...whole, means: "how long a read of Stripe's API took", from: ['adapters/measured.ts'] },
  RateLimitWaits: {
    ...count,
    dimensions: { System: ['stripe', 'salesforce'] },
    by: [['System']],
    means:
      'calls that had to wait for our own limiter, or that the other side refused as too many (429, REQUEST_LIMIT_EXCEEDED)',
    from: ['adapters/linked-stripe.ts', 'adapters/measured.ts'],
  },

  // the budget of Salesforce calls
  ApiCalls: {
    unit: 'Count',
    kind: 'gauge',
    dimensions: { Window: ['minute', 'hour', 'day'] },
    by: [['Window']],
    means: 'calls of ours in the sliding window, as booked in the budget',
    from: ['operations/measure.ts'],
  },
  ApiUsage: {
    unit: 'Percent',
    kind: 'gauge',
    dimensions: { Window: ['minute', 'hour', 'day'] },
    by: [['Window']],
    means: 'ApiCalls as a share of what this integration allows itself in the window (stacks/stage.ts)',
    from: ['operations/measure.ts'],
  },
  OrgApiCalls: {
    unit: 'Count',
    kind: 'gauge',
    ...whole,
    means:
      "calls of everyone in the org in 24 hours, by the org's last answer (Sforce-Limit-Info) and what we admitted since; absent until the org has said",
    from: ['operations/measure.ts'],
  },
  OrgApiUsage: {
    unit: 'Percent',
    kind: 'gauge',
    ...whole,
    means: "OrgApiCalls as a share of the org's own limit",
    from: ['operations/measure.ts'],
  },
  BudgetRefused: {
    ...count,
    ...perLane,
    means: 'asks for a Salesforce call that were told to wait',
    from: ['adapters/measured.ts'],
  },
  BudgetShed: {
    ...count,
    ...perLane,
    means:
      'work put off so that more urgent work keeps its calls. bulk: batches not taken. realtime: events of low value handed to the bulk lane',
    from: ['bulk/take.ts', 'realtime/claim.ts'],
  },
  CircuitState: {
    unit: 'None',
    kind: 'gauge',
    ...whole,
    means: '0: closed, calls flow. 1: half open, one probe at a time. 2: open, nothing is sent',
    from: ['operations/measure.ts'],
  },
  CircuitOpened: {
    ...count,
    ...whole,
    means: 'times the circuit to Salesforce opened',
    from: ['adapters/circuit.ts'],
  },
  CircuitProbes: {
    ...count,
    dimensions: { Outcome: ['ok', 'failed'] },
    by: [['Outcome']],
    means: 'probes that an open circuit let through',
    from: ['adapters/circuit.ts'],
  },

  // what it runs on
  RedisLost: {
    ...count,
    ...whole,
    means: 'times Redis was found without the generation that it had: its data is gone',
    from: ['operations/recover.ts'],
  },
  Recoveries: {
    ...count,
    dimensions: { Outcome: ['started', 'done', 'failed'] },
    by: [['Outcome']],
    means: 'replays of the archive that a loss of Redis made necessary',
    from: ['operations/recover.ts'],
  },
  MissedEvents: {
    ...count,
    dimensions: { Found: ['undelivered', 'gap'] },
    by: [[], ['Found']],
    means:
      'events that Stripe made and nobody here had accepted, fed by the sweep. undelivered: Stripe says that an endpoint has not taken it. gap: it is in Stripe and in no log of ours',
    from: ['operations/sweep.ts'],
  },
  SweepBehind: {
    unit: 'Seconds',
    kind: 'gauge',
    ...whole,
    means: 'how much of what is old enough the last sweep has not looked at yet',
    from: ['operations/sweep.ts'],
  },
  LedgerDifferences: {
    ...count,
    dimensions: { Kind: ['missing', 'different', 'extra'] },
    by: [[], ['Kind']],
    means:
      'rows that the nightly comparison found unequal: not in Salesforce, of another content, only in Salesforce. Absent where it is off',
    from: ['operations/reconcile/nightly.ts'],
  },
  SecretAge: {
    unit: 'None',
    kind: 'gauge',
    dimensions: { Secret: 'any' },
    by: [[], ['Secret']],
    means: 'days since a secret was last changed; without Secret: the oldest. 90 is overdue',
    from: ['operations/secret-ages.ts'],
  },
  Waits: {
    ...count,
    dimensions: { Function: 'any' },
    by: [['Function']],
    means:
      'invocations that ended by putting their work off: no call left, the circuit open, another one at it, the parent missing. AWS/Lambda counts them as errors',
    from: ['adapters/measured.ts'],
  },
  MemoryUsage: {
    unit: 'Percent',
    kind: 'gauge',
    dimensions: { Function: 'any' },
    by: [['Function']],
    means: 'resident memory at the end of an invocation, as a share of what the function has',
    from: ['adapters/instrument.ts'],
  },
  CpuUsage: {
    unit: 'Percent',
    kind: 'gauge',
    dimensions: { Function: 'any' },
    by: [['Function']],
    means: 'processor time as a share of the time an invocation took; more than 100 on more than one core',
    from: ['adapters/instrument.ts'],
  },
} as const satisfies Readonly<Record<string, MetricRow>>;

export type MetricName = keyof typeof METRICS;

type ValueOf<Said> = Said extends readonly (infer Value)[] ? Value : string;
type Dimensions<Said extends MetricRow['dimensions']> = {
  readonly [Name in keyof Said as Said[Name] extends 'any or none' ? never : Name]: ValueOf<Said[Name]>;
} & {
  readonly [Name in keyof Said as Said[Name] extends 'any or none' ? Name : never]?: ValueOf<Said[Name]>;
};

/** What has to be said with a value of the metric. */
export type DimensionsOf<Name extends MetricName> = Dimensions<(typeof METRICS)[Name]['dimensions']>;

/** Handed into the stories like the log. `value`: a number of things, a time, or how a gauge stands, in the metric's unit. */
export type Count = <Name extends MetricName>(
  metric: Name,
  value: number,
  ...dimensions: keyof DimensionsOf<Name> extends never ? [] : [DimensionsOf<Name>]
) => void;
