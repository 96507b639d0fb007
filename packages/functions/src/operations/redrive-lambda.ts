import { instrument } from '../adapters/instrument.ts';
import { executions } from '../adapters/machines.ts';
import { letterBox } from '../adapters/queues.ts';
import { link } from '../adapters/resources.ts';
import { redrive } from './redrive.ts';

// Once per cold start.
const { log, count, around } = instrument('Redrive', 'operations');
const nowMs = () => Date.now();
const failed = letterBox(link('FailedExecutionsQueue').url);
const machineArns = link('RealtimeMachines').arns;
const start = executions();

/** Under the function's 55 s (stacks/operations.ts), with time left to give messages back. */
const RUN_MS = 40_000;

/** Called each minute by the schedule. */
export const handler = around(() =>
  redrive({
    ...{ failed, executions: start, machineArns, nowMs },
    stopAtMs: nowMs() + RUN_MS,
    log: (line) => log.info('redrive', line),
    count,
  }),
);
