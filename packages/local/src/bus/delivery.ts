// One event to one target: first try, retries with growing pauses, then the dead-letter queue.
import { type BusGuesses, DEFAULT_GUESSES } from './guesses.ts';
import type { InFlight } from './in-flight.ts';
import type { Target } from './target.ts';

/** Thrown by `deliver`. The code goes into the dead letter's ERROR_CODE, the message into ERROR_MESSAGE. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError';
  /**
   * As EventBridge names them, for example `NO_PERMISSIONS`, `NO_RESOURCE`, `ERROR_FROM_TARGET`, `THROTTLING`,
   * `TIMEOUT`, `CONNECTION_FAILURE`, `INVALID_PARAMETER`.
   */
  readonly code: string;
  /** False for what no retry can mend: a missing permission, a target that is gone. */
  readonly retryable: boolean;

  constructor(code: string, message: string, options: ErrorOptions & { retryable: boolean }) {
    super(message, options);
    this.code = code;
    this.retryable = options.retryable;
  }
}

/** What accompanies a payload. */
export interface DeliveryContext {
  readonly busName: string;
  readonly ruleName: string;
  readonly ruleArn: string;
  readonly eventId: string;
  /** 0 for the first try. */
  readonly retry: number;
  readonly replayName?: string | undefined;
}

export interface DeadLetter {
  /** The event as it was on the bus, before any input transformation. */
  readonly body: string;
  /** Message attributes, all of type String. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** A CloudWatch metric of namespace AWS/Events. */
export interface BusMetric {
  readonly name:
    | 'MatchedEvents'
    | 'TriggeredRules'
    | 'Invocations'
    | 'FailedInvocations'
    | 'RetryInvocationAttempts'
    | 'InvocationsSentToDlq'
    | 'InvocationsFailedToBeSentToDlq';
  readonly value: number;
  readonly dimensions: { readonly EventBusName: string; readonly RuleName?: string };
}

export interface DeliveryOptions {
  /** Milliseconds since 1970. */
  clock(): number;
  /** Runs `task` after so many milliseconds; the result cancels it. */
  schedule(delayMs: number, task: () => void): () => void;
  /** 0 ≤ x < 1. */
  random(): number;
  /** Hands the payload to the target. Throws DeliveryError; anything else it throws counts as retryable. */
  deliver(target: Target, payload: string, context: DeliveryContext): Promise<void>;
  /** Sends to the queue with this ARN. */
  deadLetter(queueArn: string, letter: DeadLetter): Promise<void>;
  onMetric?(metric: BusMetric): void;
  /** Pause before the retry of that number, counted from 0. */
  retryDelay?(retry: number, random: () => number): number;
  /** Other answers to what AWS does not document. */
  readonly guesses?: Partial<BusGuesses> | undefined;
}

export interface Delivery {
  readonly target: Target;
  readonly payload: string;
  /** Envelope text for the dead letter. */
  readonly eventText: string;
  /** When the bus took the event; its age counts from here. Milliseconds since 1970. */
  readonly acceptedAt: number;
  readonly context: Omit<DeliveryContext, 'retry'>;
}

export const DEFAULT_MAX_AGE_SECONDS = 86_400;
export const DEFAULT_MAX_RETRIES = 185;

/**
 * AWS says "exponential back off and jitter" and no numbers. Guessed: 1, 2, 4 … s, at most 10 min, between half and all
 * of it. 185 retries then take about a day, which fits the default age.
 */
export function guessedRetryDelay(retry: number, random: () => number): number {
  return Math.min(1000 * 2 ** retry, 600_000) * (0.5 + random() / 2);
}

export type Exhausted = 'MaximumRetryAttempts' | 'MaximumEventAgeInSeconds';
export type Next = { readonly retryInMs: number } | { readonly exhausted: Exhausted | undefined };

/** What follows a failed try: a retry after a pause, or the end and which limit ended it. */
export function afterFailure(failure: {
  readonly retryable: boolean;
  readonly retriesDone: number;
  /** Milliseconds since the bus took the event. */
  readonly ageMs: number;
  readonly delayMs: number;
  readonly policy: Target['retryPolicy'];
  readonly ageLimit?: BusGuesses['ageLimit'];
}): Next {
  if (!failure.retryable) return { exhausted: undefined };
  if (failure.retriesDone >= (failure.policy?.maximumRetryAttempts ?? DEFAULT_MAX_RETRIES)) {
    return { exhausted: 'MaximumRetryAttempts' };
  }
  const maxAgeMs = (failure.policy?.maximumEventAgeInSeconds ?? DEFAULT_MAX_AGE_SECONDS) * 1000;
  const left = maxAgeMs - failure.ageMs;
  if (failure.delayMs <= left) return { retryInMs: failure.delayMs };
  if (failure.ageLimit === 'late' && left > 0) return { retryInMs: left };
  return { exhausted: 'MaximumEventAgeInSeconds' };
}

/** Delivers at least once, in no promised order. */
export class Deliveries {
  readonly #options: DeliveryOptions;
  readonly #guesses: BusGuesses;
  readonly #inFlight: InFlight;
  readonly #waiting = new Map<() => void, () => void>();
  #stopped = false;

