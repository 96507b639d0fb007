import { METRICS } from '@payments/core/metrics';
import { WRITE_ORDER } from '@payments/core/record';
import { type Executions, executionsOf } from '../adapters/executions.ts';
import { last, type Metric, type MetricReader, metricReader, sum } from '../adapters/metrics.ts';
import { type Queues, queuesOf } from '../adapters/queues.ts';
import { connectOrg, type Org } from '../adapters/salesforce.ts';
import { type Deployment, machineArn } from '../deployment/deployment.ts';
import { BULK_QUEUE, DEAD_LETTER_QUEUE_NAMES, FLUSH_MACHINE, MACHINE_NAMES } from '../deployment/places.ts';
import { problemOf } from '../frame/problem.ts';
import { auditOf } from './audit.ts';
import { lagOf } from './lag.ts';
import { ours } from './our-metric.ts';
import type { BudgetWindow, Standing } from './standing.ts';
import { totalsOf } from './totals.ts';

export type Eyes = {
  readonly deployment: Deployment;
  readonly queues: Queues;
  readonly executions: Executions;
  readonly metrics: MetricReader;
  readonly org: Org;
};

export function eyesOn(deployment: Deployment): Eyes {
  return {
    deployment,
    queues: queuesOf(deployment),
    executions: executionsOf(deployment),
    metrics: metricReader(deployment),
    org: connectOrg(deployment),
  };
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** A gauge that is older says nothing about now; they are written each minute. */
const GAUGE_MS = 10 * MINUTE_MS;
/** Executions counted at most; more than that is told as this many. */
const MOST_RUNNING = 1_000;

/** Asks every place at once. Salesforce may be away: then the rest is told all the same, and that it is. */
export async function look(eyes: Eyes, nowMs: number): Promise<Standing> {
  const { deployment } = eyes;
  const unread: { what: string; why: string }[] = [];
  const [counted, realtime, bulk, circuit, budget, org, lag, counts, deadLetters, audit] = await Promise.all([
    lastEventOf(eyes, nowMs),
    realtimeOf(eyes, nowMs),
    bulkOf(eyes, nowMs),
    circuitOf(eyes, nowMs),
    budgetOf(eyes, nowMs),
    orgOf(eyes, nowMs),
    lagOf(eyes, nowMs),
    totalsOf(eyes, nowMs),
    deadLettersOf(eyes),
    auditOf(eyes.org, nowMs).catch((error: unknown) => {
      unread.push({ what: 'Salesforce', why: problemOf(error).message });
      return { failures: null, batches: null, told: null };
    }),
  ]);
  const at = new Date(nowMs).toISOString();
  const { stage, region, local } = deployment;
  const lastEvent = newest(counted, audit.told?.lastEventAt ?? null, nowMs);
  const failed = deadLetters.filter(({ queue }) => queue !== 'Unrouted');
  const totals = { ...counts, deadLetters: failed.reduce((total, { waiting }) => total + waiting, 0) };
  const measured = { realtime, bulk, circuit, budget, org, lag, totals, deadLetters };
  return { stage, region, local, at, lastEvent, ...measured, ...audit, unread };
}

async function lastEventOf({ deployment, metrics }: Eyes, nowMs: number): Promise<Standing['lastEvent']> {
  const accepted = ['published', 'unrouted'].map((Outcome) => ours(deployment, 'WebhookRequests', 'Sum', { Outcome }));
  const series = await metrics(accepted, { from: nowMs - 24 * HOUR_MS, to: nowMs, periodSeconds: 60 });
  const minutes = series.flat().filter(({ value }) => value > 0);
  if (minutes.length === 0) return null;
  const at = Math.max(...minutes.map((point) => point.at));
  return { at: new Date(at).toISOString(), ageSeconds: secondsSince(at, nowMs) };
}

async function realtimeOf({ deployment, executions, metrics }: Eyes, nowMs: number): Promise<Standing['realtime']> {
  const machines = [...Object.values(MACHINE_NAMES), FLUSH_MACHINE];
  const running = await Promise.all(
    Object.values(MACHINE_NAMES).map((name) => executions.list(machineArn(deployment, name), 'RUNNING', MOST_RUNNING)),
  );
  const starts = running.flat().map(({ startedAt }) => startedAt);
  const ended = machines.flatMap((name) =>
    ['ExecutionsFailed', 'ExecutionsTimedOut'].map(
      (metric): Metric => ({
        namespace: 'AWS/States',
        name: metric,
        stat: 'Sum',
        dimensions: { StateMachineArn: machineArn(deployment, name) },
      }),
    ),
  );
  const series = await metrics(ended, { from: nowMs - HOUR_MS, to: nowMs, periodSeconds: 60 });
  const failed = machines.map((name, index) => [name, sum(series[2 * index]) + sum(series[2 * index + 1])] as const);
  return {
    running: starts.length,
    oldestSeconds: starts.length === 0 ? null : Math.round((nowMs - Math.min(...starts)) / 1000),
    failedLastHour: Object.fromEntries(failed.filter(([, count]) => count > 0)),
  };
}

async function bulkOf(eyes: Eyes, nowMs: number): Promise<Standing['bulk']> {
  const { deployment, queues } = eyes;
  const [depth, age, rows, bufferAge] = await Promise.all([
    queues.depth(BULK_QUEUE),
    gauges(eyes, nowMs, [
      {
        namespace: 'AWS/SQS',
        name: 'ApproximateAgeOfOldestMessage',
        stat: 'Maximum',
        dimensions: { QueueName: `${deployment.prefix}-${BULK_QUEUE}` },
      },
    ]),
    gauges(
      eyes,
      nowMs,
      WRITE_ORDER.map((object) => ours(deployment, 'BufferRows', 'Maximum', { Object: object })),
    ),
    gauges(eyes, nowMs, [ours(deployment, 'BufferAge', 'Maximum')]),
  ]);
  const said = rows.filter((count) => count !== null);
  return {
    queued: depth.waiting,
    held: depth.held,
    queueAgeSeconds: age[0] ?? null,
    bufferRows: said.length === 0 ? null : said.reduce((total, count) => total + count, 0),
    bufferAgeSeconds: bufferAge[0] ?? null,
  };
}

const CIRCUIT = ['closed', 'half-open', 'open'] as const;

async function circuitOf(eyes: Eyes, nowMs: number): Promise<Standing['circuit']> {
  const [state] = await gauges(eyes, nowMs, [ours(eyes.deployment, 'CircuitState', 'Maximum')]);
  return state === null || state === undefined ? null : (CIRCUIT[state] ?? null);
}

async function budgetOf(eyes: Eyes, nowMs: number): Promise<readonly BudgetWindow[]> {
  const windows = METRICS.ApiCalls.dimensions.Window;
  const of = (name: 'ApiCalls' | 'ApiUsage') =>
    windows.map((Window) => ours(eyes.deployment, name, 'Maximum', { Window }));
  const values = await gauges(eyes, nowMs, [...of('ApiCalls'), ...of('ApiUsage')]);
  return windows.flatMap((window, index) => {
    const [used, percent] = [values[index], values[windows.length + index]];
    if (used === null || used === undefined || percent === null || percent === undefined) return [];
    return [{ window, used, percent: Math.round(percent) }];
  });
}

async function orgOf(eyes: Eyes, nowMs: number): Promise<Standing['org']> {
  const names = ['OrgApiCalls', 'OrgApiUsage'] as const;
  const [used, percent] = await gauges(
    eyes,
    nowMs,
    names.map((name) => ours(eyes.deployment, name, 'Maximum')),
  );
  if (used === null || used === undefined || percent === null || percent === undefined) return null;
  return { used, percent: Math.round(percent) };
}

/** The newest value of each, unless it is old. */
async function gauges({ metrics }: Eyes, nowMs: number, of: readonly Metric[]): Promise<readonly (number | null)[]> {
  const series = await metrics(of, { from: nowMs - GAUGE_MS, to: nowMs + MINUTE_MS, periodSeconds: 60 });
  return series.map(last);
}

async function deadLettersOf({ queues }: Eyes): Promise<Standing['deadLetters']> {
  const depths = await Promise.all(
    DEAD_LETTER_QUEUE_NAMES.map(async (queue) => {
      const { waiting, held } = await queues.depth(queue);
      return { queue, waiting: waiting + held };
    }),
  );
  return depths.filter(({ waiting }) => waiting > 0);
}

/** CloudWatch knows the minute, the flush the second; each may be a minute behind. */
function newest(counted: Standing['lastEvent'], told: string | null, nowMs: number): Standing['lastEvent'] {
  if (told === null || (counted !== null && Date.parse(counted.at) > Date.parse(told))) return counted;
  return { at: told, ageSeconds: secondsSince(Date.parse(told), nowMs) };
}

function secondsSince(ms: number, nowMs: number): number {
  return Math.max(0, Math.round((nowMs - ms) / 1000));
}
