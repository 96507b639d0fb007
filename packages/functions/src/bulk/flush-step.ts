import * as v from 'valibot';
import type { Instrument } from '../adapters/instrument.ts';
import { crossing } from '../realtime/crossing.ts';
import { tellFailure } from '../realtime/step.ts';

/** What is said on every line of a step, as far as the state has it. Take and Release have the execution, the others its name. */
const Said = v.object({
  execution: v.optional(v.string()),
  executionName: v.optional(v.string()),
  object: v.optional(v.string()),
  batchId: v.optional(v.string()),
});

/**
 * A step of the flush machine as a handler: parses, puts batch and execution on every line, tells a failure. The
 * execution's name goes into the next state by itself.
 */
export function flushStep<State, Result extends object>(
  { log, about, count, around }: Instrument,
  step: 'take' | 'write' | 'await' | 'read' | 'settle' | 'release' | 'report',
  schema: v.GenericSchema<unknown, State>,
  run: (state: State) => Promise<Result>,
): (input: unknown) => Promise<Result & { readonly executionName: string }> {
  return around(async (received) => {
    try {
      const said = v.parse(Said, received);
      const executionName = said.executionName ?? said.execution?.split(':').at(-1) ?? '';
      about({ executionName, object: said.object, batchId: said.batchId });
      return { ...(await run(v.parse(schema, received))), executionName };
    } catch (error) {
      const failure = crossing(error);
      tellFailure(failure, { step, lane: 'bulk' }, { log, count });
      throw failure;
    }
  });
}
