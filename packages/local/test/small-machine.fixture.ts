/**
 * What the end-to-end tests share: the whole road on this machine with a few customers, in a hurry, and the judge that
 * compares Salesforce with Stripe. One machine per test file: starting one costs some seconds.
 */
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { compareVersions } from '@payments/core/freshness';
import { WRITE_ORDER } from '@payments/core/record';
import { GENERATION_KEY } from '@payments/functions/adapters/generation';
import { connectRedis } from '@payments/functions/adapters/redis';
import * as v from 'valibot';
import { expect } from 'vitest';
import type { Ears } from '../src/console/console.ts';
import { type Judgement, judgement } from '../src/demo/judgement.ts';
import { createTally, type Tally } from '../src/demo/tally.ts';
import type { LogLine } from '../src/lambda/function.ts';
import { type Machine, type MachineOptions, startMachine } from '../src/machine.ts';
import type { Arrival } from '../src/road/arrival.ts';
import type { OrgRow } from '../src/salesforce/org-view.ts';
import type { Execution } from '../src/states/machines.ts';
import type { AccountEvent } from '../src/stripe/books.ts';
import { signatureHeader } from '../src/stripe/delivery.ts';
import { printAsStripe } from '../src/stripe/json.ts';
import { type LifeOptions, life } from '../src/stripe/life.ts';

const root = path.resolve(import.meta.dirname, '../../..');

/** The deployed limits per minute, and the circuit's seconds, would only make a test wait for the clock. */
const UNHURRIED = {
  ...{ callsPerMinute: 6_000, callsPerHour: 60_000, callsPerDay: 90_000 },
  ...{ circuitOpenSeconds: 0.5, circuitLongestOpenSeconds: 2 },
  ...{ stripeCallsPerSecond: 1_000, stripeCallsPerEndpoint: 1_000 },
  ...{ sweepSecondLookSeconds: 0.2 },
};
/** A flush every two seconds instead of every minute. */
const SCHEDULE_SPEED = 30;
const SETTLE_WITHIN_MS = 120_000;
/** Starting a machine on two busy cores. */
export const START_WITHIN_MS = 120_000;
export const TEST_WITHIN_MS = 180_000;

export type SmallOptions = {
  readonly seed: number;
  readonly twinRate?: number;
  readonly delivery?: MachineOptions['delivery'];
  readonly org?: MachineOptions['org'];
  readonly settings?: MachineOptions['settings'];
  readonly redisPassword?: string;
  readonly haste?: MachineOptions['haste'];
  readonly guesses?: MachineOptions['guesses'];
  /** Of a console that hears of this machine. */
  readonly ears?: Pick<Ears, 'onLog' | 'onArrival'>;
};

export type Answer = { readonly status: number; readonly text: string; readonly headers: Headers };

export type SmallMachine = Machine & {
  readonly tally: Tally;
  readonly logs: readonly LogLine[];
  readonly arrivals: readonly Arrival[];
  /** Those that have ended. */
  readonly executions: readonly Execution[];
  /** What the runner itself could not do; must stay empty. */
  readonly errors: readonly unknown[];
  readonly signingSecret: string;
  /** Lets customers live for a month and waits until everything has settled. */
  live(options: Pick<LifeOptions, 'customers'> & Partial<LifeOptions>): Promise<void>;
  /** Waits until nothing moves. */
  still(): Promise<void>;
  judge(): Judgement;
  /** Sends a body as Stripe does, now, signed with the account's secret unless told otherwise. */
  post(body: string, signature?: string | null): Promise<Answer>;
  /**
   * Redis knows nothing any more of events and rows, and does not know either that it forgot: nobody replays the archive, so
   * that what a test sends comes alone. The loss that is noticed is `road.redis.flush()`.
   */
  forgetEverything(): Promise<void>;
  /** Sends an event of the account once more, signed anew. */
  resend(event: AccountEvent): Promise<Answer>;
};

