import { StripeError } from './stripe-error.ts';

/** Answers are kept for at least a day; here for exactly one. */
const KEPT_MS = 86_400_000;
const LONGEST_KEY = 255;

type Kept<A> = {
  readonly fingerprint: string;
  readonly at: number;
  /** Null while the first call is under way. */
  answer: A | null;
};

/** What became of earlier POSTs, by their Idempotency-Key. */
export type IdempotencyKeys<A> = {
  /**
   * The kept answer of an earlier call; null: this call is the first, and holds the key until `keep` or `release`.
   * Throws the StripeError for other parameters (400) and for a call that is under way (409).
   */
  claim(key: string, fingerprint: string): A | null;
  keep(key: string, answer: A): void;
  /** Work never began: the key is as new. */
  release(key: string): void;
};

/** `clock`: milliseconds since 1970. Expired keys are swept when a new one comes. */
export function openIdempotencyKeys<A>(clock: () => number): IdempotencyKeys<A> {
  const kept = new Map<string, Kept<A>>();
  const sweep = (now: number): void => {
    // In order of arrival: the first one that is young enough ends the search.
    for (const [key, { at, answer }] of kept) {
      if (now - at < KEPT_MS) return;
      if (answer !== null) kept.delete(key);
    }
  };
  return {
    claim: (key, fingerprint) => {
      if (key.length > LONGEST_KEY) {
        throw new StripeError(
          400,
          'Idempotency keys may be at most 255 characters long.',
          { type: 'idempotency_error' },
          false,
        );
      }
      const now = clock();
      sweep(now);
      const earlier = kept.get(key);
      if (earlier === undefined) {
        kept.set(key, { fingerprint, at: now, answer: null });
        return null;
      }
      if (earlier.fingerprint !== fingerprint) {
        throw new StripeError(
          400,
          `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
          { type: 'idempotency_error' },
          false,
        );
      }
      if (earlier.answer === null) {
        throw new StripeError(
          409,
          `There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${key}. Please try again later.`,
          { type: 'idempotency_error', code: 'idempotency_key_in_use' },
          false,
        );
      }
      return earlier.answer;
    },
    keep: (key, answer) => {
      const entry = kept.get(key);
      if (entry !== undefined) entry.answer = answer;
    },
    release: (key) => {
      kept.delete(key);
    },
  };
}
