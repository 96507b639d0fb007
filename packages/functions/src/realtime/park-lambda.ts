import * as v from 'valibot';
import { claims } from '../adapters/claims.ts';
import { instrument } from '../adapters/instrument.ts';
import { linkedRedis } from '../adapters/linked-redis.ts';
import { linkedRoad } from '../adapters/linked-road.ts';
import { link } from '../adapters/resources.ts';
import { secretReader, secretsManager } from '../adapters/secrets.ts';
import { identifiersOfParked, ParkInputSchema, park } from './park.ts';

// Once per cold start.
const instruments = instrument('Park', 'realtime');
const { log, about, count, around } = instruments;
const nowMs = () => Date.now();
const settings = link('Settings');
const readSecret = secretReader(secretsManager());
const redis = linkedRedis(link('RedisCluster'), readSecret);
const clientSecretArn = link('SalesforceClient').arn;

/** Called by the state `Park`, after the machine gave up. */
export const handler = around(async (received) => {
  const input = v.parse(ParkInputSchema, received);
  about(identifiersOfParked(input));
  const connection = await redis();
  const road = linkedRoad({
    ...{ redis: connection, settings, clientSecretArn, readSecret, lane: 'realtime', nowMs, instruments },
  });
  return park(input, {
    claims: claims(connection),
    acquire: road.budget.acquire,
    salesforce: road.salesforce,
    nowMs,
    // Unlisted: nobody sees it in Salesforce.
    log: (line) => (line.unlisted === undefined ? log.error('parked', line) : log.critical('parked', line)),
    count,
  });
});
