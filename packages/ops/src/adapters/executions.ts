import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { Deployment } from '../deployment/deployment.ts';

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED' | 'PENDING_REDRIVE';

export type Execution = {
  readonly arn: string;
  readonly name: string;
  readonly status: ExecutionStatus;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly endedAt: number | null;
};

export type ExecutionDetail = Execution & {
  readonly input: string;
  readonly output: string | null;
  readonly error: string | null;
  readonly cause: string | null;
};

/** One state that an execution entered, and left. */
export type Step = {
  readonly state: string;
  readonly enteredAt: number;
  readonly leftAt: number | null;
  readonly tries: number;
};

export type Executions = {
  /** Newest first, at most `most`. */
  readonly list: (machineArn: string, status: ExecutionStatus | null, most: number) => Promise<readonly Execution[]>;
  /** `null`: Step Functions does not know it (any more: 90 days). */
  readonly describe: (executionArn: string) => Promise<ExecutionDetail | null>;
  readonly steps: (executionArn: string) => Promise<readonly Step[]>;
  /** `false`: one of that name has run already. */
  readonly start: (machineArn: string, name: string, input: string) => Promise<boolean>;
};

const PAGE = 100;

export function executionsOf(deployment: Deployment): Executions {
  const client = new SFNClient(deployment.aws);
  return {
    list: async (stateMachineArn, status, most) => {
      const found: Execution[] = [];
      let nextToken: string | undefined;
      do {
        const page = await client.send(
          new ListExecutionsCommand({
            stateMachineArn,
            ...(status === null ? {} : { statusFilter: status }),
            maxResults: Math.min(PAGE, most - found.length),
            nextToken,
          }),
        );
        found.push(...(page.executions ?? []).map(shortly));
        nextToken = page.nextToken;
      } while (nextToken !== undefined && found.length < most);
      return found;
    },
    describe: async (executionArn) => {
      try {
        const said = await client.send(new DescribeExecutionCommand({ executionArn }));
        const { input = '', output = null, error = null, cause = null } = said;
        return { ...shortly(said), input, output, error, cause };
      } catch (error) {
        if (error instanceof Error && error.name === 'ExecutionDoesNotExist') return null;
        throw error;
      }
    },
    steps: async (executionArn) => {
      const events = [];
      let nextToken: string | undefined;
      do {
        const page = await client.send(
          new GetExecutionHistoryCommand({ executionArn, maxResults: 1_000, includeExecutionData: false, nextToken }),
        );
        events.push(...(page.events ?? []));
        nextToken = page.nextToken;
      } while (nextToken !== undefined);
      return stepsIn(events);
    },
    start: async (stateMachineArn, name, input) => {
      try {
        await client.send(new StartExecutionCommand({ stateMachineArn, name, input }));
        return true;
      } catch (error) {
        if (error instanceof Error && error.name === 'ExecutionAlreadyExists') return false;
        throw error;
      }
    },
  };
}

type Wire = {
  readonly executionArn?: string | undefined;
  readonly name?: string | undefined;
  readonly status?: ExecutionStatus | undefined;
  readonly startDate?: Date | undefined;
  readonly stopDate?: Date | undefined;
};

function shortly({ executionArn = '', name = '', status = 'RUNNING', startDate, stopDate }: Wire): Execution {
  return {
    arn: executionArn,
    name,
    status,
    startedAt: startDate?.getTime() ?? 0,
    endedAt: stopDate?.getTime() ?? null,
  };
}

type HistoryEvent = {
  readonly type?: string | undefined;
  readonly timestamp?: Date | undefined;
  readonly stateEnteredEventDetails?: { readonly name?: string | undefined } | undefined;
  readonly stateExitedEventDetails?: { readonly name?: string | undefined } | undefined;
};

/** A Task that is tried again is scheduled again without leaving its state. */
function stepsIn(events: readonly HistoryEvent[]): readonly Step[] {
  const steps: { state: string; enteredAt: number; leftAt: number | null; tries: number }[] = [];
  for (const event of events) {
    const at = event.timestamp?.getTime() ?? 0;
    const entered = event.stateEnteredEventDetails?.name;
    const left = event.stateExitedEventDetails?.name;
    if (entered !== undefined) steps.push({ state: entered, enteredAt: at, leftAt: null, tries: 0 });
    const open = steps.findLast(({ state, leftAt }) => leftAt === null && (left === undefined || state === left));
    if (open === undefined) continue;
    if (left !== undefined) open.leftAt = at;
    else if (event.type === 'TaskScheduled') open.tries += 1;
  }
  return steps;
}
