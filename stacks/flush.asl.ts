/**
 * The flush machine: one object after another, parents before children. Plain JSONPath data.
 *
 *   Take → (nothing: next object) → Write → (Bulk: Wait → Await until the job ended) → Read → Settle → (more: Take)
 *   and after all objects: Report
 *
 * Each function gets the state of its object and returns the next one whole: identifiers and counters only, since rows
 * stay in Redis and a state may hold 256 KiB. One object's failure does not stop the others; the execution then fails at
 * its end so that operators see it; it lets go of the object, so that the next minute's Take resumes the batch.
 */
import { aslRetry, FLUSH_RETRIERS } from '../packages/core/src/retry-policy.ts';

const RETRY = aslRetry(FLUSH_RETRIERS);

const CATCH = [
  { ErrorEquals: ['BudgetWait'], ResultPath: '$.error', Next: 'Waits' },
  { ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Failed' },
];

/** Longer than the functions' own 120 s. */
const TASK_SECONDS = 125;

const step = (name: string, next: string, payload: object = { 'Payload.$': '$' }) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Parameters: { FunctionName: `\${${name}}`, ...payload },
  OutputPath: '$.Payload',
  TimeoutSeconds: TASK_SECONDS,
  Retry: RETRY,
  Catch: CATCH,
  Next: next,
});

export const flushMachine = {
  Comment: 'Writes what the buffer holds to Salesforce in batches.',
  StartAt: 'Each object',
  TimeoutSeconds: 3_600,
  States: {
    'Each object': {
      Type: 'Map',
      ItemsPath: '$.objects',
      ItemSelector: { 'object.$': '$$.Map.Item.Value' },
      MaxConcurrency: 1,
      ItemProcessor: {
        ProcessorConfig: { Mode: 'INLINE' },
        StartAt: 'Take',
        States: {
          // The execution holds the object's lease.
          Take: step('Take', 'Anything?', {
            Payload: { 'object.$': '$.object', 'execution.$': '$$.Execution.Id' },
          }),
          'Anything?': {
            Type: 'Choice',
            Choices: [{ Variable: '$.outcome', StringEquals: 'nothing', Next: 'Done' }],
            Default: 'Write',
          },
          Write: step('Write', 'Ended?'),
          'Ended?': {
            Type: 'Choice',
            Choices: [{ Variable: '$.done', BooleanEquals: true, Next: 'Read' }],
            Default: 'Wait',
          },
          Wait: { Type: 'Wait', SecondsPath: '$.waitSeconds', Next: 'Await' },
          Await: step('Await', 'Ended?'),
          Read: step('Read', 'Settle'),
          Settle: step('Settle', 'More?'),
          'More?': {
            Type: 'Choice',
            Choices: [{ Variable: '$.more', BooleanEquals: true, Next: 'Take' }],
            Default: 'Done',
          },
          Done: { Type: 'Pass', Parameters: { outcome: 'done' }, End: true },
          // No calls left, or Salesforce is away: nothing is wrong with this flush. A later one resumes the batch.
          Waits: {
            Type: 'Pass',
            Parameters: { outcome: 'waits', 'object.$': '$.object', 'error.$': '$.error.Cause' },
            Next: 'Release',
          },
          Failed: {
            Type: 'Pass',
            Parameters: { outcome: 'failed', 'object.$': '$.object', 'error.$': '$.error.Error' },
            Next: 'Release',
          },
          // Else nobody could go on with the batch until the lease runs out, minutes after Salesforce is back.
          Release: {
            Type: 'Task',
            Resource: 'arn:aws:states:::lambda:invoke',
            Parameters: {
              FunctionName: '${Release}',
              Payload: { 'object.$': '$.object', 'execution.$': '$$.Execution.Id' },
            },
            ResultPath: null,
            TimeoutSeconds: TASK_SECONDS,
            Retry: RETRY,
            Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.unreleased', Next: 'Unreleased' }],
            End: true,
          },
          Unreleased: { Type: 'Pass', End: true },
        },
      },
      ResultPath: '$.results',
      Next: 'Report',
    },
    // Tells Salesforce how the integration is, once a minute whichever flush comes first. The next one makes up for a
    // failure, so it is not tried again, and it fails no flush.
    Report: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Parameters: { FunctionName: '${Report}', Payload: { 'execution.$': '$$.Execution.Id' } },
      ResultPath: null,
      TimeoutSeconds: TASK_SECONDS,
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.report', Next: 'Which failed?' }],
      Next: 'Which failed?',
    },
    // Not a filter expression: the local interpreter refuses one that matches nothing, where AWS gives [].
    'Which failed?': {
      Type: 'Pass',
      Parameters: { 'failed.$': "States.ArrayContains($.results[*].outcome, 'failed')", 'results.$': '$.results' },
      Next: 'Any failed?',
    },
    'Any failed?': {
      Type: 'Choice',
      Choices: [{ Variable: '$.failed', BooleanEquals: true, Next: 'Incomplete' }],
      Default: 'Flushed',
    },
    Flushed: { Type: 'Succeed' },
    Incomplete: {
      Type: 'Fail',
      Error: 'FlushIncomplete',
      Cause: 'A batch could not be finished; the next flush resumes it.',
    },
  },
} as const;
