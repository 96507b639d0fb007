import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';

/** Starts an execution; `false` when one of that name exists already, which is as good. */
export type StartMachine = (name: string, input: object) => Promise<boolean>;

const CONNECT_TIMEOUT_MS = 2_000;
const REQUEST_TIMEOUT_MS = 5_000;

export function machine(arn: string): StartMachine {
  const client = new SFNClient({
    maxAttempts: 2,
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
  });
  return async (name, input) => {
    try {
      await client.send(new StartExecutionCommand({ stateMachineArn: arn, name, input: JSON.stringify(input) }));
      return true;
    } catch (error) {
      if (error instanceof Error && error.name === 'ExecutionAlreadyExists') return false;
      throw error;
    }
  };
}