export async function startSmall(options: SmallOptions): Promise<SmallMachine> {
  const logs: LogLine[] = [];
  const arrivals: Arrival[] = [];
  const executions: Execution[] = [];
  const errors: unknown[] = [];
  let tally: Tally | undefined;
  const machine = await startMachine({
    root,
    account: { seed: options.seed, twinRate: options.twinRate ?? 0 },
    settings: { ...UNHURRIED, ...options.settings },
    scheduleSpeed: SCHEDULE_SPEED,
    instances: 2,
    say: () => {},
    onLog: (line) => {
      logs.push(line);
      options.ears?.onLog(line);
    },
    onArrival: (arrival) => {
      arrivals.push(arrival);
      options.ears?.onArrival(arrival);
      tally?.onArrival(arrival);
    },
    onExecution: (execution) => {
      if (execution.status !== 'RUNNING') executions.push(execution);
      tally?.onExecution(execution);
    },
    onError: (error) => errors.push(error),
    ...(options.delivery === undefined ? {} : { delivery: options.delivery }),
    ...(options.org === undefined ? {} : { org: options.org }),
    ...(options.redisPassword === undefined ? {} : { redisPassword: options.redisPassword }),
    ...(options.haste === undefined ? {} : { haste: options.haste }),
    ...(options.guesses === undefined ? {} : { guesses: options.guesses }),
  });
  const seen = createTally(machine.graph);
  tally = seen;
  const started = performance.now();
  const signingSecret = signingSecretOf(machine);
  const post: SmallMachine['post'] = async (body, signature) => {
    const header = signature === undefined ? signatureHeader(body, [signingSecret], seconds()) : signature;
    const response = await fetch(machine.road.webhookUrl, {
      method: 'POST',
      headers: {
        'content-type': 'application/json; charset=utf-8',
        ...(header === null ? {} : { 'stripe-signature': header }),
      },
      body,
    });
    return { status: response.status, text: await response.text(), headers: response.headers };
  };
  const still = (): Promise<void> => machine.settle(SETTLE_WITHIN_MS);
  return {
    ...machine,
    tally: seen,
    logs,
    arrivals,
    executions,
    errors,
    signingSecret,
    live: async ({ customers, ...rest }) => {
      for (const _step of life(machine.account, { seed: options.seed, months: 1, customers, ...rest })) await delay(0);
      await still();
    },
    still,
    judge: () => judgement(machine, seen, (performance.now() - started) / 1000),
    post,
    forgetEverything: () => forgetAll(machine),
    resend: (event) => post(printAsStripe(event)),
  };
}

/** Everything arrived, and Salesforce and Stripe say the same. */
export function expectSameStory(small: SmallMachine): void {
  const { figures, differences, unaccounted } = small.judge();
  expect(differences).toEqual([]);
  expect(unaccounted).toEqual([]);
  expect(figures.acknowledged).toBe(figures.events);
  expect(figures.rowsCompared).toBeGreaterThan(0);
  expect(small.errors).toEqual([]);
}

/** Nothing was parked: no dead letter, no failed execution, no row for people to look at. */
export function expectNothingParked(small: SmallMachine): void {
  expect(small.judge().deadLetters).toEqual([]);
  expect(failedEvents(small)).toEqual([]);
  expect(small.org.org.count('Sync_Failure__c')).toBe(0);
}

/** Executions that ended as failed, of the machines that an event starts: `machine: error`. */
export function failedEvents({ executions }: SmallMachine): readonly string[] {
  return executions
    .filter(({ status, input }) => status === 'FAILED' && input.includes('"detail-type"'))
    .map(({ machineName, error, cause }) => `${machineName}: ${error} ${cause}`);
}

/** What may change without anything having changed: who wrote last, and the state of which second. */
const BESIDE_THE_POINT = /^(Stripe_Write__c|Refused_Write__c|LastModified|SystemModstamp|LastViewed|LastReferenced)/;

export type Rows = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

/** Every row of the road's objects as it is now, by object and Salesforce id. */
export function rowsOf({ org }: Machine): Rows {
  return new Map(
    WRITE_ORDER.flatMap((object) => [...org.org.rows(object)]).map(({ object, id, columns }) => [
      `${object}/${id}`,
      { ...columns },
    ]),
  );
}

/**
 * What is different between two readings, in words; empty when they say the same. A version may grow, because a later
 * reading of Stripe confirmed the row, but it may never go back.
 */
export function changes(before: Rows, after: Rows): readonly string[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((name) => {
    const [old, now] = [before.get(name), after.get(name)];
    if (old === undefined) return [`${name} is new`];
    if (now === undefined) return [`${name} is gone`];
    return Object.keys({ ...old, ...now })
      .filter((column) => !BESIDE_THE_POINT.test(column) && !sameOrNewer(column, old[column], now[column]))
      .map((column) => `${name} ${column}: ${String(old[column])} → ${String(now[column])}`);
  });
}

function sameOrNewer(column: string, old: unknown, now: unknown): boolean {
  if (column.endsWith('_Version__c') && typeof now === 'number') {
    return typeof old !== 'number' || compareVersions(old, now) !== 'known';
  }
  return old === now;
}

export function rowsNamed(machine: Machine, object: string, key: string): readonly OrgRow[] {
  return [...machine.org.org.rows(object)].filter((row) => row.key === key);
}

/** Seconds since 1970, whole. */
export function seconds(): number {
  return Math.floor(Date.now() / 1000);
}

async function forgetAll({ road }: Machine): Promise<void> {
  const { host, port } = road.redis;
  const redis = connectRedis({ host, port, tls: false, username: '', password: '' });
  await redis.ping();
  const keys = await Promise.all(redis.nodes('master').map((node) => node.keys('*')));
  await Promise.all(keys.flat().flatMap((key) => (key === GENERATION_KEY ? [] : [redis.del(key)])));
  redis.disconnect();
}

function signingSecretOf(machine: Machine): string {
  const secret = machine.graph.secrets.find(({ name }) => name.endsWith('/StripeSigningSecret'));
  const value = v.parse(
    v.pipe(v.string(), v.parseJson(), v.object({ secrets: v.array(v.string()) })),
    machine.road.secrets.get(secret?.name ?? '').secretString,
  );
  return value.secrets[0] ?? '';
}
