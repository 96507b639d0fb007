/**
 * A Lambda function on this machine: up to `instances` worker threads, each with one event at a time. An instance that
 * times out or crashes is thrown away, as Lambda does. Unlike Lambda, an invocation that finds every instance busy
 * waits instead of being throttled (README, "What is not imitated").
 */
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import * as v from 'valibot';
import type { Mishap } from '../aws/faults.ts';
import { type Pace, REAL_TIME } from '../pace.ts';

export type FunctionConfig = {
  readonly name: string;
  readonly arn: string;
  /** Path of the bundled module. */
  readonly bundle: string;
  readonly exportName: string;
  readonly timeoutSeconds: number;
  readonly memorySize: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly instances: number;
  /** How fast its clock goes. */
  readonly pace?: Pace;
};

export type LogLine = { readonly functionName: string; readonly line: string; readonly at: number };

/** A handler that threw, or an instance that died: `errorType` is what Step Functions' Retry and Catch name. */
export class FunctionError extends Error {
  readonly errorType: string;
  constructor(functionName: string, errorType: string, errorMessage: string) {
    super(errorMessage, { cause: functionName });
    this.name = errorType;
    this.errorType = errorType;
  }
}

export type LocalFunction = {
  readonly config: FunctionConfig;
  /** Takes and gives JSON values; rejects with {@link FunctionError}. */
  invoke(payload: unknown): Promise<unknown>;
  inFlight(): number;
  invocations(): number;
  close(): Promise<void>;
};

type Pending = {
  readonly payload: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
};
type Instance = { readonly worker: Worker; current: Pending | null; timer: NodeJS.Timeout | null; ready: boolean };

const Failure = v.object({ errorType: v.string(), errorMessage: v.string(), trace: v.array(v.string()) });
const Message = v.variant('kind', [
  v.object({ kind: v.literal('ready') }),
  v.object({ kind: v.literal('initFailed'), failure: Failure }),
  v.object({ kind: v.literal('result'), requestId: v.string(), payload: v.string() }),
  v.object({ kind: v.literal('error'), requestId: v.string(), failure: Failure }),
]);

/** `mishapOf` is asked what befalls each invocation when an instance takes it; nothing by default. */
export function startFunction(
  config: FunctionConfig,
  onLog: (line: LogLine) => void,
  mishapOf: (functionName: string, payload: string) => Mishap | null = () => null,
): LocalFunction {
  const instances = new Set<Instance>();
  const waiting: Pending[] = [];
  let invocations = 0;
  let closed = false;

  const discard = (instance: Instance, errorType: string, message: string): void => {
    if (!instances.delete(instance)) return;
    if (instance.timer !== null) clearTimeout(instance.timer);
    instance.current?.reject(new FunctionError(config.name, errorType, message));
    instance.current = null;
    void instance.worker.terminate();
    dispatch();
  };

  const settle = (instance: Instance, finish: (pending: Pending) => void): void => {
    if (instance.timer !== null) clearTimeout(instance.timer);
    instance.timer = null;
    const { current } = instance;
    instance.current = null;
    if (current !== null) finish(current);
    dispatch();
  };

  const boot = (): Instance => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      env: { ...config.environment },
      stdout: true,
      stderr: true,
      workerData: {
        bundle: config.bundle,
        exportName: config.exportName,
        functionName: config.name,
        functionArn: config.arn,
        memorySize: config.memorySize,
        pace: config.pace ?? REAL_TIME,
      },
    });
    const instance: Instance = { worker, current: null, timer: null, ready: false };
    instances.add(instance);
    for (const stream of [worker.stdout, worker.stderr]) {
      createInterface({ input: stream }).on('line', (line) =>
        onLog({ functionName: config.name, line, at: Date.now() }),
      );
    }
    worker.on('message', (raw: unknown) => {
      const message = v.parse(Message, raw);
      if (message.kind === 'ready') {
        instance.ready = true;
        dispatch();
      } else if (message.kind === 'initFailed') {
        // Whoever waits would only meet the same failure in the next instance.
        const failed = waiting.splice(0);
        for (const pending of failed) {
          pending.reject(new FunctionError(config.name, message.failure.errorType, message.failure.errorMessage));
        }
        discard(instance, message.failure.errorType, message.failure.errorMessage);
      } else if (message.kind === 'result') {
        settle(instance, (pending) => pending.resolve(JSON.parse(message.payload)));
      } else {
        const { errorType, errorMessage } = message.failure;
        settle(instance, (pending) => pending.reject(new FunctionError(config.name, errorType, errorMessage)));
      }
    });
    worker.on('error', (error) => discard(instance, 'Runtime.ExitError', String(error)));
    worker.on('exit', () => discard(instance, 'Runtime.ExitError', 'the execution environment exited'));
    return instance;
  };

  const dispatch = (): void => {
    if (closed) return;
    for (const instance of instances) {
      if (waiting.length === 0) return;
      if (instance.ready && instance.current === null) run(instance);
    }
    const booting = [...instances].filter((instance) => !instance.ready).length;
    if (waiting.length > booting && instances.size < config.instances) boot();
  };

  const run = (instance: Instance): void => {
    const pending = waiting.shift();
    if (pending === undefined) return;
    instance.current = pending;
    const deadline = Date.now() + config.timeoutSeconds * 1000;
    instance.timer = setTimeout(
      () => discard(instance, 'Sandbox.Timedout', `Task timed out after ${config.timeoutSeconds}.00 seconds`),
      config.timeoutSeconds * 1000,
    );
    const mishap = mishapOf(config.name, pending.payload);
    instance.worker.postMessage({ requestId: randomUUID(), payload: pending.payload, deadline, mishap });
  };

  return {
    config,
    invoke(payload) {
      if (closed) return Promise.reject(new FunctionError(config.name, 'ServiceException', 'the runner is stopping'));
      invocations += 1;
      return new Promise((resolve, reject) => {
        waiting.push({ payload: JSON.stringify(payload), resolve, reject });
        dispatch();
      });
    },
    inFlight: () => waiting.length + [...instances].filter((instance) => instance.current !== null).length,
    invocations: () => invocations,
    async close() {
      closed = true;
      const running = [...instances];
      instances.clear();
      for (const pending of waiting.splice(0)) {
        pending.reject(new FunctionError(config.name, 'ServiceException', 'the runner is stopping'));
      }
      for (const instance of running) {
        if (instance.timer !== null) clearTimeout(instance.timer);
        instance.current?.reject(new FunctionError(config.name, 'ServiceException', 'the runner is stopping'));
      }
      await Promise.all(running.map((instance) => instance.worker.terminate()));
    },
  };
}
