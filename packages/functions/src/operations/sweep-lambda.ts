import { setTimeout as sleep } from 'node:timers/promises';
import { acceptedLog } from '../adapters/accepted-log.ts';
import { eventBridge, publisher } from '../adapters/bus.ts';
import { instrument } from '../adapters/instrument.ts';
import { linkedRedis } from '../adapters/linked-redis.ts';
import { linkedStripe } from '../adapters/linked-stripe.ts';
import { archiveAge } from '../adapters/replays.ts';
import { link } from '../adapters/resources.ts';
import { cachedFor, secretReader, secretsManager } from '../adapters/secrets.ts';
import { sweepPlace } from '../adapters/sweep-place.ts';
import { type SweepWorld, sweep } from './sweep.ts';

// Once per cold start.
const { log, count, called, around } = instrument('Sweep', 'operations');
const nowMs = () => Date.now();
const settings = link('Settings');
const readSecret = secretReader(secretsManager());
const redis = linkedRedis(link('RedisCluster'), readSecret);
const apiKeyArn = link('StripeApiKey').arn;
const accepted = acceptedLog(link('AcceptedLog'));
const madeAtMs = archiveAge(link('ArchiveAge'));
const publish = publisher(eventBridge(link('Bus').name).put);
const world = cachedFor(Number.POSITIVE_INFINITY, { nowMs, read: connect });

/** Well under the function's 300 s (stacks/operations.ts): what was found missing is still fed. */
const RUN_MS = 180_000;

async function connect(): Promise<Omit<SweepWorld, 'stopAtMs'>> {
  const connection = await redis();
  const stripe = linkedStripe({
    ...{ redis: connection, settings, apiKeyArn, readSecret, lane: 'bulk', nowMs, count, called },
  });
  return {
    ...{ stripe, accepted, publish, madeAtMs, nowMs, sleep, count },
    place: sweepPlace(connection),
    livemode: settings.livemode,
    graceSeconds: settings.sweepGraceSeconds,
    secondLookMs: settings.sweepSecondLookSeconds * 1_000,
    log: (level, line) => log[level]('sweep', line),
  };
}

/** Called each hour by the schedule. */
export const handler = around(async () => sweep({ ...(await world.get()), stopAtMs: nowMs() + RUN_MS }));
