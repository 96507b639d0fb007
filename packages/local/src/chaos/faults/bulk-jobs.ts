/** Bulk API 2.0 jobs that are slow, fail half way, are aborted, or refuse some of their rows for now. */
import type { PresetInput } from '../../salesforce/fault-requests.ts';
import type { Fault } from '../injection.ts';
import { often, throughout } from '../places.ts';

export const bulkJobs: Fault = {
  name: 'bulk-jobs',
  what: 'a Bulk job is slow, fails half way, is aborted, or leaves single rows',
  plan: (story, random) => {
    const customers = story.events.flatMap(({ type, data }) =>
      type === 'customer.created' && typeof data.object.id === 'string' ? [data.object.id] : [],
    );
    return throughout(story, random, often(story, 3, 100), (at) => {
      const rowsFirst = random.between(0, 4);
      const locked = random.pick(customers);
      const [what, preset]: readonly [string, PresetInput] = random.pick([
        [
          `fails after ${rowsFirst} rows`,
          { preset: 'jobFail', errorMessage: 'InternalServerError : Unknown exception', rowsFirst },
        ],
        [`is aborted after ${rowsFirst} rows`, { preset: 'jobAbort', rowsFirst }],
        ['takes 15 s longer', { preset: 'jobSlow', ms: 15_000 }],
        ['is looked at twice before it starts', { preset: 'jobStuck', polls: 2 }],
        [
          `finds ${locked} locked`,
          {
            preset: 'partialFailures',
            object: 'Stripe_Customer__c',
            rows: { [locked]: { code: 'UNABLE_TO_LOCK_ROW', message: 'unable to obtain exclusive access' } },
          },
        ],
      ]);
      return { at, what: `a job ${what}`, strike: (storm) => storm.bulkJob(preset) };
    });
  },
};
