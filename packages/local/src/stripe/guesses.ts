/** What Stripe does not document, as switches of `openAccount`. The defaults are our guesses. */
export type StripeGuesses = {
  /** An answer that names a missing object: kept for its idempotency key, or the key is as new. */
  readonly missingForKey: 'kept' | 'released';
  /** Parameters that a newer version removed, in calls without a Stripe-Version: taken as from an old account, or not. */
  readonly removedParameters: 'takenWithoutVersion' | 'refused';
  /** Event types younger than a webhook endpoint's version: it isn't told of them, or is like any other. */
  readonly youngerTypes: 'withheld' | 'sent';
  /** `resources` of the EventBridge envelope: the partner event source, or nothing. */
  readonly partnerResources: 'eventSource' | 'none';
  /** `reason` of a thin notification: there when an API call was the cause, or never. */
  readonly thinReason: 'ofCalls' | 'never';
  /** A list that goes on after an object that was deleted meanwhile: refused like an unknown one, or taken. */
  readonly deletedCursor: 'refused' | 'taken';
  /** Messages of refusals, most of which nobody recorded: likely words, or none, so that whoever reads words fails. */
  readonly words: 'likely' | 'withheld';
};

export const DEFAULT_GUESSES: StripeGuesses = {
  missingForKey: 'kept',
  removedParameters: 'takenWithoutVersion',
  youngerTypes: 'withheld',
  partnerResources: 'eventSource',
  thinReason: 'ofCalls',
  deletedCursor: 'refused',
  words: 'likely',
};
