import { instrument } from '../adapters/instrument.ts';
import { TakeInput } from './flush-state.ts';
import { flushStep } from './flush-step.ts';
import { flushWorld } from './flush-world.ts';
import { take } from './take.ts';

// Once per cold start.
const instruments = instrument('Take', 'bulk');
const world = flushWorld(instruments);

/** Called by the state `Take`. */
export const handler = flushStep(instruments, 'take', TakeInput, async (state) => {
  const result = await take(state, {
    ...(await world()),
    lost: (generation) => instruments.log.warn('redis lost', generation),
    tell: (line) => instruments.log.warn('tie', line),
  });
  instruments.log.info('take', result);
  return result;
});
