import { limitsOf } from '../adapters/budget.ts';
import { redisBuffer } from '../adapters/buffer.ts';
import { instrument } from '../adapters/instrument.ts';
import { linkedRedis } from '../adapters/linked-redis.ts';
import { linkedRoad } from '../adapters/linked-road.ts';
import { executions } from '../adapters/machines.ts';
import { onceIn } from '../adapters/once-in.ts';
import { letterBox, letterSink } from '../adapters/queues.ts';
import { link } from '../adapters/resources.ts';
import { cachedFor, secretReader, secretsManager } from '../adapters/secrets.ts';
import { tieList } from '../adapters/tie-list.ts';
import { toldLetters } from '../adapters/told-letters.ts';
import { type RedriveWorld, redrive } from './redrive.ts';

// Once per cold start.
const instruments = instrument('Redrive', 'operations');
const { log, count, around } = instruments;
const nowMs = () => Date.now();
const settings = link('Settings');
const readSecret = secretReader(secretsManager());
const redis = linkedRedis(link('RedisCluster'), readSecret);
const clientSecretArn = link('SalesforceClient').arn;
const letters = {
  failedExecutions: letterBox(link('FailedExecutionsQueue').url),
  realtimeUndelivered: letterBox(link('RealtimeUndeliveredQueue').url),
  bulkUndelivered: letterBox(link('BulkUndeliveredQueue').url),
  bulkPoisoned: letterBox(link('BulkPoisonedQueue').url),
  bulkParked: letterBox(link('ParkedRowsQueue').url),
};
const bulk = letterSink(link('BulkQueue').url);
const machineArns = link('RealtimeMachines').arns;
const start = executions();
const world = cachedFor(Number.POSITIVE_INFINITY, { nowMs, read: connect });

/** Under the function's 55 s (stacks/operations.ts), with time left to give messages back. */
const RUN_MS = 40_000;

async function connect(): Promise<Omit<RedriveWorld, 'stopAtMs'>> {
  const connection = await redis();
  const road = linkedRoad({
    ...{ redis: connection, settings, readSecret, clientSecretArn, lane: 'bulk', nowMs, instruments },
  });
  return {
    ...road,
    ...{ letters, bulk, machineArns, executions: start, nowMs, count },
    limits: limitsOf(settings),
    buffer: redisBuffer(connection, nowMs),
    ties: tieList(connection),
    told: toldLetters(connection, nowMs),
    onceIn: onceIn(connection, 'ask-limits'),
    log: (level, line) => log[level]('redrive', line),
  };
}

/** Called each minute by the schedule. */
export const handler = around(async () => redrive({ ...(await world.get()), stopAtMs: nowMs() + RUN_MS }));
