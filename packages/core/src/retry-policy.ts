/**
 * How often and when something is tried again. Plain data that imports nothing: the machines' ASL is made from it, and
 * what tells people about tries counts by it.
 */
export type Retrier = {
  /** Names of errors, or `States.ALL`; the first retrier that has the name counts. */
  readonly errors: readonly string[];
  /** Before the second try; doubled before each further one, up to `maxDelaySeconds`. */
  readonly intervalSeconds: number;
  readonly maxDelaySeconds?: number;
  readonly maxAttempts: number;
};

/** Before each further try of what failed by itself: a machine's step, a row of the bulk lane. Without jitter. */
export const RETRY_SECONDS = [2, 4, 8, 16, 32] as const;

const BY_ITSELF: Retrier = {
  errors: ['States.ALL'],
  intervalSeconds: RETRY_SECONDS[0],
  maxAttempts: RETRY_SECONDS.length,
};

/**
 * Of a step of a realtime machine.
 *   NeverRetry                     never
 *   BudgetWait, throttled Lambda   for more than three hours, at most a minute apart: an outage of two hours is waited for
 *                                  by the execution itself, and a minute is what it costs to notice that it is over
 *   ParentWait                     for an hour, at most a minute apart, which asks Redis alone while the parent is missing
 *   everything else                2, 4, 8, 16, 32 s; Lambda.Unknown (crash, time-out) included
 */
export const REALTIME_RETRIERS: readonly Retrier[] = [
  { errors: ['NeverRetry'], intervalSeconds: 1, maxAttempts: 0 },
  {
    errors: ['BudgetWait', 'Lambda.TooManyRequestsException'],
    intervalSeconds: 2,
    maxDelaySeconds: 60,
    maxAttempts: 200,
  },
  { errors: ['ParentWait'], intervalSeconds: 2, maxDelaySeconds: 60, maxAttempts: 64 },
  BY_ITSELF,
];

/**
 * Before each further try of a bulk row whose parent is missing: an hour in all. It is tried at once when the parent comes.
 */
export const ORPHAN_SECONDS = [2, 60, 300, 900, 2_400] as const;

/** Of a step of the flush machine. Bulk gives way to realtime and has the next minute: waiting long would only hold the lease. */
export const FLUSH_RETRIERS: readonly Retrier[] = [
  { errors: ['NeverRetry'], intervalSeconds: 1, maxAttempts: 0 },
  { errors: ['BudgetWait'], intervalSeconds: 5, maxDelaySeconds: 60, maxAttempts: 4 },
  BY_ITSELF,
];

/** The retriers in the Amazon States Language, in the order in which Step Functions reads them. */
export function aslRetry(retriers: readonly Retrier[]): readonly object[] {
  return retriers.map(({ errors, intervalSeconds, maxDelaySeconds, maxAttempts }) =>
    maxAttempts === 0
      ? { ErrorEquals: errors, MaxAttempts: 0 }
      : {
          ErrorEquals: errors,
          IntervalSeconds: intervalSeconds,
          BackoffRate: 2,
          ...(maxDelaySeconds === undefined ? {} : { MaxDelaySeconds: maxDelaySeconds }),
          MaxAttempts: maxAttempts,
          JitterStrategy: 'NONE',
        },
  );
}

/** How often a step was tried that ended with this error. */
export function triesOf(retriers: readonly Retrier[], error: string): number {
  return 1 + (retrierOf(retriers, error)?.maxAttempts ?? 0);
}

/** Seconds before each further try. */
export function delaysOf(retriers: readonly Retrier[], error: string): readonly number[] {
  const retrier = retrierOf(retriers, error);
  if (retrier === undefined) return [];
  const { intervalSeconds, maxDelaySeconds = Number.POSITIVE_INFINITY, maxAttempts } = retrier;
  return Array.from({ length: maxAttempts }, (_, tries) => Math.min(intervalSeconds * 2 ** tries, maxDelaySeconds));
}

function retrierOf(retriers: readonly Retrier[], error: string): Retrier | undefined {
  return retriers.find(({ errors }) => errors.includes(error) || errors.includes('States.ALL'));
}
