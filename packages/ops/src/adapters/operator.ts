import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { SObjectName } from '@payments/core/record';
import { chunks } from '@payments/functions/adapters/batches';
import { ForgetAnswer, MOST_KEYS, PutBackAnswer, StandingAnswer } from '@payments/functions/operations/operator';
import * as v from 'valibot';
import type { Deployment } from '../deployment/deployment.ts';
import { NotReached } from '../frame/problem.ts';

/** The function beside Redis, which no operator's machine reaches on AWS. */
export type Operator = {
  readonly standing: () => Promise<v.InferOutput<typeof StandingAnswer>>;
  /** Bodies of messages of BulkParked, at most 50 and 5 MB; what became of each, in their order. */
  readonly putBack: (letters: readonly string[]) => Promise<v.InferOutput<typeof PutBackAnswer>['outcomes']>;
  /** What the bulk lane last sent for these rows is not what Salesforce has: nothing may be left out as equal to it. */
  readonly forget: (object: SObjectName, keys: readonly string[]) => Promise<void>;
};

const Failure = v.object({ errorType: v.optional(v.string(), ''), errorMessage: v.optional(v.string(), '') });

export function operatorOf(deployment: Deployment): Operator {
  const client = new LambdaClient(deployment.aws);
  const FunctionName = `${deployment.prefix}-OperatorFunction`;
  const invoke = async <Schema extends v.GenericSchema>(order: object, schema: Schema) => {
    try {
      const { Payload, FunctionError } = await client.send(
        new InvokeCommand({ FunctionName, Payload: JSON.stringify(order) }),
      );
      const answer: unknown = JSON.parse(Payload?.transformToString() ?? 'null');
      if (FunctionError === undefined) return v.parse(schema, answer);
      // Its message is the functions' own: a code, a category, a sentence.
      const { errorType, errorMessage } = v.parse(Failure, answer);
      throw new NotReached(`${FunctionName} failed (${errorType}): ${errorMessage}`);
    } catch (cause) {
      if (!(cause instanceof Error) || cause.name !== 'ResourceNotFoundException') throw cause;
      const { region, stage } = deployment;
      throw new NotReached(`there is no function ${FunctionName} in ${region}: is the stage ${stage} deployed here?`, {
        cause,
      });
    }
  };
  return {
    standing: () => invoke({ action: 'standing' }, StandingAnswer),
    putBack: async (letters) => (await invoke({ action: 'put back', letters }, PutBackAnswer)).outcomes,
    forget: async (object, keys) => {
      for (const some of chunks(keys, MOST_KEYS)) await invoke({ action: 'forget', object, keys: some }, ForgetAnswer);
    },
  };
}
