import * as v from 'valibot';
import { redisBudget } from '../adapters/budget.ts';
import { claims } from '../adapters/claims.ts';
import { instrument } from '../adapters/instrument.ts';
import { linkedRedis } from '../adapters/linked-redis.ts';
import { linkedSalesforce } from '../adapters/linked-salesforce.ts';
import { measuredBudget } from '../adapters/measured.ts';
import { link } from '../adapters/resources.ts';
import { secretReader, secretsManager } from '../adapters/secrets.ts';
import { ParkInputSchema, park } from './park.ts';

// Once per cold start.
const { logger, count, around } = instrument('Park', 'realtime');
const nowMs = () => Date.now();
const settings = link('Settings');
const readSecret = secretReader(secretsManager());
const redis = linkedRedis(link('RedisCluster'), readSecret);
const clientSecretArn = link('SalesforceClient').arn;

/** Called by the state `Park`, after the machine gave up. */
export const handler = around(async (input) => {
  const connection = await redis();
  const limits = {
    perMinute: settings.callsPerMinute,
    perHour: settings.callsPerHour,
    perDay: settings.callsPerDay,
    realtimeReserve: settings.realtimeReserve,
  };
  const budget = measuredBudget(redisBudget(connection, limits, nowMs), { count });
  const version = settings.salesforceApiVersion;
  return park(v.parse(ParkInputSchema, input), {
    claims: claims(connection),
    acquire: budget.acquire,
    salesforce: linkedSalesforce({
      ...{ redis: connection, clientSecretArn, readSecret, version, observe: budget.observe },
      lane: 'realtime',
      count,
    }),
    nowMs,
    log: (line) => logger.error('parked', line),
    count,
  });
});
