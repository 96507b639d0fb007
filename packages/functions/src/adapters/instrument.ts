import { Logger } from '@aws-lambda-powertools/logger';
import type { Count } from '@payments/core/metrics';
import { metrics, writeLine } from './metrics.ts';
import { link } from './resources.ts';

/** What every handler is given, once per cold start. */
export type Instrument = {
  readonly logger: Logger;
  readonly count: Count;
  /** Around the handler: writes the invocation's metrics, memory and processor time among them, whatever comes of it. */
  readonly around: <Result>(handle: (input: unknown) => Promise<Result>) => (input: unknown) => Promise<Result>;
};

/** `name` is the function's in the stacks; `service`, its place. */
export function instrument(name: string, service: 'ingress' | 'realtime' | 'bulk' | 'operations'): Instrument {
  const logger = new Logger({ serviceName: service });
  const nowMs = () => Date.now();
  const { count, flush } = metrics({ stage: link('Settings').stage, service, nowMs, write: writeLine });
  const memoryBytes = Number(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE) * 1024 * 1024;
  return {
    logger,
    count,
    around: (handle) => async (input) => {
      const [before, startedAt] = [process.cpuUsage(), performance.now()];
      try {
        return await handle(input);
      } finally {
        const { user, system } = process.cpuUsage(before);
        const microseconds = (performance.now() - startedAt) * 1_000;
        count('CpuUsage', percent(user + system, microseconds), { Function: name });
        count('MemoryUsage', percent(process.memoryUsage.rss(), memoryBytes), { Function: name });
        flush();
        // What was said of this event must not stand on the lines of the next.
        logger.resetKeys();
      }
    },
  };
}

function percent(part: number, whole: number): number {
  return Math.round((part / whole) * 1_000) / 10;
}
