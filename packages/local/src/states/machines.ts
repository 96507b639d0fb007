/**
 * Step Functions, Standard machines: executions of the deployed definitions on the local interpreter, with name
 * idempotency, history, status-change events and redrive by the rules of the service.
 */
import { randomUUID } from 'node:crypto';
import { ExecutionError, StateMachine } from 'aws-local-stepfunctions';
import { isJsonObject, type Json, MAX_DATA_BYTES, parseDefinition } from './definition.ts';
import { Executions } from './executions.ts';
import { DEFAULT_GUESSES, type StatesGuesses } from './guesses.ts';
import { handlersFor, type Invoke, type LambdaCall } from './lambda-task.ts';

type EventLogs = ReturnType<StateMachine['run']>['eventLogs'];
type EventLog = EventLogs extends AsyncGenerator<infer Entry> ? Entry : never;

export type MachineConfig = { readonly name: string; readonly arn: string; readonly definition: string };
export type Status = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

export type Execution = {
  readonly arn: string;
  readonly name: string;
  readonly machineArn: string;
  readonly machineName: string;
  readonly input: string;
  readonly startDate: number;
  status: Status;
  stopDate: number | null;
  output: string | null;
  error: string | null;
  cause: string | null;
  redriveCount: number;
  redriveDate: number | null;
  /** Of the last redrive: the same one does not redrive twice. */
  redriveToken: string | null;
  readonly history: HistoryEntry[];
  /** The Lambda calls of each Task by the state's name, in the order they were made. */
  readonly calls: Map<string, LambdaCall[]>;
};

/** One entry of the interpreter's log with what the wire needs of it. */
export type HistoryEntry = {
  readonly at: number;
  readonly type: EventLog['type'] | 'ExecutionRedriven';
  readonly state: { readonly name: string; readonly type: string } | null;
  readonly data: Json;
  readonly error: string | null;
  readonly cause: string | null;
  /** Which item of which Map the entry is about. */
  readonly iteration: { readonly map: string | null; readonly index: number } | null;
};

/** A refusal of the service, with the code that AWS's API gives. */
export class StatesError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = code;
    this.code = code;
  }
}

export type Machines = {
  start(machineArn: string, input: string, name?: string): Execution;
  stop(executionArn: string, error: string | null, cause: string | null): Execution;
  /** The same token again changes nothing, as with the SDK's own retries. */
  redrive(executionArn: string, token?: string): Execution;
  execution(executionArn: string): Execution;
  executions(machineArn?: string): Iterable<Execution>;
  machines(): readonly (MachineConfig & { readonly createdAt: number })[];
  running(): number;
  /** Why an execution cannot be redriven now, in the service's words; `null` when it can. */
  redriveRefusal(execution: Execution): string | null;
  readonly guesses: StatesGuesses;
  close(): void;
};

export type MachinesOptions = {
  readonly machines: readonly MachineConfig[];
  readonly invoke: Invoke;
  readonly onStatusChange: (execution: Execution) => void;
  readonly now: () => number;
  /** How many that succeeded are kept, and how many that did not: executions.ts. */
  readonly keep?: number;
  readonly guesses?: Partial<StatesGuesses> | undefined;
};

/** Any character but white space, brackets, wildcards, `"#%\\^|~`$&,;:/` and control characters. */
const NAME = /^[^\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}]{1,80}$/u;

function bytes(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}

type Ending = { readonly output?: string; readonly error?: string | null; readonly cause?: string | null };

