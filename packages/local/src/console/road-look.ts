/** How the running machine stands, read inside this process: nothing here costs a call of Salesforce or of the road's own. */
import type { Snapshot } from '@payments/console/contract';
import { WRITE_ORDER } from '@payments/core/record';
import { limitsOf, redisBudget, type Usage } from '@payments/functions/adapters/budget';
import { bufferState } from '@payments/functions/adapters/buffer-state';
import { lookAtCircuit } from '@payments/functions/adapters/circuit';
import { connectRedis, type Redis } from '@payments/functions/adapters/redis';
import { link } from '@payments/functions/adapters/resources';
import type { MetricReader } from '@payments/ops/adapters/metrics';
import { DEAD_LETTER_QUEUE_NAMES, FLUSH_MACHINE, MACHINE_NAMES } from '@payments/ops/deployment/places';
import { lagOf } from '@payments/ops/status/lag';
import type { Totals } from '@payments/ops/status/standing';
import { totalsOf } from '@payments/ops/status/totals';
import * as v from 'valibot';
import { type MetricStore, statistics } from '../cloudwatch/metric-store.ts';
import type { Machine } from '../machine.ts';
import { clockAt } from '../pace.ts';
import type { Depth } from '../queues/queues.ts';
import type { EventLedger } from './event-ledger.ts';
import { lagShown } from './lag.ts';

/** Things that are somewhere now. */
export type Held = { readonly count: number; readonly since: number | null };

export type RoadLook = {
  readonly at: number;
  /** Events that Stripe has not got accepted yet. */
  readonly undelivered: number;
  readonly ingress: number;
  readonly bus: number;
  readonly realtime: Held;
  readonly flush: Held;
  readonly queue: Held;
  readonly unrouted: Held;
  readonly deadLetters: Held;
  /** `null`: Redis does not answer. */
  readonly redis: {
    readonly buffer: Held;
    readonly circuit: { readonly state: 'closed' | 'open' | 'half-open'; readonly bad: number; readonly why: string };
    readonly usage: Usage;
  } | null;
  readonly totals: Totals;
  readonly lag: Snapshot['syncLag'];
  /** What the flush has told Salesforce. */
  readonly told: { readonly health: string; readonly reason: string } | null;
};

export type RoadEyes = { look(): Promise<RoadLook>; close(): void };

/** The percentiles of an hour are worth a few milliseconds of sorting, not each second. */
const LAG_EVERY_MS = 5_000;

export function eyesOnRoad(machine: Machine, ledger: Pick<EventLedger, 'took'>): RoadEyes {
  const { road, account, org, graph, pace } = machine;
  const { now } = clockAt(pace);
  const { host, port } = road.redis;
  const redis = connectRedis({ host, port, tls: false, username: '', password: '' });
  const limits = limitsOf(settingsOf(machine));
  const prefix = `${graph.app}-${graph.stage}`;
  const queueArn = new Map(graph.queues.map(({ name, arn }) => [name.slice(prefix.length + 1), arn]));
  const machineArn = new Map(graph.machines.map(({ name, arn }) => [name.slice(prefix.length + 1), arn]));
  const metrics = metricsOf(road.metrics);
  const deployment = { stage: graph.stage };
  const ingress = graph.routes.flatMap(({ functionArn }) => road.functions.get(functionArn) ?? []);
  const held = (queues: readonly string[]): Held =>
    heldIn(queues.flatMap((name) => (queueArn.has(name) ? road.queues.depth(queueArn.get(name) ?? '') : [])));
  const running = (names: readonly string[]): Held => {
    const starts = names.flatMap((name) =>
      [...road.machines.executions(machineArn.get(name))].flatMap(({ status, startDate }) =>
        status === 'RUNNING' ? startDate : [],
      ),
    );
    return { count: starts.length, since: starts.length === 0 ? null : Math.min(...starts) };
  };
  let lag: { readonly at: number; readonly value: Snapshot['syncLag'] } | null = null;
  return {
    async look() {
      const at = now();
      if (lag === null || at - lag.at > LAG_EVERY_MS) {
        const metric = await lagOf({ deployment, metrics }, at);
        lag = { at, value: lagShown({ metric, ledger, at, accountAt: account.now() * 1_000 }) };
      }
      const deadLetters = held(DEAD_LETTER_QUEUE_NAMES.filter((name) => name !== 'Unrouted'));
      const [status] = org.org.rows('Integration_Status__c');
      return {
        at,
        undelivered: account.books.awaited.size,
        ingress: ingress.reduce((sum, fn) => sum + fn.inFlight(), 0),
        bus: road.bus.inFlight,
        realtime: running(Object.values(MACHINE_NAMES)),
        flush: running([FLUSH_MACHINE]),
        queue: held(['Bulk']),
        unrouted: held(['Unrouted']),
        deadLetters,
        // Gone for a moment after a restart: the page then says that it does not know.
        redis: await redisLook(redis, limits, now).catch(() => null),
        totals: { ...(await totalsOf({ deployment, metrics }, at)), deadLetters: deadLetters.count },
        lag: lag.value,
        told: status === undefined ? null : toldBy(status.columns),
      };
    },
    close: () => redis.disconnect(),
  };
}

async function redisLook(
  redis: Redis,
  limits: ReturnType<typeof limitsOf>,
  now: () => number,
): Promise<NonNullable<RoadLook['redis']>> {
  const [circuit, usage, ...states] = await Promise.all([
    lookAtCircuit(redis, now),
    redisBudget(redis, limits, now).usage(),
    ...WRITE_ORDER.map(bufferState(redis)),
  ]);
  const since = states.flatMap((each) => each.since ?? []);
  const count = states.reduce((sum, { rows }) => sum + rows, 0);
  return { circuit, usage, buffer: { count, since: since.length === 0 ? null : Math.min(...since) } };
}

function heldIn(depths: readonly Depth[]): Held {
  const since = depths.flatMap(({ oldestSentAt }) => oldestSentAt ?? []);
  return {
    count: depths.reduce((sum, { ready, delayed, inFlight }) => sum + ready + delayed + inFlight, 0),
    since: since.length === 0 ? null : Math.min(...since),
  };
}

/** The road's settings as its functions have them, so with what this run replaces. */
function settingsOf({ road }: Machine): ReturnType<typeof link<'Settings'>> {
  for (const { config } of road.functions.values()) {
    const text = config.environment.SST_RESOURCE_Settings;
    if (text !== undefined) return link('Settings', { Settings: v.parse(v.pipe(v.string(), v.parseJson()), text) });
  }
  throw new Error('no function of the graph has the Settings link');
}

/** GetMetricData's answers without its wire: the numbers of `payments-ops status` are read in the same way. */
function metricsOf(store: MetricStore): MetricReader {
  return async (metrics, { from, to, periodSeconds }) =>
    metrics.map(({ namespace, name, dimensions = {}, stat }) => {
      const series = store.find({ namespace, name, dimensions });
      const range = { start: from, end: to, periodMs: periodSeconds * 1_000 };
      return series === undefined ? [] : statistics(series, range, stat);
    });
}

function toldBy({ Health__c: health, Health_Reason__c: reason }: Readonly<Record<string, unknown>>): RoadLook['told'] {
  return typeof health === 'string' ? { health, reason: typeof reason === 'string' ? reason : '' } : null;
}
