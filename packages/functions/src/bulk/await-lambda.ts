import { instrument } from '../adapters/instrument.ts';
import { awaitJob } from './await.ts';
import { WrittenState } from './flush-state.ts';
import { flushStep } from './flush-step.ts';
import { flushWorld } from './flush-world.ts';

// Once per cold start.
const instruments = instrument('Await', 'bulk');
const world = flushWorld(instruments);

/** Called by the state `Await`. */
export const handler = flushStep(instruments, 'await', WrittenState, async (state) => {
  const result = await awaitJob(state, await world());
  instruments.log.info('await', result);
  return result;
});