  constructor(options: DeliveryOptions, inFlight: InFlight) {
    this.#options = options;
    this.#guesses = { ...DEFAULT_GUESSES, ...options.guesses };
    this.#inFlight = inFlight;
  }

  /** Starts a delivery. The result settles after the first try, and never rejects. */
  async start(delivery: Delivery): Promise<void> {
    const end = this.#inFlight.begin();
    // The publisher gets its answer before any target runs.
    await Promise.resolve();
    await this.#attempt(delivery, 0, end);
  }

  /** Starts nothing more and gives up waiting retries. Returns how many deliveries were given up. */
  stop(): number {
    this.#stopped = true;
    const givenUp = this.#waiting.size;
    for (const [cancel, end] of this.#waiting) {
      cancel();
      end();
    }
    this.#waiting.clear();
    return givenUp;
  }

  async #attempt(delivery: Delivery, retry: number, end: () => void): Promise<void> {
    try {
      await this.#options.deliver(delivery.target, delivery.payload, { ...delivery.context, retry });
    } catch (error) {
      await this.#failed(delivery, retry, error, end);
      return;
    }
    this.#count('Invocations', delivery);
    end();
  }

  async #failed(delivery: Delivery, retry: number, error: unknown, end: () => void): Promise<void> {
    const { clock, random, retryDelay = guessedRetryDelay } = this.#options;
    const next = afterFailure({
      retryable: !(error instanceof DeliveryError) || error.retryable,
      retriesDone: retry,
      ageMs: clock() - delivery.acceptedAt,
      delayMs: retryDelay(retry, random),
      policy: delivery.target.retryPolicy,
      ageLimit: this.#guesses.ageLimit,
    });
    if ('exhausted' in next) {
      this.#count('FailedInvocations', delivery);
      await this.#bury(delivery, retry, error, next.exhausted);
      end();
    } else if (this.#stopped) end();
    else this.#later(delivery, retry + 1, next.retryInMs, end);
  }

  #later(delivery: Delivery, retry: number, delayMs: number, end: () => void): void {
    const cancel = this.#options.schedule(delayMs, () => {
      this.#waiting.delete(cancel);
      this.#count('RetryInvocationAttempts', delivery);
      void this.#attempt(delivery, retry, end);
    });
    this.#waiting.set(cancel, end);
  }

  async #bury(delivery: Delivery, retries: number, error: unknown, exhausted: Exhausted | undefined): Promise<void> {
    const { target } = delivery;
    if (target.deadLetterArn === undefined) return;
    const attributes = {
      RULE_ARN: delivery.context.ruleArn,
      TARGET_ARN: target.arn,
      ERROR_CODE: error instanceof DeliveryError ? error.code : this.#guesses.untypedErrorCode,
      ERROR_MESSAGE: error instanceof Error ? error.message : String(error),
      ...(exhausted === undefined ? {} : { EXHAUSTED_RETRY_CONDITION: exhausted }),
      RETRY_ATTEMPTS: String(retries),
    };
    try {
      await this.#options.deadLetter(target.deadLetterArn, { body: delivery.eventText, attributes });
      this.#count('InvocationsSentToDlq', delivery);
    } catch {
      // EventBridge drops the event here, and only this metric says so.
      this.#count('InvocationsFailedToBeSentToDlq', delivery);
    }
  }

  #count(name: BusMetric['name'], { context }: Delivery): void {
    this.#options.onMetric?.({
      name,
      value: 1,
      dimensions: { EventBusName: context.busName, RuleName: context.ruleName },
    });
  }
}
