/**
 * One realtime machine: Claim → Sync → Settle, Catch → Park. Plain JSONPath data; the stack puts the functions' ARNs in
 * place of `${Claim}` and so on. Retries are core's retry-policy.ts. The names of errors are literals because a minifier may
 * rename classes; failure.ts sets them as literals too.
 */
import { aslRetry, REALTIME_RETRIERS } from '../packages/core/src/retry-policy.ts';

const RETRY = aslRetry(REALTIME_RETRIERS);

const CATCH = [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Park' }];

/** Longer than the functions' own 30 s, so that a time-out is theirs and has their name. */
const TASK_SECONDS = 35;

export const realtimeMachine = {
  Comment: 'One urgent Stripe event: claim it, write it to Salesforce in one composite call, settle it.',
  StartAt: 'Claim',
  // Longer than a step waits for an outage (three and a quarter hours), each of its 200 tries at its longest included.
  TimeoutSeconds: 21_600,
  States: {
    Claim: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Parameters: { FunctionName: '${Claim}', Payload: { 'event.$': '$', 'execution.$': '$$.Execution.Id' } },
      ResultSelector: { 'outcome.$': '$.Payload.outcome' },
      ResultPath: '$.claim',
      TimeoutSeconds: TASK_SECONDS,
      Retry: RETRY,
      Catch: CATCH,
      Next: 'Duplicate?',
    },
    'Duplicate?': {
      Type: 'Choice',
      Choices: [
        { Variable: '$.claim.outcome', StringEquals: 'duplicate', Next: 'Duplicate' },
        { Variable: '$.claim.outcome', StringEquals: 'shed', Next: 'Shed' },
      ],
      Default: 'Sync',
    },
    Duplicate: { Type: 'Succeed' },
    // Calls are short: the event went to the bulk lane.
    Shed: { Type: 'Succeed' },
    Sync: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Parameters: { FunctionName: '${Sync}', Payload: { 'event.$': '$', 'execution.$': '$$.Execution.Id' } },
      ResultSelector: { 'result.$': '$.Payload' },
      ResultPath: '$.sync',
      TimeoutSeconds: TASK_SECONDS,
      Retry: RETRY,
      Catch: CATCH,
      Next: 'Settle',
    },
    Settle: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Parameters: {
        FunctionName: '${Settle}',
        Payload: { 'event.$': '$', 'execution.$': '$$.Execution.Id', 'sync.$': '$.sync.result' },
      },
      ResultPath: null,
      OutputPath: '$.sync.result',
      TimeoutSeconds: TASK_SECONDS,
      Retry: RETRY,
      Catch: CATCH,
      End: true,
    },
    Park: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Parameters: {
        FunctionName: '${Park}',
        Payload: { 'event.$': '$', 'execution.$': '$$.Execution.Id', 'error.$': '$.error' },
      },
      ResultPath: '$.park',
      TimeoutSeconds: TASK_SECONDS,
      Retry: [
        { ErrorEquals: ['States.ALL'], IntervalSeconds: 2, BackoffRate: 2, MaxAttempts: 3, JitterStrategy: 'NONE' },
      ],
      // Even when Park itself fails the execution has to end with the reason that brought it here.
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.park', Next: 'Parked' }],
      Next: 'Parked',
    },
    Parked: { Type: 'Fail', ErrorPath: '$.error.Error', CausePath: '$.error.Cause' },
  },
} as const;
