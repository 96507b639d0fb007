import { instrument } from '../adapters/instrument.ts';
import { HeldInput } from './flush-state.ts';
import { flushStep } from './flush-step.ts';
import { flushWorld } from './flush-world.ts';
import { type SettleLine, settle } from './settle.ts';

// Once per cold start.
const instruments = instrument('SettleBatch', 'bulk');
const world = flushWorld(instruments);

function log(line: SettleLine): void {
  if (line.outcome === 'parked') instruments.logger.error('settle', line);
  else instruments.logger.info('settle', line);
}

/** Called by the state `Settle`. */
export const handler = flushStep(instruments, 'settle', HeldInput, async (state) =>
  settle(state, { ...(await world()), log }),
);
