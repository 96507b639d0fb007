/**
 * One realtime machine: Claim → Sync → Settle, Catch → Park. Plain JSONPath data that imports nothing; the stack puts
 * the functions' ARNs in place of `${Claim}` and so on.
 *
 * Retries, in the order in which Step Functions reads them:
 *   NeverRetry                     never
 *   BudgetWait, throttled Lambda   up to 60 times, at most a minute apart: an outage must not use up the attempts
 *   everything else                2, 4, 8, 16, 32 s without jitter; Lambda.Unknown (crash, time-out) included
 * The names are literals because a minifier may rename classes; failure.ts sets them as literals too.
 */
const RETRY = [
  { ErrorEquals: ['NeverRetry'], MaxAttempts: 0 },
  {
    ErrorEquals: ['BudgetWait', 'Lambda.TooManyRequestsException'],
    IntervalSeconds: 2,
    BackoffRate: 2,
    MaxDelaySeconds: 60,
    MaxAttempts: 60,
    JitterStrategy: 'NONE',
  },
  { ErrorEquals: ['States.ALL'], IntervalSeconds: 2, BackoffRate: 2, MaxAttempts: 5, JitterStrategy: 'NONE' },
];

const CATCH = [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Park' }];

/** Longer than the functions' own 30 s, so that a time-out is theirs and has their name. */
const TASK_SECONDS = 35;

export const realtimeMachine = {
  Comment: 'One urgent Stripe event: claim it, write it to Salesforce in one composite call, settle it.',
  StartAt: 'Claim',
  TimeoutSeconds: 14_400,
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
      Choices: [{ Variable: '$.claim.outcome', StringEquals: 'duplicate', Next: 'Duplicate' }],
      Default: 'Sync',
    },
    Duplicate: { Type: 'Succeed' },
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
