import * as v from 'valibot';
import { wrongParameter } from '../aws/wrong-parameter.ts';
import { historyEvents } from './history.ts';
import { type Execution, type Machines, StatesError } from './machines.ts';

export type WireAnswer = { readonly status: number; readonly body: unknown };

const Arn = v.pipe(v.string(), v.minLength(1), v.maxLength(512));
const ARN = /^arn:[\w-]+:states:[\w-]+:\d+:(stateMachine|execution):/;
const Page = {
  maxResults: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1000))),
  nextToken: v.optional(v.string()),
};
const Start = v.strictObject({
  stateMachineArn: Arn,
  name: v.optional(v.string()),
  input: v.optional(v.string(), '{}'),
  traceHeader: v.optional(v.string()),
});
const IncludedData = v.optional(v.picklist(['ALL_DATA', 'METADATA_ONLY']), 'ALL_DATA');
const DescribeExecution = v.strictObject({ executionArn: Arn, includedData: IncludedData });
const Redrive = v.strictObject({ executionArn: Arn, clientToken: v.optional(v.string()) });
const OneMachine = v.strictObject({ stateMachineArn: Arn });
const Stop = v.strictObject({ executionArn: Arn, error: v.optional(v.string()), cause: v.optional(v.string()) });
const StatusFilter = v.picklist(['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED']);
const List = v.strictObject({
  stateMachineArn: Arn,
  statusFilter: v.optional(StatusFilter),
  redriveFilter: v.optional(v.picklist(['REDRIVEN', 'NOT_REDRIVEN'])),
  ...Page,
});
const History = v.strictObject({
  executionArn: Arn,
  reverseOrder: v.optional(v.boolean(), false),
  includeExecutionData: v.optional(v.boolean(), true),
  ...Page,
});

const seconds = (ms: number): number => ms / 1000;

/** The operations of `AWSStepFunctions.*` in AWS JSON 1.0. An operation that is not imitated says so. */
export function handleStates(machines: Machines, operation: string, input: unknown): WireAnswer {
  try {
    return { status: 200, body: answer(machines, operation, input) };
  } catch (error) {
    if (error instanceof StatesError) return failure(error.code, error.message);
    if (error instanceof v.ValiError) return failure('ValidationException', wrongParameter(error, 'Step Functions'));
    throw error;
  }
}

function failure(code: string, message: string): WireAnswer {
  return { status: 400, body: { __type: code, message } };
}

const HasArn = v.union([v.object({ stateMachineArn: v.string() }), v.object({ executionArn: v.string() })]);

function checkArns(input: unknown): void {
  const given = v.safeParse(HasArn, input);
  if (!given.success) return;
  for (const arn of Object.values(given.output)) {
    if (!ARN.test(arn)) throw new StatesError('InvalidArn', `Invalid Arn: '${arn.slice(0, 200)}'`);
  }
}

