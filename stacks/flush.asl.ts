/**
 * The flush machine (JSONPath, plain data): buffered rows go to Salesforce, object by object, parents before children.
 * Its input is `{"objects": [...]}`: all of them every minute, one when its buffer has grown large.
 *
 *   per object:  Take → Write → [Wait → Await]* → Read → Settle → Take again while rows are due
 *
 * Only names and counts travel (packages/functions/src/bulk/flush-state.ts); the rows stay in Redis under the batch.
 * `$.step.answer` is what the last function answered, and the whole input of the next one.
 */
import { RETRY } from './realtime.asl.ts';

/** As `WRITE_ORDER` in packages/core/src/record.ts: a test holds them equal. */
export const FLUSH_ORDER = [
  'Stripe_Customer__c',
  'Stripe_Subscription__c',
  'Payment_Transaction__c',
  'Pricing_Plan__c',
  'Pricing_Tier__c',
];

/** A function has 120 s. */
const TASK_SECONDS = 125;
/** An hour of waiting for budget and a bulk job that Salesforce takes its time for. */
const MACHINE_SECONDS = 14_400;

/** The batch stays as it is and the next Take resumes it, so another object's rows need not wait for it. */
const LEAVE = [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Left' }];

function task(functionName: string, payload: Readonly<Record<string, unknown>>, next: string) {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    TimeoutSeconds: TASK_SECONDS,
    Parameters: { FunctionName: functionName, ...payload },
    ResultSelector: { 'answer.$': '$.Payload' },
    ResultPath: '$.step',
    Retry: RETRY,
    Catch: LEAVE,
    Next: next,
  };
}

const LAST_ANSWER = { 'Payload.$': '$.step.answer' };
const TO_TAKE = { Payload: { 'object.$': '$.object', 'execution.$': '$.execution' } };

const ONE_OBJECT = {
  ProcessorConfig: { Mode: 'INLINE' },
  StartAt: 'Take',
  States: {
    Take: task('${Take}', TO_TAKE, 'Anything?'),
    'Anything?': {
      Type: 'Choice',
      Choices: [{ Variable: '$.step.answer.outcome', StringEquals: 'taken', Next: 'Write' }],
      Default: 'Flushed',
    },
    Write: task('${Write}', LAST_ANSWER, 'Landed?'),
    'Landed?': {
      Type: 'Choice',
      Choices: [{ Variable: '$.step.answer.done', BooleanEquals: true, Next: 'Read' }],
      Default: 'Wait',
    },
    Wait: { Type: 'Wait', SecondsPath: '$.step.answer.waitSeconds', Next: 'Await' },
    Await: task('${Await}', LAST_ANSWER, 'Landed?'),
    Read: task('${Read}', LAST_ANSWER, 'Settle'),
    Settle: task('${Settle}', LAST_ANSWER, 'More?'),
    'More?': {
      Type: 'Choice',
      Choices: [{ Variable: '$.step.answer.more', BooleanEquals: true, Next: 'Take' }],
      Default: 'Flushed',
    },
    Flushed: { Type: 'Pass', Parameters: { 'object.$': '$.object', outcome: 'flushed' }, End: true },
    Left: {
      Type: 'Pass',
      Parameters: { 'object.$': '$.object', outcome: 'left', 'error.$': '$.error.Error' },
      End: true,
    },
  },
};

export const FLUSH = {
  Comment: 'Buffered rows become Salesforce rows in bulk',
  StartAt: 'Objects',
  TimeoutSeconds: MACHINE_SECONDS,
  States: {
    Objects: {
      Type: 'Map',
      ItemsPath: '$.objects',
      ItemSelector: { 'object.$': '$$.Map.Item.Value', 'execution.$': '$$.Execution.Id' },
      MaxConcurrency: 1,
      ItemProcessor: ONE_OBJECT,
      ResultPath: '$.results',
      Next: 'Sum up',
    },
    'Sum up': {
      Type: 'Pass',
      Parameters: { 'left.$': "States.ArrayContains($.results[*].outcome, 'left')", 'results.$': '$.results' },
      Next: 'All flushed?',
    },
    'All flushed?': {
      Type: 'Choice',
      Choices: [{ Variable: '$.left', BooleanEquals: true, Next: 'Rows left' }],
      Default: 'Done',
    },
    Done: { Type: 'Succeed' },
    'Rows left': {
      Type: 'Fail',
      Error: 'RowsLeft',
      Cause: 'At least one object could not be flushed; its batch is kept and the next run resumes it. See $.results.',
    },
  },
};
