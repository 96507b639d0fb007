import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';

/** Starts an execution; `false` when one of that name exists already, which is as good. */
export type StartMachine = (name: string, input: object) => Promise<boolean>;

export type Executions = {
  /** `input` is JSON text. `false` when an execution of that name exists already, which is as good. */
  readonly start: (machineArn: string, name: string, input: string) => Promise<boolean>;
  readonly inputOf: (executionArn: string) => Promise<string>;
  /** `null`: Step Functions does not know it, or not any more (90 days). */
  readonly statusOf: (executionArn: string) => Promise<ExecutionStatus | null>;
};

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED' | 'PENDING_REDRIVE';

const CONNECT_TIMEOUT_MS = 2_000;
const REQUEST_TIMEOUT_MS = 5_000;

export function executions(): Executions {
  const client = new SFNClient({
    maxAttempts: 2,
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
  });
  return {
    start: async (stateMachineArn, name, input) => {
      try {
        await client.send(new StartExecutionCommand({ stateMachineArn, name, input }));
        return true;
      } catch (error) {
        if (error instanceof Error && error.name === 'ExecutionAlreadyExists') return false;
        throw error;
      }
    },
    inputOf: async (executionArn) => {
      const { input } = await client.send(new DescribeExecutionCommand({ executionArn }));
      if (input === undefined) throw new Error('Step Functions gave an execution without its input');
      return input;
    },
    statusOf: async (executionArn) => {
      try {
        return (await client.send(new DescribeExecutionCommand({ executionArn }))).status ?? null;
      } catch (error) {
        if (error instanceof Error && error.name === 'ExecutionDoesNotExist') return null;
        throw error;
      }
    },
  };
}

export function machine(arn: string): StartMachine {
  const { start } = executions();
  return (name, input) => start(arn, name, JSON.stringify(input));
}
