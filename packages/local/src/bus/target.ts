import { limitExceeded, validation } from './events-error.ts';
import { compileInput, type TargetInput, type Transform } from './transformer.ts';

/** Where a rule sends events. */
export interface Target extends TargetInput {
  /** Unique in the rule: letters, digits and `.-_`, at most 64. */
  readonly id: string;
  readonly arn: string;
  /** Required by EventBridge for state machines. */
  readonly roleArn?: string | undefined;
  /** Ranges 60–86400 s and 0–185; defaults 86400 and 185. */
  readonly retryPolicy?:
    | { readonly maximumEventAgeInSeconds?: number | undefined; readonly maximumRetryAttempts?: number | undefined }
    | undefined;
  /** A standard SQS queue. Without one, events that cannot be delivered are dropped. */
  readonly deadLetterArn?: string | undefined;
  /** Required for FIFO queues. */
  readonly sqsParameters?: { readonly messageGroupId: string } | undefined;
}

/** A target together with what it does to an event. */
export interface ReadyTarget {
  readonly target: Target;
  readonly transform: Transform;
}

export const MAX_TARGETS = 5;

/** Throws ValidationException for a target EventBridge would not take. */
export function readyTarget(target: Target): ReadyTarget {
  if (!/^[.\-_A-Za-z0-9]{1,64}$/.test(target.id)) {
    throw validation(
      `1 validation error detected: Value '${target.id}' at 'targets.1.member.id' failed to satisfy constraint: ` +
        'Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+',
    );
  }
  if (!/^arn:[\w-]+:[\w-]+:/.test(target.arn)) {
    throw validation(`Parameter ${target.arn} is not valid. Reason: Provided Arn is not in correct format.`);
  }
  if (/^arn:[\w-]+:states:/.test(target.arn) && target.roleArn === undefined) {
    throw validation(`RoleArn is required for target ${target.arn}.`);
  }
  if (/^arn:[\w-]+:sqs:.*\.fifo$/.test(target.arn) && target.sqsParameters === undefined) {
    throw validation(`Parameter(s) SqsParameters must be specified for target: ${target.id}.`);
  }
  if (target.deadLetterArn?.endsWith('.fifo')) {
    throw validation(
      `Parameter DeadLetterConfig.Arn of target ${target.id} is not valid. Reason: The queue must be standard.`,
    );
  }
  inBounds('maximumEventAgeInSeconds', target.retryPolicy?.maximumEventAgeInSeconds, 60, 86_400);
  inBounds('maximumRetryAttempts', target.retryPolicy?.maximumRetryAttempts, 0, 185);
  return { target, transform: compileInput(target.id, target) };
}

/** Throws LimitExceededException when a rule would have more than five targets. */
export function checkTargetCount(count: number): void {
  if (count > MAX_TARGETS) throw limitExceeded();
}

function inBounds(name: string, value: number | undefined, lowest: number, highest: number): void {
  if (value === undefined) return;
  const bound = value < lowest ? `greater than or equal to ${lowest}` : `less than or equal to ${highest}`;
  if (value >= lowest && value <= highest) return;
  throw validation(
    `1 validation error detected: Value '${value}' at 'targets.1.member.retryPolicy.${name}' failed to satisfy ` +
      `constraint: Member must have value ${bound}`,
  );
}
