import * as v from 'valibot';

/**
 * EventBridge's word about an execution that ended, as text of a queue's message
 * (docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html). A long input is left out there.
 */
export const ExecutionNotice = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    detail: v.object({
      executionArn: v.string(),
      stateMachineArn: v.string(),
      name: v.string(),
      status: v.picklist(['FAILED', 'TIMED_OUT', 'ABORTED']),
      startDate: v.number(),
      stopDate: v.nullish(v.number(), null),
      input: v.nullish(v.string(), null),
      error: v.nullish(v.string(), null),
      cause: v.nullish(v.string(), null),
    }),
  }),
);
