/** Lambda's Invoke over REST (docs.aws.amazon.com/lambda/latest/api/API_Invoke.html): how operators run a function by name. */
import type { RestAnswer, RestRequest, RestService } from '../aws/server.ts';
import { FunctionError } from './function.ts';

export type Invocable = {
  /** Resolves a function's name or unqualified ARN; `null`: there is none. */
  readonly find: (nameOrArn: string) => { readonly name: string; readonly arn: string } | null;
  /** Rejects with {@link FunctionError} when the handler threw or its instance died. */
  readonly invoke: (functionArn: string, payload: unknown) => Promise<unknown>;
  readonly account: string;
  readonly region: string;
  /** Of asynchronous invocations: nobody waits for their failures. */
  readonly onError: (error: unknown) => void;
};

/** As AWS allows them in the path, the colons of an ARN escaped or not. */
const INVOCATIONS = /^\/2015-03-31\/functions\/((?:[\w$:-]|%3A|%24)+)\/invocations\/?$/i;
/** docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_SYNC_BYTES = 6 * 1024 * 1024;
const MAX_EVENT_BYTES = 1024 * 1024;

export function invokeService(functions: Invocable): RestService {
  return (request) => {
    const [, encoded] = request.method === 'POST' ? (INVOCATIONS.exec(request.path) ?? []) : [];
    return encoded === undefined ? null : invoke(decodeURIComponent(encoded), request, functions);
  };
}

async function invoke(named: string, request: RestRequest, functions: Invocable): Promise<RestAnswer> {
  const type = request.headers['x-amz-invocation-type'] ?? 'RequestResponse';
  const found = functions.find(plainName(named));
  if (found === null) {
    const arn = `arn:aws:lambda:${functions.region}:${functions.account}:function:${plainName(named)}`;
    return refusal(404, 'ResourceNotFoundException', `Function not found: ${arn}`);
  }
  if (Buffer.byteLength(request.body) > (type === 'Event' ? MAX_EVENT_BYTES : MAX_SYNC_BYTES)) {
    return refusal(413, 'RequestTooLargeException', 'Request must be smaller than the allowed size of an event');
  }
  let payload: unknown;
  try {
    payload = request.body === '' ? {} : JSON.parse(request.body);
  } catch {
    return refusal(400, 'InvalidRequestContentException', 'Could not parse request body into json');
  }
  const headers = { 'x-amz-executed-version': '$LATEST' };
  if (type === 'DryRun') return { status: 204, headers, body: '' };
  if (type === 'Event') {
    functions.invoke(found.arn, payload).catch(functions.onError);
    return { status: 202, headers, body: '' };
  }
  if (type !== 'RequestResponse') {
    return refusal(400, 'InvalidParameterValueException', `Invalid invocation type: ${String(type)}`);
  }
  try {
    return { status: 200, headers, body: JSON.stringify((await functions.invoke(found.arn, payload)) ?? null) };
  } catch (error) {
    if (!(error instanceof FunctionError)) throw error;
    const { errorType, message: errorMessage } = error;
    return {
      status: 200,
      headers: { ...headers, 'x-amz-function-error': 'Unhandled' },
      body: JSON.stringify({ errorType, errorMessage, trace: [] }),
    };
  }
}

/** A name may come as itself, `account:function:name` or an ARN, each with a qualifier or without. */
function plainName(named: string): string {
  const parts = named.split(':');
  const at = parts.indexOf('function');
  return (at === -1 ? parts[0] : parts[at + 1]) ?? named;
}

function refusal(status: number, code: string, message: string): RestAnswer {
  return { status, headers: { 'x-amzn-errortype': code }, body: JSON.stringify({ Type: 'User', Message: message }) };
}
