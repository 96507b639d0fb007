/** Everything that can go wrong in a storm, in the order of `--faults list`. */
import { bulkJobs } from './faults/bulk-jobs.ts';
import { disorder, duplicates } from './faults/deliveries.ts';
import { clocks, deaths } from './faults/functions.ts';
import { putEvents, redelivery } from './faults/messages.ts';
import { poisonedEvent, poisonedRow } from './faults/poison.ts';
import { failover, flush, lag, loss } from './faults/redis.ts';
import { cuts, limits, locks, sessions, slowness, unavailable } from './faults/salesforce.ts';
import { secretRoll } from './faults/secrets.ts';
import { stripeErrors, stripeLimits } from './faults/stripe.ts';
import type { Fault } from './injection.ts';

export const CATALOGUE: readonly Fault[] = [
  duplicates,
  disorder,
  deaths,
  clocks,
  redelivery,
  putEvents,
  failover,
  flush,
  loss,
  lag,
  unavailable,
  limits,
  locks,
  sessions,
  cuts,
  slowness,
  bulkJobs,
  stripeLimits,
  stripeErrors,
  poisonedEvent,
  poisonedRow,
  secretRoll,
];

/** `all`, or names; throws a RangeError that lists what there is. */
export function faultsNamed(names: string): readonly Fault[] {
  if (names === 'all') return CATALOGUE;
  return names.split(',').map((name) => {
    const found = CATALOGUE.find((fault) => fault.name === name.trim());
    if (found !== undefined) return found;
    throw new RangeError(`there is no fault "${name}": choose from ${CATALOGUE.map((fault) => fault.name).join(', ')}`);
  });
}
