import type { BusGuesses } from '../bus/guesses.ts';
import type { QueueGuesses } from '../queues/guesses.ts';
import type { SecretGuesses } from '../secrets/guesses.ts';
import type { StatesGuesses } from '../states/guesses.ts';

/** The switches of every AWS service on this machine; what is left out stays as its own file says. */
export type AwsGuesses = {
  readonly bus?: Partial<BusGuesses>;
  readonly queues?: Partial<QueueGuesses>;
  readonly secrets?: Partial<SecretGuesses>;
  readonly states?: Partial<StatesGuesses>;
};
