import { instrument } from '../adapters/instrument.ts';
import { TakeInput } from './flush-state.ts';
import { flushStep } from './flush-step.ts';
import { flushWorld } from './flush-world.ts';
import { take } from './take.ts';

// Once per cold start.
const instruments = instrument('Take', 'bulk');
const world = flushWorld(instruments);

/** Called by the state `Take`. */
export const handler = flushStep(instruments, 'take', TakeInput, async (state) =>
  take(state, {
    ...(await world()),
    lost: (generation) => instruments.logger.error('redis lost', generation),
  }),
);
