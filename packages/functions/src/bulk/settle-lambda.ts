import { instrument } from '../adapters/instrument.ts';
import { letterSink } from '../adapters/queues.ts';
import { link } from '../adapters/resources.ts';
import { HeldInput } from './flush-state.ts';
import { flushStep } from './flush-step.ts';
import { flushWorld } from './flush-world.ts';
import { type SettleLine, settle } from './settle.ts';

// Once per cold start.
const instruments = instrument('SettleBatch', 'bulk');
const world = flushWorld(instruments);
const parked = letterSink(link('BulkParkedQueue').url);

function tell(line: SettleLine): void {
  instruments.log[levelOf(line)]('settle', line);
}

function levelOf(line: SettleLine): 'info' | 'warn' | 'error' | 'critical' {
  // Rows that Salesforce did not list either: nobody sees them there.
  if (line.outcome === 'settled') return line.untold > 0 ? 'critical' : 'info';
  if (line.outcome === 'parked') return 'error';
  return line.outcome === 'given back' ? 'warn' : 'info';
}

/** Called by the state `Settle`. */
export const handler = flushStep(instruments, 'settle', HeldInput, async (state) =>
  settle(state, { ...(await world()), parked, log: tell }),
);
