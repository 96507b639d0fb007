/**
 * Everything on one machine: the road of the synthesised graph, a Salesforce org and a Stripe account on loopback. What
 * `npm start`, the demo and the end-to-end tests start.
 */
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AwsFaults } from './aws/faults.ts';
import type { AwsGuesses } from './aws/guesses.ts';
import type { Graph } from './graph/graph.ts';
import { synthesise } from './graph/synth.ts';
import type { LogLine } from './lambda/function.ts';
import { clockAt, type Pace } from './pace.ts';
import { ensureRedisServer } from './redis/private-redis.ts';
import type { Arrival } from './road/arrival.ts';
import { type Haste, UNHURRIED } from './road/hastened.ts';
import { type Road, startRoad } from './road/road.ts';
import { type OrgOptions, type RunningOrg, serveOrg } from './salesforce/serve-org.ts';
import type { Execution } from './states/machines.ts';
import { openAccount, type StripeAccount } from './stripe/account.ts';
import { serveStripe } from './stripe/api.ts';
import type { ApiFaults } from './stripe/api-faults.ts';
import type { ApiKeys } from './stripe/api-keys.ts';
import type { AccountOptions } from './stripe/books.ts';
import { type Delivery, type DeliveryOptions, startDelivery } from './stripe/delivery.ts';
import { startEndpointDeliveries } from './stripe/endpoint-deliveries.ts';
import { WIDE_LIMITS } from './stripe/rate-limits.ts';

export type MachineOptions = {
  readonly root: string;
  readonly account: AccountOptions;
  /** How Stripe misbehaves: shares from 0 to 1, and how many events may overtake one. */
  readonly delivery?: {
    readonly duplicateRate?: number;
    readonly reorderWindow?: number;
    readonly concurrency?: number;
    readonly fateOf?: NonNullable<DeliveryOptions['fateOf']>;
  };
  readonly org?: Partial<OrgOptions>;
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  readonly ports?: {
    readonly webhook?: number;
    readonly aws?: number;
    readonly salesforce?: number;
    readonly stripe?: number;
  };
  /** With which the functions log in to Redis; without a password by default. */
  readonly redisPassword?: string;
  readonly instances?: number;
  readonly scheduleSpeed?: number;
  readonly haste?: Haste;
  /** How fast time passes; 1 by default. */
  readonly speed?: number;
  /** What AWS does not document, turned the other way; the org and the account have switches of their own. */
  readonly guesses?: AwsGuesses;
  readonly say: (line: string) => void;
  readonly onLog?: (line: LogLine) => void;
  readonly onExecution?: (execution: Execution) => void;
  readonly onArrival?: (arrival: Arrival) => void;
  readonly onError?: (error: unknown) => void;
};

export type Machine = {
  readonly road: Road;
  readonly org: RunningOrg;
  readonly account: StripeAccount;
  readonly stripeUrl: string;
  readonly delivery: Delivery;
  readonly graph: Graph;
  readonly pace: Pace;
  /** What goes wrong on purpose, by whom: AWS here, Salesforce by `org.org.fault`. */
  /** Of the Stripe account, which knows STRIPE_KEY at first. */
  readonly stripeKeys: ApiKeys;
  readonly faults: { readonly aws: AwsFaults; readonly stripe: ApiFaults };
  /** With which secrets Stripe signs, one `v1` for each. */
  signingSecrets(): readonly string[];
  signWith(secrets: readonly string[]): void;
  /** Rows that wait in the buffer or in an unfinished batch. */
  buffered(): Promise<number>;
  /** Ids of the events in those rows. */
  bufferedEvents(): Promise<ReadonlySet<string>>;
  /** Waits until nothing moves any more, flushing on the way. Rejects when that takes longer than `withinMs`. */
  settle(withinMs: number, onProgress?: (left: number) => void): Promise<void>;
  close(): Promise<void>;
};

const HOST = '127.0.0.1';
/** The one that the machine's Stripe account knows at first. */
export const STRIPE_KEY = 'sk_test_local_account_key';
/** Two cores: more instances than this only take turns. */
const INSTANCES = 4;

