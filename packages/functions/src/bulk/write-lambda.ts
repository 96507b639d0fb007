import { instrument } from '../adapters/instrument.ts';
import { HeldInput } from './flush-state.ts';
import { flushStep } from './flush-step.ts';
import { flushWorld } from './flush-world.ts';
import { write } from './write.ts';

// Once per cold start.
const instruments = instrument('Write', 'bulk');
const world = flushWorld(instruments);

/** Called by the state `Write`. */
export const handler = flushStep(instruments, 'write', HeldInput, async (state) => {
  const result = await write(state, await world());
  instruments.log.info('write', result);
  return result;
});
