/**
 * One Lambda execution environment: a worker thread that loads a bundle once and handles one event at a time. The
 * environment variables are those of the deployed function; the thread knows nothing of the runner.
 */
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import type { Mishap } from '../aws/faults.ts';
import { setClock, wallNow } from './instance-clock.ts';
import { dieAfterSending } from './instance-death.ts';

type Handler = (event: unknown, context: unknown) => unknown;
type Invocation = {
  readonly requestId: string;
  readonly payload: string;
  readonly deadline: number;
  readonly mishap: Mishap | null;
};

const isHandler = (value: unknown): value is Handler => typeof value === 'function';
const { bundle, exportName, functionName, functionArn, memorySize, pace } = workerData;
// Before the bundle is loaded, which may look at the clock as well.
setClock(pace, 0);

async function load(): Promise<Handler> {
  const module: Record<string, unknown> = await import(pathToFileURL(bundle).href);
  const handler = module[exportName];
  if (!isHandler(handler)) throw new Error(`${functionName}: the bundle exports no function named ${exportName}`);
  return handler;
}

/** What Lambda reports of a thrown value; Step Functions matches `errorType` in Retry and Catch. */
function failureOf(error: unknown): { errorType: string; errorMessage: string; trace: string[] } {
  if (error instanceof Error) {
    return { errorType: error.name, errorMessage: error.message, trace: error.stack?.split('\n') ?? [] };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

const port = parentPort;
if (port === null) throw new Error('lambda/worker.ts runs in a worker thread only');
const handler = load();
handler.then(
  () => port.postMessage({ kind: 'ready' }),
  (error: unknown) => port.postMessage({ kind: 'initFailed', failure: failureOf(error) }),
);

port.on('message', async (invocation: Invocation) => {
  const dies = invocation.mishap?.dies ?? null;
  setClock(pace, invocation.mishap?.clockOffMs ?? 0);
  if (dies === 'before') process.exit(1);
  if (typeof dies === 'object' && dies !== null) dieAfterSending(dies.afterSending);
  const context = {
    awsRequestId: invocation.requestId,
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: functionArn,
    memoryLimitInMB: String(memorySize),
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: 'local',
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: () => Math.max(0, invocation.deadline - wallNow()),
    done: () => {},
    fail: () => {},
    succeed: () => {},
  };
  try {
    const result = await (await handler)(JSON.parse(invocation.payload), context);
    if (dies !== null) process.exit(1);
    port.postMessage({ kind: 'result', requestId: invocation.requestId, payload: JSON.stringify(result ?? null) });
  } catch (error) {
    if (dies !== null) process.exit(1);
    port.postMessage({ kind: 'error', requestId: invocation.requestId, failure: failureOf(error) });
  }
});
