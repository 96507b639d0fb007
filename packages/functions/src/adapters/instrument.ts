import { Logger } from '@aws-lambda-powertools/logger';
import type { About, Say } from '@payments/core/log-lines';
import type { Count } from '@payments/core/metrics';
import { type Called, measuredHandler } from './measured.ts';
import { metrics, writeLine } from './metrics.ts';
import { link } from './resources.ts';

type Level = 'debug' | 'info' | 'warn' | 'error' | 'critical';

/** What every handler is given, once per cold start. */
export type Instrument = {
  readonly log: Readonly<Record<Level, Say>>;
  /** Puts identifiers on every further line of this invocation. */
  readonly about: (identifiers: About) => void;
  readonly count: Count;
  /** Told of each call of another system, for the log of stages that say everything. */
  readonly called: Called;
  /** Around the handler: writes the invocation's metrics, memory and processor time among them, whatever comes of it. */
  readonly around: <Result>(handle: (input: unknown) => Promise<Result>) => (input: unknown) => Promise<Result>;
};

/** `name` is the function's in the stacks; `service`, its place. */
export function instrument(name: string, service: 'ingress' | 'realtime' | 'bulk' | 'operations'): Instrument {
  const { stage, logLevel } = link('Settings');
  const logger = new Logger({ serviceName: service, logLevel });
  const say =
    (level: Level): Say =>
    (message, line) =>
      logger[level](message, Object.fromEntries(Object.entries(line)));
  const log = {
    debug: say('debug'),
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
    critical: say('critical'),
  };
  const nowMs = () => Date.now();
  const { count, flush } = metrics({ stage, service, nowMs, write: writeLine });
  const memoryBytes = Number(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE) * 1024 * 1024;
  return {
    log,
    about: (identifiers) => logger.appendKeys(identifiers),
    count,
    called: (call) => log.debug('call', call),
    around: (handle) => async (input) => {
      const measured = measuredHandler(handle, { name, count });
      const [before, startedAt] = [process.cpuUsage(), performance.now()];
      try {
        return await measured(input);
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
