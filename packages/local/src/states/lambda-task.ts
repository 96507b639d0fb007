/** Tasks of the optimised Lambda integration (arn:aws:states:::lambda:invoke), the only one that runs here. */
import { isJsonObject, type Json, MAX_DATA_BYTES } from './definition.ts';

/** Rejects with an Error whose `name` is the Lambda's errorType. */
export type Invoke = (functionArn: string, payload: Json) => Promise<Json>;

export type LambdaCall = {
  readonly parameters: Json;
  readonly timeoutSeconds: number | null;
  /** `null` until it answers, and when it fails. */
  output: Json;
};

class DataLimitExceeded extends Error {
  override readonly name = 'States.DataLimitExceeded';
}

type Handler = (input: Json) => Promise<Json>;

/** Handlers for every Task by state name, nested Maps included: that is how the interpreter takes overrides. */
export function handlersFor(
  definition: Json,
  invoke: Invoke,
  calls: Map<string, LambdaCall[]>,
): { [name: string]: Handler } {
  const handlers: { [name: string]: Handler } = {};
  const visit = (value: Json): void => {
    if (Array.isArray(value)) value.forEach(visit);
    if (!isJsonObject(value)) return;
    if (isJsonObject(value.States)) {
      for (const [name, state] of Object.entries(value.States)) {
        if (isLambdaTask(name, state)) handlers[name] = handler(name, state);
      }
    }
    Object.values(value).forEach(visit);
  };
  const handler = (name: string, state: Json): Handler => {
    const seconds = isJsonObject(state) ? state.TimeoutSeconds : null;
    return async (parameters) => {
      const call: LambdaCall = {
        parameters,
        timeoutSeconds: typeof seconds === 'number' ? seconds : null,
        output: null,
      };
      const earlier = calls.get(name);
      if (earlier === undefined) calls.set(name, [call]);
      else earlier.push(call);
      call.output = await invokeLambda(parameters, invoke);
      return call.output;
    };
  };
  visit(definition);
  return handlers;
}

function isLambdaTask(name: string, state: Json): boolean {
  if (!isJsonObject(state) || state.Type !== 'Task') return false;
  if (state.Resource === 'arn:aws:states:::lambda:invoke') return true;
  throw new Error(`Task ${name}: the local runner integrates arn:aws:states:::lambda:invoke only`);
}

/** The optimised Lambda integration: result under Payload, errors named by the function's errorType, cause as JSON. */
async function invokeLambda(input: Json, invoke: Invoke): Promise<Json> {
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    throw new Error('lambda:invoke needs Parameters');
  const functionName = input.FunctionName;
  if (typeof functionName !== 'string') throw new Error('lambda:invoke needs FunctionName');
  let result: Json;
  try {
    result = await invoke(functionName, input.Payload ?? {});
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // Without a `cause`: the interpreter would log that as the Cause instead of this message.
    const crossed = new Error(JSON.stringify({ errorType: error.name, errorMessage: error.message }));
    crossed.name = LAMBDA_ERRORS.get(error.name) ?? error.name;
    throw crossed;
  }
  if (Buffer.byteLength(JSON.stringify(result)) > MAX_DATA_BYTES) {
    throw new DataLimitExceeded('the function returned more than 262,144 bytes');
  }
  return { ExecutedVersion: '$LATEST', Payload: result, StatusCode: 200 };
}

/** How Step Functions names a function that died instead of throwing (docs: "Handling error conditions"). */
const LAMBDA_ERRORS: ReadonlyMap<string, string> = new Map([
  ['Sandbox.Timedout', 'Lambda.Unknown'],
  ['Runtime.ExitError', 'Lambda.Unknown'],
  ['ServiceException', 'Lambda.ServiceException'],
]);