export function createMachines(options: MachinesOptions): Machines {
  const createdAt = options.now();
  const byArn = new Map(
    options.machines.map((config) => [
      config.arn,
      // The definitions are checked by asl-validator 4 in the infrastructure tests; the interpreter carries an older one.
      { config, machine: new StateMachine(parse(config).definition, { validationOptions: { noValidate: true } }) },
    ]),
  );
  const executions = new Executions(options.keep ?? 10_000);
  const aborts = new Map<string, () => void>();

  const find = (arn: string): Execution => {
    const found = executions.get(arn);
    if (found === undefined) throw new StatesError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
    return found;
  };

  const finish = (execution: Execution, status: Status, end: Ending): void => {
    if (execution.status !== 'RUNNING') return;
    execution.status = status;
    execution.stopDate = options.now();
    execution.output = end.output ?? null;
    execution.error = end.error ?? null;
    execution.cause = end.cause ?? null;
    aborts.delete(execution.arn);
    options.onStatusChange(execution);
    executions.ended(execution, options.now());
  };

  const run = (execution: Execution, from: Resume | null = null): void => {
    const entry = byArn.get(execution.machineArn);
    if (entry === undefined) throw new StatesError('StateMachineDoesNotExist', execution.machineArn);
    const { definition, json } = parse(entry.config);
    const machine =
      from === null
        ? entry.machine
        : new StateMachine({ ...definition, StartAt: from.state }, { validationOptions: { noValidate: true } });
    const { abort, result, eventLogs } = machine.run(from === null ? JSON.parse(execution.input) : from.input, {
      overrides: { taskResourceLocalHandlers: handlersFor(json, options.invoke, execution.calls) },
      noThrowOnAbort: true,
      context: {
        Execution: { Id: execution.arn, Name: execution.name, RedriveCount: execution.redriveCount },
        StateMachine: { Id: execution.machineArn, Name: execution.machineName },
      },
    });
    aborts.set(execution.arn, abort);
    // After a stop and a redrive the stopped run may still report; it is no longer the execution's.
    const isCurrent = (): boolean => aborts.get(execution.arn) === abort;
    const logged = collect(execution, eventLogs, isCurrent);
    const end = async (status: Status, ending: Ending): Promise<void> => {
      await logged;
      if (isCurrent()) finish(execution, status, ending);
    };
    result.then(
      (output) => end('SUCCEEDED', { output: JSON.stringify(output) }),
      (reason: unknown) => end(...failureOf(reason)),
    );
  };

  return {
    start(machineArn, input, name = randomUUID()) {
      const entry = byArn.get(machineArn);
      if (entry === undefined) {
        throw new StatesError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${machineArn}'`);
      }
      if (!NAME.test(name)) throw new StatesError('InvalidName', `Invalid Name: '${name.slice(0, 100)}'`);
      if (bytes(input) > MAX_DATA_BYTES) {
        throw new StatesError(
          'ValidationException',
          `1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have length less than or equal to ${MAX_DATA_BYTES}`,
        );
      }
      try {
        JSON.parse(input);
      } catch {
        throw new StatesError('InvalidExecutionInput', 'Invalid State Machine Execution Input: not JSON');
      }
      const arn = `${machineArn.replace(':stateMachine:', ':execution:')}:${name}`;
      const existing = executions.get(arn);
      if (existing !== undefined) {
        if (existing.status === 'RUNNING' && existing.input === input) return existing;
        throw new StatesError('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
      }
      const execution: Execution = {
        arn,
        name,
        machineArn,
        machineName: entry.config.name,
        input,
        startDate: options.now(),
        status: 'RUNNING',
        stopDate: null,
        output: null,
        error: null,
        cause: null,
        redriveCount: 0,
        redriveDate: null,
        redriveToken: null,
        history: [],
        calls: new Map(),
      };
      executions.add(execution);
      options.onStatusChange(execution);
      run(execution);
      return execution;
    },
    stop(executionArn, error, cause) {
      const execution = find(executionArn);
      const abort = aborts.get(executionArn);
      if (execution.status === 'RUNNING') {
        execution.history.push({ ...NOTHING, at: options.now(), type: 'ExecutionAborted', error, cause });
      }
      finish(execution, 'ABORTED', { error, cause });
      abort?.();
      return execution;
    },
    redrive(executionArn, token) {
      const execution = find(executionArn);
      if (token !== undefined && execution.redriveToken === token) return execution;
      const refusal = notRedrivable(execution, options.now());
      if (refusal !== null) throw new StatesError('ExecutionNotRedrivable', refusal);
      const from = unsuccessfulStep(execution, byArn.get(execution.machineArn)?.config);
      executions.runsAgain(execution);
      execution.redriveCount += 1;
      execution.redriveToken = token ?? null;
      execution.redriveDate = options.now();
      execution.status = 'RUNNING';
      execution.stopDate = null;
      execution.error = null;
      execution.cause = null;
      execution.history.push({ ...NOTHING, at: options.now(), type: 'ExecutionRedriven' });
      options.onStatusChange(execution);
      run(execution, from);
      return execution;
    },
    execution: find,
    *executions(machineArn) {
      for (const execution of executions.values()) {
        if (machineArn === undefined || execution.machineArn === machineArn) yield execution;
      }
    },
    machines: () => options.machines.map((machine) => ({ ...machine, createdAt })),
    running: () => aborts.size,
    redriveRefusal: (execution) => notRedrivable(execution, options.now()),
    guesses: { ...DEFAULT_GUESSES, ...options.guesses },
    close() {
      for (const abort of aborts.values()) abort();
      aborts.clear();
    },
  };
}

function parse(config: MachineConfig): ReturnType<typeof parseDefinition> {
  try {
    return parseDefinition(config.definition);
  } catch (cause) {
    throw new Error(`state machine ${config.name}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

const NOTHING = { state: null, data: null, error: null, cause: null, iteration: null };

const REDRIVABLE_MS = 14 * 86_400_000;

function notRedrivable({ status, stopDate }: Execution, now: number): string | null {
  if (status === 'RUNNING' || status === 'SUCCEEDED') return `Execution is ${status} and cannot be redriven`;
  return stopDate !== null && now - stopDate > REDRIVABLE_MS ? "Execution's redrivable period exceeded" : null;
}

type Resume = { readonly state: string; readonly input: Json };

/** The step a redrive goes on from: the last one that was entered outside Maps and branches, with its input. */
function unsuccessfulStep(execution: Execution, config: MachineConfig | undefined): Resume | null {
  const json = config === undefined ? null : parse(config).json;
  const states = json !== null && isJsonObject(json) && isJsonObject(json.States) ? json.States : {};
  const last = execution.history.findLast(
    ({ type, state }) => type === 'StateEntered' && state !== null && Object.hasOwn(states, state.name),
  );
  return last?.state ? { state: last.state.name, input: last.data } : null;
}

async function collect(execution: Execution, logs: EventLogs, isCurrent: () => boolean): Promise<void> {
  for await (const log of logs) {
    if (!isCurrent()) return;
    execution.history.push({
      at: log.timestamp,
      type: log.type,
      state: 'state' in log ? { name: log.state.name, type: log.state.type } : null,
      data: dataOf(log),
      error: 'Error' in log ? log.Error : null,
      cause: 'Cause' in log ? causeText(log.Cause) : null,
      iteration: iterationOf(log),
    });
  }
}

function iterationOf(log: EventLog): HistoryEntry['iteration'] {
  if (!('index' in log) || log.index === undefined) return null;
  return { map: 'parentState' in log ? log.parentState.name : null, index: log.index };
}

function dataOf(log: EventLog): Json {
  if (log.type === 'StateEntered') return log.state.input;
  if (log.type === 'StateExited') return log.state.output ?? null;
  if (log.type === 'ExecutionStarted') return log.input;
  return log.type === 'ExecutionSucceeded' ? log.output : null;
}

function causeText(cause: unknown): string | null {
  if (cause instanceof Error) return cause.message;
  return cause === undefined || cause === null ? null : String(cause);
}

type End = [status: Status, end: { error: string | null; cause: string | null }];

function failureOf(reason: unknown): End {
  if (reason instanceof ExecutionError) {
    const { cause } = reason;
    if (cause instanceof Error) return ['FAILED', { error: cause.name, cause: cause.message }];
    return ['FAILED', { error: 'States.Runtime', cause: reason.message }];
  }
  if (reason instanceof Error && reason.name === 'ExecutionTimeoutError') {
    return ['TIMED_OUT', { error: 'States.Timeout', cause: null }];
  }
  return ['FAILED', { error: 'States.Runtime', cause: String(reason) }];
}
