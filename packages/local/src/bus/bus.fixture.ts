// A bus on simulated time for tests: nothing happens until the test lets time pass.
import {
  type BusMetric,
  type BusOptions,
  createBus,
  type DeadLetter,
  type DeliveryContext,
  type Target,
} from './bus.ts';

export interface Delivered {
  readonly target: Target;
  readonly payload: string;
  readonly context: DeliveryContext;
}

/** 2026-11-23T07:12:00Z */
export const START = Date.UTC(2026, 10, 23, 7, 12, 0);

export function simulatedBus(options: Partial<BusOptions> = {}) {
  let now = START;
  let ids = 0;
  const timers: { at: number; task: () => void }[] = [];
  const delivered: Delivered[] = [];
  const letters: { queueArn: string; letter: DeadLetter }[] = [];
  const metrics: BusMetric[] = [];
  const bus = createBus({
    account: '111122223333',
    region: 'eu-west-1',
    clock: () => now,
    random: () => 0.5,
    schedule: (delayMs, task) => {
      const timer = { at: now + delayMs, task };
      timers.push(timer);
      return () => {
        if (timers.includes(timer)) timers.splice(timers.indexOf(timer), 1);
      };
    },
    deliver: async (target, payload, context) => {
      delivered.push({ target, payload, context });
    },
    deadLetter: async (queueArn, letter) => {
      letters.push({ queueArn, letter });
    },
    onMetric: (metric) => metrics.push(metric),
    newId: () => {
      ids += 1;
      return `id-${ids}`;
    },
    ...options,
  });

  /** Lets started work run as far as it can without time passing. */
  async function settle(): Promise<void> {
    for (let i = 0; i < 50; i += 1) await Promise.resolve();
  }

  return {
    bus,
    delivered,
    letters,
    metrics,
    timers,
    now: () => now,
    settle,
    /** Passes time, running what falls due on the way. */
    async pass(ms: number): Promise<void> {
      const end = now + ms;
      await settle();
      for (;;) {
        const next = timers.toSorted((a, b) => a.at - b.at)[0];
        if (next === undefined || next.at > end) break;
        timers.splice(timers.indexOf(next), 1);
        now = Math.max(now, next.at);
        next.task();
        await settle();
      }
      now = end;
    },
  };
}

export const QUEUE = 'arn:aws:sqs:eu-west-1:111122223333:orders';
export const DEAD = 'arn:aws:sqs:eu-west-1:111122223333:dead';

export function entry(detail: object, more: { time?: number; eventBusName?: string; detailType?: string } = {}) {
  return { source: 'shop', detailType: 'order', detail: JSON.stringify(detail), ...more };
}
