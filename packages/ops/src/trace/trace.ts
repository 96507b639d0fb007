import * as v from 'valibot';
import { command } from '../frame/command.ts';
import { InstantSchema, instantMs } from '../frame/instant.ts';
import { WrongUsage } from '../frame/problem.ts';
import { printTrace } from './print-trace.ts';
import { subjectOf } from './subject.ts';

export const traceCommand = command({
  name: 'trace',
  summary: 'Tells the whole story of one event or object',
  detail:
    'Received, lane, execution or batch, API call, row, outcome, with times and a link to each execution. Searches the logs of the\nfunctions: of an event from when Stripe made it, of an object the last three days. Exit code 1: something about it failed\nor was never received.',
  arguments: [
    { name: '<id>', description: 'evt_, sub_, pi_, cus_, in_, cs_ … of Stripe, or the id of a record in Salesforce' },
  ],
  options: [{ flags: '--since <time>', description: 'look this far back: a time, a day or an age' }],
  examples: [
    ['trace evt_1PqRsT --stage production', 'Where is this event?'],
    ['trace sub_1PqRsT --stage production --since 7d', 'Every event about a subscription, and its row.'],
    ['trace a0B5g000001XyZa --stage production --json', 'What does this record come from?'],
  ],
  input: v.object({ id: v.string(), since: v.optional(InstantSchema) }),
  run: async ({ id, since }, context) => {
    if (subjectOf(id) === null) throw new WrongUsage(`${id} is an id of neither Stripe nor Salesforce`);
    const { find, traceWorld } = await import('./find.ts');
    const nowMs = context.io.nowMs();
    const sinceMs = since === undefined ? null : instantMs(since, nowMs);
    const trace = await find(id, traceWorld(await context.deployment()), { nowMs, sinceMs });
    const open = trace.failures.some(({ status }) => status === 'Open');
    return {
      data: trace,
      text: (paint) => printTrace(trace, paint),
      wrong:
        open ||
        trace.unread.length > 0 ||
        trace.stories.some(({ ending }) => ending === 'parked') ||
        (trace.stories.length === 0 && trace.rows.length === 0),
    };
  },
});
