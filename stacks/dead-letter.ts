/** The queues of last resort: fourteen days, encrypted, kept when production is removed. */
import { prefix, production } from './stage.ts';
import { KEPT_SECONDS } from './waiting.ts';

const made: { readonly name: string; readonly queue: aws.sqs.Queue }[] = [];

/** Every dead-letter queue of the app, for one alarm each. */
export function deadLetterQueues(): readonly { readonly name: string; readonly queue: aws.sqs.Queue }[] {
  return made;
}

export function deadLetterQueue(name: string): aws.sqs.Queue {
  const queue = new aws.sqs.Queue(
    name,
    {
      name: `${prefix}-${name}`,
      messageRetentionSeconds: KEPT_SECONDS,
      sqsManagedSseEnabled: true,
      receiveWaitTimeSeconds: 20,
    },
    { retainOnDelete: production },
  );
  made.push({ name, queue });
  return queue;
}

/** Lets these rules, and no other, send to a queue. An ARN may end with `*`. */
export function allowRules(name: string, queue: aws.sqs.Queue, ruleArns: $util.Input<string>[]): void {
  new aws.sqs.QueuePolicy(`${name}Policy`, {
    queueUrl: queue.url,
    policy: aws.iam.getPolicyDocumentOutput({
      statements: [
        {
          actions: ['sqs:SendMessage'],
          resources: [queue.arn],
          principals: [{ type: 'Service', identifiers: ['events.amazonaws.com'] }],
          conditions: [{ test: 'ArnLike', variable: 'aws:SourceArn', values: ruleArns }],
        },
      ],
    }).json,
  });
}
