import { instrument } from '../adapters/instrument.ts';
import { WrittenState } from './flush-state.ts';
import { flushStep } from './flush-step.ts';
import { flushWorld } from './flush-world.ts';
import { read } from './read.ts';

// Once per cold start.
const instruments = instrument('Read', 'bulk');
const world = flushWorld(instruments);

/** Called by the state `Read`. */
export const handler = flushStep(instruments, 'read', WrittenState, async (state) => {
  const result = await read(state, await world());
  instruments.log.info('read', result);
  return result;
});