function answer(machines: Machines, operation: string, input: unknown): unknown {
  checkArns(input);
  switch (operation) {
    case 'StartExecution': {
      const { stateMachineArn, name, input: text } = v.parse(Start, input);
      const execution = machines.start(stateMachineArn, text, name);
      return { executionArn: execution.arn, startDate: seconds(execution.startDate) };
    }
    case 'DescribeExecution':
      return describe(machines, v.parse(DescribeExecution, input));
    case 'StopExecution': {
      const { executionArn, error, cause } = v.parse(Stop, input);
      const stopped = machines.stop(executionArn, error ?? null, cause ?? null);
      return { stopDate: seconds(stopped.stopDate ?? stopped.startDate) };
    }
    case 'RedriveExecution': {
      const { executionArn, clientToken } = v.parse(Redrive, input);
      const redriven = machines.redrive(executionArn, clientToken);
      return { redriveDate: seconds(redriven.redriveDate ?? redriven.startDate) };
    }
    case 'ListExecutions': {
      const { stateMachineArn, statusFilter, redriveFilter, ...page } = v.parse(List, input);
      if (!machines.machines().some(({ arn }) => arn === stateMachineArn)) {
        throw new StatesError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${stateMachineArn}'`);
      }
      const all = [...machines.executions(stateMachineArn)]
        .filter(({ status }) => statusFilter === undefined || status === statusFilter)
        .filter(
          ({ redriveCount }) => redriveFilter === undefined || (redriveFilter === 'REDRIVEN') === redriveCount > 0,
        )
        .reverse();
      const { items, nextToken } = paged(all, page);
      return { executions: items.map(summary), ...nextToken };
    }
    case 'GetExecutionHistory': {
      const { executionArn, reverseOrder, includeExecutionData, ...page } = v.parse(History, input);
      const events = historyEvents(
        machines.execution(executionArn),
        includeExecutionData,
        machines.guesses.redrivenState,
      );
      const { items, nextToken } = paged(reverseOrder ? events.reverse() : events, page);
      return { events: items, ...nextToken };
    }
    case 'ListStateMachines': {
      const { items, nextToken } = paged(machines.machines(), v.parse(v.strictObject(Page), input));
      return {
        stateMachines: items.map(({ name, arn, createdAt }) => ({
          name,
          stateMachineArn: arn,
          type: 'STANDARD',
          creationDate: seconds(createdAt),
        })),
        ...nextToken,
      };
    }
    case 'DescribeStateMachine': {
      const { stateMachineArn } = v.parse(OneMachine, input);
      const machine = machines.machines().find(({ arn }) => arn === stateMachineArn);
      if (machine === undefined) {
        throw new StatesError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${stateMachineArn}'`);
      }
      return {
        stateMachineArn,
        name: machine.name,
        status: 'ACTIVE',
        type: 'STANDARD',
        definition: machine.definition,
        creationDate: seconds(machine.createdAt),
      };
    }
    default:
      throw new StatesError(
        'UnknownOperationException',
        `${operation} is not imitated by the local Step Functions (README, "What is not imitated").`,
      );
  }
}

function summary(execution: Execution) {
  return {
    executionArn: execution.arn,
    stateMachineArn: execution.machineArn,
    name: execution.name,
    status: execution.status,
    startDate: seconds(execution.startDate),
    ...(execution.stopDate === null ? {} : { stopDate: seconds(execution.stopDate) }),
    redriveCount: execution.redriveCount,
    ...(execution.redriveDate === null ? {} : { redriveDate: seconds(execution.redriveDate) }),
  };
}

function describe(machines: Machines, { executionArn, includedData }: v.InferOutput<typeof DescribeExecution>) {
  const execution = machines.execution(executionArn);
  const data = includedData === 'ALL_DATA';
  const refusal = machines.redriveRefusal(execution);
  return {
    ...summary(execution),
    ...(data ? { input: execution.input } : {}),
    inputDetails: { included: data },
    ...(execution.output === null
      ? {}
      : { ...(data ? { output: execution.output } : {}), outputDetails: { included: data } }),
    ...(execution.error === null ? {} : { error: execution.error }),
    ...(execution.cause === null ? {} : { cause: execution.cause }),
    ...(refusal === null
      ? { redriveStatus: 'REDRIVABLE' }
      : { redriveStatus: 'NOT_REDRIVABLE', redriveStatusReason: refusal }),
  };
}

/** Tokens are offsets in base64url; AWS's are opaque too. */
function paged<T>(all: readonly T[], page: { maxResults?: number | undefined; nextToken?: string | undefined }) {
  const offset = page.nextToken === undefined ? 0 : Number(Buffer.from(page.nextToken, 'base64url').toString());
  if (!Number.isSafeInteger(offset) || offset < 0) throw new StatesError('InvalidToken', 'Invalid Token');
  const size = page.maxResults === undefined || page.maxResults === 0 ? 100 : page.maxResults;
  const end = offset + size;
  return {
    items: all.slice(offset, end),
    nextToken: end < all.length ? { nextToken: Buffer.from(String(end)).toString('base64url') } : {},
  };
}
