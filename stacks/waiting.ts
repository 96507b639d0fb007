/**
 * Where events and messages wait, for how long, and how often each is tried. Plain data: the stacks deploy it, and
 * `payments-ops doctor` asks whether what is deployed still says so.
 */

/** Fourteen days, the most that SQS keeps a message. */
export const KEPT_SECONDS = 1_209_600;

export const ARCHIVE_DAYS = 30;

/** How EventBridge tries a target; the names are its own. */
export type Tries = { readonly maximumEventAgeInSeconds: number; readonly maximumRetryAttempts: number };

/** An urgent event that waited an hour for its execution is an operator's. */
export const URGENT_TRIES: Tries = { maximumEventAgeInSeconds: 3_600, maximumRetryAttempts: 30 };

/** The most that EventBridge tries. */
export const PATIENT_TRIES: Tries = { maximumEventAgeInSeconds: 86_400, maximumRetryAttempts: 185 };

/** Of schedules: the next run makes up for a start that was missed. */
export const ONE_TRY: Tries = { maximumEventAgeInSeconds: 60, maximumRetryAttempts: 0 };

const AGGREGATE_SECONDS = 60;

/** The queue of the bulk lane, and how its messages come to the aggregator. */
export const BULK = {
  aggregateSeconds: AGGREGATE_SECONDS,
  /** Lambda's rule: six times the function's time-out, and the window. */
  hiddenSeconds: 6 * AGGREGATE_SECONDS + 60,
  /** A message that waits (for Redis, Stripe, its turn) costs a receive as well: as long as an urgent event waits, 3.5 hours. */
  receives: 30,
  /** Five seconds gather enough under load; sixty would be the larger part of a quiet event's way. */
  windowSeconds: 5,
  /** Few enough that all can be read from Stripe in one run, ten at once. */
  batchSize: 200,
  concurrency: 5,
} as const;