export async function startMachine(options: MachineOptions): Promise<Machine> {
  const { root, say, ports = {} } = options;
  ensureRedisServer(say);
  const graph = await synthesise({ root, stage: 'local', say });
  const closers: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  const report = options.onError ?? ((error: unknown) => console.error(error));
  try {
    const pace: Pace = { speed: options.speed ?? 1, since: Date.now() };
    const clock = clockAt(pace);
    const clientSecret = randomBytes(16).toString('hex');
    const org = await serveOrg({
      schemaDir: path.join(root, 'salesforce'),
      host: HOST,
      port: ports.salesforce ?? 0,
      clientId: 'local-client',
      clientSecret,
      report,
      clock,
      ...options.org,
    });
    closers.push(() => org.close());
    const account = openAccount(options.account);
    const stripe = await serveStripe(account, {
      host: HOST,
      port: ports.stripe ?? 0,
      keys: [STRIPE_KEY],
      timePasses: true,
    });
    const stripeUrl = `http://${HOST}:${stripe.port}`;
    closers.push(() => stripe.close());

    const signingSecret = `whsec_${randomBytes(24).toString('hex')}`;
    let signingSecrets: readonly string[] = [signingSecret];
    const awsFaults = new AwsFaults();
    const road = await startRoad({
      root,
      graph,
      host: HOST,
      webhookPort: ports.webhook ?? 0,
      awsPort: ports.aws ?? 0,
      secretValues: secretsFor(graph, {
        StripeSigningSecret: { secrets: [signingSecret] },
        StripeApiKey: { apiKey: STRIPE_KEY, apiBase: stripeUrl },
        SalesforceClient: { loginUrl: org.url, clientId: 'local-client', clientSecret },
      }),
      // Of this account, not of Stripe's.
      settings: {
        stripeCallsPerSecond: WIDE_LIMITS.perAccount,
        stripeCallsPerEndpoint: WIDE_LIMITS.perEndpoint,
        ...options.settings,
      },
      redisPassword: options.redisPassword,
      instances: options.instances ?? INSTANCES,
      scheduleSpeed: options.scheduleSpeed ?? 1,
      haste: options.haste ?? UNHURRIED,
      pace,
      faults: awsFaults,
      guesses: options.guesses,
      onLog: options.onLog ?? (() => {}),
      onExecution: options.onExecution ?? (() => {}),
      onArrival: options.onArrival ?? (() => {}),
      onError: report,
    });
    closers.push(() => road.close());
    const delivery = startDelivery({
      account,
      url: road.webhookUrl,
      secrets: () => signingSecrets,
      fetch,
      clock: clock.now,
      sleep: delay,
      seed: options.account.seed,
      ...options.delivery,
    });
    closers.push(() => delivery.stop());
    const endpoints = startEndpointDeliveries({
      account,
      fetch,
      clock: clock.now,
      sleep: delay,
      seed: options.account.seed,
    });
    closers.push(() => endpoints.stop());
    const buffered = (): Promise<number> => road.buffered();
    return {
      road,
      org,
      account,
      stripeUrl,
      delivery,
      graph,
      pace,
      stripeKeys: stripe.keys,
      faults: { aws: awsFaults, stripe: stripe.faults },
      signingSecrets: () => signingSecrets,
      signWith: (secrets) => {
        signingSecrets = secrets;
      },
      buffered,
      bufferedEvents: () => road.bufferedEvents(),
      settle: (withinMs, onProgress) => settle({ road, delivery, buffered }, withinMs, onProgress),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function secretsFor(graph: Graph, values: Readonly<Record<string, object>>): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(values).map(([link, value]) => {
      const secret = graph.secrets.find(({ name }) => name.endsWith(`/${link}`));
      if (secret === undefined) throw new Error(`the stacks have no secret ${link}`);
      return [secret.name, JSON.stringify(value)] as const;
    }),
  );
}

const LOOK_EVERY_MS = 100;
/** Twice in a row: between two looks a message may be in nobody's hands. */
const STILL_LOOKS = 3;

async function settle(
  machine: Pick<Machine, 'road' | 'delivery' | 'buffered'>,
  withinMs: number,
  onProgress: (left: number) => void = () => {},
): Promise<void> {
  const deadline = Date.now() + withinMs;
  await machine.delivery.idle();
  for (let still = 0; still < STILL_LOOKS; ) {
    const busy = machine.road.busy();
    const left = busy + (await machine.buffered());
    onProgress(left);
    still = left === 0 ? still + 1 : 0;
    if (busy === 0 && left > 0) machine.road.flush();
    if (Date.now() > deadline) throw new Error(`${left} things are still under way after ${withinMs / 1000} s`);
    await delay(LOOK_EVERY_MS);
  }
}
