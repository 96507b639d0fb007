import { instrument } from '../adapters/instrument.ts';
import { TakeInput } from './flush-state.ts';
import { flushStep } from './flush-step.ts';
import { flushWorld } from './flush-world.ts';
import { release } from './release.ts';

// Once per cold start.
const instruments = instrument('Release', 'bulk');
const world = flushWorld(instruments);

/** Called by the state `Release`. */
export const handler = flushStep(instruments, 'release', TakeInput, async (state) => {
  const result = await release(state, await world());
  instruments.log.info('release', result);
  return result;
});
