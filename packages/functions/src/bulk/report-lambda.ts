import { instrument } from '../adapters/instrument.ts';
import { flushStep } from './flush-step.ts';
import { flushWorld } from './flush-world.ts';
import { ReportInput, report } from './report.ts';

// Once per cold start.
const instruments = instrument('Report', 'bulk');
const world = flushWorld(instruments);

/** Called by the state `Report`. */
export const handler = flushStep(instruments, 'report', ReportInput, async (state) => {
  const result = await report(state, {
    ...(await world()),
    lost: (generation) => instruments.log.warn('redis lost', generation),
  });
  instruments.log.info('report', result);
  return result;
});
