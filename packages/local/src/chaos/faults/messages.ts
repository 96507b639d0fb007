/** The bus does not take an event, or takes it and does not say so; the queue delivers again what was handled. */
import type { Fault } from '../injection.ts';
import { often, throughout, times } from '../places.ts';

export const putEvents: Fault = {
  name: 'put-events',
  what: 'PutEvents refuses the entry, fails, or publishes and loses the answer',
  plan: (story, random) =>
    throughout(story, random, often(story, 4, 100), (at) => {
      const effect = random.pick(['entry refused', 'error', 'answer lost'] as const);
      const code = random.pick(['InternalFailure', 'ThrottlingException'] as const);
      const count = random.between(1, 4);
      return {
        at,
        what: `${effect} with ${code} ${times(count)}`,
        strike: (storm) => storm.aws({ of: 'PutEvents', effect, code, times: count }),
      };
    }),
};

export const redelivery: Fault = {
  name: 'sqs-redelivery',
  what: 'SQS delivers messages again that were handled',
  plan: (story, random) =>
    throughout(story, random, often(story, 2, 150), (at) => {
      const count = random.between(1, 8);
      return {
        at,
        what: `${count} messages come again`,
        strike: (storm) => storm.aws({ of: 'queue', name: '-Bulk', effect: 'delivered again', times: count }),
      };
    }),
};
