/** How a deployment stands: plain values, and what is wrong with them. Times are ISO 8601, ages in whole seconds. */

/** `count`: of how many values. */
export type Percentiles = {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly count: number;
};

/** What happened in the last 24 hours, by the metrics that the functions write; `deadLetters` alone is how it stands now. */
export type Totals = {
  /** Requests to the webhook, whatever became of them. */
  readonly received: number;
  /** Of those, events that went onto the bus for one of the lanes. */
  readonly published: number;
  /** Urgent events that had been handled already. */
  readonly duplicates: number;
  readonly staleRefused: number;
  /** Rows that the bulk lane wrote, and one for each urgent event that wrote. */
  readonly rowsWritten: number;
  /** Events and rows that were given up. */
  readonly failures: number;
  /** In all dead-letter queues but that of the unrouted events. */
  readonly deadLetters: number;
  /** Logins aside. */
  readonly salesforceCalls: number;
};

export type Standing = {
  readonly stage: string;
  readonly region: string;
  readonly local: boolean;
  readonly at: string;
  /** The last minute in which an event was accepted; `null`: none in the last day. */
  readonly lastEvent: { readonly at: string; readonly ageSeconds: number } | null;
  readonly realtime: {
    readonly running: number;
    /** How long the longest-running execution has been at it; `null`: none runs. */
    readonly oldestSeconds: number | null;
    /** Executions that ended badly in the last hour, by machine; machines without any are left out. */
    readonly failedLastHour: Readonly<Record<string, number>>;
  };
  readonly bulk: {
    readonly queued: number;
    readonly held: number;
    /** Of the oldest message; `null`: CloudWatch has not said. */
    readonly queueAgeSeconds: number | null;
    /** `null`: the functions have not said in the last ten minutes. */
    readonly bufferRows: number | null;
    readonly bufferAgeSeconds: number | null;
  };
  readonly circuit: 'closed' | 'half-open' | 'open' | null;
  readonly budget: readonly BudgetWindow[];
  /** Of everyone in the org, by the org's own count; `null`: not said in the last ten minutes. */
  readonly org: { readonly used: number; readonly percent: number } | null;
  /** `null`: Salesforce was not reached. */
  readonly failures: readonly FailureGroup[] | null;
  /** What the flush has told Salesforce (`Integration_Status__c`); `null`: nothing yet, or Salesforce was not reached. */
  readonly told: Told | null;
  /** Queues that hold something. */
  readonly deadLetters: readonly { readonly queue: string; readonly waiting: number }[];
  /** Newest first; `null`: Salesforce was not reached. */
  readonly batches: readonly Batch[] | null;
  /** Milliseconds, over the last hour; `null`: nothing was written. */
  readonly lag: { readonly realtime: Percentiles | null; readonly bulk: Percentiles | null };
  readonly totals: Totals;
  /** What could not be asked, and why. */
  readonly unread: readonly { readonly what: string; readonly why: string }[];
};

export type Told = {
  readonly health: string;
  readonly reason: string;
  readonly lastEventAt: string | null;
  /** Of what is not settled; `null`: everything is. */
  readonly oldestUnsettledAt: string | null;
  /** Of the row itself. */
  readonly ageSeconds: number;
};

export type BudgetWindow = {
  readonly window: 'minute' | 'hour' | 'day';
  readonly used: number;
  readonly percent: number;
};

export type FailureGroup = {
  readonly status: string;
  readonly source: string;
  readonly category: string;
  readonly code: string;
  readonly count: number;
};

export type Batch = {
  readonly name: string;
  readonly object: string;
  readonly transport: string;
  readonly sent: number;
  readonly succeeded: number;
  readonly refused: number;
  readonly failed: number;
  readonly finishedAt: string | null;
};

export type Concern = { readonly level: 'bad' | 'warning'; readonly text: string };

/** The limits of stacks/monitoring.ts: what rings an alarm there is a concern here. */
const LIMITS = {
  queueAgeSeconds: 600,
  bufferAgeSeconds: 300,
  queued: 1_000,
  percent: 80,
  lagMs: 5 * 60_000,
  silentSeconds: 6 * 3_600,
  toldSeconds: 600,
} as const;

/** What an operator should look at, the worst first. Empty: all is well. */
export function concerns(standing: Standing): readonly Concern[] {
  const found: Concern[] = [];
  const bad = (text: string) => found.push({ level: 'bad', text });
  const warning = (text: string) => found.push({ level: 'warning', text });
  const { realtime, bulk, lag } = standing;

  if (standing.circuit === 'open') bad('the circuit to Salesforce is open: nothing is written until it closes');
  if (standing.circuit === 'half-open') warning('the circuit to Salesforce is half open: one call is trying');
  for (const { queue, waiting } of standing.deadLetters) {
    const text = `${waiting} in ${queue}`;
    if (queue === 'Unrouted') warning(text);
    else bad(text);
  }
  for (const [machine, count] of Object.entries(realtime.failedLastHour)) {
    // What of it is not made good since is a dead letter, or an open failure; the next flush resumes what one left.
    warning(`${count} ${count === 1 ? 'execution' : 'executions'} of ${machine} ended badly in the last hour`);
  }
  const unsolved = (standing.failures ?? []).filter(({ status }) => status === 'Open');
  const open = unsolved.reduce((total, { count }) => total + count, 0);
  if (open > 0) bad(`${open} open ${open === 1 ? 'failure' : 'failures'} in Salesforce`);
  if ((bulk.queueAgeSeconds ?? 0) > LIMITS.queueAgeSeconds) bad('the oldest bulk message waits more than ten minutes');
  if (bulk.queued > LIMITS.queued) warning(`${bulk.queued} messages in the bulk queue`);
  if ((bulk.bufferAgeSeconds ?? 0) > LIMITS.bufferAgeSeconds) bad('buffered rows wait more than five minutes');
  if (standing.told?.health === 'Down') bad(`Salesforce has been told: Down, ${standing.told.reason}`);
  if ((standing.told?.ageSeconds ?? 0) > LIMITS.toldSeconds) {
    warning('Integration_Status__c in Salesforce is more than ten minutes old: does the flush run?');
  }
  for (const { window, percent } of standing.budget) {
    if (percent > LIMITS.percent) warning(`${percent} % of the API calls of this ${window} are used`);
  }
  if ((standing.org?.percent ?? 0) > LIMITS.percent)
    warning(`the org has used ${standing.org?.percent} % of its API calls`);
  // The customers of npm start live in the past, in a hurry.
  if (!standing.local && (lag.realtime?.p95 ?? 0) > LIMITS.lagMs)
    bad('one urgent change in twenty is more than five minutes late');
  if (standing.lastEvent === null) warning('no event in the last day');
  else if (standing.lastEvent.ageSeconds > LIMITS.silentSeconds) warning('no event for more than six hours');
  for (const { what, why } of standing.unread) bad(`${what} was not read: ${why}`);
  return found.sort((a, b) => (a.level === b.level ? 0 : a.level === 'bad' ? -1 : 1));
}
