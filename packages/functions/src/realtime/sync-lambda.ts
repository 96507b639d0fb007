import { setTimeout as sleep } from 'node:timers/promises';
import { eventNeed, needs, plan, refetchNeed, withFetchedObject } from '@payments/core/plan';
import { redisBuffer } from '../adapters/buffer.ts';
import { claims } from '../adapters/claims.ts';
import { freshnessStore } from '../adapters/freshness-store.ts';
import { instrument } from '../adapters/instrument.ts';
import { linkedRedis } from '../adapters/linked-redis.ts';
import { linkedRoad } from '../adapters/linked-road.ts';
import { linkedStripe } from '../adapters/linked-stripe.ts';
import { objectLeases } from '../adapters/object-leases.ts';
import { orphans } from '../adapters/orphans.ts';
import { link } from '../adapters/resources.ts';
import { rowNames } from '../adapters/row-names.ts';
import { cachedFor, secretReader, secretsManager } from '../adapters/secrets.ts';
import { StepInputSchema } from './machine-input.ts';
import { rowNamer } from './name-rows.ts';
import { realtimeStep } from './step.ts';
import { type SyncWorld, sync } from './sync.ts';

// Once per cold start.
const instruments = instrument('Sync', 'realtime');
const { log, count, called } = instruments;
const nowMs = () => Date.now();
const settings = link('Settings');
const readSecret = secretReader(secretsManager());
const redis = linkedRedis(link('RedisCluster'), readSecret);
const apiKeyArn = link('StripeApiKey').arn;
const clientSecretArn = link('SalesforceClient').arn;
const world = cachedFor(Number.POSITIVE_INFINITY, { nowMs, read: connect });

async function connect(): Promise<SyncWorld> {
  const connection = await redis();
  const shared = { redis: connection, settings, readSecret, lane: 'realtime', nowMs } as const;
  const road = linkedRoad({ ...shared, clientSecretArn, instruments });
  const freshness = freshnessStore(connection);
  const stripe = linkedStripe({ ...shared, apiKeyArn, count, called });
  return {
    planner: { eventNeed, needs, plan, refetchNeed, withFetchedObject },
    stripe,
    nameRows: rowNamer({ stripe, freshness, rowNames: rowNames(connection) }),
    leases: objectLeases(connection, { nowMs, sleep }),
    nowMs,
    sleep,
    claims: claims(connection),
    orphans: orphans(connection, nowMs),
    buffer: redisBuffer(connection, nowMs),
    freshness,
    acquire: road.budget.acquire,
    version: settings.salesforceApiVersion,
    salesforce: road.salesforce,
    log: (line) => log.info('sync', line),
    count,
  };
}

/** Called by the state `Sync`. */
export const handler = realtimeStep(instruments, 'sync', StepInputSchema, async (input) =>
  sync(input, await world.get()),
);
